import { humanDuration } from '../../apimachinery/duration.ts'
import { invalid, type FieldError } from '../../apimachinery/field-errors.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
  JSONSchemaProps,
} from '../../apimachinery/generated/types.ts'
import { findResults, relaxedTemplate } from '../../apimachinery/jsonpath.ts'
import type { JsonObject, KubeObject } from '../../apimachinery/resource.ts'
import { customModel } from '../../apimachinery/schema/structural.ts'
import { parseTime } from '../../sim/time.ts'
import { ageColumn, nameColumn } from '../kinds/shared/columns.ts'
import type { Strategy, TableColumnDefinition } from '../kinds/strategy.ts'
import type { ResourceInfo, SubresourceInfo } from '../resources.ts'
import { conversionOf, type ConversionHost } from './conversion.ts'
import { withSchemaDefaults } from './defaults.ts'
import { brokenRules, hasRules } from './rules.ts'
import { listTypeErrors, schemaErrors } from './validate.ts'

const json = (object: KubeObject) => object as unknown as JsonObject

/** The first value that a column's or scale's path finds; undefined when there is none. */
function valueAt(path: string, object: KubeObject): unknown {
  return findResults(relaxedTemplate(path), object, { allowMissingKeys: true })[0]?.[0]
}

function withValueAt(object: JsonObject, path: readonly string[], value: unknown): JsonObject {
  const [key = '', ...rest] = path
  if (rest.length === 0) return { ...object, [key]: value }
  return { ...object, [key]: withValueAt((object[key] ?? {}) as JsonObject, rest, value) }
}

function cellOf({ type, jsonPath }: CustomResourceColumnDefinition): TableColumnDefinition<KubeObject>['cell'] {
  return (object, nowMs) => {
    const value = valueAt(jsonPath, object)
    if (value === undefined || value === null) return null
    if (type === 'date') return typeof value === 'string' ? humanDuration(nowMs - parseTime(value)) : '<invalid>'
    if (type === 'integer' || type === 'number') return typeof value === 'number' ? value : null
    if (type === 'boolean') return typeof value === 'boolean' ? value : null
    return typeof value === 'string' ? value : JSON.stringify(value)
  }
}

function columnsOf(version: CustomResourceDefinitionVersion): TableColumnDefinition<KubeObject>[] {
  const own = version.additionalPrinterColumns
  if (!own?.length) return [nameColumn, { ...ageColumn, type: 'date', description: describe('.metadata.creationTimestamp') }]
  return [
    nameColumn,
    ...own.map((column) => ({
      name: column.name,
      type: column.type as TableColumnDefinition<KubeObject>['type'],
      ...(column.format ? { format: column.format } : {}),
      priority: column.priority ?? 0,
      description: column.description || describe(column.jsonPath),
      cell: cellOf(column),
    })),
  ]
}

const describe = (path: string) => `Custom resource definition column (in JSONPath format): ${path}`

const NOT_CHECKED =
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation'
const BLOCKING = new Set(['NotSupported', 'Required', 'TooLong', 'TooMany', 'TypeInvalid'])

/** Rules come after everything else, and only for objects of the right form. k8s 1.36: customresource strategy Validate. */
function validator(schema: JSONSchemaProps | undefined): (object: KubeObject, old?: KubeObject) => FieldError[] {
  const rules = hasRules(schema)
  return (object, old) => {
    if (!schema) return []
    const { metadata: _, ...rest } = object
    const { metadata: __, ...before } = old ?? object
    const errors = [...schemaErrors(rest, schema, '', old && before), ...listTypeErrors(rest, schema, '')]
    if (!rules) return errors
    if (errors.some((e) => BLOCKING.has(e.type))) return [...errors, invalid('<nil>', null, NOT_CHECKED)]
    return [...errors, ...brokenRules(object, schema, '', old)]
  }
}

