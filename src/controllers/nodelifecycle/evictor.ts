import { TokenBucket } from '../../client/client.ts'
import type { Simulation, Timer } from '../../sim/simulation.ts'
import { EVICTION_QPS } from './zones.ts'

const RETRY_MS = 100

/** The nodes of a zone that wait to be tainted for eviction, a few at a time. k8s 1.36: RateLimitedTimedQueue. */
export class ZoneEvictor {
  private readonly sim: Simulation
  private readonly taint: (nodeName: string, done: (ok: boolean) => void) => void
  private readonly waiting: string[] = []
  /** Nodes that were handled and have not become reachable since: not to be handled twice. */
  private readonly known = new Set<string>()
  private bucket: TokenBucket
  private qps = EVICTION_QPS
  private timer: Timer | null = null

  /** `taint` taints a node and calls back with whether that worked. */
  constructor(sim: Simulation, taint: (nodeName: string, done: (ok: boolean) => void) => void) {
    this.sim = sim
    this.taint = taint
    this.bucket = new TokenBucket(sim, EVICTION_QPS, 1)
  }

  add(nodeName: string): void {
    if (this.known.has(nodeName)) return
    this.known.add(nodeName)
    this.waiting.push(nodeName)
    this.plan(0)
  }

  remove(nodeName: string): void {
    this.known.delete(nodeName)
    const at = this.waiting.indexOf(nodeName)
    if (at >= 0) this.waiting.splice(at, 1)
  }

  /** Changes the rate; 0 stops all tainting. A token that was spent stays spent. */
  setRate(qps: number): void {
    if (qps === this.qps) return
    const fresh = new TokenBucket(this.sim, qps, 1)
    if (this.qps === 0 || !this.bucket.tryTake()) fresh.tryTake()
    this.qps = qps
    this.bucket = fresh
    this.timer?.cancel()
    this.timer = null
    this.plan(0)
  }

  stop(): void {
    this.timer?.cancel()
    this.timer = null
  }

  private plan(delayMs: number): void {
    if (this.timer || this.waiting.length === 0 || this.qps === 0) return
    this.timer = this.sim.schedule(delayMs, () => {
      this.timer = null
      this.next()
    })
  }

  private next(): void {
    const nodeName = this.waiting[0]
    if (nodeName === undefined) return
    if (!this.bucket.tryTake()) return this.plan(1000 / this.qps)
    this.waiting.shift()
    this.taint(nodeName, (ok) => {
      if (!ok && this.known.has(nodeName)) {
        this.waiting.push(nodeName)
        this.plan(RETRY_MS)
      }
    })
    this.plan(1000 / this.qps)
  }
}
