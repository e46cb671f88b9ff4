/** iptables-restore: tables from text, each COMMIT all or nothing. */
import { parseCommand } from './command-line.ts'
import { checkRule, checkSets, edit, EditError } from './edit.ts'
import { UsageError } from './options.ts'
import { knownRule, rememberRule, words } from './parse.ts'
import { TABLES, type Rule, type TableName } from './rule.ts'
import { Chain, CHAINS_OF, freshTable, type Chains, type IptablesTables } from './tables.ts'

export interface RestoreOptions {
  /** Chains that the text does not name stay as they are. */
  readonly noflush?: boolean
  /** Takes over the counters of the text. */
  readonly counters?: boolean
  /** Only reads and checks. */
  readonly test?: boolean
  /** Only this table. */
  readonly table?: string
}

/** Why a restore stopped, with the number of the line (from 1). Tables committed before stay changed. */
export class RestoreError extends Error {
  readonly line: number
  /** undefined: the text itself is broken ('line 3 failed'). */
  readonly reason: UsageError | EditError | undefined

  constructor(line: number, reason: UsageError | EditError | undefined, message: string) {
    super(message)
    this.line = line
    this.reason = reason
  }
}

/** Loads the text, lines of iptables-save or of kube-proxy. Throws RestoreError. */
export function restore(tables: IptablesTables, text: string | readonly string[], options: RestoreOptions = {}): void {
  const lines = typeof text === 'string' ? text.split('\n') : text
  const loader = new Loader(tables, options)
  lines.forEach((line, index) => {
    try {
      loader.line(line, index + 1)
    } catch (error) {
      if (error instanceof UsageError || error instanceof EditError) throw new RestoreError(index + 1, error, error.message)
      throw error
    }
  })
  if (!loader.open) return
  const end = lines.at(-1) === '' ? lines.length : lines.length + 1
  throw new RestoreError(end, undefined, `COMMIT expected at line ${end}`)
}

interface Pending {
  readonly rule: Rule
  readonly chain: string
  readonly line: number
}

class Loader {
  private readonly tables: IptablesTables
  private readonly options: RestoreOptions
  private table: TableName | undefined
  private chains: Chains = new Map()
  /** Chains whose rules are being gathered: cheaper than adding them one by one. */
  private gathered = new Map<string, Rule[]>()
  private pending: Pending[] = []
  private touched = false

  constructor(tables: IptablesTables, options: RestoreOptions) {
    this.tables = tables
    this.options = options
  }

  get open(): boolean {
    return this.table !== undefined
  }

  line(line: string, number: number): void {
    if (line === '' || line.startsWith('#')) return
    if (line.startsWith('*') && !this.table) return this.begin(line.slice(1).trim(), number)
    if (this.table === undefined) throw new RestoreError(number, undefined, `line ${number} failed`)
    if (line.trim() === 'COMMIT') return this.commit(number)
    this.touched = true
    if (line.startsWith(':')) return this.declare(line, number)
    this.rule(line, number)
  }

  private begin(name: string, number: number): void {
    const table = TABLES.find((each) => each === name)
    if (!table) throw new UsageError(`iptables-restore: line ${number} table name '${name}' invalid`)
    this.table = table
    this.touched = false
    const keep = this.options.noflush && this.tables.names().includes(table)
    this.chains = keep ? new Map([...this.tables.table(table)].map(([key, chain]) => [key, chain.copy()])) : freshTable(table)
    this.gathered = new Map()
    this.pending = []
  }

  /** ':KUBE-SERVICES - [0:0]': makes or empties the chain. */
  private declare(line: string, number: number): void {
    const [name = '', policy = '-', counters = ''] = line.slice(1).trim().split(/\s+/)
    const table = this.table ?? 'filter'
    const builtIn = CHAINS_OF[table].some((hook) => hook === name)
    if (builtIn) {
      if (policy !== 'ACCEPT' && policy !== 'DROP' && policy !== '-') throw new EditError('Bad policy name.')
      const chain = this.chains.get(name)
      if (chain && policy !== '-') chain.policy = policy
      if (chain && this.options.counters)
        [chain.packets = 0, chain.bytes = 0] = readCounters(counters) ?? [chain.packets, chain.bytes]
      return
    }
    if (policy !== '-') throw new EditError(`Bad policy name.`)
    if (name === '' || name.length > 28) throw new RestoreError(number, undefined, `line ${number} failed`)
    this.chains.set(name, new Chain(name))
    this.gathered.delete(name)
  }