/** Rules, selectable fields and scale are those of one version; what is stored may be of another. */
function strategyOf(
  crd: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
  view: (stored: KubeObject) => KubeObject,
): Strategy {
  const { group, names } = crd.spec
  const schema = version.schema?.openAPIV3Schema
  const hasStatus = version.subresources?.status !== undefined
  const check = validator(schema)
  const validate = (object: KubeObject, old?: KubeObject) => check(view(object), old && view(old))
  const withoutStatus = (object: KubeObject) => {
    const { status: _, ...rest } = object as KubeObject & { status?: unknown }
    return rest
  }
  const spec = (object: KubeObject) => {
    const { metadata: _, apiVersion: __, kind: ___, ...rest } = json(object)
    if (hasStatus) delete (rest as { status?: unknown }).status
    return rest
  }
  const withGeneration = (object: KubeObject, generation: number): KubeObject => ({
    ...object,
    metadata: { ...object.metadata, generation },
  })
  return {
    group,
    resource: names.plural,
    ...(names.shortNames ? { shortNames: names.shortNames } : {}),
    ...(names.categories ? { categories: names.categories } : {}),
    allowUnconditionalUpdate: false,
    defaults: (object) => (schema ? (withSchemaDefaults(object, schema) as KubeObject) : object),
    prepareForCreate: (object) => withGeneration(hasStatus ? withoutStatus(object) : object, 1),
    prepareForUpdate: (object, old) => {
      const { status } = json(old)
      const kept = hasStatus ? { ...withoutStatus(object), ...(status === undefined ? {} : { status }) } : object
      const generation = old.metadata.generation ?? 1
      return withGeneration(kept, jsonEqual(spec(kept), spec(old)) ? generation : generation + 1)
    },
    prepareForStatusUpdate: (object, old) => {
      const { status } = json(object)
      return { ...withoutStatus(old), ...(status === undefined ? {} : { status }) }
    },
    validate: (object) => validate(object),
    validateUpdate: validate,
    validateStatusUpdate: validate,
    columns: columnsOf(version),
    fields: Object.fromEntries(
      (version.selectableFields ?? []).map(({ jsonPath }) => [
        jsonPath.replace(/^\./, ''),
        (object: KubeObject) => String(valueAt(jsonPath, view(object)) ?? ''),
      ]),
    ),
    ...scaleOf(version),
  }
}

function scaleOf(version: CustomResourceDefinitionVersion): Pick<Strategy, 'scale'> {
  const scale = version.subresources?.scale
  if (!scale) return {}
  const number = (path: string, object: KubeObject) => Number(valueAt(path, object) ?? 0)
  return {
    scale: {
      get: (object) => ({
        specReplicas: number(scale.specReplicasPath, object),
        statusReplicas: number(scale.statusReplicasPath, object),
        selector: scale.labelSelectorPath ? String(valueAt(scale.labelSelectorPath, object) ?? '') : '',
      }),
      set: (object, replicas) =>
        withValueAt(json(object), scale.specReplicasPath.split('.').filter(Boolean), replicas) as unknown as KubeObject,
    },
  }
}

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']
const SUBRESOURCE_VERBS = ['get', 'patch', 'update']

/** The served resource of one version of a definition. */
export function customResource(
  crd: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
  host: ConversionHost,
): ResourceInfo {
  const { group, names, scope } = crd.spec
  const apiVersion = `${group}/${version.name}`
  const subresources = new Map<string, SubresourceInfo>()
  if (version.subresources?.status)
    subresources.set('status', { name: 'status', kind: names.kind, model: '', verbs: SUBRESOURCE_VERBS })
  if (version.subresources?.scale)
    subresources.set('scale', { name: 'scale', kind: 'Scale', model: 'V1Scale', verbs: SUBRESOURCE_VERBS })
  const stored = crd.spec.versions.find((v) => v.storage) ?? version
  const storage = { group, apiVersion: `${group}/${stored.name}` }
  const schema = customModel(names.kind, version.schema?.openAPIV3Schema)
  const convert = conversionOf(crd, version, storage, schema, host)
  return {
    group,
    version: version.name,
    resource: names.plural,
    kind: names.kind,
    namespaced: scope === 'Namespaced',
    apiVersion,
    model: '',
    schema,
    verbs: VERBS,
    subresources,
    bucket: `${names.plural}.${group}`,
    storage,
    ...(convert ? { convert } : {}),
    strategy: strategyOf(crd, version, convert?.fromStorage ?? ((object) => object)),
    custom: {
      listKind: names.listKind ?? `${names.kind}List`,
      singular: names.singular ?? names.kind.toLowerCase(),
      openApi: version.schema?.openAPIV3Schema,
      ...(version.deprecated ? { deprecation: version.deprecationWarning ?? `${apiVersion} ${names.kind} is deprecated` } : {}),
    },
  }
}
