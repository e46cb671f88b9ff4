/** The rules that kube-proxy's iptables mode has however many Services there are. */
import type { IptablesSettings, SharedChain } from './unit.ts'

export type TableName = 'nat' | 'filter' | 'mangle'

/** A jump from one of the kernel's chains, prepended when it is missing. */
export interface JumpRule {
  readonly table: TableName
  readonly from: string
  readonly to: string
  /** The rule without '-A CHAIN '. */
  readonly line: string
}

const NEW = '-m conntrack --ctstate NEW '
const jump = (table: TableName, to: string, from: string, comment: string, extra = ''): JumpRule => ({
  table,
  from,
  to,
  line: `${extra}${comment === '' ? '' : `-m comment --comment "${comment}" `}-j ${to}`,
})

/** In the order in which they are ensured; each goes to the top. k8s 1.36: iptablesJumpChains. */
export const JUMPS: readonly JumpRule[] = [
  jump('filter', 'KUBE-EXTERNAL-SERVICES', 'INPUT', 'kubernetes externally-visible service portals', NEW),
  jump('filter', 'KUBE-EXTERNAL-SERVICES', 'FORWARD', 'kubernetes externally-visible service portals', NEW),
  jump('filter', 'KUBE-NODEPORTS', 'INPUT', 'kubernetes health check service ports'),
  jump('filter', 'KUBE-SERVICES', 'FORWARD', 'kubernetes service portals', NEW),
  jump('filter', 'KUBE-SERVICES', 'OUTPUT', 'kubernetes service portals', NEW),
  jump('filter', 'KUBE-FORWARD', 'FORWARD', 'kubernetes forwarding rules'),
  jump('filter', 'KUBE-PROXY-FIREWALL', 'INPUT', 'kubernetes load balancer firewall', NEW),
  jump('filter', 'KUBE-PROXY-FIREWALL', 'OUTPUT', 'kubernetes load balancer firewall', NEW),
  jump('filter', 'KUBE-PROXY-FIREWALL', 'FORWARD', 'kubernetes load balancer firewall', NEW),
  jump('nat', 'KUBE-SERVICES', 'OUTPUT', 'kubernetes service portals'),
  jump('nat', 'KUBE-SERVICES', 'PREROUTING', 'kubernetes service portals'),
  jump('nat', 'KUBE-POSTROUTING', 'POSTROUTING', 'kubernetes postrouting rules'),
]

/** The kubelet has the same ones; they are made here too, and never taken away. */
export const KUBELET_JUMPS: readonly JumpRule[] = [
  jump('filter', 'KUBE-FIREWALL', 'INPUT', ''),
  jump('filter', 'KUBE-FIREWALL', 'OUTPUT', ''),
]

/** Whose absence tells that somebody reloaded the firewall. */
export const CANARY = 'KUBE-PROXY-CANARY'

/** A chain's table and name. */
export interface FixedChain {
  readonly table: TableName
  readonly chain: string
  readonly lines: readonly string[]
}

/** Chains whose rules don't depend on Services. */
export function fixedChains({ masqueradeMark: mark, ...settings }: IptablesSettings): readonly FixedChain[] {
  const random = settings.randomFully ? ' --random-fully' : ''
  const forward = [
    '-m comment --comment "kubernetes forwarding rules" ' + `-m mark --mark ${mark}/${mark} -j ACCEPT`,
    '-m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
  ]
  const counter = settings.nfacct ? '-m nfacct --nfacct-name ct_state_invalid_dropped_pkts ' : ''
  const invalid = settings.conntrackLiberal ? [] : [`-m conntrack --ctstate INVALID ${counter}-j DROP`]
  const chains: FixedChain[] = [
    { table: 'nat', chain: 'KUBE-MARK-MASQ', lines: [`-j MARK --or-mark ${mark}`] },
    {
      table: 'nat',
      chain: 'KUBE-POSTROUTING',
      lines: [
        `-m mark ! --mark ${mark}/${mark} -j RETURN`,
        `-j MARK --xor-mark ${mark}`,
        `-m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE${random}`,
      ],
    },
    { table: 'filter', chain: 'KUBE-FORWARD', lines: [...invalid, ...forward] },
  ]
  if (settings.family === 'IPv4' && settings.localhostNodePorts)
    chains.push({ table: 'filter', chain: 'KUBE-FIREWALL', lines: [LOCALNET] })
  return chains
}

const LOCALNET =
  '-m comment --comment "block incoming localnet connections" -d 127.0.0.0/8 ! -s 127.0.0.0/8 ' +
  '-m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP'

/** The last rules of a shared chain, after those of all service ports: node ports. `addresses`: null for all local ones. */
export function tailLines(
  chain: SharedChain,
  settings: IptablesSettings,
  addresses: readonly string[] | null,
): readonly string[] {
  if (chain !== 'nat KUBE-SERVICES') return []
  const comment = '-m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain"'
  const isIPv6 = settings.family === 'IPv6'
  if (addresses === null) {
    const loopback = isIPv6 ? ' ! -d ::1/128' : settings.localhostNodePorts ? '' : ' ! -d 127.0.0.0/8'
    return [`${comment} -m addrtype --dst-type LOCAL${loopback} -j KUBE-NODEPORTS`]
  }
  const isLoopback = (address: string) => address === '::1' || address.startsWith('127.')
  return addresses
    .filter((address) => !isLoopback(address) || (!isIPv6 && settings.localhostNodePorts))
    .map((address) => `${comment} -d ${address} -j KUBE-NODEPORTS`)
}
