/** Compares the tables that a proxier has kept up to date with rules made anew. */
import { parseRule } from '../../netfilter/parse.ts'
import { printRule } from '../../netfilter/print.ts'
import type { Rule } from '../../netfilter/rule.ts'
import { IptablesTables, orderedChains } from '../../netfilter/tables.ts'
import { Random } from '../../../sim/random.ts'
import { ServiceState } from '../changes/state.ts'
import type { NodePlace } from '../changes/topology.ts'
import { IptablesProxier } from '../iptables/proxier.ts'
import { allRules, restoreText } from '../iptables/rules.ts'
import type { IptablesSettings } from '../iptables/unit.ts'
import { ChangeSource, takeChange, TEST_NODES, TEST_ZONES } from './changes.ts'

export const TEST_SETTINGS: IptablesSettings = {
  family: 'IPv4',
  nodeIP: '192.168.10.11',
  masqueradeMark: '0x4000',
  masqueradeAll: false,
  detector: { kind: 'cidr', cidr: '10.244.0.0/16' },
  localhostNodePorts: true,
  nfacct: true,
  randomFully: true,
  conntrackLiberal: false,
}

export const TEST_PLACE: NodePlace = { nodeName: TEST_NODES[0], zone: TEST_ZONES[0] }

/** A state filled from the source's objects as they are now. */
export function freshState(source: ChangeSource): ServiceState {
  const state = new ServiceState('IPv4')
  for (const service of source.services.values()) state.serviceChanged(service)
  for (const slice of source.slices.values()) state.sliceChanged(slice)
  state.apply()
  return state
}

/** Rules of chains that Services share have no order among Services; within one port they do. */
function normalized(lines: readonly string[]): readonly string[] {
  const port = (line: string) => `${/--comment "([^\s"]+)/.exec(line)?.[1] ?? '~'} ${/ -p (\w+)/.exec(line)?.[1] ?? ''}`
  const isShared = (line: string) => /^-A KUBE-(SERVICES|NODEPORTS|EXTERNAL-SERVICES|PROXY-FIREWALL) .*default\//.test(line)
  const groups = new Map<string, string[]>()
  const out: string[] = []
  let table = ''
  for (const line of lines) {
    if (line.startsWith('*')) table = line
    if (!isShared(line)) {
      out.push(line)
      continue
    }
    const key = `${table} ${line.split(' ', 2).join(' ')} ${port(line)}`
    const group = groups.get(key)
    if (group) group.push(line)
    else groups.set(key, [line])
  }
  const byKey = [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return [...out, ...byKey.flatMap(([key, group]) => [key, ...group])]
}

const texts = new WeakMap<Rule, string>()

/** As iptables-save prints it; remembered. */
export function ruleText(rule: Rule): string {
  let text = texts.get(rule)
  if (text === undefined) texts.set(rule, (text = printRule(rule)))
  return text
}

function saved(tables: IptablesTables): readonly string[] {
  return (['nat', 'filter'] as const).flatMap((table) => {
    const chains = orderedChains(table, tables.table(table)).filter(({ name }) => name !== 'KUBE-PROXY-CANARY')
    return [
      `*${table}`,
      ...chains.map(({ name, policy }) => `:${name} ${policy ?? '-'} [0:0]`),
      ...chains.flatMap(({ name, rules }) => rules.map((rule) => `-A ${name}${ruleText(rule)}`)),
      'COMMIT',
    ]
  })
}

function printed(lines: readonly string[]): readonly string[] {
  return lines.map((line) => {
    const [, chain, rule] = /^-A (\S+) (.*)$/.exec(line) ?? []
    return chain !== undefined && rule !== undefined ? `-A ${chain}${ruleText(parseRule(rule))}` : line
  })
}

/** Runs that many random changes, with syncs in between; compares after every `every`th sync. Throws at the first difference. */
export function fuzzIptables(seed: number, changes: number, every = 1): { readonly compared: number } {
  const source = new ChangeSource(seed)
  const random = new Random(seed, 'syncs')
  const tables = new IptablesTables(4)
  let place = TEST_PLACE
  let now = 0
  const proxier = new IptablesProxier({
    tables,
    settings: TEST_SETTINGS,
    place,
    syncPeriodMs: 30_000,
    nodePortAddresses: () => null,
    now: () => now,
  })
  let compared = 0
  let syncs = 0
  for (let i = 0; i < changes; i++) {
    takeChange(proxier.state, source.next())
    if (random.int(3) > 0 && i < changes - 1) continue
    if (random.int(50) === 0) {
      place = { ...place, zone: random.pick(TEST_ZONES) }
      proxier.setPlace(place)
    }
    now += 1000
    proxier.sync()
    if (++syncs % every !== 0 && i < changes - 1) continue
    compared++
    const wanted = normalized(printed(restoreText(allRules(freshState(source), place, TEST_SETTINGS))))
    const kept = normalized(saved(tables))
    for (let line = 0; line < Math.max(wanted.length, kept.length); line++)
      if (wanted[line] !== kept[line])
        throw new Error(`seed ${seed}, change ${i}: kept ${kept[line] ?? 'nothing'}, anew ${wanted[line] ?? 'nothing'}`)
  }
  return { compared }
}
