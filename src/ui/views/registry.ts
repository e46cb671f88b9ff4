import { lazy } from 'react'
import type { ComponentType, LazyExoticComponent } from 'react'

/** A view of the stage. It takes no props: it reads the stores (src/ui/state) and feeds (src/ui/engine/hooks.ts). */
export interface ViewEntry {
  /** Stands in the URL. */
  readonly id: string
  readonly titleKey: string
  /** The digit that switches to it. */
  readonly key: string
  readonly component: LazyExoticComponent<ComponentType>
}

/** Adding a view is one folder and one line here. The module's default export is the component. */
export const VIEWS: readonly ViewEntry[] = [
  { id: 'cluster', titleKey: 'cluster:title', key: '1', component: lazy(() => import('./cluster/ClusterView.tsx')) },
  { id: 'rollout', titleKey: 'rollout:title', key: '2', component: lazy(() => import('./rollout/RolloutView.tsx')) },
]
