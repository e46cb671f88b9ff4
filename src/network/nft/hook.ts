/** Runs packets through a base chain: jumps, verdicts, sets, marks, NAT. */
import type { Flight, HookEnvironment, HookFunction, RejectVerdict, Verdict } from '../netfilter/hooks.ts'
import { isIPv6 } from '../packet.ts'
import type { RuleLog } from '../trace.ts'
import { compareTexts, evaluate, lookup, matches, type Passage } from './evaluate.ts'
import type { Comparison, NftRule, RejectWith, Statement, Value, Verdict as NftVerdict } from './expression.ts'
import { applyNat } from './nat.ts'
import type { Nftables } from './nftables.ts'
import { printRule, printStatement } from './print-rule.ts'
import { verdictText, type BaseHook, type Chain, type Table } from './ruleset.ts'

/** What a rule came to. */
type Result =
  | { readonly kind: 'next'; readonly matched: boolean; readonly why: string }
  | { readonly kind: 'verdict'; readonly verdict: NftVerdict; readonly why: string }
  | { readonly kind: 'end'; readonly verdict: Verdict; readonly why: string }

/** Chains within chains that the kernel allows. */
const MAX_DEPTH = 16

/** A base chain as netfilter calls it. Reads the table anew for each packet. */
export function chainHook(nftables: Nftables, tableKey: string, chainName: string, base: BaseHook): HookFunction {
  const [family = 'ip'] = tableKey.split(' ')
  return {
    hook: base.hook,
    priority: base.priority,
    name: `${tableKey} ${chainName}`,
    run(flight, environment, log) {
      if (family !== 'inet' && isIPv6(flight.packet.destination) !== (family === 'ip6')) return 'accept'
      const table = nftables.table(tableKey)
      const chain = table?.chains.get(chainName)
      if (!table || !chain) return 'accept'
      return new ChainRun(nftables, table, base, flight, environment, log).start(chain)
    },
  }
}

class ChainRun {
  private readonly passage: Passage
  private readonly log: RuleLog | null
  private readonly base: BaseHook

  constructor(
    nftables: Nftables,
    table: Table,
    base: BaseHook,
    flight: Flight,
    environment: HookEnvironment,
    log: RuleLog | null,
  ) {
    this.passage = { nftables, table, flight, environment, looked: 0, drawn: undefined }
    this.base = base
    this.log = log
  }

  start(chain: Chain): Verdict {
    const verdict = this.chain(chain, 0)
    if (this.log) this.log.looked += this.passage.looked
    if (verdict !== 'return') return verdict
    if (this.log && chain.policy === 'drop') this.note(chain, -1, `policy ${chain.policy}`, true, 'drop', 0)
    return chain.policy
  }

  /** 'return': the end was reached without a decision. */
  private chain(entered: Chain, depth: number): Verdict | 'return' {
    let chain = entered
    let at = 0
    for (;;) {
      const rule = chain.rules[at]
      if (!rule) return 'return'
      const result = this.rule(chain, at, rule, depth)
      at++
      if (result.kind === 'end') return result.verdict
      if (result.kind === 'next' || result.verdict.kind === 'continue') continue
      const { verdict } = result
      if (verdict.kind === 'accept' || verdict.kind === 'drop') return verdict.kind
      if (verdict.kind === 'return') return 'return'
      if (!('chain' in verdict)) continue
      const target = this.passage.table.chains.get(verdict.chain)
      if (!target || depth >= MAX_DEPTH) return 'drop'
      if (verdict.kind === 'goto') {
        chain = target
        at = 0
        continue
      }
      const inner = this.chain(target, depth + 1)
      if (inner !== 'return') return inner
    }
  }

  private rule(chain: Chain, index: number, rule: NftRule, depth: number): Result {
    const { passage } = this
    passage.looked++
    passage.drawn = undefined
    let result: Result = MATCHED
    let why = ''
    for (const statement of rule.statements) {
      result = this.statement(statement)
      why = result.why || why
      if (result.kind !== 'next' || !result.matched) break
    }
    const isMatch = result.kind !== 'next' || result.matched
    if (isMatch) passage.nftables.count(rule, passage.flight.packet.length)
    if (this.log) this.note(chain, index, printRule(rule), isMatch, why, depth)
    return result
  }

  private note(chain: Chain, index: number, text: string, isMatch: boolean, why: string, depth: number): void {
    const { table, drawn } = this.passage
    this.log?.add({
      engine: 'nftables',
      table: `${table.family} ${table.name}`,
      chain: chain.name,
      index,
      text,
      outcome: isMatch ? 'matched' : 'skipped',
      why,
      depth,
      ...(drawn ? { dice: { probability: 1 / drawn.of, drawn: drawn.value, of: drawn.of } } : {}),
    })
  }

