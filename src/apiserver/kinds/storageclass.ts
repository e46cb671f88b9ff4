import type { FieldError } from '../../apimachinery/field-errors.ts'
import { duplicate, invalid, required, tooLong } from '../../apimachinery/field-errors.ts'
import type { StorageClass, TopologySelectorTerm } from '../../apimachinery/generated/types.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import { defineStrategy } from './strategy.ts'
import type { StringMap } from './shared/checks.ts'
import { checkImmutable, checkOneOf, checkQualifiedName, checkRequiredOneOf, each } from './shared/checks.ts'
import { ageColumn, column, nameColumn } from './shared/columns.ts'
import { omitZero } from './shared/compact.ts'
import { checkLabelName } from './shared/labels.ts'
import { nodeLabelDeprecation } from './shared/pod-warnings.ts'

export function checkProvisioner(name: string | undefined, field: string): FieldError[] {
  return name ? checkQualifiedName(name.toLowerCase(), field) : [required(field)]
}

export function checkParameters(parameters: StringMap | undefined, field: string): FieldError[] {
  const entries = Object.entries(parameters ?? {})
  const errors: FieldError[] = entries.length > 512 ? [tooLong(field, 512)] : []
  if (entries.some(([key]) => key === '')) errors.push(invalid(field, '', 'field can not be empty.'))
  const size = entries.reduce((sum, [key, value]) => sum + key.length + value.length, 0)
  return size > 256 * 1024 ? [...errors, tooLong(field, 256 * 1024)] : errors
}

function checkTerm(term: TopologySelectorTerm, field: string): FieldError[] {
  const keys = new Set<string>()
  return each(term.matchLabelExpressions, ({ key = '', values = [] }, i) => {
    const path = `${field}.matchLabelExpressions[${i}]`
    const errors: FieldError[] = values.length === 0 ? [required(`${path}.values`)] : []
    for (const [j, value] of values.entries())
      if (values.indexOf(value) < j) errors.push(duplicate(`${path}.values[${j}]`, value))
    errors.push(...checkLabelName(key, `${path}.key`))
    if (keys.has(key)) errors.push(duplicate(`${path}.key`, key))
    keys.add(key)
    return errors
  })
}

function checkTopologies(terms: readonly TopologySelectorTerm[] | undefined): FieldError[] {
  const sorted = (t: TopologySelectorTerm) =>
    Object.fromEntries((t.matchLabelExpressions ?? []).map((e) => [e.key, (e.values ?? []).toSorted()]))
  return each(terms, (term, i) => {
    const field = `allowedTopologies[${i}]`
    const same = (terms ?? []).slice(0, i).some((t) => jsonEqual(sorted(t), sorted(term)))
    return [...checkTerm(term, field), ...(same ? [duplicate(`${field}.matchLabelExpressions`, '')] : [])]
  })
}

function validate(sc: StorageClass): FieldError[] {
  return [
    ...checkProvisioner(sc.provisioner, 'provisioner'),
    ...checkParameters(sc.parameters, 'parameters'),
    ...(sc.reclaimPolicy ? checkOneOf(sc.reclaimPolicy, ['Delete', 'Retain'], 'reclaimPolicy') : []),
    ...checkRequiredOneOf(sc.volumeBindingMode, ['Immediate', 'WaitForFirstConsumer'], 'volumeBindingMode'),
    ...checkTopologies(sc.allowedTopologies),
  ]
}

const FIXED = ['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode'] as const
const DEFAULT = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class']

const warnings = (sc: StorageClass) =>
  (sc.allowedTopologies ?? []).flatMap((t, i) =>
    (t.matchLabelExpressions ?? []).flatMap(({ key }, j) => {
      const message = nodeLabelDeprecation(key)
      return message === undefined ? [] : [`allowedTopologies[${i}].matchLabelExpressions[${j}].key: ${message}`]
    }),
  )

/** k8s 1.36: registry/storage/storageclass strategy.go. */
export const storageClass = defineStrategy<StorageClass>({
  group: 'storage.k8s.io',
  resource: 'storageclasses',
  shortNames: ['sc'],
  defaults: (object) => ({
    ...omitZero(object, ['parameters', 'mountOptions', 'allowedTopologies']),
    reclaimPolicy: object.reclaimPolicy ?? 'Delete',
    volumeBindingMode: object.volumeBindingMode ?? 'Immediate',
  }),
  validate,
  validateUpdate: (object, old) => FIXED.flatMap((name) => checkImmutable(object[name], old[name], name)),
  warnings,
  columns: [
    {
      ...nameColumn,
      cell: (sc) =>
        `${sc.metadata.name ?? ''}${DEFAULT.some((key) => sc.metadata.annotations?.[key] === 'true') ? ' (default)' : ''}`,
    },
    column('Provisioner', 'V1StorageClass.provisioner', (sc) => sc.provisioner ?? ''),
    column('ReclaimPolicy', 'V1StorageClass.reclaimPolicy', (sc) => sc.reclaimPolicy ?? 'Delete'),
    column('VolumeBindingMode', 'V1StorageClass.volumeBindingMode', (sc) => sc.volumeBindingMode ?? 'Immediate'),
    column('AllowVolumeExpansion', 'V1StorageClass.allowVolumeExpansion', (sc) => sc.allowVolumeExpansion ?? false),
    ageColumn,
  ],
})
