import type { ChainRow, RuleRow } from '../../../../worker/network/protocol.ts'

/** A rule that is drawn, with its place in its chain. */
export interface GraphRule {
  readonly at: number
  readonly rule: RuleRow
  /** Id of the chain it leads to; '' for none that is drawn. */
  readonly to: string
}
export interface GraphChain {
  /** '<table> <name>'. */
  readonly id: string
  readonly chain: ChainRow
  readonly rules: readonly GraphRule[]
  /** Rules that are not drawn: they are for other Services, or too many. */
  readonly hidden: number
}
/** Chains by how many jumps they are away from the kernel's hooks. */
export interface RuleGraph {
  readonly columns: readonly (readonly GraphChain[])[]
  /** Chains that are not drawn. */
  readonly hidden: number
}

/** More does not fit on a stage. */
const MOST_CHAINS = 90
const MOST_RULES = 14

/**
 * The chains of a table as columns. With a Service, only what concerns it: the rules whose comment names it or that lead
 * there, and the chains that these lead to.
 */
export function ruleGraph(chains: readonly ChainRow[], table: string, service: string): RuleGraph {
  const own = chains.filter((chain) => chain.table === table)
  const byName = new Map(own.map((chain) => [chain.name, chain]))
  const wanted = service === '' ? null : chainsOf(own, byName, service)
  const shown = own.filter((chain) => (wanted ? wanted.has(chain.name) : chain.rules.length > 0 || chain.hook !== ''))
  const depths = depthsOf(shown)
  const kept = shown.toSorted((a, b) => (depths.get(a.name) ?? 0) - (depths.get(b.name) ?? 0)).slice(0, MOST_CHAINS)
  const names = new Set(kept.map(({ name }) => name))
  const columns: GraphChain[][] = []
  for (const chain of kept) (columns[depths.get(chain.name) ?? 0] ??= []).push(drawn(chain, table, names, wanted, service))
  return { columns: inLine(columns.filter((column) => column.length > 0)), hidden: own.length - kept.length }
}

/** Chains in which something is about the Service, those that lead there, and those that follow. */
function chainsOf(chains: readonly ChainRow[], byName: ReadonlyMap<string, ChainRow>, service: string): ReadonlySet<string> {
  const about = new Set<string>()
  const follow = (name: string): void => {
    const chain = byName.get(name)
    if (!chain || about.has(name)) return
    about.add(name)
    for (const { jump } of chain.rules) follow(jump)
  }
  const mentioning = new Set<string>()
  for (const chain of chains)
    for (const rule of chain.rules) {
      if (!isAbout(rule, service)) continue
      mentioning.add(chain.name)
      follow(rule.jump)
    }
  const all = new Set([...about, ...mentioning])
  for (let grown = true; grown;) {
    grown = false
    for (const { name, rules } of chains)
      if (!all.has(name) && rules.some(({ jump }) => all.has(jump) && !about.has(jump))) {
        all.add(name)
        grown = true
      }
  }
  return all
}

/** Whether a comment ('default/web:http cluster IP'), or an nftables name ('…-default/web/tcp/http'), is about a Service. */
export function isAbout({ comment, jump, text }: RuleRow, service: string): boolean {
  return mentions(comment, service) || mentions(jump, service) || (text.includes(service) && mentions(text, service))
}

function mentions(text: string, service: string): boolean {
  for (let at = text.indexOf(service); at >= 0; at = text.indexOf(service, at + 1)) {
    const [left = '', right = ''] = [text[at - 1], text[at + service.length]]
    if (!/[a-z0-9.]/.test(left) && !/[a-z0-9.-]/.test(right)) return true
  }
  return false
}

function depthsOf(chains: readonly ChainRow[]): ReadonlyMap<string, number> {
  const byName = new Map(chains.map((chain) => [chain.name, chain]))
  const depths = new Map<string, number>()
  const visit = (name: string, depth: number, path: readonly string[]): void => {
    const chain = byName.get(name)
    if (!chain || path.includes(name) || (depths.get(name) ?? -1) >= depth) return
    depths.set(name, depth)
    for (const jump of new Set(chain.rules.map((rule) => rule.jump))) visit(jump, depth + 1, [...path, name])
  }
  for (const { name, hook } of chains) if (hook !== '') visit(name, 0, [])
  // What nothing leads to stands with the hooks.
  for (const { name } of chains) if (!depths.has(name)) visit(name, 0, [])
  return depths
}

function drawn(
  chain: ChainRow,
  table: string,
  names: ReadonlySet<string>,
  wanted: ReadonlySet<string> | null,
  service: string,
): GraphChain {
  const isOwn = wanted === null || mentions(chain.name, service) || isOwnChain(chain, service)
  // A chain of the Service itself is shown whole; of one that it shares with others only what leads to it.
  const leads = (rule: RuleRow): boolean => isOwn || isAbout(rule, service) || wanted.has(rule.jump)
  const all = chain.rules.map((rule, at) => ({ at, rule })).filter(({ rule }) => leads(rule))
  const rules = all.slice(0, MOST_RULES).map(({ at, rule }): GraphRule => {
    return { at, rule, to: names.has(rule.jump) ? `${table} ${rule.jump}` : '' }
  })
  return { id: `${table} ${chain.name}`, chain, rules, hidden: chain.rules.length - rules.length }
}

/** Whether most of a chain's rules are about the Service. */
function isOwnChain({ rules }: ChainRow, service: string): boolean {
  return rules.length > 0 && rules.length < 40 && rules.filter((rule) => isAbout(rule, service)).length * 2 >= rules.length
}

/** Orders each column by where its chains are led to from, so that lines cross little. */
function inLine(columns: readonly (readonly GraphChain[])[]): readonly (readonly GraphChain[])[] {
  const out: (readonly GraphChain[])[] = []
  for (const column of columns) {
    const places = new Map<string, number>()
    let place = 0
    for (const chain of out.flat()) for (const { to } of chain.rules) if (to !== '' && !places.has(to)) places.set(to, place++)
    out.push(column.toSorted((a, b) => (places.get(a.id) ?? 1e6) - (places.get(b.id) ?? 1e6)))
  }
  return out
}
