import { useSettings } from '../state/settings.ts'

/** Keeps the document's attributes (data-theme, data-palette, data-enlarged, lang) as the settings say. */
export function startTheme(): void {
  const system = matchMedia('(prefers-color-scheme: dark)')
  const apply = (): void => {
    const { theme, palette, enlarged, language, darkNow, set } = useSettings.getState()
    const dark = theme === 'dark' || (theme === 'system' && system.matches)
    const { dataset } = document.documentElement
    dataset['theme'] = dark ? 'dark' : 'light'
    dataset['palette'] = palette
    if (enlarged) dataset['enlarged'] = ''
    else delete dataset['enlarged']
    document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en'
    if (dark !== darkNow) set({ darkNow: dark })
  }
  apply()
  useSettings.subscribe(apply)
  system.addEventListener('change', apply)
}
