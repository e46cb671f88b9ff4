import type { PacketStory } from '../../../worker/network/protocol.ts'
import type { Position } from './store.ts'

/** Milliseconds on screen for a microsecond of latency, at pace 1. */
export const MS_PER_US = 4
/** A leg is seen for at least and at most this long at pace 1, whatever its latency. */
const LEAST_MS = 130
const MOST_MS = 3000
/** Without motion a station is shown for this long. */
export const STILL_MS = 1100
export const PACES = [0.1, 0.25, 1, 4] as const

/** The next station; the first of the next packet after the last; null at the end. */
export function after(story: PacketStory, { step, station }: Position): Position | null {
  const count = story.steps[step]?.journey.stations.length ?? 0
  if (station + 1 < count) return { step, station: station + 1 }
  return step + 1 < story.steps.length ? { step: step + 1, station: 0 } : null
}

/** The inverse of `after`. */
export function before(story: PacketStory, { step, station }: Position): Position | null {
  if (station > 0) return { step, station: station - 1 }
  const previous = story.steps[step - 1]
  return previous ? { step: step - 1, station: Math.max(0, previous.journey.stations.length - 1) } : null
}

/** The same place in a story that may have changed meanwhile. */
export function within(story: PacketStory, { step, station }: Position): Position {
  const last = Math.max(0, Math.min(step, story.steps.length - 1))
  const count = story.steps[last]?.journey.stations.length ?? 1
  return { step: last, station: Math.max(0, Math.min(station, count - 1)) }
}

/** How long the packet takes from this station to the next, on screen. */
export function legMs(story: PacketStory, { step, station }: Position, pace: number): number {
  const tookUs = story.steps[step]?.journey.stations[station]?.tookUs ?? 0
  return Math.min(Math.max(tookUs * MS_PER_US, LEAST_MS), MOST_MS) / pace
}

/** Microseconds since the story began at which the packet reaches a station. */
export function momentUs(story: PacketStory, { step, station }: Position): number {
  const found = story.steps[step]
  return found ? found.atUs + (found.journey.stations[station]?.atUs ?? 0) : 0
}

/** '0.35 ms', '12 µs', '5.0 s'. */
export function durationText(us: number): string {
  if (us < 1000) return `${Math.round(us)} µs`
  if (us < 1_000_000) return `${(us / 1000).toFixed(us < 10_000 ? 2 : us < 100_000 ? 1 : 0)} ms`
  return `${(us / 1_000_000).toFixed(us < 10_000_000 ? 2 : 1)} s`
}