  private statement(statement: Statement): Result {
    const { passage } = this
    switch (statement.kind) {
      case 'match':
        return this.match(statement)
      case 'verdict':
        return { kind: 'verdict', verdict: statement.verdict, why: verdictText(statement.verdict) }
      case 'vmap':
        return this.vmap(statement)
      case 'mangle':
        return this.mangle(statement)
      case 'reject':
        return this.reject(statement.with)
      case 'update':
        return this.update(statement)
      case 'limit':
        return takeToken(statement, passage) ? matched('') : skipped(printStatement(statement))
      case 'notrack':
        passage.flight.connection = null
        passage.flight.state = 'UNTRACKED'
        return matched('notrack')
      case 'counter':
      case 'log':
        return matched('')
      default: {
        const done = applyNat(statement, this.base.hook, passage)
        if (done === undefined) return skipped(printStatement(statement))
        if (done === 'full') return { kind: 'end', verdict: 'drop', why: 'no port is left' }
        return { kind: 'end', verdict: 'accept', why: done.text }
      }
    }
  }

  private match(statement: Extract<Statement, { kind: 'match' }>): Result {
    const { left, comparison, right } = statement
    const parts = evaluate(left, this.passage)
    const holds = parts !== undefined && compare(parts, comparison, right, this.passage)
    return holds ? matched('') : skipped(this.log ? printStatement(statement) : '')
  }

  private vmap(statement: Extract<Statement, { kind: 'vmap' }>): Result {
    const { key, map } = statement
    const parts = evaluate(key, this.passage)
    if (!parts) return skipped(this.log ? printStatement(statement) : '')
    const data = lookup(map, parts, this.passage)?.data
    if (data && 'verdict' in data)
      return {
        kind: 'verdict',
        verdict: data.verdict,
        why: this.log ? `${parts.join(' . ')} : ${verdictText(data.verdict)}` : '',
      }
    const where = map.kind === 'set' ? `@${map.name}` : 'the map'
    return skipped(this.log ? `${parts.join(' . ')} is not in ${where}` : '')
  }

  private mangle({ target, value }: Extract<Statement, { kind: 'mangle' }>): Result {
    const { flight } = this.passage
    const [text] = evaluate(value, this.passage) ?? []
    if (text === undefined) return skipped('')
    const mark = Number(text)
    if (target.kind === 'meta' && target.key === 'mark') flight.packet = { ...flight.packet, mark }
    else if (target.kind === 'ct' && flight.connection) flight.connection.mark = mark
    return matched(`mark ${text}`)
  }

  private reject(reject: RejectWith | undefined): Result {
    const { packet } = this.passage.flight
    const isV6 = isIPv6(packet.destination)
    let rejectWith = `${isV6 ? 'icmp6' : 'icmp'}-${reject && reject.kind !== 'tcp reset' ? reject.code : 'port-unreachable'}`
    if (reject?.kind === 'tcp reset') rejectWith = 'tcp-reset'
    const verdict: RejectVerdict = { rejectWith }
    return { kind: 'end', verdict, why: `reject with ${rejectWith}` }
  }

  private update({ operation, set: name, key, timeoutMs }: Extract<Statement, { kind: 'update' }>): Result {
    const { passage } = this
    const { table, nftables } = passage
    const parts = evaluate(key, passage)
    const set = table.sets.get(name)
    if (!parts || !set) return skipped('')
    passage.looked++
    const text = parts.join(' . ')
    if (operation === 'delete') nftables.deleteTimed(table, name, text)
    else {
      const values = parts.map((part): Value => ({ kind: 'value', text: part }))
      const [only] = values
      const element = { key: only && values.length === 1 ? only : ({ kind: 'concat', parts: values } as const) }
      const isRoom = nftables.putTimed(table, set, text, element, timeoutMs ?? set.timeoutMs ?? 0, operation === 'update')
      if (!isRoom) return skipped(`@${name} is full`)
    }
    return matched(`${operation} ${text}`)
  }
}

const MATCHED: Result = { kind: 'next', matched: true, why: '' }
const matched = (why: string): Result => (why === '' ? MATCHED : { kind: 'next', matched: true, why })
const skipped = (why: string): Result => ({ kind: 'next', matched: false, why })

function compare(parts: readonly string[], comparison: Comparison, right: Value, passage: Passage): boolean {
  if (comparison === '==') return matches(right, parts, passage)
  if (comparison === '!=') return !matches(right, parts, passage)
  if (right.kind !== 'value') return false
  const difference = compareTexts(parts[0] ?? '', right.text)
  if (comparison === '<') return difference < 0
  if (comparison === '>') return difference > 0
  return comparison === '<=' ? difference <= 0 : difference >= 0
}

const UNIT_MS: Readonly<Record<string, number>> = {
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
}

/** A token bucket that fills at the rate and holds the burst. */
function takeToken(limit: Extract<Statement, { kind: 'limit' }>, { nftables, environment }: Passage): boolean {
  const nowMs = environment.now()
  const bucket = nftables.memory.get(limit) ?? { value: limit.burst, atMs: nowMs }
  const perMs = limit.rate / (UNIT_MS[limit.unit] ?? 1000)
  const tokens = Math.min(limit.burst, bucket.value + (nowMs - bucket.atMs) * perMs)
  const isWithin = tokens >= 1
  nftables.memory.set(limit, { value: isWithin ? tokens - 1 : tokens, atMs: nowMs })
  return isWithin !== limit.over
}
