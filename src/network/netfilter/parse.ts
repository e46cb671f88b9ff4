/** Command lines of iptables, read into rules. */
import { findMatch, findTarget, type AnyMatch, type AnyTarget } from './extensions/registry.ts'
import { Given, parseInteger, UsageError, type OptionSpec } from './options.ts'
import type { CidrMatch, Match, NameMatch, Rule, Target } from './rule.ts'
import { parseNetwork, parseProtocol } from './values.ts'

/** Options that describe a rule, by every name they go by. */
const RULE_OPTIONS: { readonly [name: string]: string } = {
  '-s': 's',
  '--source': 's',
  '--src': 's',
  '-d': 'd',
  '--destination': 'd',
  '--dst': 'd',
  '-p': 'p',
  '--protocol': 'p',
  '--proto': 'p',
  '-i': 'i',
  '--in-interface': 'i',
  '-o': 'o',
  '--out-interface': 'o',
  '-j': 'j',
  '--jump': 'j',
  '-g': 'g',
  '--goto': 'g',
  '-m': 'm',
  '--match': 'm',
  '-f': 'f',
  '--fragment': 'f',
  '--fragments': 'f',
  '-c': 'c',
  '--set-counters': 'c',
}
const NO_BANG = ['j', 'g', 'm', 'c']

export interface Counters {
  readonly packets: number
  readonly bytes: number
}

/** A command line's rule; several when it named several addresses. */
export interface ParsedRules {
  readonly rules: readonly Rule[]
  readonly counters?: Counters
  /** Short letters of the options that were used, in order. */
  readonly used: readonly string[]
}

interface Loaded<E> {
  readonly code: E
  readonly given: Given
}
type Owner = { readonly given: Given; readonly spec: OptionSpec; readonly name: string }

/** Reads a rule option by option. What it does not know, `take` leaves to the caller. */
export class RuleReader {
  private readonly family: 4 | 6
  private readonly used: string[] = []
  private readonly sources: CidrMatch[] = []
  private readonly destinations: CidrMatch[] = []
  private readonly matches: Loaded<AnyMatch>[] = []
  private readonly interfaces: { in?: NameMatch; out?: NameMatch } = {}
  private protocol: NameMatch | undefined
  private fragments: boolean | undefined
  private target: Target = { kind: 'none' }
  private targetExtension: Loaded<AnyTarget> | undefined
  private counters: Counters | undefined

  constructor(family: 4 | 6) {
    this.family = family
  }

  /**
   * Reads the option at `at` with its values. Gives the place of the next one, or undefined when the option is not a rule's.
   */
  take(args: readonly string[], at: number, inverted: boolean): number | undefined {
    const word = args[at] ?? ''
    const long = word.startsWith('--')
    const letter = RULE_OPTIONS[word] ?? (long && !this.owns(word) ? completed(word) : undefined)
    if (letter === 'f') {
      this.once('f')
      this.fragments = inverted
      return at + 1
    }
    if (letter !== undefined) {
      const value = args[at + 1]
      if (value === undefined) throw new UsageError(`option "${word}" requires an argument`)
      this.set(letter, value, inverted, args[at + 2])
      return at + (letter === 'c' && !value.includes(',') ? 3 : 2)
    }
    return long ? this.extension(args, at, inverted) : undefined
  }

  /** The finished rules: one for each pair of addresses. */
  finish(): ParsedRules {
    const matches = this.matches.map(({ code, given }): Match => code.build(given))
    const target: Target = this.targetExtension ? this.targetExtension.code.build(this.targetExtension.given) : this.target
    const base: Rule = {
      ...(this.interfaces.in && { inInterface: this.interfaces.in }),
      ...(this.interfaces.out && { outInterface: this.interfaces.out }),
      ...(this.protocol && { protocol: this.protocol }),
      ...(this.fragments !== undefined && { fragments: this.fragments }),
      matches,
      target,
    }
    const rules = (this.sources.length > 0 ? this.sources : [undefined]).flatMap((source) =>
      (this.destinations.length > 0 ? this.destinations : [undefined]).map((destination) => ({
        ...(source && !isEverything(source) && { source }),
        ...(destination && !isEverything(destination) && { destination }),
        ...base,
      })),
    )
    return { rules, used: this.used, ...(this.counters && { counters: this.counters }) }
  }

