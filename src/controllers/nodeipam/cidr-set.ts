/** How many /24 subnets 10.244.0.0/16 holds. */
const HOME_SIZE = 256
/** Where further subnets come from: 10.128.0.0 up to 10.243.255.0. */
const OVERFLOW_SIZE = 116 * 256

/**
 * Hands out pod subnets in turn, as the range allocator does: a freed one is used again only after all later ones.
 * k8s 1.36: nodeipam ipam/cidrset.
 * SIMPLIFIED: clusters of more than 256 nodes go on in 10.128.0.0/9 instead of running out of subnets.
 */
export class CidrSet {
  private readonly used = new Set<number>()
  private readonly ranges = [
    { begin: 0, size: HOME_SIZE, next: 0 },
    { begin: HOME_SIZE, size: OVERFLOW_SIZE, next: 0 },
  ]

  /** The next free subnet, or null when all are taken. */
  allocate(): string | null {
    for (const range of this.ranges) {
      for (let i = 0; i < range.size; i++) {
        const offset = (range.next + i) % range.size
        if (this.used.has(range.begin + offset)) continue
        this.used.add(range.begin + offset)
        range.next = (offset + 1) % range.size
        return textOf(range.begin + offset)
      }
    }
    return null
  }

  occupy(cidr: string): void {
    const index = indexOf(cidr)
    if (index !== null) this.used.add(index)
  }

  release(cidr: string): void {
    const index = indexOf(cidr)
    if (index !== null) this.used.delete(index)
  }
}

function textOf(index: number): string {
  if (index < HOME_SIZE) return `10.244.${index}.0/24`
  const offset = index - HOME_SIZE
  return `10.${128 + (offset >> 8)}.${offset & 255}.0/24`
}

function indexOf(cidr: string): number | null {
  const match = /^10\.([0-9]+)\.([0-9]+)\.0\/24$/.exec(cidr)
  if (!match) return null
  const [second, third] = [Number(match[1]), Number(match[2])]
  if (second === 244) return third
  return second >= 128 && second < 244 ? HOME_SIZE + (second - 128) * 256 + third : null
}
