/** What kube-proxy writes when it starts. k8s 1.36: cmd/kube-proxy/app server.go, server_linux.go. */
import { coversLoopback, nodePortCIDRs, type ProxyConfig } from './config.ts'
import type { LogValue, Severity } from './klog.ts'

type Line = readonly [Severity, string, string, { readonly [name: string]: LogValue }?]

export const DEPRECATED =
  "The ipvs proxier is now deprecated and may be removed in a future release. Please use 'nftables' instead."

const ROUTE_LOCALNET =
  'Setting route_localnet=1 to allow node-ports on localhost; to change this either disable iptables.localhostNodePorts (--iptables-localhost-nodeports) or set nodePortAddresses (--nodeport-addresses) to filter loopback addresses'
const UNSET =
  'nodePortAddresses is unset; NodePort connections will be accepted on all local IPs. Consider using `--nodeport-addresses primary`'

/** Until the mode's proxier is made. */
export function startLines(
  config: ProxyConfig,
  node: { readonly nodeIPs: readonly string[]; readonly conntrackMax: number; readonly cpus: number },
): readonly Line[] {
  const lines: Line[] = []
  if (config.isDefaultMode) lines.push(['I', 'server_linux.go:49', 'Using iptables proxy'])
  const cache = { controller: 'node informer cache' }
  lines.push(['I', 'shared_informer.go:381', 'Waiting for caches to sync', cache])
  lines.push(['I', 'shared_informer.go:388', 'Caches are synced', cache])
  if (node.nodeIPs.length > 0) lines.push(['I', 'server.go:228', 'Successfully retrieved NodeIPs', { NodeIPs: node.nodeIPs }])
  else
    lines.push([
      'I',
      'server.go:700',
      "Can't determine this node's IP, assuming loopback; if this is incorrect, please set the --bind-address flag",
    ])
  if (config.conntrackMaxPerCore > 0)
    lines.push(['I', 'sysctls.go:147', 'Setting nf_conntrack_max', { nfConntrackMax: node.conntrackMax }])
  if (config.nodePortAddresses.length === 0 && config.mode !== 'nftables')
    lines.push(['E', 'server.go:265', 'Kube-proxy configuration may be incomplete or incorrect', { err: UNSET }])
  lines.push(['I', 'server.go:274', 'kube-proxy running in dual-stack mode', { 'primary ipFamily': 'IPv4' }])
  return [...lines, ...modeLines(config, node.nodeIPs[0] ?? '')]
}

function modeLines(config: ProxyConfig, nodeIP: string): readonly Line[] {
  if (config.mode === 'nftables') return [['I', 'server_linux.go:254', 'Using nftables Proxier']]
  if (config.mode === 'iptables') {
    const start: Line = ['I', 'server_linux.go:137', 'Using iptables Proxier']
    const isLocal = config.localhostNodePorts && coversLoopback(nodePortCIDRs(config, 'IPv4', nodeIP))
    return isLocal ? [start, ['I', 'proxier.go:241', ROUTE_LOCALNET, { ipFamily: 'IPv4' }]] : [start]
  }
  const noScheduler = (ipFamily: string): Line => [
    'I',
    'proxier.go:351',
    'IPVS scheduler not specified, use rr by default',
    { ipFamily },
  ]
  return [
    ['I', 'server_linux.go:194', 'Using ipvs Proxier'],
    ['E', 'server_linux.go:196', DEPRECATED],
    ...(config.scheduler === '' ? [noScheduler('IPv4'), noScheduler('IPv6')] : []),
  ]
}

/** From there until it runs. */
export function syncedLines(_config: ProxyConfig, version: string): readonly Line[] {
  const controllers: readonly (readonly [string, string, string])[] = [
    ['config.go:200', 'Starting service config controller', 'service config'],
    ['config.go:106', 'Starting endpoint slice config controller', 'endpoint slice config'],
    ['config.go:403', 'Starting serviceCIDR config controller', 'serviceCIDR config'],
    ['config.go:309', 'Starting node config controller', 'node config'],
  ]
  return [
    ['I', 'server.go:539', 'Version info', { version }],
    ['I', 'server.go:541', 'Golang settings', { GOGC: '', GOMAXPROCS: '', GOTRACEBACK: '' }],
    ...controllers.flatMap(([place, message, controller]): Line[] => [
      ['I', place, message],
      ['I', 'shared_informer.go:381', 'Waiting for caches to sync', { controller }],
    ]),
    ...controllers.map(([, , controller]): Line => ['I', 'shared_informer.go:388', 'Caches are synced', { controller }]),
  ]
}
