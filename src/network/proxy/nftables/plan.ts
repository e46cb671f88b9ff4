/** All of kube-proxy's table, made from scratch: what the incremental proxier must come to as well. */
import type { Table } from '../../nft/ruleset.ts'
import { newTable } from '../../nft/ruleset.ts'
import type { EndpointInfo } from '../changes/endpoint.ts'
import { sourceRangesCover, type ServicePortInfo } from '../changes/service-port.ts'
import type { ServiceState } from '../changes/state.ts'
import type { NodePlace } from '../changes/topology.ts'
import { sharedCategories, UnitMemo } from '../unit-memo.ts'
import { baseChains, baseSets, familyWord, TABLE, TABLE_COMMENT } from './base.ts'
import type { ChainSource, NftablesSettings, SetSource } from './base.ts'
import { chainOf, elementOf, setOf } from './objects.ts'
import { hairpinElements, makeUnit, type ElementSource, type Unit } from './unit.ts'

/** The content of the table. */
interface NftablesPlan {
  readonly family: 'ip' | 'ip6'
  readonly chains: ReadonlyMap<string, ChainSource>
  readonly sets: ReadonlyMap<string, SetSource>
  /** By set and key. */
  readonly elements: ReadonlyMap<string, ReadonlyMap<string, ElementSource>>
}

const memo = new UnitMemo<Unit>()
const NO_ELEMENTS: readonly ElementSource[] = []

/** A port's part of the table. `hairpin` depends on the node, the unit is shared by nodes for which it comes out equal. */
export interface PortPart {
  readonly unit: Unit
  readonly hairpin: readonly ElementSource[]
}

export function portPart(
  port: ServicePortInfo,
  endpoints: readonly EndpointInfo[],
  place: NodePlace,
  settings: NftablesSettings,
): PortPart {
  const { categories, key } = sharedCategories(port, endpoints, place)
  const { family, masqueradeMark, detector } = settings
  const covers = port.loadBalancerSourceRanges.length > 0 && sourceRangesCover(port, settings.nodeIP)
  const whole = `${key}|${covers}|${family}|${masqueradeMark}|${Object.values(detector).join()}`
  const unit = memo.get(port, endpoints, whole, () => makeUnit(port, categories, settings))
  const hairpin = hairpinElements(port, categories, place.nodeName)
  return { unit, hairpin: hairpin.length === 0 ? NO_ELEMENTS : hairpin }
}

/** Of elements with one key, that of the last Service and port by name counts. */
export function nftablesPlan(state: ServiceState, place: NodePlace, settings: NftablesSettings): NftablesPlan {
  const chains = new Map(baseChains(settings).map((chain) => [chain.name, chain]))
  const sets = new Map(baseSets(settings).map((set) => [set.name, set]))
  const elements = new Map<string, Map<string, ElementSource>>()
  const put = (element: ElementSource) => {
    let list = elements.get(element.set)
    if (!list) elements.set(element.set, (list = new Map()))
    list.set(element.key, element)
  }
  for (const key of settings.nodePortIPs ?? []) put({ service: '', set: 'nodeport-ips', key })
  const ports = [...state.ports()].toSorted((a, b) => compareText(a.service, b.service) || compareText(a.key, b.key))
  for (const port of ports) {
    const { unit, hairpin } = portPart(port, state.endpoints(port), place, settings)
    for (const chain of unit.chains) chains.set(chain.name, chain)
    for (const set of unit.sets) sets.set(set.name, set)
    for (const element of [...unit.elements, ...hairpin]) put(element)
  }
  return { family: familyWord(settings.family), chains, sets, elements }
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** The plan as a table that packets can walk through. */
export function tableOf({ family, ...plan }: NftablesPlan): Table {
  const empty = newTable(family, TABLE, TABLE_COMMENT)
  const chains = empty.chains.edit()
  for (const source of plan.chains.values()) chains.set(source.name, chainOf(source, family))
  const sets = empty.sets.edit()
  for (const source of plan.sets.values()) {
    const set = setOf(source)
    const elements = set.elements.edit()
    for (const element of plan.elements.get(source.name)?.values() ?? []) elements.set(element.key, elementOf(element))
    sets.set(source.name, { ...set, elements: elements.done() })
  }
  const bases = [...plan.chains.values()].filter(({ base }) => base).map(({ name }) => name)
  return { ...empty, bases, chains: chains.done(), sets: sets.done() }
}

/** The objects as kube-proxy creates them, one command a line, sorted by kind and name. */
export function dumpText({ family, ...plan }: NftablesPlan): readonly string[] {
  const at = `${family} ${TABLE}`
  const chains = [...plan.chains.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const sets = [...plan.sets.values()]
  const setLine = (set: SetSource) => `add ${set.isMap ? 'map' : 'set'} ${at} ${set.name} { ${setOptions(set)} }`
  const elements = [...plan.elements.values()].flatMap((byKey) => [...byKey.values()].map((element) => elementLine(at, element)))
  return [
    `add table ${at} { comment "${TABLE_COMMENT}" ; }`,
    ...chains.map((chain) => `add chain ${at} ${chain.name}${chainOptions(chain)}`),
    ...sets
      .filter(({ isMap }) => !isMap)
      .map(setLine)
      .toSorted(),
    ...sets
      .filter(({ isMap }) => isMap)
      .map(setLine)
      .toSorted(),
    ...chains.flatMap((chain) => chain.rules.map((rule) => `add rule ${at} ${chain.name} ${rule}`)),
    ...elements.toSorted(),
  ]
}

export function chainOptions({ base, comment }: ChainSource): string {
  if (base) return ` { type ${base.type} hook ${base.hook.toLowerCase()} priority ${base.priority} ; }`
  return comment === undefined ? '' : ` { comment "${comment}" ; }`
}

export function setOptions({ type, timeoutSeconds, comment }: SetSource): string {
  const options = [`type ${type} ;`]
  if (timeoutSeconds !== undefined) options.push('flags dynamic,timeout ;', `timeout ${timeoutSeconds}s ;`)
  if (comment !== undefined) options.push(`comment "${comment}" ;`)
  return options.join(' ')
}

export function elementLine(at: string, element: ElementSource): string {
  return `add element ${at} ${element.set} { ${elementText(element)} }`
}

function elementText({ key, verdict, comment }: ElementSource): string {
  const note = comment === undefined ? '' : ` comment "${comment}"`
  return `${key}${note}${verdict === undefined ? '' : ` : ${verdict}`}`
}
