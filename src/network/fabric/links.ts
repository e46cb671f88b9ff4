/** The cables between machines, and what is wrong with them. */

export interface LinkState {
  readonly cut: boolean
  /** One way, microseconds, beside the usual time of the wire. */
  readonly extraUs: number
  /** 0..100. */
  readonly lossPercent: number
}

const GOOD: LinkState = { cut: false, extraUs: 0, lossPercent: 0 }

/** Faults of the way between two machines. The world outside is ''. */
export class Links {
  private readonly states = new Map<string, LinkState>()
  private groups = new Map<string, number>()
  private listeners: (() => void)[] = []

  between(a: string, b: string): LinkState {
    if (this.states.size === 0 && this.groups.size === 0) return GOOD
    const state = this.states.get(keyOf(a, b)) ?? GOOD
    return this.groupOf(a) === this.groupOf(b) ? state : { ...state, cut: true }
  }

  /** Changes what is wrong between two machines. */
  set(a: string, b: string, change: Partial<LinkState>): void {
    const next = { ...(this.states.get(keyOf(a, b)) ?? GOOD), ...change }
    if (!next.cut && next.extraUs === 0 && next.lossPercent === 0) this.states.delete(keyOf(a, b))
    else this.states.set(keyOf(a, b), next)
    this.tell()
  }

  /** Machines of different groups can't reach each other; those that are in none form one more group. */
  partition(groups: readonly (readonly string[])[]): void {
    this.groups = new Map(groups.flatMap((group, i) => group.map((name) => [name, i + 1] as const)))
    this.tell()
  }

  /** All cables are as new. */
  heal(): void {
    this.states.clear()
    this.groups.clear()
    this.tell()
  }

  /** Everything that is wrong now: for a view. */
  faults(): readonly { readonly a: string; readonly b: string; readonly state: LinkState }[] {
    return [...this.states].map(([key, state]) => {
      const [a = '', b = ''] = key.split('|')
      return { a, b, state }
    })
  }

  /** The groups of a partition; empty when there is none. */
  partitions(): readonly (readonly string[])[] {
    const lists = new Map<number, string[]>()
    for (const [name, group] of this.groups) lists.set(group, [...(lists.get(group) ?? []), name])
    return [...lists.values()]
  }

  onChange(listener: () => void): void {
    this.listeners.push(listener)
  }

  private groupOf(name: string): number {
    return this.groups.get(name) ?? 0
  }

  private tell(): void {
    for (const listener of this.listeners) listener()
  }
}

function keyOf(a: string, b: string): string {
  return a < b ? `${a}|${b}` : `${b}|${a}`
}
