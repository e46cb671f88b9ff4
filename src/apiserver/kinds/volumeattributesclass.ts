import { forbidden, required } from '../../apimachinery/field-errors.ts'
import type { VolumeAttributesClass } from '../../apimachinery/generated/types.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import { checkParameters, checkProvisioner } from './storageclass.ts'
import { defineStrategy } from './strategy.ts'
import { ageColumn, column, nameColumn } from './shared/columns.ts'

function validate(object: VolumeAttributesClass) {
  const empty = Object.keys(object.parameters ?? {}).length === 0
  return [
    ...checkProvisioner(object.driverName, 'driverName'),
    ...checkParameters(object.parameters, 'parameters'),
    ...(empty ? [required('parameters', 'must contain at least one key/value pair')] : []),
  ]
}

/** k8s 1.36: registry/storage/volumeattributesclass strategy.go. */
export const volumeAttributesClass = defineStrategy<VolumeAttributesClass>({
  group: 'storage.k8s.io',
  resource: 'volumeattributesclasses',
  shortNames: ['vac'],
  validate,
  validateUpdate: (object, old) => [
    ...(['driverName', 'parameters'] as const)
      .filter((name) => !jsonEqual(object[name], old[name]))
      .map((name) => forbidden(name, `updates to ${name} are forbidden.`)),
    ...validate(object),
  ],
  columns: [nameColumn, column('DriverName', 'V1VolumeAttributesClass.driverName', (v) => v.driverName), ageColumn],
})
