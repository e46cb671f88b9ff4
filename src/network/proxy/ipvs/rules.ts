/** The iptables rules of IPVS mode: they mark for masquerade and filter; balancing is not theirs. k8s 1.36: writeIptablesRules. */
import type { Family } from '../changes/service-port.ts'
import { ifNotLocal, type LocalDetector } from '../local-detector.ts'
import { IPVS_SETS, setName, type SetName } from './sets.ts'
import type { BlockedAddress } from './unit.ts'
import type { FixedChain, JumpRule } from '../iptables/base.ts'

export interface IpvsRuleSettings {
  readonly family: Family
  readonly masqueradeMark: string
  readonly masqueradeAll: boolean
  readonly detector: LocalDetector
  readonly randomFully: boolean
}

const jump = (table: 'nat' | 'filter', from: string, to: string, comment: string): JumpRule => ({
  table,
  from,
  to,
  line: `-m comment --comment "${comment}" -j ${to}`,
})

/** In the order in which they are ensured; each goes to the top. */
export const IPVS_JUMPS: readonly JumpRule[] = [
  jump('nat', 'OUTPUT', 'KUBE-SERVICES', 'kubernetes service portals'),
  jump('nat', 'PREROUTING', 'KUBE-SERVICES', 'kubernetes service portals'),
  jump('nat', 'POSTROUTING', 'KUBE-POSTROUTING', 'kubernetes postrouting rules'),
  jump('filter', 'FORWARD', 'KUBE-FORWARD', 'kubernetes forwarding rules'),
  jump('filter', 'INPUT', 'KUBE-NODE-PORT', 'kubernetes health check rules'),
  jump('filter', 'INPUT', 'KUBE-PROXY-FIREWALL', 'kube-proxy firewall rules'),
  jump('filter', 'FORWARD', 'KUBE-PROXY-FIREWALL', 'kube-proxy firewall rules'),
  jump('filter', 'INPUT', 'KUBE-IPVS-FILTER', 'kubernetes ipvs access filter'),
  jump('filter', 'OUTPUT', 'KUBE-IPVS-OUT-FILTER', 'kubernetes ipvs access filter'),
]

export const IPVS_CHAINS: readonly { readonly table: 'nat' | 'filter'; readonly chain: string }[] = [
  ...['KUBE-SERVICES', 'KUBE-POSTROUTING', 'KUBE-NODE-PORT', 'KUBE-LOAD-BALANCER', 'KUBE-MARK-MASQ'].map((chain) => ({
    table: 'nat' as const,
    chain,
  })),
  ...[
    'KUBE-FORWARD',
    'KUBE-NODE-PORT',
    'KUBE-PROXY-FIREWALL',
    'KUBE-SOURCE-RANGES-FIREWALL',
    'KUBE-IPVS-FILTER',
    'KUBE-IPVS-OUT-FILTER',
  ].map((chain) => ({ table: 'filter' as const, chain })),
]

interface SetRule {
  readonly set: SetName
  readonly table: 'nat' | 'filter'
  readonly chain: string
  readonly directions: string
  readonly target: string
  readonly protocol?: string
}

const nodePortRule = (set: SetName, protocol: string, target: string, directions = 'dst'): SetRule => ({
  set,
  table: 'nat',
  chain: 'KUBE-NODE-PORT',
  directions,
  target,
  protocol,
})

/** Rules that exist while their set has members. RETURN for policy Local stands before the mark. */
const SET_RULES: readonly SetRule[] = [
  { set: 'KUBE-LOOP-BACK', table: 'nat', chain: 'KUBE-POSTROUTING', directions: 'dst,dst,src', target: 'MASQUERADE' },
  { set: 'KUBE-LOAD-BALANCER', table: 'nat', chain: 'KUBE-SERVICES', directions: 'dst,dst', target: 'KUBE-LOAD-BALANCER' },
  { set: 'KUBE-LOAD-BALANCER-LOCAL', table: 'nat', chain: 'KUBE-LOAD-BALANCER', directions: 'dst,dst', target: 'RETURN' },
  nodePortRule('KUBE-NODE-PORT-LOCAL-TCP', 'tcp', 'RETURN'),
  nodePortRule('KUBE-NODE-PORT-TCP', 'tcp', 'KUBE-MARK-MASQ'),
  nodePortRule('KUBE-NODE-PORT-LOCAL-UDP', 'udp', 'RETURN'),
  nodePortRule('KUBE-NODE-PORT-UDP', 'udp', 'KUBE-MARK-MASQ'),
  nodePortRule('KUBE-NODE-PORT-LOCAL-SCTP-HASH', 'sctp', 'RETURN', 'dst,dst'),
  nodePortRule('KUBE-NODE-PORT-SCTP-HASH', 'sctp', 'KUBE-MARK-MASQ', 'dst,dst'),
  {
    set: 'KUBE-LOAD-BALANCER-FW',
    table: 'filter',
    chain: 'KUBE-PROXY-FIREWALL',
    directions: 'dst,dst',
    target: 'KUBE-SOURCE-RANGES-FIREWALL',
  },
  {
    set: 'KUBE-LOAD-BALANCER-SOURCE-CIDR',
    table: 'filter',
    chain: 'KUBE-SOURCE-RANGES-FIREWALL',
    directions: 'dst,dst,src',
    target: 'RETURN',
  },
  {
    set: 'KUBE-LOAD-BALANCER-SOURCE-IP',
    table: 'filter',
    chain: 'KUBE-SOURCE-RANGES-FIREWALL',
    directions: 'dst,dst,src',
    target: 'RETURN',
  },
]

