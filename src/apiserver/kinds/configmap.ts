import type { FieldError } from '../../apimachinery/field-errors.ts'
import { forbidden, invalid, tooLong } from '../../apimachinery/field-errors.ts'
import type { ConfigMap } from '../../apimachinery/generated/types.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import { byteLength } from '../../apimachinery/names.ts'
import { defineStrategy } from './strategy.ts'
import { checkConfigMapKey } from './shared/checks.ts'
import { ageColumn, column, nameColumn } from './shared/columns.ts'
import { omitZero } from './shared/compact.ts'

/** The most that the values of a ConfigMap or Secret may take together. */
export const MAX_DATA_BYTES = 1024 * 1024

/** The length in bytes of what a base64 text stands for. */
export function base64Length(text: string): number {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  return (text.length / 4) * 3 - padding
}

function validate(map: ConfigMap): FieldError[] {
  const { data = {}, binaryData = {} } = map
  const errors: FieldError[] = []
  for (const key of Object.keys(data)) {
    errors.push(...checkConfigMapKey(key, `data[${key}]`))
    if (binaryData[key] !== undefined) errors.push(invalid(`data[${key}]`, key, 'duplicate of key present in binaryData'))
  }
  for (const key of Object.keys(binaryData)) errors.push(...checkConfigMapKey(key, `binaryData[${key}]`))
  const bytes =
    Object.values(data).reduce((sum, text) => sum + byteLength(text), 0) +
    Object.values(binaryData).reduce((sum, text) => sum + base64Length(text), 0)
  // The path of the whole object is printed like this by Kubernetes.
  return bytes > MAX_DATA_BYTES ? [...errors, tooLong('[]', MAX_DATA_BYTES)] : errors
}

/** The rule for objects that were declared immutable: neither that nor the named fields may change. */
export function checkDeclaredImmutable<T extends { readonly immutable?: boolean }>(
  now: T,
  old: T,
  fields: readonly (keyof T & string)[],
) {
  if (old.immutable !== true) return []
  const detail = 'field is immutable when `immutable` is set'
  return [
    ...(now.immutable === true ? [] : [forbidden('immutable', detail)]),
    ...fields.filter((name) => !jsonEqual(now[name] ?? {}, old[name] ?? {})).map((name) => forbidden(name, detail)),
  ]
}

/** k8s 1.36: registry/core/configmap strategy.go. */
export const configMap = defineStrategy<ConfigMap>({
  group: '',
  resource: 'configmaps',
  shortNames: ['cm'],
  defaults: (object) => omitZero(object, ['data', 'binaryData']),
  validate,
  validateUpdate: (object, old) => [...checkDeclaredImmutable(object, old, ['data', 'binaryData']), ...validate(object)],
  columns: [
    nameColumn,
    column('Data', 'V1ConfigMap.data', (c) => Object.keys(c.data ?? {}).length + Object.keys(c.binaryData ?? {}).length),
    ageColumn,
  ],
})
