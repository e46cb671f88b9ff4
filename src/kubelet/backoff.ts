interface Entry {
  delayMs: number
  lastUpdateMs: number
}

/**
 * Doubling delays by key, forgotten when nothing happened for ten minutes.
 * k8s 1.36: client-go util/flowcontrol Backoff, without jitter, as the kubelet uses it.
 */
export class Backoff {
  private readonly initialMs: number
  private readonly maxMs: number
  private readonly forgetMs: number
  private readonly entries = new Map<string, Entry>()

  constructor(initialMs: number, maxMs: number, forgetMs = 600_000) {
    this.initialMs = initialMs
    this.maxMs = maxMs
    this.forgetMs = forgetMs
  }

  get(key: string): number {
    return this.entries.get(key)?.delayMs ?? 0
  }

  /** Records a failure at `eventMs`: the next delay is twice as long, or the first again after a long calm. */
  next(key: string, eventMs: number, nowMs: number): void {
    const entry = this.entries.get(key)
    const fresh = !entry || eventMs - entry.lastUpdateMs > this.forgetMs
    this.entries.set(key, {
      delayMs: fresh ? this.initialMs : Math.min(entry.delayMs * 2, this.maxMs),
      lastUpdateMs: nowMs,
    })
  }

  /** Whether the delay that began at `eventMs` is still running. */
  isWaitingSince(key: string, eventMs: number, nowMs: number): boolean {
    const entry = this.entries.get(key)
    if (!entry || eventMs - entry.lastUpdateMs > this.forgetMs) return false
    return nowMs - eventMs < entry.delayMs
  }

  /** Whether the delay that began with the last failure is still running. */
  isWaiting(key: string, nowMs: number): boolean {
    const entry = this.entries.get(key)
    if (!entry || nowMs - entry.lastUpdateMs > this.forgetMs) return false
    return nowMs - entry.lastUpdateMs < entry.delayMs
  }

  /** When the delay that began with the last failure ends. */
  endsAtMs(key: string): number {
    const entry = this.entries.get(key)
    return entry ? entry.lastUpdateMs + entry.delayMs : 0
  }

  forget(key: string): void {
    this.entries.delete(key)
  }

  /** Drops what has been calm for long. */
  collect(nowMs: number): void {
    for (const [key, entry] of this.entries) if (nowMs - entry.lastUpdateMs > this.forgetMs) this.entries.delete(key)
  }
}

/** Back-off before a crashed container is restarted. */
export const crashLoopBackoff = (): Backoff => new Backoff(10_000, 300_000)

/** Back-off before a failed image pull is tried again. */
export const imagePullBackoff = (): Backoff => new Backoff(10_000, 300_000)
