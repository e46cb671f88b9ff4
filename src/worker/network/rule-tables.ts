import { endpointslices, nodes, services } from '../../apimachinery/generated/resources.ts'
import type { EndpointSlice, Service } from '../../apimachinery/generated/types.ts'
import type { Netns } from '../../network/link/netns.ts'
import { netfilterOf } from '../../network/netfilter/install.ts'
import { printRule, printTarget } from '../../network/netfilter/print.ts'
import type { Rule } from '../../network/netfilter/rule.ts'
import { orderedChains, type Chain as TableChain } from '../../network/netfilter/tables.ts'
import { nftablesOf, type Nftables } from '../../network/nft/nftables.ts'
import { printRule as printNftRule } from '../../network/nft/print-rule.ts'
import { verdictText, type Chain as NftChain, type Table as NftTable } from '../../network/nft/ruleset.ts'
import { runIptables, runIpvs, type ProxyCase } from '../../network/proxy/golden.ts'
import { nftablesRules } from '../../network/proxy/nftables/golden.ts'
import type { FeedContext } from '../feeds/feed.ts'
import { proxyModeOf } from './kernel.ts'
import type { ChainRow, ProxyMode, RuleRow, RuleTables } from './protocol.ts'

/** More than this nobody reads; the count tells of the rest. */
const MOST_CHAINS = 2000
const MOST_RULES = 400
/** Services whose equivalents are worked out at once. */
const MOST_SERVICES = 100

/** The rules in a node's kernel now, and what each mode would write for `service` ('namespace/name'; '' for all). */
export function ruleTables(context: FeedContext, node: string, service: string): RuleTables | null {
  const { network } = context.cluster
  const netns = network.netnsOfNode(node)
  if (!netns) return null
  const mode = proxyModeOf(context.cluster, node)
  const chains = mode === 'nftables' ? nftChains(netns) : iptablesChains(netns)
  const text = (line: string): string => {
    const { stdout, stderr } = network.command(node, line)
    return stdout === '' ? stderr : stdout
  }
  return {
    node,
    mode,
    chains: chains.slice(0, MOST_CHAINS),
    rules: chains.reduce((sum, chain) => sum + chain.rules.length, 0),
    texts: {
      iptables: text('iptables-save -c'),
      ipvs: text('ipvsadm -Ln'),
      nftables: text('nft list ruleset'),
    },
    equivalents: equivalents(caseOf(context, node, service)),
  }
}

// ---------------------------------------------------------------- iptables

function iptablesChains(netns: Netns): ChainRow[] {
  const tables = netfilterOf(netns)?.iptables
  if (!tables) return []
  return tables.names().flatMap((table) =>
    orderedChains(table, tables.existing(table) ?? new Map()).map((chain): ChainRow => {
      const { name, policy, packets, bytes, rules } = chain
      return {
        table,
        name,
        hook: policy === undefined ? '' : name,
        policy: policy ?? '',
        packets,
        bytes,
        rules: rules.slice(0, MOST_RULES).map((rule, at) => ruleRow(chain, rule, at)),
      }
    }),
  )
}

function ruleRow(chain: TableChain, rule: Rule, at: number): RuleRow {
  const { target, matches } = rule
  let comment = ''
  let probability = 1
  for (const match of matches) {
    if (match.kind === 'comment') comment = match.text
    if (match.kind === 'statistic' && match.mode === 'random') probability = match.probability
  }
  const jump = target.kind === 'jump' || target.kind === 'goto' ? target.chain : ''
  return {
    text: `-A ${chain.name}${printRule(rule)}`,
    ...chain.counters(at),
    jump,
    action: jump === '' ? printTarget(target).trim().replace(/^-j /, '') : '',
    probability,
    comment,
  }
}

// ---------------------------------------------------------------- nftables

/** Verdict maps stand as chains of their own: each element is a rule that jumps. */
function nftChains(netns: Netns): ChainRow[] {
  const nftables = nftablesOf(netns)
  return [...nftables.tables.values()].flatMap((table) => [
    ...[...table.chains.values()].map((chain) => nftChain(nftables, table, chain)),
    ...mapChains(table),
  ])
}

function nftChain(nftables: Nftables, table: NftTable, { name, base, policy, rules }: NftChain): ChainRow {
  return {
    table: `${table.family} ${table.name}`,
    name,
    hook: base ? base.hook : '',
    policy: base ? policy : '',
    packets: 0,
    bytes: 0,
    rules: rules.slice(0, MOST_RULES).flatMap((rule) => nftRows(printNftRule(rule), nftables.countOf(rule))),
  }
}

