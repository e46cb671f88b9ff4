import { lazy } from 'react'
import type { ComponentType, LazyExoticComponent } from 'react'

/** A tab of the dock. Its component takes no props and fills its parent (height: 100%). */
export interface DockTab {
  /** Stands in the URL. */
  readonly id: string
  readonly titleKey: string
  readonly component: LazyExoticComponent<ComponentType>
}

/** Adding a tab is one line here. The module's default export is the component. */
export const DOCK_TABS: readonly DockTab[] = [
  { id: 'yaml', titleKey: 'shell:dock.yaml', component: lazy(() => import('../editor/EditorPanel.tsx')) },
  { id: 'examples', titleKey: 'shell:dock.examples', component: lazy(() => import('../gallery/GalleryPanel.tsx')) },
  { id: 'table', titleKey: 'shell:dock.table', component: lazy(() => import('./ResourceTable.tsx')) },
  { id: 'events', titleKey: 'shell:dock.events', component: lazy(() => import('./EventsPanel.tsx')) },
]
