/** KubeProxyConfiguration as kube-proxy reads it from its file. k8s 1.36: pkg/proxy/apis/config v1alpha1 defaults, validation. */
import { load } from 'js-yaml'
import { inCidr } from '../address.ts'
import { networkOf } from './changes/addresses.ts'
import type { Family } from './changes/service-port.ts'
import type { LocalDetector } from './local-detector.ts'

export type ProxyMode = 'iptables' | 'ipvs' | 'nftables'
export const PROXY_MODES: readonly ProxyMode[] = ['iptables', 'ipvs', 'nftables']

export interface ProxyConfig {
  readonly mode: ProxyMode
  /** It was not given. */
  readonly isDefaultMode: boolean
  readonly bindAddress: string
  /** Ports; 0: off. */
  readonly healthzPort: number
  readonly metricsPort: number
  readonly syncPeriodMs: number
  readonly minSyncPeriodMs: number
  readonly masqueradeAll: boolean
  readonly masqueradeMark: string
  readonly localhostNodePorts: boolean
  readonly nodePortAddresses: readonly string[]
  readonly detectLocalMode: string
  readonly clusterCIDRs: readonly string[]
  readonly bridgeInterface: string
  readonly interfaceNamePrefix: string
  /** '' when it was not given. */
  readonly scheduler: string
  readonly excludeCIDRs: readonly string[]
  readonly strictARP: boolean
  readonly conntrackMaxPerCore: number
  readonly conntrackMin: number
}

/** Why a configuration is refused, in kube-proxy's own words. */
export class ProxyConfigError extends Error {}

type Part = { readonly [field: string]: unknown }

const part = (value: unknown): Part => (typeof value === 'object' && value !== null ? (value as Part) : {})
const text = (value: unknown, otherwise = ''): string => (typeof value === 'string' && value !== '' ? value : otherwise)
const strings = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : [])
const integer = (value: unknown, otherwise: number): number => (typeof value === 'number' ? value : otherwise)
const portOf = (address: string, otherwise: number): number => Number(/:(\d+)$/.exec(address)?.[1] ?? otherwise)

const UNITS_MS: { readonly [unit: string]: number } = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 }

/** '1m30s' in milliseconds; 0 and nothing are the same. */
function duration(value: unknown, otherwise: number): number {
  const parts = [...text(value).matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)]
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (UNITS_MS[unit ?? ''] ?? 0), 0) || otherwise
}

const SYNC_PERIOD_MS = 30_000
const MIN_SYNC_PERIOD_MS = 1000
const HEALTHZ_PORT = 10_256
const METRICS_PORT = 10_249

/** Reads the file's text. Throws ProxyConfigError. */
export function parseProxyConfig(yaml: string): ProxyConfig {
  const file = readYaml(yaml)
  const { kind, apiVersion } = file
  if (kind !== 'KubeProxyConfiguration')
    throw new ProxyConfigError(
      `failed complete: no kind "${text(kind)}" is registered for version "${text(apiVersion)}" in scheme "pkg/proxy/apis/config/scheme/scheme.go:30"`,
    )
  const [iptables, ipvs, nftables] = [part(file.iptables), part(file.ipvs), part(file.nftables)]
  const given = text(file.mode)
  const mode = (given || 'iptables') as ProxyMode
  const timing = { iptables, ipvs, nftables }[mode] ?? iptables
  const masquerade = mode === 'nftables' ? nftables : iptables
  const detectLocal = part(file.detectLocal)
  const conntrack = part(file.conntrack)
  const config: ProxyConfig = {
    mode,
    isDefaultMode: given === '',
    bindAddress: text(file.bindAddress, '0.0.0.0'),
    healthzPort: portOf(text(file.healthzBindAddress), HEALTHZ_PORT),
    metricsPort: portOf(text(file.metricsBindAddress), METRICS_PORT),
    syncPeriodMs: duration(timing.syncPeriod, SYNC_PERIOD_MS),
    minSyncPeriodMs: duration(timing.minSyncPeriod, mode === 'ipvs' ? 0 : MIN_SYNC_PERIOD_MS),
    masqueradeAll: masquerade.masqueradeAll === true,
    masqueradeMark: `0x${(2 ** integer(masquerade.masqueradeBit, 14)).toString(16)}`,
    localhostNodePorts: iptables.localhostNodePorts !== false,
    nodePortAddresses: strings(file.nodePortAddresses),
    detectLocalMode: text(file.detectLocalMode, 'ClusterCIDR'),
    clusterCIDRs: text(file.clusterCIDR).split(',').filter(Boolean),
    bridgeInterface: text(detectLocal.bridgeInterface),
    interfaceNamePrefix: text(detectLocal.interfaceNamePrefix),
    scheduler: text(ipvs.scheduler),
    excludeCIDRs: strings(ipvs.excludeCIDRs),
    strictARP: ipvs.strictARP === true,
    conntrackMaxPerCore: integer(conntrack.maxPerCore, 32 * 1024),
    conntrackMin: integer(conntrack.min, 128 * 1024),
  }
  validate(config)
  return config
}

