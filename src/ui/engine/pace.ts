import type { HubPace } from './hub.ts'

/** Twenty times a second: as fast as changing text can be followed, and a third of the work of sixty. */
const CALM_MS = 50
/** A hidden tab has no frames. */
const HIDDEN_MS = 250

/** The page's pace. The first change after a calm while is shown at once. */
export function pagePace(): HubPace {
  let lastMs = -Infinity
  return {
    frame: (callback) => {
      if (document.hidden) setTimeout(callback, HIDDEN_MS)
      else requestAnimationFrame(callback)
    },
    calm: (callback) => {
      const waitMs = lastMs + CALM_MS - performance.now()
      const tell = (): void => {
        lastMs = performance.now()
        callback()
      }
      if (waitMs <= 0) tell()
      else setTimeout(tell, waitMs)
    },
  }
}
