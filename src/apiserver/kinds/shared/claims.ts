/** The spec of a volume claim, alone or in a template. Source: k8s 1.36 ValidatePersistentVolumeClaimSpec. */
import type { FieldError } from '../../../apimachinery/field-errors.ts'
import { forbidden, invalid, required } from '../../../apimachinery/field-errors.ts'
import type {
  PersistentVolumeClaimSpec,
  TypedLocalObjectReference,
  TypedObjectReference,
} from '../../../apimachinery/generated/types.ts'
import { isDns1123Label } from '../../../apimachinery/names.ts'
import { compareQuantities } from '../../../apimachinery/quantity.ts'
import { checkOneOf, checkRequired, checkSubdomain, each, invalids } from './checks.ts'
import { checkLabelSelector, hasInvalidSelectorValue } from './labels.ts'

/** Sorted, as errors list them. */
export const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod']
export const VOLUME_MODES = ['Block', 'Filesystem']

export function checkAccessModes(modes: readonly string[] | undefined, field: string): FieldError[] {
  const errors = each(modes, (mode) => checkOneOf(mode, ACCESS_MODES, field))
  const known = (modes ?? []).filter((m) => ACCESS_MODES.includes(m))
  if (known.includes('ReadWriteOncePod') && known.some((m) => m !== 'ReadWriteOncePod')) {
    errors.push(forbidden(field, 'may not use ReadWriteOncePod with other access modes'))
  }
  return errors
}

function checkStorage(storage: string | undefined, field: string): FieldError[] {
  if (storage === undefined) return [required(field)]
  return compareQuantities(storage, '0') > 0 ? [] : [invalid(field, storage, 'must be greater than zero')]
}

function checkDataSource(source: TypedLocalObjectReference & TypedObjectReference, field: string): FieldError[] {
  const group = source.apiGroup ?? ''
  const errors = [...checkRequired(source.name, `${field}.name`), ...checkRequired(source.kind, `${field}.kind`)]
  if (group !== '') return [...errors, ...checkSubdomain(group, `${field}.apiGroup`)]
  if (source.kind === 'PersistentVolumeClaim') return errors
  return [...errors, invalid(field, source.kind ?? '', "must be 'PersistentVolumeClaim' when referencing the default apiGroup")]
}

function checkDataSources(spec: PersistentVolumeClaimSpec, field: string): FieldError[] {
  const { dataSource, dataSourceRef } = spec
  const namespace = dataSourceRef?.namespace ?? ''
  const errors: FieldError[] = []
  if (dataSource) errors.push(...checkDataSource(dataSource, `${field}.dataSource`))
  if (dataSourceRef) {
    errors.push(...checkDataSource(dataSourceRef, `${field}.dataSourceRef`))
    if (namespace !== '') errors.push(...invalids(`${field}.dataSourceRef.namespace`, namespace, isDns1123Label(namespace)))
  }
  if (!dataSource || !dataSourceRef) return errors
  // The value shown is the path of the field, as in Kubernetes.
  const problem = (text: string) => [...errors, invalid(field, `${field}.dataSource`, text)]
  if (namespace !== '') return problem('may not be specified when dataSourceRef.namespace is specified')
  const same =
    (dataSource.apiGroup ?? '') === (dataSourceRef.apiGroup ?? '') &&
    dataSource.kind === dataSourceRef.kind &&
    dataSource.name === dataSourceRef.name
  return same ? errors : problem('must match dataSourceRef')
}

export function checkClaimSpec(spec: PersistentVolumeClaimSpec, field: string, old?: PersistentVolumeClaimSpec): FieldError[] {
  const errors: FieldError[] = []
  if ((spec.accessModes ?? []).length === 0) errors.push(required(`${field}.accessModes`, 'at least 1 access mode is required'))
  errors.push(
    ...checkLabelSelector(spec.selector, `${field}.selector`, hasInvalidSelectorValue(old?.selector)),
    ...checkAccessModes(spec.accessModes, `${field}.accessModes`),
    ...checkStorage(spec.resources?.requests?.['storage'], `${field}.resources[storage]`),
  )
  if (spec.storageClassName) errors.push(...checkSubdomain(spec.storageClassName, `${field}.storageClassName`))
  if (spec.volumeMode !== undefined) errors.push(...checkOneOf(spec.volumeMode, VOLUME_MODES, `${field}.volumeMode`))
  errors.push(...checkDataSources(spec, field))
  if (spec.volumeAttributesClassName)
    errors.push(...checkSubdomain(spec.volumeAttributesClassName, `${field}.volumeAttributesClassName`))
  return errors
}
