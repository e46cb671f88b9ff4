/** A binary heap whose items can also be found, moved and taken out by key. Equal items come out as they came in. */
export class KeyedHeap<T> {
  private readonly items: { readonly key: string; readonly item: T; readonly turn: number }[] = []
  private turns = 0
  private readonly places = new Map<string, number>()
  private readonly less: (a: T, b: T) => boolean

  constructor(less: (a: T, b: T) => boolean) {
    this.less = less
  }

  get size(): number {
    return this.items.length
  }

  get(key: string): T | undefined {
    const place = this.places.get(key)
    return place === undefined ? undefined : this.items[place]?.item
  }

  peek(): T | undefined {
    return this.items[0]?.item
  }

  /** Items in no particular order. */
  list(): T[] {
    return this.items.map(({ item }) => item)
  }

  /** Adds the item, or puts it in its new place after its order changed. */
  set(key: string, item: T): void {
    let place = this.places.get(key)
    if (place === undefined) {
      place = this.items.length
      this.items.push({ key, item, turn: this.turns++ })
      this.places.set(key, place)
    } else this.items[place] = { key, item, turn: this.items[place]?.turn ?? 0 }
    this.settle(place)
  }

  delete(key: string): T | undefined {
    const place = this.places.get(key)
    if (place === undefined) return undefined
    const removed = this.items[place]?.item
    const last = this.items.pop()
    this.places.delete(key)
    if (last && last.key !== key) {
      this.items[place] = last
      this.places.set(last.key, place)
      this.settle(place)
    }
    return removed
  }

  pop(): T | undefined {
    const first = this.items[0]
    return first && this.delete(first.key)
  }

  private isLess(a: number, b: number): boolean {
    const [x, y] = [this.items[a], this.items[b]]
    if (!x || !y) return false
    return this.less(x.item, y.item) || (x.turn < y.turn && !this.less(y.item, x.item))
  }

  private swap(a: number, b: number): void {
    const [x, y] = [this.items[a], this.items[b]]
    if (!x || !y) return
    this.items[a] = y
    this.items[b] = x
    this.places.set(y.key, a)
    this.places.set(x.key, b)
  }

  private settle(start: number): void {
    let place = start
    for (let parent = (place - 1) >> 1; place > 0 && this.isLess(place, parent); parent = (place - 1) >> 1) {
      this.swap(place, parent)
      place = parent
    }
    for (;;) {
      let least = place
      for (const child of [2 * place + 1, 2 * place + 2]) if (this.isLess(child, least)) least = child
      if (least === place) return
      this.swap(place, least)
      place = least
    }
  }
}
