/** iptables' command line as a whole: what to do with which chain, and the rule it is about. */
import { UsageError } from './options.ts'
import { RuleReader, type ParsedRules } from './parse.ts'
import { findTarget } from './extensions/registry.ts'
import { TABLES, type TableName } from './rule.ts'

/** By the letter of the command line. */
export type Verb = 'A' | 'D' | 'C' | 'R' | 'I' | 'L' | 'S' | 'F' | 'Z' | 'N' | 'X' | 'E' | 'P' | 'V' | 'h'

export interface IptablesCommand {
  readonly verb: Verb
  readonly table: TableName
  /** undefined: all chains. */
  readonly chain: string | undefined
  /** From 1: of -D, -I, -R, -L, -S, -Z. */
  readonly number: number | undefined
  /** New name of -E, policy of -P. */
  readonly word: string | undefined
  readonly parsed: ParsedRules
  readonly verbose: boolean
  readonly numeric: boolean
  readonly exact: boolean
  readonly lineNumbers: boolean
  /** -L together with -Z. */
  readonly zero: boolean
}

const VERBS: { readonly [option: string]: Verb } = {
  '-A': 'A',
  '--append': 'A',
  '-D': 'D',
  '--delete': 'D',
  '-C': 'C',
  '--check': 'C',
  '-R': 'R',
  '--replace': 'R',
  '-I': 'I',
  '--insert': 'I',
  '-L': 'L',
  '--list': 'L',
  '-S': 'S',
  '--list-rules': 'S',
  '-F': 'F',
  '--flush': 'F',
  '-Z': 'Z',
  '--zero': 'Z',
  '-N': 'N',
  '--new-chain': 'N',
  '--new': 'N',
  '-X': 'X',
  '--delete-chain': 'X',
  '-E': 'E',
  '--rename-chain': 'E',
  '-P': 'P',
  '--policy': 'P',
  '-V': 'V',
  '--version': 'V',
  '-h': 'h',
  '--help': 'h',
}
const CHAIN_OPTIONAL: readonly Verb[] = ['L', 'S', 'F', 'Z', 'X']
const NUMBERED: readonly Verb[] = ['D', 'I', 'R', 'L', 'S', 'Z']

/** Switches that belong to the command and not to the rule. */
const SWITCHES: { readonly [option: string]: 'v' | 'n' | 'x' | '0' | '' } = {
  '-v': 'v',
  '--verbose': 'v',
  '-n': 'n',
  '--numeric': 'n',
  '-x': 'x',
  '--exact': 'x',
  '--line-numbers': '0',
  '--line-number': '0',
  '--line': '0',
  '-4': '',
  '--ipv4': '',
  '-6': '',
  '--ipv6': '',
  '-b': '',
}
/** Letters that a rule or the output may have, by command. */
const ALLOWED: { readonly [verb in Verb]: string } = {
  A: 'sdpjgviocf',
  I: 'sdpjgviocf',
  R: 'sdpjgviocf',
  D: 'sdpjgviof',
  C: 'sdpjgviof',
  L: 'vnx0',
  S: 'v',
  F: 'v',
  Z: 'vnx',
  N: 'v',
  X: 'v',
  E: 'v',
  P: 'vc',
  V: 'vnx0',
  h: 'vnx0',
}
const WITH_VALUE = 'ADCRINEPsdpiojgmtcM'

/** Reads a command line without the command's own name. Throws UsageError in iptables' own words. */
export function parseCommand(argv: readonly string[], family: 4 | 6): IptablesCommand {
  return new CommandReader(argv, family).read()
}

class CommandReader {
  private readonly args: string[]
  private readonly reader: RuleReader
  private at = 0
  private verb: Verb | undefined
  private zero = false
  private table = 'filter'
  private chain: string | undefined
  private number: number | undefined
  private word: string | undefined
  private readonly switches = new Set<string>()

  constructor(argv: readonly string[], family: 4 | 6) {
    this.args = [...argv]
    this.reader = new RuleReader(family)
  }

  read(): IptablesCommand {
    let inverted = false
    while (this.at < this.args.length) {
      const word = this.args[this.at] ?? ''
      if (word === '!') {
        if (inverted) throw new UsageError('multiple consecutive ! not allowed')
        inverted = true
        this.at++
      } else {
        this.option(word, inverted)
        inverted = false
      }
    }
    return this.finish()
  }

  private option(word: string, inverted: boolean): void {
    if (!word.startsWith('-') || word === '-') throw new UsageError(`Bad argument \`${word}'`, { bare: true })
    if (/^-[A-Za-z0-9]{2,}/.test(word)) return this.split(word)
    const verb = VERBS[word]
    if (verb) {
      if (inverted) throw new UsageError(`unexpected ! flag before ${word}`)
      this.at++
      return this.command(verb, word)
    }
    const letter = SWITCHES[word]
    if (letter !== undefined) {
      if (letter !== '') this.switches.add(letter)
      this.at++
    } else if (word === '-t' || word === '--table' || word.startsWith('--table=')) {
      this.at++
      this.table = word.includes('=') ? word.slice(8) : this.value(word)
    } else if (/^(-w|-W|--wait|--wait-interval|-M|--modprobe)(=|$)/.test(word)) {
      this.at++
      if (!word.includes('=') && !this.next().startsWith('-') && this.next() !== '') this.at++
    } else {
      const next = this.reader.take(this.args, this.at, inverted)
      if (next === undefined) throw new UsageError(`unknown option "${word}"`)
      this.at = next
    }
  }

