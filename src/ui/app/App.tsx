import { Suspense, lazy } from 'react'
import { useTranslation } from 'react-i18next'
import { Inspector } from '../panels/inspector/Inspector.tsx'
import { KindsPanel } from '../panels/KindsPanel.tsx'
import { TimeBar } from '../panels/TimeBar.tsx'
import { useDialogs } from '../state/dialogs.ts'
import { useLayout } from '../state/layout.ts'
import { useSelection } from '../state/selection.ts'
import { useSettings } from '../state/settings.ts'
import { TravelBanner } from '../timeline/TravelBanner.tsx'
import styles from './App.module.css'
import { Dock } from './Dock.tsx'
import { EngineBanner } from './EngineBanner.tsx'
import { SearchDialog } from './SearchDialog.tsx'
import { Splitter } from './Splitter.tsx'
import { Stage } from './Stage.tsx'
import { Toasts } from './Toasts.tsx'
import { TopBar } from './TopBar.tsx'
import { useKeys } from './use-keys.ts'
import { useNarrow } from './use-narrow.ts'

const HelpDialog = lazy(() => import('./HelpDialog.tsx'))
const ClusterDialog = lazy(() => import('./ClusterDialog.tsx'))
const BreakpointsDialog = lazy(() => import('../timeline/BreakpointsDialog.tsx'))
const AddNodeDialog = lazy(() => import('./AddNodeDialog.tsx'))

/** The window: top bar, kinds, stage, inspector, dock, time bar. */
export function App() {
  useKeys()
  const { t } = useTranslation('shell')
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#stage" onClick={(event) => focusStage(event)}>
        {t('skip')}
      </a>
      <TopBar />
      <EngineBanner />
      <TravelBanner />
      <Middle />
      <Dock />
      <TimeBar />
      <Toasts />
      <Dialogs />
    </div>
  )
}

function focusStage(event: { preventDefault: () => void }): void {
  event.preventDefault()
  document.getElementById('stage')?.focus()
}

/** Kinds, stage and inspector side by side; below 900 px the outer two are sheets over the stage. */
function Middle() {
  const { t } = useTranslation('shell')
  const narrow = useNarrow()
  const inspectorOpen = useLayout((state) => state.inspectorOpen)
  const kindsSheet = useLayout((state) => state.kindsSheet)
  const selected = useSelection((state) => state.selected !== null)
  const kindsWidthPx = useSettings((state) => state.kindsWidthPx)
  const inspectorWidthPx = useSettings((state) => state.inspectorWidthPx)
  const set = useSettings((state) => state.set)
  if (narrow) {
    return (
      <div className={styles.middle}>
        <Stage />
        {kindsSheet && (
          <div className={styles.kindsSheet}>
            <KindsPanel />
          </div>
        )}
        {selected && inspectorOpen && (
          <div className={styles.inspectorSheet}>
            <Inspector />
          </div>
        )}
      </div>
    )
  }
  return (
    <div className={styles.middle}>
      <div className={styles.side} style={{ width: `min(${kindsWidthPx}px, 22vw)` }}>
        <KindsPanel />
      </div>
      <Splitter
        label={t('kinds.resize')}
        direction="column"
        value={kindsWidthPx}
        min={148}
        max={400}
        onChange={(value) => set({ kindsWidthPx: value })}
      />
      <Stage />
      {inspectorOpen && (
        <>
          <Splitter
            label={t('inspector.resize')}
            direction="column"
            reversed
            value={inspectorWidthPx}
            min={260}
            max={640}
            onChange={(value) => set({ inspectorWidthPx: value })}
          />
          <div className={styles.side} style={{ width: `min(${inspectorWidthPx}px, 36vw)` }}>
            <Inspector />
          </div>
        </>
      )}
    </div>
  )
}

function Dialogs() {
  const open = useDialogs((state) => state.open)
  return (
    <Suspense fallback={null}>
      {open === 'help' && <HelpDialog />}
      {(open === 'search' || open === 'kind') && <SearchDialog kindsOnly={open === 'kind'} />}
      {open === 'cluster' && <ClusterDialog />}
      {open === 'add-node' && <AddNodeDialog />}
      {open === 'breakpoints' && <BreakpointsDialog />}
    </Suspense>
  )
}