function readYaml(yaml: string): Part {
  try {
    return part(load(yaml))
  } catch (error) {
    if (error instanceof Error) throw new ProxyConfigError(`failed complete: yaml: ${error.message.split('\n')[0] ?? ''}`)
    throw error
  }
}

const DETECT_LOCAL_MODES = ['BridgeInterface', 'ClusterCIDR', 'InterfaceNamePrefix', 'NodeCIDR']

function validate(config: ProxyConfig): void {
  const refuse = (field: string, what: string) => {
    throw new ProxyConfigError(`failed validate: KubeProxyConfiguration.${field}: ${what}`)
  }
  if (!PROXY_MODES.includes(config.mode))
    refuse(
      'Mode.ProxyMode',
      `Invalid value: "${config.mode}": must be iptables, ipvs, nftables or blank (blank means the best-available proxy [currently iptables])`,
    )
  if (config.minSyncPeriodMs > config.syncPeriodMs)
    refuse(
      'SyncPeriod',
      `Invalid value: "${config.minSyncPeriodMs / 1000}s": must be greater than or equal to KubeProxyConfiguration.MinSyncPeriod`,
    )
  if (!DETECT_LOCAL_MODES.includes(config.detectLocalMode))
    refuse(
      'DetectLocalMode',
      `Unsupported value: "${config.detectLocalMode}": supported values: "${['', ...DETECT_LOCAL_MODES].join('", "')}"`,
    )
  config.nodePortAddresses.forEach((address, i) => {
    if (address !== 'primary' && networkOf(address) === undefined)
      refuse(`NodePortAddresses[${i}]`, `Invalid value: "${address}": must be a valid CIDR`)
  })
}

/** The detector of a family's local traffic. `podCIDRs`: of the Node, for NodeCIDR. */
export function detectorOf(config: ProxyConfig, family: Family, podCIDRs: readonly string[]): LocalDetector {
  const { detectLocalMode, bridgeInterface, interfaceNamePrefix, clusterCIDRs } = config
  if (detectLocalMode === 'BridgeInterface') return { kind: 'bridge', device: bridgeInterface }
  if (detectLocalMode === 'InterfaceNamePrefix') return { kind: 'prefix', prefix: interfaceNamePrefix }
  const cidrs = detectLocalMode === 'NodeCIDR' ? podCIDRs : clusterCIDRs
  const cidr = cidrs.find((each) => each.includes(':') === (family === 'IPv6'))
  return cidr === undefined ? { kind: 'none' } : { kind: 'cidr', cidr: networkOf(cidr) ?? cidr }
}

/** Prefixes of a family whose addresses serve node ports; null: all local addresses. k8s 1.36: NewNodePortAddresses. */
export function nodePortCIDRs(config: ProxyConfig, family: Family, nodeIP: string): readonly string[] | null {
  const { nodePortAddresses } = config
  const isPrimary = nodePortAddresses.length === 1 && nodePortAddresses[0] === 'primary'
  const all = isPrimary ? (nodeIP === '' ? [] : [`${nodeIP}/${family === 'IPv6' ? 128 : 32}`]) : nodePortAddresses
  const own = all.filter((cidr) => cidr.includes(':') === (family === 'IPv6'))
  return own.length === 0 || own.some((cidr) => cidr.endsWith('/0')) ? null : own
}

/** Whether node ports could be asked for on 127.0.0.1. */
export function coversLoopback(cidrs: readonly string[] | null): boolean {
  return cidrs === null || cidrs.some((cidr) => cidr.startsWith('127.') || inCidr('127.0.0.0', cidr))
}
