import { create } from 'zustand'

/** Inspector tabs, in their order on screen. */
export const INSPECTOR_TABS = ['summary', 'yaml', 'events', 'related'] as const
export type InspectorTab = (typeof INSPECTOR_TABS)[number]

/** The resource table of the dock: one kind, in one namespace or in all (''). */
export interface TableTarget {
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly kind: string
  readonly namespaced: boolean
  readonly namespace: string
}

interface LayoutState {
  /** Id of a view in views/registry.ts. */
  readonly view: string
  /** Id of a dock tab in panels/dock-tabs.ts. */
  readonly dockTab: string
  readonly dockOpen: boolean
  readonly inspectorOpen: boolean
  readonly inspectorTab: InspectorTab
  /** The kinds tree as a sheet, below 900 px. */
  readonly kindsSheet: boolean
  readonly table: TableTarget
  readonly set: (change: Partial<Omit<LayoutState, 'set' | 'openDock'>>) => void
  /** Shows a dock tab, unfolding the dock. */
  readonly openDock: (tab: string) => void
}

export const PODS_TABLE: TableTarget = {
  group: '',
  version: 'v1',
  resource: 'pods',
  kind: 'Pod',
  namespaced: true,
  namespace: '',
}

/** Which view and tabs are shown. Everything here but the sheets stands in the URL. */
export const useLayout = create<LayoutState>()((set) => ({
  view: 'cluster',
  dockTab: 'yaml',
  dockOpen: true,
  inspectorOpen: true,
  inspectorTab: 'summary',
  kindsSheet: false,
  table: PODS_TABLE,
  set: (change) => set(change),
  openDock: (dockTab) => set({ dockTab, dockOpen: true }),
}))