  /** Letters written together: '-nvL' is '-n -v -L', '-tnat' is '-t nat'. */
  private split(word: string): void {
    const letter = word.slice(1, 2)
    const rest = word.slice(2)
    const takesRest = WITH_VALUE.includes(letter) || CHAIN_OPTIONAL.some((verb) => verb === letter)
    this.args.splice(this.at, 1, `-${letter}`, takesRest ? rest : `-${rest}`)
  }

  private next(): string {
    return this.args[this.at] ?? ''
  }

  private value(option: string): string {
    const value = this.args[this.at]
    if (value === undefined) throw new UsageError(`option "${option}" requires an argument`)
    this.at++
    return value
  }

  /** A further word of a command, unless an option follows. */
  private further(): string | undefined {
    const word = this.args[this.at]
    if (word === undefined || word.startsWith('-') || word === '!') return undefined
    this.at++
    return word
  }

  private command(verb: Verb, word: string): void {
    if (this.verb && verb === 'Z' && this.verb === 'L') {
      this.zero = true
      return
    }
    const listAfterZero = this.verb === 'Z' && verb === 'L'
    if (this.verb && !listAfterZero) throw new UsageError(`Cannot use -${verb} with -${this.verb}`)
    if (listAfterZero) this.zero = true
    this.verb = verb
    if (verb === 'V' || verb === 'h') return
    const chain = CHAIN_OPTIONAL.includes(verb) ? this.further() : this.value(word)
    this.chain = chain ?? this.chain
    if (verb === 'N' && chain !== undefined) checkChainName(chain)
    if (verb === 'E') {
      this.word = this.further()
      if (this.word === undefined) throw new UsageError('-E requires old-chain-name and new-chain-name')
      checkChainName(this.word)
    } else if (verb === 'P') {
      this.word = this.further()
      if (this.word === undefined) throw new UsageError('-P requires a chain and a policy')
    } else if (NUMBERED.includes(verb) && chain !== undefined) {
      this.number = this.ruleNumber(verb)
    }
  }

  private ruleNumber(verb: Verb): number | undefined {
    const text = this.further()
    if (text === undefined) {
      if (verb === 'R') throw new UsageError('-R requires a rule number')
      return undefined
    }
    const number = /^\d+$/.test(text) ? Number(text) : 0
    if (number === 0) throw new UsageError(`Invalid rule number \`${text}'`)
    return number
  }

  private finish(): IptablesCommand {
    const { verb, chain, table } = this
    if (!verb) throw new UsageError('no command specified')
    const known = TABLES.find((name) => name === table)
    if (!known) {
      throw new UsageError(`table '${table}' does not exist\nPerhaps iptables or your kernel needs to be upgraded.`, {
        exitCode: 3,
        help: false,
      })
    }
    const parsed = this.reader.finish()
    const illegal = [...parsed.used, ...this.switches].find((letter) => !ALLOWED[verb].includes(letter))
    if (illegal !== undefined) throw new UsageError(`Illegal option \`-${illegal}' with this command`)
    if (chain !== undefined && 'ADCRI'.includes(verb)) checkInterfaces(chain, parsed.used)
    return {
      verb,
      table: known,
      chain,
      number: this.number,
      word: this.word,
      parsed,
      verbose: this.switches.has('v'),
      numeric: this.switches.has('n'),
      exact: this.switches.has('x'),
      lineNumbers: this.switches.has('0'),
      zero: this.zero,
    }
  }
}

function checkInterfaces(chain: string, used: readonly string[]): void {
  const wrong =
    chain === 'PREROUTING' || chain === 'INPUT' ? 'o' : chain === 'POSTROUTING' || chain === 'OUTPUT' ? 'i' : undefined
  if (wrong !== undefined && used.includes(wrong)) throw new UsageError(`Can't use -${wrong} with ${chain}\n`)
}

function checkChainName(name: string): void {
  if (name === '' || name.startsWith('-') || name.startsWith('!')) {
    throw new UsageError(`chain name not allowed to start with \`${name.startsWith('!') ? '!' : '-'}'`)
  }
  if (name.length > 28) throw new UsageError(`chain name \`${name}' too long (must be under 29 chars)`)
  if (name === 'ACCEPT' || name === 'DROP' || name === 'RETURN' || findTarget(name, 4) || findTarget(name, 6)) {
    throw new UsageError('chain name may not clash with target name')
  }
  if (/\s/.test(name)) throw new UsageError('Invalid chain name')
}
