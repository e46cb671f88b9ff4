import { useId } from 'react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../icons/Icon.tsx'
import { PALETTES, useSettings } from '../state/settings.ts'
import { STATE_STYLES } from '../theme/states.ts'
import styles from './SettingsMenu.module.css'

const THEMES = ['system', 'light', 'dark'] as const

/** Theme, state colours, size: a small panel under its button, the browser's own popover. */
export function SettingsMenu() {
  const { t } = useTranslation('shell')
  const id = useId()
  const { theme, palette, enlarged, set } = useSettings()
  return (
    <>
      <button
        type="button"
        className="btn bare icon"
        popoverTarget={id}
        aria-label={t('settings.button')}
        title={t('settings.button')}
      >
        <Icon name="settings" />
      </button>
      <div id={id} popover="auto" role="dialog" aria-label={t('settings.button')} className={styles.menu}>
        <Choice legend={t('settings.theme')}>
          {THEMES.map((choice) => (
            <label key={choice}>
              <input type="radio" name={`${id}-theme`} checked={theme === choice} onChange={() => set({ theme: choice })} />
              {t(`settings.${choice}`)}
            </label>
          ))}
        </Choice>
        <Choice legend={t('settings.palette')}>
          {PALETTES.map((choice) => (
            <label key={choice}>
              <input type="radio" name={`${id}-palette`} checked={palette === choice} onChange={() => set({ palette: choice })} />
              {t(`settings.${choice}`)}
              {palette === choice && <Swatches />}
            </label>
          ))}
        </Choice>
        <label className={styles.check}>
          <input type="checkbox" checked={enlarged} onChange={() => set({ enlarged: !enlarged })} />
          {t('settings.enlarge')} <kbd>+</kbd>
        </label>
      </div>
    </>
  )
}

function Choice({ legend, children }: { readonly legend: string; readonly children: ReactNode }) {
  return (
    <fieldset className={styles.choice}>
      <legend>{legend}</legend>
      {children}
    </fieldset>
  )
}

function Swatches() {
  return (
    <span className={styles.swatches} aria-hidden="true">
      {STATE_STYLES.map(({ state, cssVar }) => (
        <i key={state} style={{ background: `var(${cssVar})` }} />
      ))}
    </span>
  )
}
