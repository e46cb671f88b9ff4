import { useCallback, useState } from 'react'
import { following, zoomed, type TimeWindow } from './model.ts'

/** How the time in sight moves when now does: not at all, with it (a fixed span), or growing to hold everything. */
export type Mode = { readonly type: 'free' } | { readonly type: 'follow'; readonly spanMs: number } | { readonly type: 'all' }

export interface WindowControl {
  readonly window: TimeWindow
  readonly mode: Mode
  readonly setMode: (mode: Mode) => void
  /** Puts the time in sight there and lets it stay. */
  readonly show: (window: TimeWindow) => void
  /** About now while now is followed, else about the middle. */
  readonly zoom: (factor: number) => void
}

/** The time in sight. */
export function useTimeWindow(startMs: number, nowMs: number): WindowControl {
  const [mode, setMode] = useState<Mode>({ type: 'all' })
  const [free, setFree] = useState<TimeWindow>({ fromMs: startMs, toMs: nowMs })
  const span = Math.max(nowMs - startMs, 20_000)
  const window =
    mode.type === 'free'
      ? free
      : mode.type === 'follow'
        ? following(mode.spanMs, nowMs)
        : { fromMs: nowMs - span * 1.01, toMs: nowMs + span * 0.04 }
  const show = useCallback((next: TimeWindow) => {
    setFree(next)
    setMode({ type: 'free' })
  }, [])
  const zoom = (factor: number): void => {
    if (mode.type === 'follow') return setMode({ type: 'follow', spanMs: Math.max(100, mode.spanMs * factor) })
    show(zoomed(window, factor, (window.fromMs + window.toMs) / 2))
  }
  return { window, mode, setMode, show, zoom }
}
