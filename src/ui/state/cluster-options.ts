import { create } from 'zustand'

interface OptionsState {
  readonly seed: number
  readonly workers: number
  readonly controlPlanes: 1 | 3
}

export const DEFAULT_OPTIONS: OptionsState = { seed: 42, workers: 2, controlPlanes: 1 }

/** What the present cluster was built from. Stands in the URL, so that a link builds the same one. */
export const useClusterOptions = create<OptionsState>()(() => DEFAULT_OPTIONS)
