import type { KindCount, NodeRow, PodRow, TableRow } from '../../worker/protocol.ts'
import { kindMatches } from '../panels/kind-groups.ts'
import { nodeRef, podRef } from '../state/selection.ts'
import type { ObjectRef } from '../state/selection.ts'

export type SearchHit =
  | { readonly type: 'kind'; readonly kind: KindCount }
  | { readonly type: 'view'; readonly id: string; readonly title: string }
  | { readonly type: 'object'; readonly ref: ObjectRef; readonly status: string; readonly state: number | undefined }

const MAX_KINDS = 12
const MAX_OBJECTS = 60

/** Kinds whose rows the palette reads in full, beside pods and nodes from the map. */
export const SEARCHED_TABLES = [
  { group: 'apps', version: 'v1', resource: 'deployments', kind: 'Deployment' },
  { group: 'apps', version: 'v1', resource: 'statefulsets', kind: 'StatefulSet' },
  { group: 'apps', version: 'v1', resource: 'daemonsets', kind: 'DaemonSet' },
  { group: 'apps', version: 'v1', resource: 'replicasets', kind: 'ReplicaSet' },
  { group: 'batch', version: 'v1', resource: 'jobs', kind: 'Job' },
  { group: '', version: 'v1', resource: 'services', kind: 'Service' },
  { group: '', version: 'v1', resource: 'configmaps', kind: 'ConfigMap' },
  { group: '', version: 'v1', resource: 'namespaces', kind: 'Namespace' },
] as const

export interface SearchSources {
  readonly kinds: readonly KindCount[]
  readonly views: readonly { readonly id: string; readonly title: string }[]
  readonly tables: readonly { readonly rows: Iterable<TableRow>; readonly target: (typeof SEARCHED_TABLES)[number] }[]
  readonly nodes: Iterable<NodeRow>
  readonly pods: Iterable<PodRow>
}

/** What the text may mean: kinds, views, then objects whose name holds it; names that begin with it come first. */
export function searchHits(text: string, kindsOnly: boolean, sources: SearchSources): readonly SearchHit[] {
  const wanted = text.trim().toLowerCase()
  const kinds = sources.kinds.filter((kind) => kindMatches(kind, wanted))
  const kindHits = kinds.toSorted((a, b) => rank(a, wanted) - rank(b, wanted)).map((kind): SearchHit => ({ type: 'kind', kind }))
  if (kindsOnly) return kindHits
  const views = sources.views.filter((view) => view.title.toLowerCase().includes(wanted))
  const objects = wanted === '' ? [] : objectHits(wanted, sources)
  return [
    ...views.map(({ id, title }): SearchHit => ({ type: 'view', id, title })),
    ...kindHits.slice(0, wanted === '' ? 6 : MAX_KINDS),
    ...objects,
  ]
}

/** Exact short names and names before beginnings, beginnings before the rest. */
function rank(kind: KindCount, wanted: string): number {
  if (kind.shortNames.includes(wanted) || kind.resource === wanted || kind.kind.toLowerCase() === wanted) return 0
  return kind.kind.toLowerCase().startsWith(wanted) ? 1 : 2
}

function objectHits(wanted: string, sources: SearchSources): readonly SearchHit[] {
  const starting: SearchHit[] = []
  const holding: SearchHit[] = []
  const add = (ref: ObjectRef, status: string, state?: number): void => {
    const at = ref.name.toLowerCase().indexOf(wanted)
    if (at === 0 && starting.length < MAX_OBJECTS) starting.push({ type: 'object', ref, status, state })
    else if (at > 0 && holding.length < MAX_OBJECTS) holding.push({ type: 'object', ref, status, state })
  }
  for (const { rows, target } of sources.tables)
    for (const row of rows) add({ ...target, namespace: row.namespace, name: row.name }, '')
  for (const node of sources.nodes) add(nodeRef(node.name), node.status)
  for (const pod of sources.pods) add(podRef(pod.namespace, pod.name), pod.status, pod.state)
  return [...starting, ...holding].slice(0, MAX_OBJECTS)
}
