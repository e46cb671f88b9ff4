import { fromNumber, toNumber } from '../address.ts'
/** What a CNI plugin says when it can't do its work. */
export class CniError extends Error {
  override readonly name = 'CriError'
}

/** Addresses handed out from one range, one after the other, as the host-local plugin does. */
export class HostLocal {
  private base = 0
  private size = 0
  private last = 1
  private cidr = ''
  private readonly byPod = new Map<string, number>()
  private readonly used = new Set<number>()

  /** The node's subnet, e.g. '10.244.1.0/24'; '' before it is known. */
  get subnet(): string {
    return this.cidr
  }

  configure(cidr: string): void {
    if (cidr === this.cidr) return
    this.cidr = cidr
    const [address = '', bits = '24'] = cidr.split('/')
    this.base = toNumber(address)
    this.size = 2 ** (32 - Number(bits))
  }

  /** The bridge's address: the first of the range. */
  get gateway(): string {
    return fromNumber(this.base + 1)
  }

  /** The pod's address; the same again when it is asked for twice. */
  allocate(uid: string): string {
    const known = this.byPod.get(uid)
    if (known !== undefined) return fromNumber(this.base + known)
    // .0 is the network, .1 the bridge, the last one the broadcast address.
    for (let tried = 0; tried < this.size - 3; tried++) {
      this.last = this.last + 1 >= this.size - 1 ? 2 : this.last + 1
      if (this.used.has(this.last)) continue
      this.used.add(this.last)
      this.byPod.set(uid, this.last)
      return fromNumber(this.base + this.last)
    }
    throw new CniError(
      `plugin type="flannel" failed (add): failed to delegate add: failed to allocate for range 0: no IP addresses available in range set: ${fromNumber(this.base + 1)}-${fromNumber(this.base + this.size - 2)}`,
    )
  }

  release(uid: string): void {
    const offset = this.byPod.get(uid)
    if (offset === undefined) return
    this.byPod.delete(uid)
    this.used.delete(offset)
  }

  /** The machine restarts: no sandbox survives. */
  clear(): void {
    this.byPod.clear()
    this.used.clear()
  }
}
