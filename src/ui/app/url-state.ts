import { DOCK_TABS } from '../panels/dock-tabs.ts'
import { useClusterOptions } from '../state/cluster-options.ts'
import { useLayout } from '../state/layout.ts'
import { sameObject, useSelection } from '../state/selection.ts'
import { useViewParams } from '../state/view-params.ts'
import { VIEWS } from '../views/registry.ts'
import { formatUrl, parseUrl } from './url.ts'
import type { UrlState } from './url.ts'

function read(): UrlState {
  return parseUrl(
    location.hash,
    VIEWS.map((view) => view.id),
    DOCK_TABS.map((tab) => tab.id),
  )
}

function present(): UrlState {
  const { view, inspectorTab, dockOpen, dockTab, table } = useLayout.getState()
  const { seed, workers, controlPlanes } = useClusterOptions.getState()
  const { selected } = useSelection.getState()
  const { params } = useViewParams.getState()
  return { seed, workers, controlPlanes, view, inspectorTab, dock: dockOpen ? dockTab : '', table, selected, params }
}

function show(state: UrlState): void {
  useLayout.getState().set({
    view: state.view,
    inspectorTab: state.inspectorTab,
    table: state.table,
    dockOpen: state.dock !== '',
    ...(state.dock === '' ? {} : { dockTab: state.dock }),
  })
  useViewParams.getState().set(state.params)
  if (!sameObject(state.selected, useSelection.getState().selected)) useSelection.getState().select(state.selected)
}

/**
 * Puts the URL's state into the stores and keeps both alike from then on. Choosing a view or an object makes a
 * history entry, so that Back undoes it; tabs and folding only rewrite the present one.
 */
export function startUrlState(): void {
  const initial = read()
  useClusterOptions.setState({ seed: initial.seed, workers: initial.workers, controlPlanes: initial.controlPlanes })
  show(initial)
  let written = formatUrl(initial)
  let steps = stepOf(initial)
  const write = (): void => {
    const state = present()
    const url = formatUrl(state)
    if (url === written) return
    const step = stepOf(state)
    if (step === steps) history.replaceState(null, '', url)
    else history.pushState(null, '', url)
    written = url
    steps = step
  }
  useLayout.subscribe(write)
  useSelection.subscribe(write)
  useViewParams.subscribe(write)
  useClusterOptions.subscribe(write)
  addEventListener('popstate', () => {
    const state = read()
    written = formatUrl(state)
    steps = stepOf(state)
    show(state)
  })
}

function stepOf(state: UrlState): string {
  return formatUrl({ ...state, inspectorTab: 'summary', dock: '', params: {} })
}
