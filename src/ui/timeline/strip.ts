/** The history strip's ticks and keys. Pure. */
import type { TravelState } from '../../worker/protocol.ts'

/** A bin of Events as the strip draws it: place and width as parts of the whole, height 0..1. */
export interface StripTick {
  readonly at: number
  readonly width: number
  readonly height: number
  readonly warning: boolean
}

/** Bars of the strip; heights grow with the logarithm of the count, so that single Events stay visible. */
export function stripTicks(strip: TravelState['strip'], startMs: number, endMs: number): readonly StripTick[] {
  const span = Math.max(1, endMs - startMs)
  const most = Math.max(1, ...strip.normal.map((count, i) => count + (strip.warning[i] ?? 0)))
  return strip.normal.flatMap((normal, i) => {
    const warning = strip.warning[i] ?? 0
    const total = normal + warning
    const at = (i * strip.binMs) / span
    if (total === 0 || at > 1) return []
    const height = 0.25 + 0.75 * (Math.log1p(total) / Math.log1p(most))
    return [{ at, width: Math.min(strip.binMs / span, 1 - at), height, warning: warning > 0 }]
  })
}

/** Where a key leads from a moment; undefined for keys that mean nothing here, null for now. */
export function keyMoment(key: string, atMs: number, startMs: number, endMs: number): number | null | undefined {
  const step = Math.max(100, Math.round((endMs - startMs) / 200))
  const to = (timeMs: number) => (timeMs >= endMs ? null : Math.max(startMs, timeMs))
  switch (key) {
    case 'ArrowLeft':
    case 'ArrowDown':
      return to(atMs - step)
    case 'ArrowRight':
    case 'ArrowUp':
      return to(atMs + step)
    case 'PageDown':
      return to(atMs - 10 * step)
    case 'PageUp':
      return to(atMs + 10 * step)
    case 'Home':
      return startMs
    case 'End':
      return null
    default:
      return undefined
  }
}
