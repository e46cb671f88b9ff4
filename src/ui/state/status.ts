import { create } from 'zustand'

export type StatusTone = 'info' | 'success' | 'warning' | 'error'
export interface StatusLine {
  readonly id: number
  readonly tone: StatusTone
  /** Plain text, translated, or the server's own words. */
  readonly text: string
}

interface StatusState {
  /** Newest last; the status line shows the last one, toasts the errors. */
  readonly lines: readonly StatusLine[]
  /** Says something in the status line (read out to screen readers). Errors also stay as a toast until closed. */
  readonly say: (tone: StatusTone, text: string) => void
  readonly dismiss: (id: number) => void
}

const KEPT = 20
let nextId = 1

export const useStatus = create<StatusState>()((set) => ({
  lines: [],
  say: (tone, text) => set((state) => ({ lines: [...state.lines.slice(1 - KEPT), { id: nextId++, tone, text }] })),
  dismiss: (id) => set((state) => ({ lines: state.lines.filter((line) => line.id !== id) })),
}))

/** For callers outside React. */
export function say(tone: StatusTone, text: string): void {
  useStatus.getState().say(tone, text)
}
