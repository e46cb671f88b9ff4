/**
 * A stream of pseudo-random numbers (sfc32). Each actor draws from a stream of its own, seeded by the
 * simulation's seed and the actor's name, so that adding an actor does not disturb the others.
 */
export class Random {
  private a: number
  private b: number
  private c: number
  private counter = 1

  constructor(seed: number, name: string) {
    this.a = hashText(name) ^ seed
    this.b = hashText(`${name}/b`) ^ Math.imul(seed, 0x9e3779b1)
    this.c = hashText(`${name}/c`)
    for (let i = 0; i < 12; i++) this.next32()
  }

  private next32(): number {
    const sum = (this.a + this.b + this.counter) | 0
    this.counter = (this.counter + 1) | 0
    this.a = this.b ^ (this.b >>> 9)
    this.b = (this.c + (this.c << 3)) | 0
    this.c = ((this.c << 21) | (this.c >>> 11)) + sum
    return sum >>> 0
  }

  /** A number in [0, 1). */
  next(): number {
    return this.next32() / 4294967296
  }

  /** An integer in [0, bound). */
  int(bound: number): number {
    return Math.floor(this.next() * bound)
  }

  /** One element; the list must not be empty. */
  pick<T>(list: readonly T[]): T {
    return list[this.int(list.length)] as T
  }
}

/** 32-bit FNV-1a of a text's UTF-16 code units. */
export function hashText(text: string, start = 0x811c9dc5): number {
  let hash = start
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
