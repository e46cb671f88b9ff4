/** Small stable numbers for keys: a key keeps its slot while it lives; a freed slot is used again. */
export class SlotTable {
  private readonly slots = new Map<string, number>()
  private readonly free: number[] = []
  private next = 0

  find(key: string): number | undefined {
    return this.slots.get(key)
  }

  /** The key's slot, a new one if it has none. */
  take(key: string): number {
    let slot = this.slots.get(key)
    if (slot === undefined) this.slots.set(key, (slot = this.free.pop() ?? this.next++))
    return slot
  }

  /** Frees the key's slot and gives it. */
  release(key: string): number | undefined {
    const slot = this.slots.get(key)
    if (slot === undefined) return undefined
    this.slots.delete(key)
    this.free.push(slot)
    return slot
  }
}
