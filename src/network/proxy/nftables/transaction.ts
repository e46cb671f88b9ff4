/** What an incremental sync writes, as the commands that kube-proxy gives to nft. */
import type { NftFamily } from '../../nft/ruleset.ts'
import { TABLE, type ChainSource, type SetSource } from './base.ts'
import { chainOptions, elementLine, setOptions } from './plan.ts'
import type { ElementSource } from './unit.ts'

interface Operations {
  readonly chain: ChainSource
  readonly set: SetSource
  readonly element: ElementSource
  readonly 'delete element': ElementSource
  /** A chain's name: it is emptied now, deleted later. */
  readonly retire: string
  readonly 'delete set': string
}
type Operation = { [K in keyof Operations]: { readonly kind: K; readonly what: Operations[K] } }[keyof Operations]

export class TransactionRecord {
  private readonly family: NftFamily
  private readonly operations: Operation[] = []

  constructor(family: NftFamily) {
    this.family = family
  }

  add<K extends keyof Operations>(kind: K, what: Operations[K]): void {
    this.operations.push({ kind, what } as Operation)
  }

  isEmpty(): boolean {
    return this.operations.length === 0
  }

  /** Sets and maps that elements are put into or taken from. */
  sets(): readonly string[] {
    const names = new Set<string>()
    for (const { kind, what } of this.operations) if (kind === 'element' || kind === 'delete element') names.add(what.set)
    return [...names]
  }

  lines(): readonly string[] {
    return this.operations.flatMap((operation) => this.text(operation))
  }

  private text({ kind, what }: Operation): readonly string[] {
    const at = `${this.family} ${TABLE}`
    switch (kind) {
      case 'chain':
        return [
          `add chain ${at} ${what.name}${chainOptions(what)}`,
          `flush chain ${at} ${what.name}`,
          ...what.rules.map((rule) => `add rule ${at} ${what.name} ${rule}`),
        ]
      case 'set':
        return [`add ${what.isMap ? 'map' : 'set'} ${at} ${what.name} { ${setOptions(what)} }`]
      case 'element':
        return [elementLine(at, what)]
      case 'delete element':
        return [elementLine(at, what).replace('add', 'delete')]
      case 'retire':
        return [`flush chain ${at} ${what}`]
      case 'delete set':
        return [`delete set ${at} ${what}`]
    }
  }
}
