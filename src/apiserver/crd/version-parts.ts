/** What a version has beside its schema, and how versions are converted: whether it is well formed. */
import {
  duplicate,
  forbidden,
  invalid,
  notSupported,
  required,
  tooMany,
  type FieldError,
} from '../../apimachinery/field-errors.ts'
import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
  CustomResourceSubresourceScale,
} from '../../apimachinery/generated/types.ts'
import { checkClientAt, checkReviewVersions } from '../kinds/webhooks.ts'
import { validFieldPath, schemaAt } from './field-path.ts'

const COLUMN_TYPES = ['boolean', 'date', 'integer', 'number', 'string']
const COLUMN_FORMATS = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password']
const MAX_SELECTABLE = 8

function pathErrors(path: string | undefined, field: string, under?: readonly string[]): FieldError[] {
  if (!path) return [required(field)]
  if (!path.startsWith('.')) return [invalid(field, path, 'must be a simple json path starting with .')]
  if (!under || under.some((start) => path.startsWith(`${start}.`))) return []
  const where = under.length > 1 ? `either ${under.join(' or ')}` : under[0]
  return [invalid(field, path, `should be a json path under ${where}`)]
}

function columnErrors(column: CustomResourceColumnDefinition, field: string): FieldError[] {
  const { name, type, format, jsonPath } = column
  const types = `must be one of ${COLUMN_TYPES.join(',')}`
  const errors: FieldError[] = name ? [] : [required(`${field}.name`)]
  if (!type) errors.push(required(`${field}.type`, types))
  else if (!COLUMN_TYPES.includes(type)) errors.push(invalid(`${field}.type`, type, types))
  if (format && !COLUMN_FORMATS.includes(format))
    errors.push(invalid(`${field}.format`, format, `must be one of ${COLUMN_FORMATS.join(',')}`))
  return [...errors, ...pathErrors(jsonPath, `${field}.JSONPath`)]
}

function scaleErrors(scale: CustomResourceSubresourceScale, field: string): FieldError[] {
  const { specReplicasPath, statusReplicasPath, labelSelectorPath } = scale
  return [
    ...pathErrors(specReplicasPath, `${field}.specReplicasPath`, ['.spec']),
    ...pathErrors(statusReplicasPath, `${field}.statusReplicasPath`, ['.status']),
    ...(labelSelectorPath ? pathErrors(labelSelectorPath, `${field}.labelSelectorPath`, ['.spec', '.status']) : []),
  ]
}

/** k8s 1.36: ValidateCustomResourceSelectableFields. */
function selectableErrors({ selectableFields = [], schema }: CustomResourceDefinitionVersion, field: string): FieldError[] {
  const seen = new Set<string>()
  const errors = selectableFields.flatMap(({ jsonPath }, i): FieldError[] => {
    const at = `${field}[${i}].jsonPath`
    if (!jsonPath) return [required(at)]
    const root = schema?.openAPIV3Schema ?? {}
    const path = jsonPath.includes('[') ? undefined : validFieldPath(jsonPath, root)
    if (path === undefined) {
      const why = jsonPath.includes('[')
        ? 'array notation is not allowed'
        : jsonPath.startsWith('.')
          ? 'does not refer to a valid field'
          : `expected [ or . but got: ${jsonPath.split('.')[0] ?? ''}`
      return [invalid(at, jsonPath, `is an invalid path: ${why}`)]
    }
    const own: FieldError[] = []
    if (path.split('.')[0] === 'metadata') own.push(invalid(at, jsonPath, 'must not point to fields in metadata'))
    if (!['string', 'boolean', 'integer'].includes(schemaAt(jsonPath, root)?.type ?? ''))
      own.push(
        invalid(
          at,
          jsonPath,
          'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
        ),
      )
    if (seen.has(path)) own.push(duplicate(at, jsonPath))
    seen.add(path)
    return own
  })
  return seen.size > MAX_SELECTABLE ? [...errors, tooMany(field, seen.size, MAX_SELECTABLE)] : errors
}

/** A single version's parts are known by an older path. */
export function partErrors({ spec }: CustomResourceDefinition): FieldError[] {
  const single = spec.versions.length === 1
  return spec.versions.flatMap((version, i) => {
    const at = single ? 'spec' : `spec.versions[${i}]`
    const { subresources, additionalPrinterColumns = [] } = version
    return [
      ...(subresources?.scale ? scaleErrors(subresources.scale, `${at}.subresources.scale`) : []),
      ...additionalPrinterColumns.flatMap((column, j) => columnErrors(column, `${at}.additionalPrinterColumns[${j}]`)),
      ...selectableErrors(version, `${at}.selectableFields`),
    ]
  })
}

/** k8s 1.36: validateCustomResourceConversion. */
export function conversionErrors({ spec }: CustomResourceDefinition): FieldError[] {
  const { conversion } = spec
  if (!conversion) return []
  const field = 'spec.conversion'
  const { strategy, webhook } = conversion
  if (strategy !== 'None' && strategy !== 'Webhook')
    return [strategy ? notSupported(`${field}.strategy`, strategy, ['None', 'Webhook']) : required(`${field}.strategy`)]
  const client = `${field}.webhookClientConfig`
  const versions = `${field}.conversionReviewVersions`
  if (strategy === 'Webhook')
    return [
      ...(webhook?.clientConfig
        ? checkClientAt(webhook.clientConfig, client)
        : [required(client, 'required when strategy is set to Webhook')]),
      ...checkReviewVersions(webhook?.conversionReviewVersions ?? [], false, versions),
    ]
  const why = 'should not be set when strategy is not set to Webhook'
  return [
    ...(webhook?.clientConfig ? [forbidden(client, why)] : []),
    ...(webhook?.conversionReviewVersions?.length ? [forbidden(versions, why)] : []),
  ]
}
