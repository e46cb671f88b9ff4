import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import './theme/tokens.css'
import './theme/base.css'
import { App } from './app/App.tsx'
import { startUrlState } from './app/url-state.ts'
import { SessionContext } from './engine/hooks.ts'
import { pagePace } from './engine/pace.ts'
import { EngineSession } from './engine/session.ts'
import { startWorker } from './engine/worker-transport.ts'
import { initI18n } from './i18n/index.ts'
import { useClusterOptions } from './state/cluster-options.ts'
import { useSettings } from './state/settings.ts'
import { useLayout } from './state/layout.ts'
import { startTheme } from './theme/apply.ts'
import { VIEWS } from './views/registry.ts'

async function main(): Promise<void> {
  startTheme()
  startUrlState()
  const session = new EngineSession(startWorker, pagePace())
  // The engine builds the cluster while the page's texts load.
  void session.start(useClusterOptions.getState())
  const { view } = useLayout.getState()
  VIEWS.find((entry) => entry.id === view)
    ?.preload()
    .catch(() => {
      // The view's own boundary reports it when it is rendered.
    })
  await initI18n(useSettings.getState().language)
  const root = document.getElementById('root')
  if (root === null) throw new Error('index.html has no #root')
  createRoot(root).render(
    <StrictMode>
      <SessionContext value={session}>
        <App />
      </SessionContext>
    </StrictMode>,
  )
}

await main()
