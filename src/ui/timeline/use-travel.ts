import { useMemo } from 'react'
import type { TravelState } from '../../worker/protocol.ts'
import { reported } from '../app/report.ts'
import { useEngine, useFeed, useFeedValue } from '../engine/hooks.ts'
import { useConnection } from '../engine/session.ts'
import { Scrubber } from './scrub.ts'

/** Now moves on the page in steps of this. */
const NOW_STEP_MS = 250

export interface Travel {
  readonly state: TravelState
  /** The moment shown, and the present. */
  readonly atMs: number
  readonly presentMs: number
}

/** Where in time the page looks; null until the engine has said. */
export function useTravel(): Travel | null {
  const ready = useConnection((state) => state.status === 'ready' || state.status === 'starting')
  const { data: state } = useFeed({ feed: 'travel' })
  const nowMs = useFeedValue({ feed: 'clock' }, (clock) => Math.floor((clock?.nowMs ?? 0) / NOW_STEP_MS) * NOW_STEP_MS)
  if (!ready || !state || nowMs === 0) return null
  const atMs = state.past?.atMs ?? nowMs
  return { state, atMs, presentMs: state.past?.presentMs ?? nowMs }
}

export function useScrubber(): Scrubber {
  const engine = useEngine()
  return useMemo(
    () =>
      new Scrubber(
        (timeMs) => engine.lookAt(timeMs),
        (error) => reported(Promise.reject(error)),
      ),
    [engine],
  )
}
