/** Units of rules as the kernel has them: lines read into rules, shared by all nodes. */
import { parseRule } from '../../netfilter/parse.ts'
import type { Rule } from '../../netfilter/rule.ts'
import type { EndpointInfo } from '../changes/endpoint.ts'
import { sourceRangesCover, type Family, type ServicePortInfo } from '../changes/service-port.ts'
import type { NodePlace } from '../changes/topology.ts'
import { sharedCategories, UnitMemo } from '../unit-memo.ts'
import { makeUnit, type IptablesSettings, type SharedChain } from './unit.ts'

export interface CompiledUnit {
  readonly shared: ReadonlyMap<SharedChain, readonly Rule[]>
  readonly chains: ReadonlyMap<string, readonly Rule[]>
}

const memo = new UnitMemo<CompiledUnit>()

/** How many units had to be made so far, on all nodes together. */
export function unitsMade(): number {
  return memo.made
}

export function compileLines(lines: readonly string[], family: Family): readonly Rule[] {
  return lines.map((line) => parseRule(line, family === 'IPv4' ? 4 : 6))
}

const settingsKeys = new Map<string, string>()

/** A short name for what of the settings decides over units. The node's own address counts only with source ranges. */
export function settingsKey({ nodeIP: _nodeIP, ...settings }: IptablesSettings): string {
  const text = JSON.stringify(settings)
  const known = settingsKeys.get(text)
  if (known !== undefined) return known
  const made = String(settingsKeys.size)
  settingsKeys.set(text, made)
  return made
}

/** The unit of a service port on a node. `key`: settingsKey of the settings. */
export function compiledUnit(
  port: ServicePortInfo,
  endpoints: readonly EndpointInfo[],
  place: NodePlace,
  settings: IptablesSettings,
  options: { readonly key: string; readonly comments: boolean },
): CompiledUnit {
  const { categories, key } = sharedCategories(port, endpoints, place)
  const covers = port.loadBalancerSourceRanges.length > 0 && sourceRangesCover(port, settings.nodeIP)
  return memo.get(port, endpoints, `${key}|${covers}|${options.comments}|${options.key}`, () => {
    const { shared, chains } = makeUnit(port, categories, settings, options.comments)
    const compiled = <K>(map: ReadonlyMap<K, readonly string[]>) =>
      new Map([...map].map(([chain, lines]) => [chain, compileLines(lines, settings.family)] as const))
    return { shared: compiled(shared), chains: compiled(chains) }
  })
}
