import type { Simulation } from '../../sim/simulation.ts'

/** After this time a controller stops waiting to see its own writes. */
const TIMEOUT_MS = 300_000

interface Expected {
  creations: number
  readonly deletions: Set<string>
  readonly sinceMs: number
}

/**
 * What a controller has written and not yet seen in its cache, per key. As long as it waits it must not count pods.
 * k8s 1.36: controller UIDTrackingControllerExpectations.
 */
export class Expectations {
  private readonly sim: Simulation
  private readonly expected = new Map<string, Expected>()

  constructor(sim: Simulation) {
    this.sim = sim
  }

  /** Whether everything that was expected under that key has been seen, or the wait has lasted too long. */
  satisfied(key: string): boolean {
    const entry = this.expected.get(key)
    if (!entry) return true
    return (entry.creations <= 0 && entry.deletions.size === 0) || this.sim.now - entry.sinceMs > TIMEOUT_MS
  }

  expectCreations(key: string, count: number): void {
    this.expected.set(key, { creations: count, deletions: new Set(), sinceMs: this.sim.now })
  }

  expectDeletions(key: string, names: readonly string[]): void {
    this.expected.set(key, { creations: 0, deletions: new Set(names), sinceMs: this.sim.now })
  }

  /** Both at once, for controllers that create and delete in one sync. */
  expect(key: string, creations: number, deletions: readonly string[]): void {
    this.expected.set(key, { creations, deletions: new Set(deletions), sinceMs: this.sim.now })
  }

  creationObserved(key: string, count = 1): void {
    const entry = this.expected.get(key)
    if (entry) entry.creations -= count
  }

  deletionObserved(key: string, name: string): void {
    this.expected.get(key)?.deletions.delete(name)
  }

  /** Forgets a key whose object is gone. */
  forget(key: string): void {
    this.expected.delete(key)
  }
}
