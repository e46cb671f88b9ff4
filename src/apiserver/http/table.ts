import { badRequest } from '../../apimachinery/errors.ts'
import type { JsonObject, KubeObject } from '../../apimachinery/resource.ts'
import type { KubeList } from '../api.ts'
import { ageColumn, nameColumn } from '../kinds/shared/columns.ts'
import type { TableColumnDefinition } from '../kinds/strategy.ts'
import type { ResourceInfo } from '../resources.ts'
import { columnText } from './descriptions.ts'

const INCLUDES = ['', 'None', 'Metadata', 'Object']

/** Kinds without columns of their own show name and creation time. k8s 1.36: rest.DefaultTableConvertor. */
const DEFAULT_COLUMNS: readonly TableColumnDefinition<KubeObject>[] = [
  nameColumn,
  {
    name: 'Created At',
    type: 'date',
    priority: 0,
    description: ageColumn.description,
    cell: (object) => object.metadata.creationTimestamp ?? '',
  },
]

/** What goes into each row's `object`. */
export type IncludeObject = 'None' | 'Metadata' | 'Object'

export function includeObject(text: string | undefined): IncludeObject {
  if (!INCLUDES.includes(text ?? ''))
    throw badRequest(
      `Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(text)}: must be 'Metadata', 'Object', 'None', or empty`,
    )
  return (text || 'Metadata') as IncludeObject
}

/** Only kind, version and metadata. */
export function partialObject(object: KubeObject, version = 'v1'): JsonObject {
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata: object.metadata }
}

/** Objects as a meta.k8s.io Table. `withColumns` false leaves the definitions out (later events of a watch). */
export function tableOf(
  info: ResourceInfo,
  content: KubeObject | KubeList,
  include: IncludeObject,
  nowMs: number,
  version = 'v1',
  withColumns = true,
): JsonObject {
  const columns = info.strategy.columns ?? DEFAULT_COLUMNS
  const objects = 'items' in content ? (content as KubeList).items : [content as KubeObject]
  const { resourceVersion, continue: more, remainingItemCount } = content.metadata as KubeList['metadata']
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${version}`,
    metadata: {
      ...(resourceVersion ? { resourceVersion } : {}),
      ...(more ? { continue: more } : {}),
      ...(remainingItemCount ? { remainingItemCount } : {}),
    },
    columnDefinitions: withColumns
      ? columns
          .filter((column) => !column.undeclared)
          .map(({ name, type, format = '', priority, description }) => ({
            name,
            type,
            format,
            description: columnText(description),
            priority,
          }))
      : null,
    rows: objects.map((object) => ({
      cells: columns.map((column) => column.cell(object, nowMs)),
      ...conditionsOf(info, object),
      object: include === 'None' ? null : include === 'Object' ? object : partialObject(object, version),
    })),
  }
}

function conditionsOf({ strategy }: ResourceInfo, object: KubeObject): JsonObject {
  const conditions = strategy.rowConditions?.(object)
  return conditions?.length ? { conditions } : {}
}
