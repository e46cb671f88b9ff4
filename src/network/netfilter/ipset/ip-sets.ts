import { fromNumber, toNumber } from '../../address.ts'
import type { Packet } from '../../packet.ts'
import { parseNetwork } from '../values.ts'
import { parseElement } from './element.ts'
import { IpSet, type Member, type SetOptions } from './ip-set.ts'
import { SetError, setType } from './set-type.ts'

const NO_SET = 'The set with the given name does not exist'
const IN_USE = 'Set cannot be destroyed: it is in use by a kernel component'
const LONGEST_NAME = 31

/** What `add` may say about a member. */
export interface ElementOptions {
  /** Seconds. */
  readonly timeout?: number
  readonly comment?: string
  readonly nomatch?: boolean
  /** -exist: what is there already is no error, nor what is not there. */
  readonly exist?: boolean
}

/** The ip sets of one network namespace, by name. */
export class IpSets {
  readonly now: () => number
  /** Rises with every change. */
  version = 0
  private readonly sets = new Map<string, IpSet>()
  private readonly rulesWith: (set: string) => number

  /** `rulesWith` tells how many rules of iptables use a set. */
  constructor(now: () => number, rulesWith: (set: string) => number) {
    this.now = now
    this.rulesWith = rulesWith
  }

  has(name: string): boolean {
    return this.sets.has(name)
  }

  names(): string[] {
    return [...this.sets.keys()]
  }

  /** Throws SetError when there is none. */
  get(name: string): IpSet {
    const set = this.sets.get(name)
    if (!set) throw new SetError(NO_SET)
    return set
  }

  /** Rules and lists that use a set. */
  references(name: string): number {
    const now = this.now()
    const lists = [...this.sets.values()].filter(({ type }) => type.storage === 'list')
    return this.rulesWith(name) + lists.filter((list) => list.get(name, now)).length
  }

  create(name: string, typeName: string, options: SetOptions, exist = false): void {
    const type = setType(typeName)
    if (name.length > LONGEST_NAME)
      throw new SetError(`Syntax error: setname '${name}' is longer than ${LONGEST_NAME} characters`)
    const known = this.sets.get(name)
    if (known) {
      if (exist && known.type === type) return
      throw new SetError('Set cannot be created: set with the same name already exists')
    }
    if (type.storage === 'bitmap' && options.range === undefined) throw new SetError("Mandatory option `range' is missing", 2)
    const range = options.range?.includes('/') ? wholeRange(options.range) : options.range
    this.sets.set(name, new IpSet(type, range === undefined ? options : { ...options, range }))
    this.version++
  }

  destroy(name?: string): void {
    const names = name === undefined ? this.names() : [name]
    if (name !== undefined) this.get(name)
    if (names.some((each) => this.references(each) > 0)) throw new SetError(IN_USE)
    for (const each of names) this.sets.delete(each)
    this.version++
  }

  flush(name?: string): void {
    for (const set of name === undefined ? this.sets.values() : [this.get(name)]) set.clear()
    this.version++
  }

  rename(from: string, to: string): void {
    const set = this.get(from)
    if (this.sets.has(to)) throw new SetError('Set cannot be renamed: a set with the new name already exists')
    if (this.references(from) > 0) throw new SetError('Set cannot be renamed: it is in use by another system')
    this.sets.delete(from)
    this.sets.set(to, set)
    this.version++
  }

  swap(one: string, other: string): void {
    const first = this.get(one)
    const second = this.sets.get(other)
    if (!second) throw new SetError('Sets cannot be swapped: the second set does not exist')
    if (first.type !== second.type) throw new SetError('The sets cannot be swapped: their type does not match')
    this.sets.set(one, second)
    this.sets.set(other, first)
    this.version++
  }

  /** Adds what an element of a command line stands for. */
  addElement(name: string, element: string, options: ElementOptions = {}): void {
    const set = this.get(name)
    const seconds = options.timeout ?? set.options.timeout
    const member: Member = {
      untilMs: seconds === undefined || seconds === 0 ? Infinity : this.now() + seconds * 1000,
      ...(options.comment !== undefined && { comment: options.comment }),
      ...(options.nomatch && { nomatch: true }),
    }
    for (const text of this.parse(set, element)) {
      if (!options.exist && set.get(text, this.now()))
        throw new SetError("Element cannot be added to the set: it's already added")
      if (set.size >= set.options.maxElements) throw new SetError('Hash is full, cannot add more elements')
      set.add(text, member)
    }
    this.version++
  }

  deleteElement(name: string, element: string, exist = false): void {
    const set = this.get(name)
    for (const text of this.parse(set, element)) {
      if (!set.delete(text) && !exist) throw new SetError("Element cannot be deleted from the set: it's not added")
    }
    this.version++
  }

  /** `ipset test`: addresses are looked for in networks. */
  test(name: string, element: string): boolean {
    const set = this.get(name)
    const values = this.parse(set, element)
    return values.every((text) => set.get(text, this.now()) !== undefined || set.has(text.split(','), this.now()))
  }

  /** Whether a packet is in a set, as `-m set` asks. */
  matches(name: string, directions: readonly ('src' | 'dst')[], packet: Packet, inInterface: string): boolean {
    const set = this.sets.get(name)
    if (!set) return false
    if (set.type.storage === 'list') return [...set.texts()].some((each) => this.matches(each, directions, packet, inInterface))
    const values = set.valuesOf(packet, directions, inInterface)
    return values !== undefined && set.has(values, this.now())
  }

  // ---- as programs use sets

  /** Makes a set unless it is there. */
  ensure(name: string, { type }: { readonly type: string }, family: 'IPv4' | 'IPv6'): void {
    if (this.sets.has(name)) return
    const options: SetOptions = { family: family === 'IPv4' ? 4 : 6, hashSize: 1024, maxElements: 65_536 }
    this.create(name, type, type.startsWith('bitmap') ? { ...options, range: '0-65535' } : options)
  }

  /** Members as text; undefined: no such set. */
  members(name: string): Iterable<string> | undefined {
    return this.sets
      .get(name)
      ?.members(this.now())
      .map(([text]) => text)
  }

  add(name: string, member: string): void {
    this.addElement(name, member, { exist: true })
  }

  delete(name: string, member: string): void {
    if (this.sets.has(name)) this.deleteElement(name, member, true)
  }

  private parse(set: IpSet, element: string): string[] {
    const { type, options } = set
    if (type.storage === 'list') {
      if (!this.sets.has(element)) throw new SetError('Set to be added/deleted/tested as element does not exist.')
      return [element]
    }
    const members = parseElement(element, type, options.family)
    if (type.storage === 'bitmap' && members.some((text) => !inRange(text, options.range ?? ''))) {
      throw new SetError('Element is out of the range of the set')
    }
    return members
  }
}

/** '10.0.0.0/24' as '10.0.0.0-10.0.0.255'. */
function wholeRange(cidr: string): string {
  const [base = '', bits = '32'] = parseNetwork(cidr, 4).split('/')
  return `${base}-${fromNumber(toNumber(base) + 2 ** (32 - Number(bits)) - 1)}`
}

function inRange(text: string, range: string): boolean {
  const number = (part: string) => (part.includes('.') ? toNumber(part) : Number(part))
  const [from = 0, to = 0] = range.split('-').map(number)
  return number(text) >= from && number(text) <= to
}
