/** nft's commands as data. Spans say where in the input each part stands, for error messages. */
import type { Span } from './errors.ts'
import type { Element, NftRule } from './expression.ts'
import type { BaseHook, NftFamily, SetDefinition } from './ruleset.ts'

export interface Name {
  readonly text: string
  readonly at: Span
}

export type ChangeVerb = 'add' | 'create' | 'insert' | 'replace' | 'delete' | 'destroy' | 'flush' | 'rename' | 'reset'

interface InTable {
  readonly verb: ChangeVerb
  readonly at: Span
  readonly family: NftFamily
  readonly table: Name
}

export interface Position {
  readonly kind: 'handle' | 'index' | 'position'
  readonly value: number
  readonly at: Span
}

type SetWord = 'set' | 'map'

export type ChangeCommand =
  | (InTable & { readonly object: 'table'; readonly comment?: string; readonly dormant?: boolean; readonly handle?: Position })
  | (InTable & {
      readonly object: 'chain'
      readonly chain: Name
      readonly base?: BaseHook & { readonly at: Span }
      readonly policy?: 'accept' | 'drop'
      readonly comment?: string
      /** rename. */
      readonly to?: Name
      readonly handle?: Position
    })
  | (InTable & {
      readonly object: 'rule'
      readonly chain: Name
      readonly rule?: NftRule
      readonly position?: Position
    })
  | (InTable & {
      readonly object: 'set'
      readonly word: SetWord
      readonly set: Name
      /** Of add and create. */
      readonly definition?: Omit<SetDefinition, 'order'>
      readonly elements?: readonly Element[]
    })
  | (InTable & { readonly object: 'element'; readonly set: Name; readonly elements: (definition: SetDefinition) => ElementsRead })
  | { readonly verb: 'flush'; readonly object: 'ruleset'; readonly at: Span; readonly family?: NftFamily }

/** Elements can be read only once the set's types are known. */
export type ElementsRead = readonly { readonly element: Element; readonly at: Span }[]

export type ListObject =
  | 'ruleset'
  | 'tables'
  | 'table'
  | 'chains'
  | 'chain'
  | 'sets'
  | 'set'
  | 'maps'
  | 'map'
  | 'rules'
  | 'counters'

export interface ListCommand {
  readonly verb: 'list' | 'get'
  readonly object: ListObject | 'element'
  readonly at: Span
  readonly family?: NftFamily
  readonly table?: Name
  readonly name?: Name
  /** get element. */
  readonly elements?: (definition: SetDefinition) => ElementsRead
}

export type Command = ChangeCommand | ListCommand

const places = new WeakMap<object, Span>()

/** Remembers where in the input a part of a rule stands. */
export function noteSpan<T extends object>(part: T, at: Span): T {
  places.set(part, at)
  return part
}

export function spanOf(part: object): Span | undefined {
  return places.get(part)
}
