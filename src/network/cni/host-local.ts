import type { Task } from '../../sim/task.ts'
import { sleep } from '../../sim/task.ts'

/** What a CNI plugin says when it can't do its work. */
export class CniError extends Error {
  override readonly name = 'CriError'
}

/** How long wiring up one pod takes (veth pair, bridge, address). */
const ADD_MS = 20

/**
 * The pod network of one node: addresses are handed out from the node's pod CIDR one after the other, as the
 * host-local plugin does, and become free again when the pod goes. It is not ready until the network daemon on the node
 * has written its configuration.
 */
export class NodeNetwork {
  private base = 0
  private size = 0
  private last = 1
  private cidr = ''
  private readonly byPod = new Map<string, number>()
  private readonly used = new Set<number>()
  private listeners: (() => void)[] = []

  /** The node's subnet, e.g. '10.244.1.0/24': written by the network daemon once it knows it. Undefined: configuration removed. */
  configure(cidr: string | undefined): void {
    if (cidr === this.cidr) return
    this.cidr = cidr ?? ''
    if (cidr !== undefined) {
      const [address = '', bits = '24'] = cidr.split('/')
      this.base = toNumber(address)
      this.size = 2 ** (32 - Number(bits))
    }
    for (const listener of this.listeners) listener()
  }

  notReadyReason(): string | undefined {
    if (this.cidr !== '') return undefined
    return 'container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized'
  }

  onChange(listener: () => void): void {
    this.listeners = [...this.listeners, listener]
  }

  *addPod(pod: { readonly uid: string; readonly namespace: string; readonly name: string }): Task<string> {
    yield* sleep(ADD_MS)
    if (this.cidr === '') throw new CniError('cni plugin not initialized')
    const known = this.byPod.get(pod.uid)
    if (known !== undefined) return toText(this.base + known)
    // .0 is the network, .1 the bridge, the last one the broadcast address.
    for (let tried = 0; tried < this.size - 3; tried++) {
      this.last = this.last + 1 >= this.size - 1 ? 2 : this.last + 1
      if (this.used.has(this.last)) continue
      this.used.add(this.last)
      this.byPod.set(pod.uid, this.last)
      return toText(this.base + this.last)
    }
    throw new CniError(
      `plugin type="flannel" failed (add): failed to delegate add: failed to allocate for range 0: no IP addresses available in range set: ${toText(this.base + 1)}-${toText(this.base + this.size - 2)}`,
    )
  }

  removePod(uid: string): void {
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

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
}

function toText(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.')
}
