import { sleep, type Task } from '../sim/task.ts'
import type { PodNetwork } from './network.ts'

/** Stands in where no pod network is plugged in: always ready, addresses 10.88.0.2 and up, as containerd's default bridge. */
export class LocalNetwork implements PodNetwork {
  private readonly taken = new Map<string, number>()
  private readonly free: number[] = []
  private next = 2

  notReadyReason(): undefined {
    return undefined
  }

  onChange(): void {
    // It never changes.
  }

  *addPod({ uid }: { readonly uid: string }): Task<string> {
    yield* sleep(20)
    const number = this.free.pop() ?? this.next++
    this.taken.set(uid, number)
    return `10.88.${number >> 8}.${number & 255}`
  }

  removePod(uid: string): void {
    const number = this.taken.get(uid)
    if (number === undefined) return
    this.taken.delete(uid)
    this.free.push(number)
  }
}
