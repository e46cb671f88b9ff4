import { create } from 'zustand'

const STORE_KEY = 'kubarium.draft'

interface DraftState {
  /** The text of the YAML editor. Outlives a crash of the engine and a reload of the page. */
  readonly text: string
  /** Goes up when the text was put there from outside (an example, "edit" in the inspector): the editor shows it anew. */
  readonly loaded: number
  /** The editor reports what was typed. */
  readonly edit: (text: string) => void
  /** Puts a text into the editor; the caller also opens the dock's 'yaml' tab. */
  readonly load: (text: string) => void
}

/** What the person is writing. Shared by the editor, the examples and the inspector's "edit". */
export const useDraft = create<DraftState>()((set) => ({
  text: readStored(),
  loaded: 0,
  edit: (text) => {
    store(text)
    set({ text })
  },
  load: (text) => {
    store(text)
    set((state) => ({ text, loaded: state.loaded + 1 }))
  },
}))

function readStored(): string {
  if (typeof localStorage === 'undefined') return ''
  try {
    return localStorage.getItem(STORE_KEY) ?? ''
  } catch (error) {
    reportStorage(error)
    return ''
  }
}

function store(text: string): void {
  if (typeof localStorage === 'undefined') return
  try {
    localStorage.setItem(STORE_KEY, text)
  } catch (error) {
    reportStorage(error)
  }
}

/** Storage may be full or forbidden; the draft then lives as long as the page. */
function reportStorage(error: unknown): void {
  console.warn('The draft cannot be kept across reloads:', error)
}