/** Which sets have members, and what else the rules depend on. */
export interface IpvsFacts {
  readonly filled: ReadonlySet<SetName>
  readonly blocked: readonly BlockedAddress[]
}

/** All chains of the mode with their rules. */
export function ipvsChains(settings: IpvsRuleSettings, facts: IpvsFacts): readonly FixedChain[] {
  const chains = new Map<string, string[]>(IPVS_CHAINS.map(({ table, chain }) => [`${table} ${chain}`, []]))
  const add = (table: 'nat' | 'filter', chain: string, line: string) => chains.get(`${table} ${chain}`)?.push(line)
  const match = (set: SetName, directions: string) => `-m set --match-set ${setName(set, settings.family)} ${directions}`
  const comment = (set: SetName) => `-m comment --comment "${IPVS_SETS[set].comment}"`

  add('nat', 'KUBE-SERVICES', `-s ${settings.family === 'IPv4' ? '127.0.0.0/8' : '::1/128'} -j RETURN`)
  for (const { set, table, chain, directions, target, protocol } of SET_RULES)
    if (facts.filled.has(set))
      add(table, chain, `${protocol ? `-p ${protocol} ` : ''}${comment(set)} ${match(set, directions)} -j ${target}`)
  for (const line of serviceLines(settings, facts, match, comment)) add('nat', 'KUBE-SERVICES', line)
  add('nat', 'KUBE-LOAD-BALANCER', '-j KUBE-MARK-MASQ')
  add('filter', 'KUBE-SOURCE-RANGES-FIREWALL', '-j DROP')
  for (const { address, protocol, port } of facts.blocked)
    add('filter', 'KUBE-IPVS-OUT-FILTER', `-s ${address} -m ipvs --vaddr ${address} --vproto ${protocol} --vport ${port} -j DROP`)
  for (const set of ['KUBE-CLUSTER-IP', 'KUBE-LOAD-BALANCER'] as const)
    if (facts.filled.has(set)) add('nat', 'KUBE-SERVICES', `${match(set, 'dst,dst')} -j ACCEPT`)
  addFixed(settings, add, match, comment)
  return [...chains].map(([name, lines]) => {
    const [table, chain] = name.split(' ') as ['nat' | 'filter', string]
    return { table, chain, lines }
  })
}

type Matcher = (set: SetName, directions: string) => string

/** Masquerade for cluster IPs and external IPs. */
function serviceLines(
  { masqueradeAll, detector }: IpvsRuleSettings,
  { filled }: IpvsFacts,
  match: Matcher,
  comment: (set: SetName) => string,
): readonly string[] {
  const lines: string[] = []
  if (filled.has('KUBE-CLUSTER-IP')) {
    const hasSource = masqueradeAll || detector.kind !== 'none'
    const source = masqueradeAll || detector.kind === 'none' ? '' : `${ifNotLocal(detector)} `
    const set = match('KUBE-CLUSTER-IP', hasSource ? 'dst,dst' : 'src,dst')
    lines.push(`${comment('KUBE-CLUSTER-IP')} ${set} ${source}-j KUBE-MARK-MASQ`)
  }
  for (const set of ['KUBE-EXTERNAL-IP', 'KUBE-EXTERNAL-IP-LOCAL'] as const) {
    if (!filled.has(set)) continue
    const start = `${comment(set)} ${match(set, 'dst,dst')}`
    if (set === 'KUBE-EXTERNAL-IP') lines.push(`${start} -j KUBE-MARK-MASQ`)
    lines.push(`${start} -m physdev ! --physdev-is-in -m addrtype ! --src-type LOCAL -j ACCEPT`)
    lines.push(`${start} -m addrtype --dst-type LOCAL -j ACCEPT`)
  }
  return [...lines, '-m addrtype --dst-type LOCAL -j KUBE-NODE-PORT']
}

function addFixed(
  { masqueradeMark: mark, randomFully }: IpvsRuleSettings,
  add: (table: 'nat' | 'filter', chain: string, line: string) => void,
  match: Matcher,
  comment: (set: SetName) => string,
): void {
  const health = 'KUBE-HEALTH-CHECK-NODE-PORT'
  add('filter', 'KUBE-FORWARD', `-m comment --comment "kubernetes forwarding rules" -m mark --mark ${mark}/${mark} -j ACCEPT`)
  add(
    'filter',
    'KUBE-FORWARD',
    '-m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
  )
  add('filter', 'KUBE-NODE-PORT', `${comment(health)} ${match(health, 'dst')} -j ACCEPT`)
  for (const set of ['KUBE-LOAD-BALANCER', 'KUBE-CLUSTER-IP', 'KUBE-EXTERNAL-IP', 'KUBE-EXTERNAL-IP-LOCAL'] as const)
    add('filter', 'KUBE-IPVS-FILTER', `${match(set, 'dst,dst')} -j RETURN`)
  add('filter', 'KUBE-IPVS-FILTER', `${match(health, 'dst')} -j RETURN`)
  add('filter', 'KUBE-IPVS-FILTER', `-m conntrack --ctstate NEW ${match('KUBE-IPVS-IPS', 'dst')} -j REJECT`)
  add('nat', 'KUBE-POSTROUTING', `-m mark ! --mark ${mark}/${mark} -j RETURN`)
  add('nat', 'KUBE-POSTROUTING', `-j MARK --xor-mark ${mark}`)
  const random = randomFully ? ' --random-fully' : ''
  add('nat', 'KUBE-POSTROUTING', `-m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE${random}`)
  add('nat', 'KUBE-MARK-MASQ', `-j MARK --or-mark ${mark}`)
}
