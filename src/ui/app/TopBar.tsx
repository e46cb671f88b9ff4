import { useTranslation } from 'react-i18next'
import { Icon, Logo } from '../icons/Icon.tsx'
import { LANGUAGES, switchLanguage } from '../i18n/index.ts'
import { useClusterOptions } from '../state/cluster-options.ts'
import { useDialogs } from '../state/dialogs.ts'
import { useLayout } from '../state/layout.ts'
import { useSettings } from '../state/settings.ts'
import { VIEWS } from '../views/registry.ts'
import { reported } from './report.ts'
import { SettingsMenu } from './SettingsMenu.tsx'
import styles from './TopBar.module.css'
import { useNarrow } from './use-narrow.ts'

/** Name, cluster, views, search, language, settings, help. */
export function TopBar() {
  const { t } = useTranslation('shell')
  const narrow = useNarrow()
  const show = useDialogs((state) => state.show)
  const { seed, workers } = useClusterOptions()
  const kindsSheet = useLayout((state) => state.kindsSheet)
  const setLayout = useLayout((state) => state.set)
  return (
    <header className={styles.bar}>
      {narrow && (
        <button
          type="button"
          className="btn bare icon"
          aria-label={t('kinds.open')}
          aria-expanded={kindsSheet}
          onClick={() => setLayout({ kindsSheet: !kindsSheet })}
        >
          <Icon name="menu" />
        </button>
      )}
      <h1 className={styles.name}>
        <Logo /> {t('title')}
      </h1>
      <button
        type="button"
        className={`btn bare ${styles.cluster}`}
        aria-haspopup="dialog"
        aria-label={t('cluster.menu', { workers, seed })}
        onClick={() => show('cluster')}
      >
        <span className="mono">kubarium</span>
        <Icon name="down" size={12} />
      </button>
      <ViewNav />
      <div className={styles.end}>
        <button type="button" className={`btn ${styles.search}`} onClick={() => show('search')} aria-keyshortcuts="/">
          <Icon name="search" />
          <span className={styles.searchText}>{t('search.button')}</span>
          <kbd>/</kbd>
        </button>
        <LanguageSwitch />
        {!narrow && <InspectorToggle />}
        <SettingsMenu />
        <button
          type="button"
          className="btn bare icon"
          aria-label={t('help.button')}
          title={t('help.button')}
          aria-keyshortcuts="?"
          onClick={() => show('help')}
        >
          <Icon name="help" />
        </button>
      </div>
    </header>
  )
}

function ViewNav() {
  const { t } = useTranslation('shell')
  const current = useLayout((state) => state.view)
  const set = useLayout((state) => state.set)
  return (
    <nav className={styles.nav} aria-label={t('views')}>
      {VIEWS.map((view) => (
        <button
          key={view.id}
          type="button"
          className={styles.view}
          aria-current={view.id === current ? 'page' : undefined}
          aria-keyshortcuts={view.key}
          onClick={() => set({ view: view.id })}
        >
          {t(view.titleKey)}
        </button>
      ))}
    </nav>
  )
}

function InspectorToggle() {
  const { t } = useTranslation('shell')
  const open = useLayout((state) => state.inspectorOpen)
  const set = useLayout((state) => state.set)
  const label = t(open ? 'inspector.hide' : 'inspector.show')
  return (
    <button
      type="button"
      className="btn bare icon"
      aria-label={label}
      title={label}
      onClick={() => set({ inspectorOpen: !open })}
    >
      <Icon name="inspector" />
    </button>
  )
}

function LanguageSwitch() {
  const { t } = useTranslation('shell')
  const language = useSettings((state) => state.language)
  const set = useSettings((state) => state.set)
  return (
    <div className={styles.language} role="group" aria-label={t('settings.language')}>
      {LANGUAGES.map(({ id, label, short }) => (
        <button
          key={id}
          type="button"
          lang={id}
          aria-label={label}
          aria-pressed={id === language}
          onClick={() => {
            set({ language: id })
            reported(switchLanguage(id))
          }}
        >
          {short}
        </button>
      ))}
    </div>
  )
}
