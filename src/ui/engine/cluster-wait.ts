import type { ClusterWait } from '../actions/drain.ts'
import type { FeedHub } from './hub.ts'
import type { ClockState } from '../../worker/protocol.ts'

const CLOCK = { feed: 'clock' } as const

/** Waits in cluster time: while the cluster is paused, so is the wait. */
export function clusterWait(hub: FeedHub): ClusterWait {
  return (delayMs, signal) =>
    new Promise((resolve, reject) => {
      let dueMs: number | undefined
      const look = (): void => {
        const clock = hub.read(CLOCK).data as ClockState | undefined
        if (clock === undefined) return
        dueMs ??= clock.nowMs + delayMs
        if (clock.nowMs >= dueMs) end(resolve)
      }
      const onAbort = (): void => end(() => reject(signal.reason))
      const end = (settle: () => void): void => {
        leave()
        signal.removeEventListener('abort', onAbort)
        settle()
      }
      const leave = hub.watch(CLOCK, look)
      signal.addEventListener('abort', onAbort)
      look()
    })
}
