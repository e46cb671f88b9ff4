import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import type { Language } from '../state/settings.ts'

type Catalog = { readonly [area: string]: { readonly [key: string]: unknown } }

/**
 * One JSON file per area and language: en/shell.json has namespace 'shell'. In a component:
 * `const { t } = useTranslation('cluster')`, then t('title') or t('shell:state.ready').
 * Kubernetes terms, YAML and command output are never translated.
 */
export const LANGUAGES: readonly { readonly id: Language; readonly label: string; readonly short: string }[] = [
  { id: 'en', label: 'English', short: 'EN' },
  { id: 'zh', label: '中文', short: '中' },
]

async function loadCatalog(language: Language): Promise<Catalog> {
  const module = language === 'zh' ? await import('./zh.ts') : await import('./en.ts')
  return module.catalog
}

/** Loads only the language asked for; the other comes when it is switched to. */
export async function initI18n(language: Language): Promise<void> {
  const catalog = await loadCatalog(language)
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    resources: { [language]: catalog },
    ns: Object.keys(catalog),
    defaultNS: 'shell',
    interpolation: { escapeValue: false },
    returnNull: false,
    react: { useSuspense: false },
  })
}

export async function switchLanguage(language: Language): Promise<void> {
  const catalog = await loadCatalog(language)
  for (const [area, texts] of Object.entries(catalog)) i18next.addResourceBundle(language, area, texts, true, true)
  await i18next.changeLanguage(language)
}

/** For texts outside React. */
export function translate(key: string, values?: { readonly [name: string]: string | number }): string {
  return i18next.t(key, values)
}
