/** Runs recorded cases: the rules that one node programs for given Services and EndpointSlices. */
import type { EndpointSlice, Service } from '../../apimachinery/generated/types.ts'
import { ServiceState } from './changes/state.ts'
import type { NodePlace } from './changes/topology.ts'
import { serviceHealth } from './health/service-health.ts'
import { allRules, restoreText, tablesOf } from './iptables/rules.ts'
import type { IptablesSettings } from './iptables/unit.ts'
import { ipvsPlan, type IpvsPlan } from './ipvs/plan.ts'
import { IPVS_JUMPS } from './ipvs/rules.ts'
import { IPVS_SETS } from './ipvs/sets.ts'
import type { LocalDetector } from './local-detector.ts'
import { parseRule } from '../netfilter/parse.ts'
import { printRule } from '../netfilter/print.ts'

export interface ProxyCase {
  readonly nodeName: string
  readonly nodeIPs: readonly string[]
  readonly nodeLabels?: { readonly [name: string]: string }
  readonly clusterCIDR?: string
  readonly serviceCIDR?: string
  readonly services: readonly Service[]
  readonly endpointSlices: readonly EndpointSlice[]
}

/** A case's objects with the API's defaults, as a proxy has them after its first lists. */
export function stateOf(input: ProxyCase): ServiceState {
  const state = new ServiceState('IPv4')
  for (const service of input.services) state.serviceChanged(defaulted(service))
  for (const slice of input.endpointSlices)
    state.sliceChanged({ ...slice, metadata: { namespace: 'default', ...slice.metadata } })
  state.apply()
  return state
}

function defaulted(service: Service): Service {
  const clusterIP = service.spec?.clusterIP
  return {
    ...service,
    metadata: { namespace: 'default', ...service.metadata },
    spec: clusterIP ? { ipFamilies: ['IPv4'], clusterIPs: [clusterIP], ...service.spec } : service.spec,
  }
}

export function placeOf(input: ProxyCase): NodePlace {
  return { nodeName: input.nodeName, zone: input.nodeLabels?.['topology.kubernetes.io/zone'] ?? '' }
}

export function settingsOf(input: ProxyCase): IptablesSettings {
  return {
    family: 'IPv4',
    nodeIP: input.nodeIPs[0] ?? '',
    masqueradeMark: '0x4000',
    masqueradeAll: false,
    detector: detectorOf(input),
    localhostNodePorts: true,
    nfacct: true,
    randomFully: true,
    conntrackLiberal: false,
  }
}

function detectorOf({ clusterCIDR }: ProxyCase): LocalDetector {
  return clusterCIDR ? { kind: 'cidr', cidr: clusterCIDR } : { kind: 'none' }
}

/** What iptables mode makes of a case, in the form of the recordings. */
export function runIptables(input: ProxyCase) {
  const state = stateOf(input)
  const restore = restoreText(allRules(state, placeOf(input), settingsOf(input)))
  return { save: saved(restore), restore, health: Object.fromEntries(serviceHealth(state, input.nodeName)) }
}

/** The rules as iptables-save prints them once the kernel has them. */
function saved(restore: readonly string[]): readonly string[] {
  return restore.map((line) => {
    const [, chain, rule] = /^-A (\S+) (.*)$/.exec(line) ?? []
    return chain !== undefined && rule !== undefined ? `-A ${chain}${printRule(parseRule(rule))}` : line
  })
}

/** What IPVS mode makes of a case. */
export function runIpvs(input: ProxyCase) {
  const context = {
    place: placeOf(input),
    nodeIP: input.nodeIPs[0] ?? '',
    nodePortIPs: input.nodeIPs,
    nodeAddresses: new Set(input.nodeIPs),
  }
  const plan = ipvsPlan(stateOf(input), context, settingsOf(input))
  const restore = restoreText(tablesOf(plan.chains, IPVS_JUMPS))
  return {
    ...ipvsObjects(plan),
    dummyInterface: { addresses: plan.addresses.size > 0 ? [...plan.addresses].toSorted() : null, name: 'kube-ipvs0' },
    iptablesRestore: restore,
    // A match of iptables that the recording machine had not: such a case was recorded unloaded.
    ...(!restore.some((line) => line.includes('-m ipvs')) && { iptablesSave: saved(restore) }),
  }
}

function ipvsObjects({ servers, sets }: IpvsPlan) {
  const filled = [...sets].filter(([, members]) => members.size > 0)
  return {
    virtualServers: servers
      .map(({ address, port, protocol, persistentSeconds, endpoints }) => ({
        address,
        port,
        protocol,
        scheduler: 'rr',
        flags: persistentSeconds > 0 ? ['persistent'] : undefined,
        persistentTimeout: persistentSeconds || undefined,
        realServers: endpoints.map((endpoint) => ({ address: endpoint.ip, port: endpoint.port, weight: 1 })),
      }))
      .toSorted((a, b) => (sortText(a) < sortText(b) ? -1 : 1)),
    ipsets: Object.fromEntries(
      filled.map(([name, members]) => [
        name,
        { type: IPVS_SETS[name].type, comment: IPVS_SETS[name].comment, entries: [...members].toSorted() },
      ]),
    ),
    emptyIpsets: [...sets]
      .filter(([, members]) => members.size === 0)
      .map(([name]) => name)
      .toSorted(),
  }
}

function sortText({ address, port, protocol }: { address: string; port: number; protocol: string }): string {
  return `${address}:${String(port).padStart(5, '0')}/${protocol}`
}
