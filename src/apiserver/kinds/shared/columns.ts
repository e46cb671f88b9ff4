/** Columns that many kinds print. Source: k8s 1.36 pkg/printers/internalversion/printers.go. */
import { humanDuration } from '../../../apimachinery/duration.ts'
import type { Container, LabelSelector } from '../../../apimachinery/generated/types.ts'
import type { KubeObject } from '../../../apimachinery/resource.ts'
import { formatSelector } from '../../../apimachinery/selectors.ts'
import { parseTime } from '../../../sim/time.ts'
import type { TableColumnDefinition } from '../strategy.ts'

type Cell<T> = TableColumnDefinition<T>['cell']

/** A column that is always shown. */
export function column<T>(name: string, description: string, cell: Cell<T>, type: 'string' | 'integer' | 'boolean' = 'string') {
  return { name, type, priority: 0, description, cell } satisfies TableColumnDefinition<T>
}

/** A column of -o wide. */
export function wideColumn<T>(name: string, description: string, cell: Cell<T>) {
  return { name, type: 'string', priority: 1, description, cell } satisfies TableColumnDefinition<T>
}

export function integerColumn<T>(name: string, description: string, cell: (object: T) => number | undefined) {
  return column<T>(name, description, (object) => cell(object) ?? 0, 'integer')
}

/** The time since then in short, '<unknown>' when there is none. */
export function since(time: string | undefined, nowMs: number): string {
  return time ? humanDuration(nowMs - parseTime(time)) : '<unknown>'
}

export const nameColumn: TableColumnDefinition<KubeObject> = {
  name: 'Name',
  type: 'string',
  format: 'name',
  priority: 0,
  description: 'V1ObjectMeta.name',
  cell: (object) => object.metadata.name ?? '',
}

export const ageColumn: TableColumnDefinition<KubeObject> = {
  name: 'Age',
  type: 'string',
  priority: 0,
  description: 'V1ObjectMeta.creationTimestamp',
  cell: (object, nowMs) => since(object.metadata.creationTimestamp, nowMs),
}

/** Names and images of the containers of a template. */
export function containerColumns<T>(
  containers: (object: T) => readonly Container[] | undefined,
  priority = 1,
): TableColumnDefinition<T>[] {
  const base = { type: 'string', priority } as const
  const join = (object: T, name: 'name' | 'image') => (containers(object) ?? []).map((c) => c[name] ?? '').join(',')
  return [
    { ...base, name: 'Containers', description: 'Names of each container in the template.', cell: (o) => join(o, 'name') },
    {
      ...base,
      name: 'Images',
      description: 'Images referenced by each container in the template.',
      cell: (o) => join(o, 'image'),
    },
  ]
}

export function selectorColumn<T>(description: string, selector: (object: T) => LabelSelector | undefined) {
  return wideColumn<T>('Selector', description, (object) => formatSelector(selector(object)))
}

export const boolText = (value: boolean | undefined) => (value === undefined ? '<unset>' : value ? 'True' : 'False')

/** The first `max` texts, and how many more there are. */
export function firstFew(list: readonly string[], max: number, empty: string): string {
  if (list.length === 0) return empty
  const text = list.slice(0, max).join(',')
  return list.length > max ? `${text} + ${list.length - max} more...` : text
}
