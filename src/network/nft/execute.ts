/** Carries out nft's changing commands, all or none. */
import type { ChangeCommand, Name } from './command.ts'
import { spanOf } from './command.ts'
import type { TableDraft, TablesDraft } from './draft.ts'
import { NftError, type Span } from './errors.ts'
import type { Element, NftRule, Statement } from './expression.ts'
import { overlap } from './intervals.ts'
import { missingChain, missingSet, missingTable } from './missing.ts'
import type { Nftables } from './nftables.ts'
import { hasLoop, isUsed, referencesOf, referencesOfElement } from './references.ts'
import { keyText, newTable, type Chain, type NftFamily, type SetDefinition } from './ruleset.ts'
import { editRules, numberTable } from './rule-position.ts'
import { SharedMap } from './shared-map.ts'

type Of<O extends ChangeCommand['object']> = Extract<ChangeCommand, { object: O }>

const kernel = (text: string, at: Span) => new NftError(`Could not process rule: ${text}`, at)

/** One transaction. What touches the namespace beside its tables is done at the end, once nothing can fail. */
export class Execution {
  private readonly nftables: Nftables
  private readonly draft: TablesDraft
  private readonly afterwards: (() => void)[] = []

  constructor(nftables: Nftables, draft: TablesDraft) {
    this.nftables = nftables
    this.draft = draft
  }

  run(command: ChangeCommand): void {
    switch (command.object) {
      case 'ruleset':
        for (const { family, name } of this.draft.all())
          if (command.family === undefined || command.family === family) this.draft.delete(family, name)
        return
      case 'table':
        return this.table(command)
      case 'chain':
        return this.chain(command)
      case 'rule':
        return this.rule(command)
      case 'set':
        return this.set(command)
      case 'element':
        return this.element(command)
    }
  }

  finish(): void {
    for (const action of this.afterwards) action()
  }

  private tableOf({ family, table }: { readonly family: NftFamily; readonly table: Name }): TableDraft {
    const found = this.draft.table(family, table.text)
    if (!found) throw missingTable(this.draft.done().values(), table.text, table.at)
    return found
  }

  private table(command: Of<'table'>): void {
    const { verb, family, table, comment, dormant } = command
    const known = this.draft.table(family, table.text)
    if (verb === 'add' || verb === 'create') {
      if (known && verb === 'create') throw kernel('File exists', table.at)
      const base = known?.current() ?? newTable(family, table.text, comment)
      if (!known || dormant) this.draft.add(dormant ? { ...base, dormant } : base)
      return
    }
    if (!known && verb === 'destroy') return
    const draft = this.tableOf(command)
    if (verb === 'flush') {
      for (const chain of draft.current().chains.values()) draft.putChain({ ...chain, rules: [] })
    } else this.draft.delete(family, table.text)
  }

  private chain(command: Of<'chain'>): void {
    const { verb, chain: name, base, policy, comment, to } = command
    const table = this.tableOf(command)
    const known = table.chain(name.text)
    if (verb === 'add' || verb === 'create') {
      if (known && verb === 'create') throw kernel('File exists', name.at)
      if (known?.base && base && (known.base.hook !== base.hook || known.base.priority !== base.priority))
        throw kernel('File exists', name.at)
      if (known && !known.base && base) throw kernel('Device or resource busy', name.at)
      if (base) checkBase(base)
      const fresh: Chain = { name: name.text, policy: 'accept', rules: [], order: known?.order ?? table.nextOrder() }
      table.putChain({
        ...(known ?? fresh),
        ...(base ? { base: { type: base.type, hook: base.hook, priority: base.priority } } : {}),
        ...(policy ? { policy } : {}),
        ...(comment === undefined ? {} : { comment }),
      })
      return
    }
    if (!known && verb === 'destroy') return
    if (!known) throw missingChain(table.current(), name.text, name.at)
    if (verb === 'flush') table.putChain({ ...known, rules: [] })
    else if (verb === 'rename' && to) renameChain(table, known, to)
    else {
      if (isUsed(table.current(), 'chain', name.text)) throw kernel('Device or resource busy', name.at)
      table.deleteChain(name.text)
    }
  }

  private rule(command: Of<'rule'>): void {
    const { chain: name, rule, at, position, verb } = command
    const table = this.tableOf(command)
    const chain = table.chain(name.text)
    if (!chain) throw missingChain(table.current(), name.text, name.at)
    if (rule) checkRule(table, chain, rule, at)
    const numbered = position && position.kind !== 'index' ? table.current() : undefined
    if (numbered) numberTable(this.nftables, numbered)
    const numbers = (each: NftRule) => (numbered ? this.nftables.handles.rule(numbered, each) : 0)
    const edited = editRules(chain.rules, command, position, verb, numbers)
    if (edited.replaced && rule) {
      const { replaced } = edited
      this.afterwards.push(() => this.nftables.replaced(replaced, rule))
    }
    const after = { ...chain, rules: edited.rules }
    table.putChain(after)
    const mayLoop = rule !== undefined && referencesOf(rule).length > 0
    if (mayLoop && hasLoop(table.current(), after)) throw kernel('Too many links', at)
  }

