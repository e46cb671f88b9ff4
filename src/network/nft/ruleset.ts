/** Tables, chains, sets and maps. All immutable: a transaction makes new ones, nodes share the equal ones. */
import type { Hook } from '../netfilter/hooks.ts'
import type { Element, NftRule, Value, Verdict } from './expression.ts'
import { SharedMap } from './shared-map.ts'
import type { DataType } from './values.ts'

export type NftFamily = 'ip' | 'ip6' | 'inet'
export const FAMILIES: readonly NftFamily[] = ['ip', 'ip6', 'inet']

export interface BaseHook {
  readonly type: 'filter' | 'nat' | 'route'
  readonly hook: Hook
  readonly priority: number
}

export interface Chain {
  readonly name: string
  readonly base?: BaseHook
  readonly policy: 'accept' | 'drop'
  readonly comment?: string
  readonly rules: readonly NftRule[]
  /** Chains and sets are listed by this, then by name. 0 for those of kube-proxy, whose order is random in real life. */
  readonly order: number
}

export type SetFlag = 'constant' | 'dynamic' | 'interval' | 'timeout'

/** What a set or map is, without its elements. */
export interface SetDefinition {
  readonly name: string
  readonly keyTypes: readonly DataType[]
  /** Given for maps. */
  readonly dataTypes?: readonly DataType[]
  readonly flags: readonly SetFlag[]
  readonly timeoutMs?: number
  readonly gcIntervalMs?: number
  readonly size?: number
  readonly autoMerge?: boolean
  readonly comment?: string
  readonly order: number
}

export interface NftSet extends SetDefinition {
  /** By keyText. Elements that packets add are kept by the namespace, not here. */
  readonly elements: SharedMap<Element>
}

export interface Table {
  readonly family: NftFamily
  readonly name: string
  readonly comment?: string
  readonly dormant?: boolean
  /** Names of the chains that hang on hooks, in the order in which they came. */
  readonly bases: readonly string[]
  readonly chains: SharedMap<Chain>
  readonly sets: SharedMap<NftSet>
}

export function newTable(family: NftFamily, name: string, comment?: string): Table {
  return {
    family,
    name,
    ...(comment === undefined ? {} : { comment }),
    bases: [],
    chains: SharedMap.empty<Chain>(),
    sets: SharedMap.empty<NftSet>(),
  }
}

/** 'ip kube-proxy'. */
export function tableKey(family: NftFamily, name: string): string {
  return `${family} ${name}`
}

/** The text under which an element is found: '10.96.0.1 . tcp . 80', '10.0.0.0/8', '10.0.0.1-10.0.0.9'. */
export function keyText(key: Value): string {
  switch (key.kind) {
    case 'value':
      return key.text
    case 'prefix':
      return key.cidr
    case 'range':
      return `${key.from}-${key.to}`
    case 'concat':
      return key.parts.map(keyText).join(' . ')
    case 'list':
      return key.values.join(',')
    case 'set':
      return `@${key.name}`
    case 'anonymous':
      return '{}'
  }
}

/** Sorted as nft lists them. */
export function inOrder<T extends { readonly name: string; readonly order: number }>(things: Iterable<T>): readonly T[] {
  return [...things].toSorted((a, b) => a.order - b.order || (a.name < b.name ? -1 : 1))
}

/** 'goto web', 'accept'. */
export function verdictText(verdict: Verdict): string {
  return verdict.kind === 'jump' || verdict.kind === 'goto' ? `${verdict.kind} ${verdict.chain}` : verdict.kind
}

/** Names of priorities, by the hooks at which they are known (nft 1.0.6 std_prios). */
const NAMED: readonly { readonly name: string; readonly value: number; readonly hooks?: readonly Hook[] }[] = [
  { name: 'raw', value: -300 },
  { name: 'mangle', value: -150 },
  { name: 'dstnat', value: -100, hooks: ['PREROUTING'] },
  { name: 'filter', value: 0 },
  { name: 'security', value: 50 },
  { name: 'srcnat', value: 100, hooks: ['POSTROUTING'] },
]
const REACH = 10

export function printPriority(hook: Hook, priority: number): string {
  const named = NAMED.find(({ value }) => Math.abs(priority - value) <= REACH)
  if (!named || (named.hooks && !named.hooks.includes(hook))) return String(priority)
  const offset = priority - named.value
  return offset === 0 ? named.name : `${named.name} ${offset < 0 ? '-' : '+'} ${Math.abs(offset)}`
}

/** The number of a priority's name at a hook; undefined: it isn't known there. */
export function namedPriority(name: string, hook: Hook): number | undefined {
  const named = NAMED.find((each) => each.name === name)
  return named && (!named.hooks || named.hooks.includes(hook)) ? named.value : undefined
}
