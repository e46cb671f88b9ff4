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
  /** Fetches the view's code ahead of its first rendering. */
  readonly preload: () => Promise<unknown>
}

function view(id: string, titleKey: string, key: string, load: () => Promise<{ default: ComponentType }>): ViewEntry {
  return { id, titleKey, key, component: lazy(load), preload: load }
}

/** Adding a view is one folder and one line here. The module's default export is the component. */
export const VIEWS: readonly ViewEntry[] = [
  view('cluster', 'cluster:title', '1', () => import('./cluster/ClusterView.tsx')),
  view('controlplane', 'controlplane:title', '2', () => import('./controlplane/ControlPlaneView.tsx')),
  view('rollout', 'rollout:title', '3', () => import('./rollout/RolloutView.tsx')),
  view('network', 'network:title', '4', () => import('./network/NetworkView.tsx')),
  view('scheduling', 'scheduling:title', '5', () => import('./scheduling/SchedulingView.tsx')),
  view('timeline', 'timeline:title', '6', () => import('./timeline/TimelineView.tsx')),
]