  private set(command: Of<'set'>): void {
    const { verb, set: name, definition, elements = [] } = command
    const table = this.tableOf(command)
    const known = table.set(name.text)
    if (verb === 'add' || verb === 'create') {
      if (known && verb === 'create') throw kernel('File exists', name.at)
      if (!definition) return
      if (known && !isSameSet(known, definition)) throw kernel('File exists', name.at)
      if (!known) table.putSet({ ...definition, elements: SharedMap.empty<Element>(), order: table.nextOrder() })
      for (const element of elements) this.putElement(table, { ...definition, order: 0 }, element, name.at, false)
      return
    }
    if (!known && verb === 'destroy') return
    if (!known) throw missingSet(table.current(), name.text, name.at)
    if (verb === 'flush') {
      table.flushSet(name.text)
      this.afterwards.push(() => this.nftables.flushTimed(table.current(), name.text))
      return
    }
    if (isUsed(table.current(), 'set', name.text)) throw kernel('Device or resource busy', name.at)
    table.deleteSet(name.text)
  }

  private element(command: Of<'element'>): void {
    const { verb, set: name } = command
    const table = this.tableOf(command)
    const known = table.set(name.text)
    if (!known) throw missingSet(table.current(), name.text, name.at, false)
    for (const { element, at } of command.elements(known)) {
      if (verb === 'add' || verb === 'create') this.putElement(table, known, element, at, verb === 'create')
      else if (!this.deleteElement(table, known, element) && verb !== 'destroy') throw kernel('No such file or directory', at)
    }
  }

  private putElement(table: TableDraft, set: SetDefinition, element: Element, at: Span, isNew: boolean): void {
    checkElement(table, set, element, at)
    const key = keyText(element.key)
    const known = table.element(set.name, key)
    if (known && (isNew || JSON.stringify(known.data) !== JSON.stringify(element.data))) throw kernel('File exists', at)
    if (set.flags.includes('interval') && set.autoMerge !== true && !known) checkOverlap(table, set, element, at)
    if (!isTimed(set)) {
      table.putElement(set.name, element, key)
      return
    }
    const timeoutMs = element.timeoutMs ?? set.timeoutMs ?? 0
    this.afterwards.push(() => {
      const current = this.nftables.table(`${table.family} ${table.name}`)
      if (current) this.nftables.putTimed(current, set, key, element, timeoutMs, false)
    })
  }

  private deleteElement(table: TableDraft, set: SetDefinition, { key }: Element): boolean {
    const text = keyText(key)
    if (!isTimed(set)) return table.deleteElement(set.name, text)
    const current = this.nftables.table(`${table.family} ${table.name}`)
    if (!current || !this.nftables.timedElement(current, set.name, text)) return false
    this.afterwards.push(() => this.nftables.deleteTimed(current, set.name, text))
    return true
  }
}

function isTimed({ flags }: SetDefinition): boolean {
  return flags.includes('timeout') || flags.includes('dynamic')
}

function checkBase({ type, hook, priority, at }: NonNullable<Of<'chain'>['base']>): void {
  const isWrong = (type === 'nat' && (hook === 'FORWARD' || priority <= -200)) || (type === 'route' && hook !== 'OUTPUT')
  if (isWrong) throw kernel('Operation not supported', at)
}

function checkRule(table: TableDraft, chain: Chain, rule: NftRule, at: Span): void {
  for (const { kind, name, part } of referencesOf(rule)) {
    const place = spanOf(part) ?? at
    if (kind === 'set' && !table.set(name)) throw missingSet(table.current(), name, place, false)
    if (kind !== 'chain') continue
    const target = table.chain(name)
    if (!target) throw kernel('No such file or directory', place)
    if (target.base) throw kernel('Operation not supported', place)
  }
  let knowsTransport = false
  for (const statement of rule.statements) {
    knowsTransport ||= saysTransport(statement)
    if ('flags' in statement && statement.port && !knowsTransport)
      throw new NftError('transport protocol mapping is only valid after transport protocol match', spanOf(statement) ?? at)
    const isNat = ['dnat', 'snat', 'masquerade', 'redirect'].includes(statement.kind)
    if (isNat && chain.base && chain.base.type !== 'nat') throw kernel('Operation not supported', spanOf(statement) ?? at)
  }
}

/** Whether only packets of one transport protocol come further. */
function saysTransport(statement: Statement): boolean {
  if (statement.kind !== 'match') return false
  const { left } = statement
  if (left.kind === 'meta') return left.key === 'l4proto'
  return left.kind === 'payload' && (['tcp', 'udp', 'sctp'].includes(left.header) || ['protocol', 'nexthdr'].includes(left.field))
}

function checkElement(table: TableDraft, set: SetDefinition, element: Element, at: Span): void {
  const { kind } = element.key
  const isInterval = kind === 'prefix' || kind === 'range'
  if (isInterval && !set.flags.includes('interval'))
    throw new NftError(
      `You must add 'flags interval' to your ${set.dataTypes ? 'map' : 'set'} declaration if you want to add ${kind} elements`,
      at,
    )
  for (const { name, part } of referencesOfElement(element))
    if (!table.chain(name)) throw kernel('No such file or directory', spanOf(part) ?? at)
}

function checkOverlap(table: TableDraft, set: SetDefinition, { key }: Element, at: Span): void {
  for (const other of table.elementsIn(set.name))
    if (overlap(other.key, key)) throw new NftError('interval overlaps with an existing one', at)
}

function renameChain(table: TableDraft, chain: Chain, to: Name): void {
  if (table.chain(to.text)) throw kernel('File exists', to.at)
  if (isUsed(table.current(), 'chain', chain.name)) throw kernel('Device or resource busy', to.at)
  table.deleteChain(chain.name)
  table.putChain({ ...chain, name: to.text })
}

function isSameSet(known: SetDefinition, wanted: Omit<SetDefinition, 'order'>): boolean {
  const text = (set: Omit<SetDefinition, 'order'>) => [set.keyTypes, set.dataTypes ?? [], set.flags.toSorted()].join(';')
  return text(known) === text(wanted)
}
