const INITIAL_MS = 1000
const MAX_MS = 15 * 60_000

interface Entry {
  readonly delayMs: number
  readonly sinceMs: number
}

/** How long a node waits before its next failed pod is replaced. k8s 1.36: client-go flowcontrol Backoff. */
export class FailedPodBackoff {
  private readonly entries = new Map<string, Entry>()

  /** Milliseconds that the key must wait; 0 when it may go on. */
  remainingMs(key: string, nowMs: number): number {
    const entry = this.entries.get(key)
    return entry && nowMs - entry.sinceMs < entry.delayMs ? entry.delayMs : 0
  }

  /** Counts one more failure. */
  next(key: string, nowMs: number): void {
    const entry = this.entries.get(key)
    const lapsed = !entry || nowMs - entry.sinceMs > 2 * MAX_MS
    this.entries.set(key, { delayMs: lapsed ? INITIAL_MS : Math.min(2 * entry.delayMs, MAX_MS), sinceMs: nowMs })
  }

  /** Forgets a DaemonSet's nodes. */
  forget(prefix: string): void {
    for (const key of this.entries.keys()) if (key.startsWith(prefix)) this.entries.delete(key)
  }
}
