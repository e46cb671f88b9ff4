import { useSyncExternalStore } from 'react'

/** Below this width the kinds tree and the inspector are sheets over the stage. */
const NARROW = '(max-width: 899px)'

export function isNarrow(): boolean {
  return matchMedia(NARROW).matches
}

export function useNarrow(): boolean {
  return useSyncExternalStore(watch, isNarrow)
}

function watch(listener: () => void): () => void {
  const query = matchMedia(NARROW)
  query.addEventListener('change', listener)
  return () => query.removeEventListener('change', listener)
}
