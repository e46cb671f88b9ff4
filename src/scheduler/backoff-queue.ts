import { KeyedHeap } from './heap.ts'
import type { QueuedPod } from './queued-pod.ts'

/** Back-offs end at whole seconds, so that pods whose time comes close together are popped by priority. */
const WINDOW_MS = 1000
const alignDown = (timeMs: number) => Math.floor(timeMs / WINDOW_MS) * WINDOW_MS

/** Pods that have to wait before the next attempt. k8s 1.36: scheduler backoff_queue. */
export class BackoffQueue {
  /** Pods that a plugin rejected, and pods whose attempt failed for another reason. */
  private readonly rejected: KeyedHeap<QueuedPod>
  private readonly failed: KeyedHeap<QueuedPod>
  private readonly initialMs: number
  private readonly maxMs: number

  constructor(initialMs: number, maxMs: number, less: (a: QueuedPod, b: QueuedPod) => boolean) {
    this.initialMs = initialMs
    this.maxMs = maxMs
    const ends = (pod: QueuedPod) => this.endMs(pod)
    this.rejected = new KeyedHeap((a, b) => ends(a) < ends(b) || (ends(a) === ends(b) && less(a, b)))
    this.failed = new KeyedHeap((a, b) => ends(a) < ends(b))
  }

  /** When the pod's back-off ends: 1 s after the first failure, doubling to 10 s; 0 if it never failed. */
  private endMs(pod: QueuedPod): number {
    const failures = pod.consecutiveErrors || pod.rejections
    if (failures === 0) return 0
    pod.backoffEndMs ??= alignDown(pod.timestampMs + Math.min(this.maxMs, this.initialMs * 2 ** Math.min(failures - 1, 30)))
    return pod.backoffEndMs
  }

  isBackingOff(pod: QueuedPod, nowMs: number): boolean {
    return this.endMs(pod) >= alignDown(nowMs)
  }

  add(pod: QueuedPod): void {
    const heap = pod.rejectedBy.size > 0 ? this.rejected : this.failed
    heap.set(pod.info.uid, pod)
  }

  get(uid: string): QueuedPod | undefined {
    return this.rejected.get(uid) ?? this.failed.get(uid)
  }

  delete(uid: string): QueuedPod | undefined {
    return this.rejected.delete(uid) ?? this.failed.delete(uid)
  }

  /** The next rejected pod although its back-off has not ended: for when there is nothing else to do. */
  popEarly(): QueuedPod | undefined {
    return this.rejected.pop()
  }

  get hasEarly(): boolean {
    return this.rejected.size > 0
  }

  popEnded(nowMs: number): QueuedPod[] {
    const ended: QueuedPod[] = []
    for (const heap of [this.rejected, this.failed])
      for (let first = heap.peek(); first && !this.isBackingOff(first, nowMs); first = heap.peek()) {
        heap.pop()
        ended.push(first)
      }
    return ended
  }

  /** When the next pod can be popped; Infinity if there is none. */
  nextEndMs(): number {
    const firsts = [this.rejected.peek(), this.failed.peek()].filter((pod) => pod !== undefined)
    return Math.min(...firsts.map((pod) => this.endMs(pod) + WINDOW_MS))
  }

  list(): QueuedPod[] {
    return [...this.rejected.list(), ...this.failed.list()]
  }
}
