import { INSPECTOR_TABS, PODS_TABLE } from '../state/layout.ts'
import type { InspectorTab, TableTarget } from '../state/layout.ts'
import type { ObjectRef } from '../state/selection.ts'

/** What a link carries: which cluster, which view, what is selected, which tabs are open. */
export interface UrlState {
  readonly seed: number
  readonly workers: number
  readonly controlPlanes: 1 | 3
  readonly view: string
  readonly selected: ObjectRef | null
  readonly inspectorTab: InspectorTab
  /** '' when the dock is folded. */
  readonly dock: string
  readonly table: TableTarget
  /** Of views, by '<view>.<name>'. */
  readonly params: { readonly [name: string]: string }
}

export const URL_DEFAULTS: UrlState = {
  seed: 42,
  workers: 2,
  controlPlanes: 1,
  view: 'cluster',
  selected: null,
  inspectorTab: 'summary',
  dock: 'yaml',
  table: PODS_TABLE,
  params: {},
}

const MAX_WORKERS = 5000
/** Stands for the core group and for "no namespace", which would be empty path segments. */
const NONE = '-'

/** '#/cluster?select=apps/v1/deployments/Deployment/default/web&tab=yaml'. Defaults are left out. */
export function formatUrl(state: UrlState): string {
  const params: string[] = []
  const { selected, table } = state
  if (selected !== null) {
    const { group, version, resource, kind, namespace, name } = selected
    params.push(`select=${segments([group, version, resource, kind, namespace, name])}`)
  }
  if (state.inspectorTab !== URL_DEFAULTS.inspectorTab) params.push(`tab=${state.inspectorTab}`)
  if (state.dock !== URL_DEFAULTS.dock) params.push(`dock=${state.dock === '' ? NONE : state.dock}`)
  const { group, version, resource, kind, namespaced, namespace } = table
  const tableText = segments([group, version, resource, kind, namespaced ? '*' : '', namespace])
  if (tableText !== segments([...PODS_SEGMENTS])) params.push(`table=${tableText}`)
  if (state.seed !== URL_DEFAULTS.seed) params.push(`seed=${state.seed}`)
  if (state.workers !== URL_DEFAULTS.workers) params.push(`workers=${state.workers}`)
  if (state.controlPlanes !== URL_DEFAULTS.controlPlanes) params.push(`control-planes=${state.controlPlanes}`)
  for (const [name, value] of Object.entries(state.params).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    if (name.startsWith(`${state.view}.`)) params.push(`${name}=${encodeURIComponent(value)}`)
  return `#/${state.view}${params.length > 0 ? `?${params.join('&')}` : ''}`
}
const PODS_SEGMENTS = [PODS_TABLE.group, PODS_TABLE.version, PODS_TABLE.resource, PODS_TABLE.kind, '*', PODS_TABLE.namespace]

/** Reads what formatUrl wrote. Anything unknown or malformed falls back to its default. */
export function parseUrl(hash: string, views: readonly string[], dockTabs: readonly string[]): UrlState {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2)
  const params = new URLSearchParams(query)
  const tab = params.get('tab')
  const dock = params.get('dock')
  return {
    seed: integer(params.get('seed'), 0, 2 ** 32 - 1) ?? URL_DEFAULTS.seed,
    workers: integer(params.get('workers'), 0, MAX_WORKERS) ?? URL_DEFAULTS.workers,
    controlPlanes: params.get('control-planes') === '3' ? 3 : 1,
    view: views.includes(path) ? path : URL_DEFAULTS.view,
    selected: parseSelected(params.get('select')),
    inspectorTab: INSPECTOR_TABS.find((known) => known === tab) ?? URL_DEFAULTS.inspectorTab,
    dock: dock === NONE ? '' : dock !== null && dockTabs.includes(dock) ? dock : URL_DEFAULTS.dock,
    table: parseTable(params.get('table')),
    params: Object.fromEntries(
      [...params].filter(([name]) => name.includes('.')).map(([name, value]) => [name, value.slice(0, 500)]),
    ),
  }
}

function segments(parts: readonly string[]): string {
  return parts.map((part) => (part === '' ? NONE : encodeURIComponent(part))).join('/')
}

function parseSegments(text: string | null, count: number): readonly string[] | null {
  // URLSearchParams has undone one percent-encoding, which is all there was.
  const parts = text?.split('/').map((part) => (part === NONE ? '' : part))
  return parts?.length === count ? parts : null
}

function parseSelected(text: string | null): ObjectRef | null {
  const parts = parseSegments(text, 6)
  if (parts === null) return null
  const [group = '', version = '', resource = '', kind = '', namespace = '', name = ''] = parts
  return version === '' || resource === '' || kind === '' || name === ''
    ? null
    : { group, version, resource, kind, namespace, name }
}

function parseTable(text: string | null): TableTarget {
  const parts = parseSegments(text, 6)
  if (parts === null) return PODS_TABLE
  const [group = '', version = '', resource = '', kind = '', namespaced = '', namespace = ''] = parts
  if (version === '' || resource === '' || kind === '') return PODS_TABLE
  return { group, version, resource, kind, namespaced: namespaced === '*', namespace }
}

function integer(text: string | null, min: number, max: number): number | null {
  if (text === null || !/^\d{1,10}$/.test(text)) return null
  const value = Number(text)
  return value >= min && value <= max ? value : null
}