  private once(letter: string): void {
    if (this.used.includes(letter)) throw new UsageError(`multiple -${letter} flags not allowed`)
    this.used.push(letter)
  }

  private set(letter: string, value: string, inverted: boolean, next: string | undefined): void {
    if (inverted && NO_BANG.includes(letter)) throw new UsageError(`cannot have ! before -${letter}`)
    if (letter === 'm') return this.load(value)
    this.once(letter)
    if (letter === 's' || letter === 'd') {
      const list = letter === 's' ? this.sources : this.destinations
      const names = value.split(',')
      if (inverted && names.length > 1) throw new UsageError('! not allowed with multiple source or destination IP addresses')
      list.push(...names.map((name) => ({ cidr: parseNetwork(name, this.family), inverted })))
    } else if (letter === 'p') {
      this.setProtocol(value, inverted)
    } else if (letter === 'i' || letter === 'o') {
      if (value.length > 15) throw new UsageError(`interface name \`${value}' must be shorter than IFNAMSIZ (15)`)
      if (value !== '+') this.interfaces[letter === 'i' ? 'in' : 'out'] = { name: value, inverted }
    } else if (letter === 'j') {
      this.setTarget(value)
    } else if (letter === 'g') {
      this.target = { kind: 'goto', chain: value }
    } else {
      const [packets, bytes] = (value.includes(',') ? value.split(',') : [value, next ?? '']).map(parseInteger)
      if (packets === undefined || bytes === undefined) throw new UsageError(`-c packet counter not numeric`)
      this.counters = { packets, bytes }
    }
  }

  private setProtocol(value: string, inverted: boolean): void {
    const name = parseProtocol(value)
    if (name === '' && inverted) throw new UsageError('rule would never match protocol')
    if (name !== '') this.protocol = { name, inverted }
  }

  private setTarget(name: string): void {
    if (name === '') throw new UsageError('Invalid target name (too short)')
    if (name.length > 28) throw new UsageError(`Invalid target name \`${name}' (28 chars max)`)
    if (name === 'ACCEPT' || name === 'DROP' || name === 'RETURN') {
      this.target = { kind: name }
      return
    }
    const code = findTarget(name, this.family)
    if (code) this.targetExtension = { code, given: this.given(name) }
    else this.target = { kind: 'jump', chain: name }
  }

  private given(name: string): Given {
    return new Given(name, this.family, () => (this.protocol && !this.protocol.inverted ? this.protocol.name : ''))
  }

  private load(name: string): void {
    const code = findMatch(name, this.family)
    if (!code) throw new UsageError(`Couldn't load match \`${name}':No such file or directory\n`)
    this.matches.push({ code, given: this.given(name) })
  }

  /** An option of a loaded extension, or of the protocol's match, which is then loaded by itself. */
  private extension(args: readonly string[], at: number, inverted: boolean): number | undefined {
    const [word = '', inline] = split(args[at] ?? '')
    let owner = this.owner(word)
    if (
      !owner &&
      this.protocol &&
      !this.protocol.inverted &&
      !this.matches.some(({ given }) => given.extension === this.protocol?.name)
    ) {
      const code = findMatch(this.protocol.name, this.family)
      if (code && optionOf(code.options, word)) {
        this.matches.push({ code, given: this.given(this.protocol.name) })
        owner = this.owner(word)
      }
    }
    if (!owner) return undefined
    const { given, spec, name } = owner
    if (spec.twice !== undefined && given.has(name)) throw new UsageError(spec.twice)
    if (inverted && !spec.invertible) throw new UsageError(`${given.extension}: option "--${name}" cannot be inverted.\n`)
    const count = spec.values ?? 1
    const values = inline === undefined ? args.slice(at + 1, at + 1 + count) : [inline]
    if (values.length < count) {
      throw new UsageError(
        name === 'match-set' && values.length === 1
          ? '--match-set requires two args.'
          : `option "--${word}" requires an argument`,
      )
    }
    given.add(name, values, inverted)
    return at + 1 + (inline === undefined ? count : 0)
  }

  /** Whether a loaded extension has the option under exactly this name. */
  private owns(word: string): boolean {
    const [name] = split(word)
    const target = this.targetExtension
    return [...(target ? [target] : []), ...this.matches].some(({ code }) => Object.hasOwn(code.options, name))
  }

