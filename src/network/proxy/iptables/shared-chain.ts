import type { Rule } from '../../netfilter/rule.ts'

/** One service port's part of a shared chain, before and after. */
interface PartChange {
  readonly key: string
  readonly before: readonly Rule[]
  readonly after: readonly Rule[]
}

const NOTHING: readonly Rule[] = []
/** Last change made to a list of rules by any node: the next node that makes the same change takes its outcome. */
const lastChanges = new WeakMap<readonly Rule[], { readonly changes: readonly PartChange[]; readonly outcome: readonly Rule[] }>()
/** From which lists begin, by the first rule of their tail. */
const starts = new WeakMap<Rule, readonly Rule[]>()
const EMPTY: readonly Rule[] = []

/** A chain that all service ports write into: their parts in order, then the tail. */
export class SharedChainRules {
  rules: readonly Rule[]
  private tail: readonly Rule[]
  private parts = new Map<string, readonly Rule[]>()
  private changes: PartChange[] = []
  private isStale = false

  constructor(tail: readonly Rule[]) {
    this.tail = tail
    this.rules = startOf(tail)
  }

  /** Changes a port's part; undefined: the port is gone. */
  set(key: string, after: readonly Rule[] | undefined): void {
    const before = this.parts.get(key)
    if (before === after) return
    if (after) this.parts.set(key, after)
    else this.parts.delete(key)
    const rules = after ?? NOTHING
    if (sameRules(before ?? NOTHING, rules)) return
    this.changes.push({ key, before: before ?? NOTHING, after: rules })
  }

  setTail(tail: readonly Rule[]): void {
    if (sameRules(tail, this.tail)) return
    this.tail = tail
    this.isStale = true
  }

  /** Brings `rules` up to date; true when they changed. */
  update(): boolean {
    const { changes } = this
    if (changes.length === 0 && !this.isStale) return false
    this.changes = []
    const known = this.isStale ? undefined : lastChanges.get(this.rules)
    this.isStale = false
    if (known && sameChanges(known.changes, changes)) {
      this.rules = known.outcome
      return true
    }
    const before = this.rules
    this.rules = [...[...this.parts.values()].flat(), ...this.tail]
    lastChanges.set(before, { changes, outcome: this.rules })
    return true
  }
}

function startOf(tail: readonly Rule[]): readonly Rule[] {
  const [first] = tail
  if (!first) return EMPTY
  const known = starts.get(first)
  if (known && sameRules(known, tail)) return known
  starts.set(first, tail)
  return tail
}

function sameRules(a: readonly Rule[], b: readonly Rule[]): boolean {
  return a === b || (a.length === b.length && a.every((rule, i) => rule === b[i]))
}

function sameChanges(a: readonly PartChange[], b: readonly PartChange[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ key, before, after }, i) => b[i]?.key === key && b[i].before === before && b[i].after === after)
  )
}
