import { Suspense } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../icons/Icon.tsx'
import { DOCK_TABS } from '../panels/dock-tabs.ts'
import { useLayout } from '../state/layout.ts'
import { useSettings } from '../state/settings.ts'
import styles from './Dock.module.css'
import { Splitter } from './Splitter.tsx'
import { Tabs } from './Tabs.tsx'

const MIN_HEIGHT_PX = 96

/** The dock at the bottom: drag its edge, or fold it away. */
export function Dock() {
  const { t } = useTranslation('shell')
  const { dockTab, dockOpen, openDock, set: setLayout } = useLayout()
  const heightPx = useSettings((state) => state.dockHeightPx)
  const set = useSettings((state) => state.set)
  const tab = DOCK_TABS.find((entry) => entry.id === dockTab) ?? DOCK_TABS[0]
  const Panel = tab?.component
  const foldLabel = t(dockOpen ? 'dock.fold' : 'dock.unfold')
  return (
    <>
      {dockOpen && (
        <Splitter
          label={t('dock.resize')}
          direction="row"
          reversed
          value={heightPx}
          min={MIN_HEIGHT_PX}
          max={Math.max(MIN_HEIGHT_PX, window.innerHeight - 240)}
          onChange={(dockHeightPx) => set({ dockHeightPx })}
        />
      )}
      <section
        className={styles.dock}
        aria-label={t('dock.title')}
        style={dockOpen ? { height: `min(${heightPx}px, 56dvh)` } : undefined}
        data-open={dockOpen || undefined}
      >
        <Tabs
          label={t('dock.title')}
          value={tab?.id ?? ''}
          onChange={openDock}
          tabs={DOCK_TABS.map((entry) => ({ id: entry.id, title: t(entry.titleKey) }))}
          end={
            <button
              type="button"
              className="btn bare icon"
              aria-label={foldLabel}
              title={foldLabel}
              onClick={() => setLayout({ dockOpen: !dockOpen })}
            >
              <Icon name={dockOpen ? 'down' : 'up'} />
            </button>
          }
        >
          {dockOpen && Panel !== undefined ? (
            <Suspense fallback={<p className="notice">{t('stage.loadingView')}</p>}>
              <Panel />
            </Suspense>
          ) : undefined}
        </Tabs>
      </section>
    </>
  )
}