/** `numgen random mod 2 vmap { 0 : goto a, 1 : goto b }`, or `dnat to … map { … }`, throws dice: a row for each way. */
function nftRows(text: string, count: Pick<RuleRow, 'packets' | 'bytes'>): RuleRow[] {
  const row = (jump: string, probability: number, part = text): RuleRow => ({
    text: part,
    packets: probability < 1 ? 0 : count.packets,
    bytes: probability < 1 ? 0 : count.bytes,
    jump,
    action: jump === '' ? (/\b(accept|drop|reject|return|masquerade|dnat to .*|meta mark set .*)$/.exec(part)?.[1] ?? '') : '',
    probability,
    comment: '',
  })
  const dice = /numgen random mod (\d+) v?map \{(.*)\}/s.exec(text)
  const isDnat = /\bdnat\b/.test(text)
  if (dice) {
    const ways = (dice[2] ?? '').split(',').map((way) => way.trim())
    return ways.map((way) => {
      const to = /^\d+ : (.*)$/.exec(way)?.[1] ?? way
      return row(
        /(?:goto|jump) (\S+)/.exec(way)?.[1] ?? '',
        1 / Number(dice[1]),
        isDnat ? `dnat to ${to.replace(' . ', ':')}` : way,
      )
    })
  }
  const map = /vmap @(\S+)/.exec(text)
  if (map) return [row(`@${map[1] ?? ''}`, 1)]
  return [row(/(?:goto|jump) (\S+)/.exec(text)?.[1] ?? '', 1)]
}

function mapChains(table: NftTable): ChainRow[] {
  return [...table.sets.values()]
    .filter(({ dataTypes }) => dataTypes?.some((type) => String(type) === 'verdict'))
    .map(({ name, elements }): ChainRow => {
      const rows = [...elements.entries()].slice(0, MOST_RULES).map(([key, element]): RuleRow => {
        const verdict = element.data && 'verdict' in element.data ? verdictText(element.data.verdict) : ''
        return {
          text: `${key} : ${verdict}`,
          packets: 0,
          bytes: 0,
          jump: /(?:goto|jump) (\S+)/.exec(verdict)?.[1] ?? '',
          action: verdict,
          probability: 1,
          comment: '',
        }
      })
      return { table: `${table.family} ${table.name}`, name: `@${name}`, hook: '', policy: '', packets: 0, bytes: 0, rules: rows }
    })
}

// ---------------------------------------------------------------- equivalents

/** The cluster's Services as one node's proxy sees them. */
export function caseOf({ informers }: FeedContext, node: string, service: string): ProxyCase {
  const key = ({ metadata }: Service): string => `${metadata.namespace ?? ''}/${metadata.name ?? ''}`
  const wanted = [...informers.for(services).list()]
    .filter((each) => service === '' || key(each) === service)
    .slice(0, MOST_SERVICES)
  const keys = new Set(wanted.map(key))
  const slices = [...informers.for(endpointslices).list()].filter((slice) => keys.has(serviceOf(slice)))
  const found = informers.for(nodes).get('', node)
  return {
    nodeName: node,
    nodeIPs: found?.status?.addresses?.filter(({ type }) => type === 'InternalIP').map(({ address }) => address) ?? [],
    nodeLabels: found?.metadata.labels ?? {},
    clusterCIDR: '10.244.0.0/16',
    serviceCIDR: '10.96.0.0/12',
    services: wanted,
    endpointSlices: slices,
  }
}

function serviceOf({ metadata }: EndpointSlice): string {
  return `${metadata.namespace ?? ''}/${metadata.labels?.['kubernetes.io/service-name'] ?? ''}`
}

function equivalents(given: ProxyCase): { readonly [mode in ProxyMode]: string } {
  const { virtualServers } = runIpvs(given)
  return {
    iptables: runIptables(given)
      .save.filter((line) => !/^[:*#]|^COMMIT/.test(line))
      .join('\n'),
    ipvs: [
      'Prot LocalAddress:Port Scheduler Flags',
      '  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn',
      ...virtualServers.flatMap(({ protocol, address, port, scheduler, realServers, persistentTimeout }) => [
        `${protocol.padEnd(4)} ${address}:${port} ${scheduler}${persistentTimeout === undefined ? '' : ` persistent ${persistentTimeout}`}`,
        ...realServers.map(
          (real) => `  -> ${`${real.address}:${real.port}`.padEnd(28)} Masq    ${String(real.weight).padEnd(6)} 0          0`,
        ),
      ]),
    ].join('\n'),
    nftables: nftablesRules(given).list.join('\n'),
  }
}