  private rule(line: string, number: number): void {
    const [, counts = '', rest = line] = /^\[(\d+:\d+)\]\s*(.*)$/.exec(line) ?? []
    const append = counts === '' ? /^-A (\S+) ?(.*)$/.exec(rest) : null
    const quick = append ? knownRule(append[2] ?? '', this.tables.family) : undefined
    if (append && quick) return this.append(append[1] ?? '', quick, number)
    const argv = words(rest)
    if (argv.some((word) => word === '-t' || word.startsWith('--table'))) {
      throw new UsageError('The -t option cannot be used in iptables-restore.\n')
    }
    const parsed = parseCommand(['-t', this.table ?? 'filter', ...argv], this.tables.family)
    if (parsed.verb === 'A' && !parsed.parsed.counters && (counts === '' || !this.options.counters)) {
      const { rules } = parsed.parsed
      for (const rule of rules) this.append(parsed.chain ?? '', rule, number)
      if (append && rules[0] && rules.length === 1) rememberRule(append[2] ?? '', this.tables.family, rules[0])
      return
    }
    this.settle(number)
    const [packets, bytes] = readCounters(counts) ?? []
    const counters =
      packets === undefined || bytes === undefined || !this.options.counters ? {} : { counters: { packets, bytes } }
    edit(this.chains, { ...parsed, parsed: { ...parsed.parsed, ...counters } }, (name) => this.tables.hasSet(name))
  }

  private append(name: string, rule: Rule, line: number): void {
    checkSets([rule], (set) => this.tables.hasSet(set))
    const list = this.gathered.get(name)
    if (list) {
      list.push(rule)
    } else {
      const chain = this.chains.get(name)
      if (!chain) throw new EditError('No chain/target/match by that name.')
      this.gathered.set(name, [...chain.rules, rule])
    }
    const { target } = rule
    if (target.kind === 'jump' || target.kind === 'goto') {
      if (!this.chains.has(target.chain)) this.pending.push({ rule, chain: name, line })
    } else if (
      target.kind !== 'ACCEPT' &&
      target.kind !== 'DROP' &&
      target.kind !== 'RETURN' &&
      target.kind !== 'MARK' &&
      target.kind !== 'none'
    ) {
      this.pending.push({ rule, chain: name, line })
    }
  }

  /** Puts what was gathered into the chains, and checks what could not be checked line by line. */
  private settle(number: number): void {
    for (const [name, rules] of this.gathered) {
      const chain = this.chains.get(name)
      if (chain && chain.rules.length < rules.length) chain.splice(chain.rules.length, 0, ...rules.slice(chain.rules.length))
    }
    this.gathered = new Map()
    for (const { rule, chain: name, line } of this.pending) {
      const chain = this.chains.get(name)
      if (!chain) continue
      try {
        checkRule(this.chains, this.table ?? 'filter', chain, rule, 'APPEND')
      } catch (error) {
        if (error instanceof EditError) throw new RestoreError(error.exitCode === 2 ? number : line, error, error.message)
        throw error
      }
    }
    this.pending = []
  }

  private commit(number: number): void {
    this.settle(number)
    const { table, options } = this
    this.table = undefined
    if (!table || options.test || (options.table !== undefined && options.table !== table)) return
    if (this.touched) this.tables.setTable(table, this.chains)
    else if (!options.noflush) this.tables.dropTable(table)
  }
}

function readCounters(text: string): [number, number] | undefined {
  const [, packets, bytes] = /^\[?(\d+):(\d+)\]?$/.exec(text) ?? []
  return packets === undefined ? undefined : [Number(packets), Number(bytes)]
}
