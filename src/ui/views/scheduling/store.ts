import { create } from 'zustand'
import type { ObjectRef } from '../../state/selection.ts'

export type Page = 'pod' | 'compare'

interface SchedulingState {
  /** The pod whose way is shown. It stays while nodes are selected. */
  readonly pod: Pick<ObjectRef, 'namespace' | 'name'> | null
  readonly page: Page
  /** The attempt that is shown; null: as things stand now; undefined: whatever says most. */
  readonly attempt: number | null | undefined
  readonly showPod: (pod: Pick<ObjectRef, 'namespace' | 'name'> | null) => void
  readonly set: (change: Partial<Pick<SchedulingState, 'page' | 'attempt'>>) => void
}

export const useScheduling = create<SchedulingState>()((set) => ({
  pod: null,
  page: 'pod',
  attempt: undefined,
  showPod: (pod) => set({ pod, attempt: undefined, page: 'pod' }),
  set: (change) => set(change),
}))
