import { create } from 'zustand'

export type ThemeChoice = 'system' | 'light' | 'dark'
export const PALETTES = ['standard', 'red-green', 'blue-yellow'] as const
export type Palette = (typeof PALETTES)[number]
export type Language = 'en' | 'zh'

/** What a person likes; kept in localStorage. */
export interface Settings {
  readonly theme: ThemeChoice
  readonly palette: Palette
  readonly language: Language
  /** Presenter's key: everything larger. */
  readonly enlarged: boolean
  /** -o wide in tables. */
  readonly wide: boolean
  readonly dockHeightPx: number
  readonly inspectorWidthPx: number
  readonly kindsWidthPx: number
  /** The line that greets first visitors was closed. */
  readonly hintClosed: boolean
}
interface SettingsState extends Settings {
  /** 'system' resolved. Canvases listen to this and to palette and enlarged. */
  readonly darkNow: boolean
  readonly set: (change: Partial<Settings & { darkNow: boolean }>) => void
}

const STORE_KEY = 'kubarium.settings'

function defaults(): Settings {
  const chinese = typeof navigator !== 'undefined' && navigator.language.toLowerCase().startsWith('zh')
  return {
    theme: 'system',
    palette: 'standard',
    language: chinese ? 'zh' : 'en',
    enlarged: false,
    wide: false,
    dockHeightPx: 264,
    inspectorWidthPx: 340,
    kindsWidthPx: 236,
    hintClosed: false,
  }
}

/** Takes from a stored text what fits the settings; anything else is ignored. */
export function parseSettings(text: string | null, base: Settings): Settings {
  if (text === null) return base
  let stored: unknown
  try {
    stored = JSON.parse(text)
  } catch (error) {
    console.warn('Stored settings are not JSON and are ignored:', error)
    return base
  }
  if (typeof stored !== 'object' || stored === null) return base
  const entries = Object.entries(base).map(([key, value]) => {
    const kept: unknown = (stored as Record<string, unknown>)[key]
    return [key, typeof kept === typeof value ? kept : value]
  })
  return Object.fromEntries(entries) as Settings
}

export const useSettings = create<SettingsState>()((set, get) => ({
  ...parseSettings(typeof localStorage === 'undefined' ? null : localStorage.getItem(STORE_KEY), defaults()),
  darkNow: false,
  set: (change) => {
    set(change)
    if (typeof localStorage === 'undefined') return
    const { set: _set, darkNow: _darkNow, ...settings } = get()
    localStorage.setItem(STORE_KEY, JSON.stringify(settings))
  },
}))
