/** kube-proxy's sources of chains, sets and elements as nftables objects. Remembered by source: nodes share them. */
import type { Element, Value, Verdict } from '../../nft/expression.ts'
import { ruleFromText } from '../../nft/parse-rule.ts'
import type { Chain, NftFamily, NftSet } from '../../nft/ruleset.ts'
import { SharedMap } from '../../nft/shared-map.ts'
import type { DataType } from '../../nft/values.ts'
import type { ChainSource, SetSource } from './base.ts'
import type { ElementSource } from './unit.ts'

const chains = new WeakMap<ChainSource, Chain>()
const sets = new WeakMap<SetSource, NftSet>()
const elements = new WeakMap<ElementSource, Element>()
const sources = new WeakMap<Element, ElementSource>()
const keys = new Map<string, Value>()
const KEYS_LIMIT = 200_000

export function chainOf(source: ChainSource, family: NftFamily): Chain {
  let chain = chains.get(source)
  if (!chain) {
    chain = {
      name: source.name,
      ...(source.base ? { base: source.base } : {}),
      ...(source.comment === undefined ? {} : { comment: source.comment }),
      policy: 'accept',
      rules: source.rules.map((text) => ruleFromText(family, text)),
      order: 0,
    }
    chains.set(source, chain)
  }
  return chain
}

/** Without elements. */
export function setOf(source: SetSource): NftSet {
  let set = sets.get(source)
  if (!set) {
    const [keyTypes = '', dataType] = source.type.split(' : ')
    set = {
      name: source.name,
      keyTypes: keyTypes.split(' . ') as DataType[],
      ...(dataType === undefined ? {} : { dataTypes: [dataType as DataType] }),
      flags: source.timeoutSeconds === undefined ? [] : ['dynamic', 'timeout'],
      ...(source.timeoutSeconds === undefined ? {} : { timeoutMs: source.timeoutSeconds * 1000 }),
      ...(source.comment === undefined ? {} : { comment: source.comment }),
      elements: SharedMap.empty<Element>(),
      order: 0,
    }
    sets.set(source, set)
  }
  return set
}

export function elementOf(source: ElementSource): Element {
  let element = elements.get(source)
  if (!element) {
    element = {
      key: keyOf(source.key),
      ...(source.verdict === undefined ? {} : { data: { verdict: verdictOf(source.verdict) } }),
      ...(source.comment === undefined ? {} : { comment: source.comment }),
    }
    elements.set(source, element)
    sources.set(element, source)
  }
  return element
}

/** What kube-proxy made an element of; undefined for those of others. */
export function sourceOf(element: Element | undefined): ElementSource | undefined {
  return element && sources.get(element)
}

function keyOf(text: string): Value {
  let key = keys.get(text)
  if (!key) {
    const parts = text.split(' . ').map((part) => ({ kind: 'value', text: part }) as const)
    const [only] = parts
    key = only && parts.length === 1 ? only : { kind: 'concat', parts }
    if (keys.size >= KEYS_LIMIT) keys.clear()
    keys.set(text, key)
  }
  return key
}

function verdictOf(text: string): Verdict {
  return text.startsWith('goto ') ? { kind: 'goto', chain: text.slice('goto '.length) } : { kind: 'drop' }
}
