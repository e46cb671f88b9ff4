import { create } from 'zustand'

export type DialogName = 'help' | 'search' | 'kind' | 'cluster' | 'add-node' | 'breakpoints'

interface DialogState {
  readonly open: DialogName | null
  readonly show: (name: DialogName | null) => void
}

/** At most one dialog is open. */
export const useDialogs = create<DialogState>()((set) => ({
  open: null,
  show: (open) => set({ open }),
}))