  private owner(word: string): Owner | undefined {
    const target = this.targetExtension
    for (const { code, given } of [...(target ? [target] : []), ...this.matches.toReversed()]) {
      const found = optionOf(code.options, word)
      if (found) return { given, ...found }
    }
    return undefined
  }
}

function isEverything({ cidr, inverted }: CidrMatch): boolean {
  return !inverted && cidr.endsWith('/0')
}

function split(word: string): [string, string | undefined] {
  const equals = word.indexOf('=')
  return equals === -1 ? [word.slice(2), undefined] : [word.slice(2, equals), word.slice(equals + 1)]
}

/** A long option that was written short: '--dest' for '--destination'. */
function completed(word: string): string | undefined {
  if (word.length < 5) return undefined
  const letters = new Set(Object.keys(RULE_OPTIONS).flatMap((name) => (name.startsWith(word) ? [RULE_OPTIONS[name]] : [])))
  return letters.size === 1 ? [...letters][0] : undefined
}

/** An extension's option by its name, another name, or an unambiguous beginning. */
function optionOf(
  options: { readonly [name: string]: OptionSpec },
  word: string,
): { spec: OptionSpec; name: string } | undefined {
  const names = Object.keys(options).filter((name) => name.startsWith(word))
  const found = Object.hasOwn(options, word) ? word : names.length === 1 ? names[0] : undefined
  const spec = found === undefined ? undefined : options[found]
  if (found === undefined || spec === undefined) return undefined
  const same = spec.same
  return same === undefined ? { spec, name: found } : { spec: options[same] ?? spec, name: same }
}

/** Reads the part of a command line that describes a rule ('-p tcp --dport 80 -j ACCEPT'). Throws UsageError in iptables' own words. */
export function parseRules(args: readonly string[], family: 4 | 6 = 4): ParsedRules {
  const reader = new RuleReader(family)
  let inverted = false
  for (let at = 0; at < args.length;) {
    const word = args[at] ?? ''
    if (word === '!') {
      if (inverted) throw new UsageError('multiple consecutive ! not allowed')
      inverted = true
      at++
      continue
    }
    if (!word.startsWith('-')) throw new UsageError(`Bad argument \`${word}'`, { bare: true })
    const next = reader.take(args, at, inverted)
    if (next === undefined) throw new UsageError(`unknown option "${word}"`)
    at = next
    inverted = false
  }
  return reader.finish()
}

const known = new Map<string, Rule>()
const MEMORY_LIMIT = 200_000

/** Rules with a memory of their own (buckets, counts) are never shared. */
function isShared(rule: Rule): boolean {
  return rule.matches.every(({ kind, ...rest }) => kind !== 'limit' && !(kind === 'statistic' && 'every' in rest))
}

/** The rule of a text that was read before, exactly as it was written. */
export function knownRule(text: string, family: 4 | 6): Rule | undefined {
  return known.get(family === 4 ? text : `6${text}`)
}

/** The same text will give the same object from now on, so that nodes share what is equal. */
export function rememberRule(text: string, family: 4 | 6, rule: Rule): void {
  if (!isShared(rule)) return
  if (known.size >= MEMORY_LIMIT) known.clear()
  known.set(family === 4 ? text : `6${text}`, rule)
}

/** One rule from its text ('-d 10.96.0.10/32 -p udp -m udp --dport 53 -j KUBE-SVC-X'). The same text gives the same object. */
export function parseRule(text: string, family: 4 | 6 = 4): Rule {
  const shared = knownRule(text, family)
  if (shared) return shared
  const [rule] = parseRules(words(text), family).rules
  if (!rule) throw new UsageError('no rule')
  rememberRule(text, family, rule)
  return rule
}

/** Cuts a line into words as iptables-restore does: double quotes hold words together, a backslash in them keeps the next character. */
export function words(line: string): string[] {
  if (!line.includes('"')) return line.split(/\s+/).filter((word) => word !== '')
  const result: string[] = []
  const pattern = /\s*((?:"(?:[^"\\]|\\.)*"|[^\s"])+)/gy
  for (let found = pattern.exec(line); found; found = pattern.exec(line)) {
    result.push((found[1] ?? '').replaceAll(/"((?:[^"\\]|\\.)*)"/g, (_, inside: string) => inside.replaceAll(/\\(.)/g, '$1')))
  }
  return result
}
