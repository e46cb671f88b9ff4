/** Numbers kept per topology pair (a node label's key and value), such as matching pods per zone. */
export class TopologyCounts {
  private readonly byKey = new Map<string, Map<string, number>>()
  /** The sum of all numbers. */
  total = 0
  /** How many additions are in it, those that cancel out included. */
  entries = 0

  add(key: string, value: string, amount: number): void {
    let values = this.byKey.get(key)
    if (!values) this.byKey.set(key, (values = new Map()))
    const sum = (values.get(value) ?? 0) + amount
    this.total += amount
    if (sum !== 0) values.set(value, sum)
    else {
      values.delete(value)
      if (values.size === 0) this.byKey.delete(key)
    }
  }

  get(key: string, value: string): number {
    return this.byKey.get(key)?.get(value) ?? 0
  }

  /** The keys with a number other than 0, each with its numbers by value. */
  entriesByKey(): [string, ReadonlyMap<string, number>][] {
    return [...this.byKey]
  }

  get isEmpty(): boolean {
    return this.byKey.size === 0
  }

  copy(): TopologyCounts {
    const copy = new TopologyCounts()
    for (const [key, values] of this.byKey) for (const [value, amount] of values) copy.add(key, value, amount)
    copy.entries = this.entries
    return copy
  }
}

/**
 * How many domains (values of one topology key) there are with how many matching pods each. Knows the least count
 * without looking at all domains.
 */
export class DomainCounts {
  private readonly pods = new Map<string, number>()
  /** Nodes per domain: the domain is there as long as one eligible node is. */
  private readonly nodes = new Map<string, number>()
  private readonly domainsByCount = new Map<number, number>()
  private least = 0

  get size(): number {
    return this.nodes.size
  }

  count(domain: string): number {
    return this.pods.get(domain) ?? 0
  }

  /** Adds (or takes away, sign -1) one node of the domain with so many matching pods. */
  change(domain: string, pods: number, sign: 1 | -1): void {
    const before = this.nodes.get(domain) ?? 0
    const count = this.count(domain)
    if (before > 0) this.tally(count, -1)
    const after = before + sign
    if (after === 0) {
      this.nodes.delete(domain)
      this.pods.delete(domain)
      return
    }
    this.nodes.set(domain, after)
    this.pods.set(domain, count + sign * pods)
    this.tally(count + sign * pods, 1)
  }

  private tally(count: number, sign: 1 | -1): void {
    const domains = (this.domainsByCount.get(count) ?? 0) + sign
    if (domains === 0) this.domainsByCount.delete(count)
    else this.domainsByCount.set(count, domains)
    if (sign > 0 && count < this.least) this.least = count
  }

  /** The least count of all domains but `except`; Infinity if there is none. */
  minimum(except?: string): number {
    if (this.domainsByCount.size === 0) return Infinity
    if (!this.domainsByCount.has(this.least)) this.least = Math.min(...this.domainsByCount.keys())
    if (except === undefined || !this.nodes.has(except) || this.count(except) !== this.least) return this.least
    if ((this.domainsByCount.get(this.least) ?? 0) > 1) return this.least
    let next = Infinity
    for (const count of this.domainsByCount.keys()) if (count !== this.least && count < next) next = count
    return next
  }
}
