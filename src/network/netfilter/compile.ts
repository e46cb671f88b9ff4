/** Rules made ready for packets: the tests of a rule in order, and for long chains an index of where a packet can match at all. */
import { toNumber } from '../address.ts'
import { isIPv6, type Packet } from '../packet.ts'
import { cidrTest, maskOf } from './cidr.ts'
import { matchCode } from './extensions/registry.ts'
import { printCidr, printMatch } from './print.ts'
import type { CidrMatch, Match, NameMatch, Rule } from './rule.ts'
import type { Walk } from './walk.ts'

/** One test of a rule. */
export interface Check {
  readonly test: (walk: Walk) => boolean
  /** Its words on the command line, for the record. */
  readonly text: string
}

export interface RuleCode {
  readonly rule: Rule
  readonly checks: readonly Check[]
}

/** A chain's rules made ready. `index` and `destinations` only where they pay. */
export interface ChainCode {
  readonly rules: readonly RuleCode[]
  readonly index: ChainIndex | undefined
  readonly destinations: Destinations | undefined
}

/** From this length on a chain gets an index. */
const INDEX_FROM = 24

const compiledRules = new WeakMap<Rule, RuleCode>()
const compiledChains = new WeakMap<readonly Rule[], ChainCode>()

/** The code of a list of rules. Lists and rules that are shared are made ready once. */
export function compileChain(rules: readonly Rule[]): ChainCode {
  const known = compiledChains.get(rules)
  if (known) return known
  const codes = rules.map(compileRule)
  const long = rules.length >= INDEX_FROM
  const made = {
    rules: codes,
    index: long ? indexOf(rules) : undefined,
    destinations: long ? new Destinations(rules) : undefined,
  }
  compiledChains.set(rules, made)
  return made
}

function compileRule(rule: Rule): RuleCode {
  const known = compiledRules.get(rule)
  if (known) return known
  const checks: Check[] = [
    ...address('s', rule.source, (packet) => packet.source),
    ...address('d', rule.destination, (packet) => packet.destination),
    ...device('i', rule.inInterface, (walk) => walk.flight.inInterface),
    ...device('o', rule.outInterface, (walk) => walk.flight.outInterface),
    ...protocol(rule.protocol),
    // Packets of the simulation are whole.
    ...(rule.fragments === undefined ? [] : [{ test: () => rule.fragments === true, text: rule.fragments ? '! -f' : '-f' }]),
    ...rule.matches
      .filter((match) => match.kind !== 'comment')
      .map((match) => ({ test: matchCode(match).compile(match), text: printMatch(match).trim() })),
  ]
  const made = { rule, checks }
  compiledRules.set(rule, made)
  return made
}

function address(option: string, match: CidrMatch | undefined, of: (packet: Packet) => string): Check[] {
  if (!match) return []
  const { inverted } = match
  const inside = cidrTest(match.cidr)
  return [{ test: ({ flight }) => inside(of(flight.packet)) !== inverted, text: printCidr(option, match).trim() }]
}

function device(option: string, match: NameMatch | undefined, of: (walk: Walk) => string): Check[] {
  if (!match) return []
  const { name, inverted } = match
  const text = `${inverted ? '! ' : ''}-${option} ${name}`
  if (!name.endsWith('+')) return [{ test: (walk) => (of(walk) === name) !== inverted, text }]
  const start = name.slice(0, -1)
  return [{ test: (walk) => of(walk).startsWith(start) !== inverted, text }]
}

function protocol(match: NameMatch | undefined): Check[] {
  if (!match) return []
  const { inverted } = match
  const name = match.name === 'ipv6-icmp' ? 'icmpv6' : match.name
  return [
    { test: ({ flight }) => (flight.packet.protocol === name) !== inverted, text: `${inverted ? '! ' : ''}-p ${match.name}` },
  ]
}

/** The first test that a packet fails; undefined when the rule matches. */
export function failing({ checks }: RuleCode, walk: Walk): Check | undefined {
  for (const check of checks) if (!check.test(walk)) return check
  return undefined
}

/** The IPv4 destinations of a chain's rules side by side: a rule that fails by its destination is passed over quickly. */
class Destinations {
  private readonly bases: Int32Array
  private readonly masks: Int32Array

  constructor(rules: readonly Rule[]) {
    this.bases = new Int32Array(rules.length)
    this.masks = new Int32Array(rules.length)
    rules.forEach(({ destination }, at) => {
      if (!destination || destination.inverted || destination.cidr.includes(':')) return
      const [base = '', length = '32'] = destination.cidr.split('/')
      const mask = length.includes('.') ? toNumber(length) : maskOf(Number(length))
      this.masks[at] = mask
      this.bases[at] = toNumber(base) & mask
    })
  }

  /** The first rule from `from` on that the destination does not rule out. Every rule on the way is looked at. */
  next(packet: Packet, from: number): number {
    const { bases, masks } = this
    const { length } = bases
    if (isIPv6(packet.destination)) return from
    const destination = toNumber(packet.destination)
    let at = from
    while (at < length && (destination & (masks[at] ?? 0)) !== bases[at]) at++
    return at
  }
}

/** Where in a chain a packet may match: rules for one destination or one port, and all others. */
class ChainIndex {
  private readonly byDestination = new Map<string, number[]>()
  private readonly byPort = new Map<number, number[]>()
  private readonly others: number[] = []

  constructor(rules: readonly Rule[]) {
    rules.forEach((rule, at) => {
      const host = hostOf(rule)
      const port = host === undefined ? portOf(rule) : undefined
      if (host !== undefined) put(this.byDestination, host, at)
      else if (port !== undefined) put(this.byPort, port, at)
      else this.others.push(at)
    })
  }

  get isUseful(): boolean {
    return this.byDestination.size + this.byPort.size > this.others.length
  }

  /** Places from `from` on at which the packet may match, the next first; `length` when there is none. */
  next(packet: Packet, from: number, length: number): number {
    const first = after(this.byDestination.get(packet.destination), from)
    const second = after(this.byPort.get(packet.destinationPort), from)
    return Math.min(first ?? length, second ?? length, after(this.others, from) ?? length)
  }
}

function put<K>(map: Map<K, number[]>, key: K, at: number): void {
  const list = map.get(key)
  if (list) list.push(at)
  else map.set(key, [at])
}

/** The first of ascending numbers that is not below `from`. */
function after(list: readonly number[] | undefined, from: number): number | undefined {
  if (!list) return undefined
  let [low, high] = [0, list.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((list[middle] ?? 0) < from) low = middle + 1
    else high = middle
  }
  return list[low]
}

function hostOf({ destination }: Rule): string | undefined {
  if (!destination || destination.inverted) return undefined
  const [address = '', length] = destination.cidr.split('/')
  return length === (address.includes(':') ? '128' : '32') ? address : undefined
}

/** Matches that remember: they must be tried even when a later one fails. */
const REMEMBERING: readonly Match['kind'][] = ['recent', 'limit', 'statistic', 'nfacct', 'connlimit']

function portOf({ matches }: Rule): number | undefined {
  for (const match of matches) {
    if (REMEMBERING.includes(match.kind)) return undefined
    if (match.kind !== 'tcp' && match.kind !== 'udp' && match.kind !== 'sctp') continue
    const ports = match.destinationPorts
    if (ports && !ports.inverted && ports.from === ports.to) return ports.from
  }
  return undefined
}

function indexOf(rules: readonly Rule[]): ChainIndex | undefined {
  const index = new ChainIndex(rules)
  return index.isUseful ? index : undefined
}
