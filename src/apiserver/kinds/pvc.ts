import type { FieldError } from '../../apimachinery/field-errors.ts'
import { forbidden, invalid, notSupported, required } from '../../apimachinery/field-errors.ts'
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../../apimachinery/generated/types.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import { compareQuantities, value as wholeValue } from '../../apimachinery/quantity.ts'
import { accessModesText } from './pv.ts'
import { defineStrategy } from './strategy.ts'
import { checkClaimSpec } from './shared/claims.ts'
import { checkImmutable, checkQualifiedName } from './shared/checks.ts'
import { ageColumn, column, nameColumn, wideColumn } from './shared/columns.ts'
import { omit, orDefault, patch } from './shared/compact.ts'
import { internalDiff } from './shared/internal-diff.ts'
import { keepStatus, onlyStatus } from './shared/lifecycle.ts'
import { fractionWarnings } from './shared/pod-warnings.ts'
import { canonicalResources } from './shared/quantities.ts'
import { checkQuantityNotNegative, isNativeResource } from './shared/resources.ts'
import { defaultClaimSpec } from './shared/volume-defaults.ts'

const BETA_CLASS = 'volume.beta.kubernetes.io/storage-class'
const specOf = (claim: PersistentVolumeClaim): PersistentVolumeClaimSpec => claim.spec ?? {}

function defaults(claim: PersistentVolumeClaim): PersistentVolumeClaim {
  const status = claim.status ?? {}
  return {
    ...claim,
    spec: defaultClaimSpec(claim.spec),
    status: {
      ...status,
      phase: orDefault(status.phase, 'Pending'),
      ...patch(status, 'capacity', canonicalResources),
      ...patch(status, 'allocatedResources', canonicalResources),
    },
  }
}

/** dataSource and dataSourceRef say the same, where both can. Sources that nothing handles are dropped. */
function normalized(spec: PersistentVolumeClaimSpec, old?: PersistentVolumeClaimSpec): PersistentVolumeClaimSpec {
  let { dataSource, dataSourceRef } = spec
  if (dataSourceRef?.namespace && old?.dataSourceRef === undefined) dataSourceRef = undefined
  const known =
    dataSource?.kind === 'PersistentVolumeClaim'
      ? !dataSource.apiGroup
      : dataSource?.kind === 'VolumeSnapshot' && dataSource.apiGroup === 'snapshot.storage.k8s.io'
  const wasUsed = old?.dataSource !== undefined || old?.dataSourceRef !== undefined
  if (!wasUsed && dataSourceRef === undefined && !known) dataSource = undefined
  if (dataSource !== undefined && dataSourceRef === undefined) dataSourceRef = dataSource
  else if (dataSourceRef !== undefined && dataSource === undefined && !dataSourceRef.namespace) {
    dataSource = omit(dataSourceRef, ['namespace'])
  }
  const rest = omit(spec, ['dataSource', 'dataSourceRef'])
  return { ...rest, ...(dataSource && { dataSource }), ...(dataSourceRef && { dataSourceRef }) }
}

/** The specs of both as far as they have to be equal. k8s 1.36: ValidatePersistentVolumeClaimUpdate. */
function comparable(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): readonly [object, object] {
  let [now, before] = [specOf(claim), specOf(old)]
  if (!before.volumeName) before = { ...before, volumeName: now.volumeName }
  const className = old.metadata.annotations?.[BETA_CLASS]
  const movesFromAnnotation =
    className !== undefined && before.storageClassName === undefined && now.storageClassName === className
  const setsClass = before.storageClassName === undefined && now.storageClassName !== undefined && className === undefined
  if (movesFromAnnotation || setsClass) now = { ...now, storageClassName: before.storageClassName }
  if (claim.status?.phase === 'Bound') {
    const requests = now.resources?.requests && {
      ...now.resources.requests,
      storage: before.resources?.requests?.['storage'] ?? '0',
    }
    now = {
      ...now,
      ...(requests && { resources: { ...now.resources, requests } }),
      volumeAttributesClassName: before.volumeAttributesClassName,
    }
  }
  return [now, before]
}

const FIXED = 'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims'

function validateUpdate(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const errors = checkClaimSpec(specOf(claim), 'spec', specOf(old))
  const [now, before] = comparable(claim, old)
  const [annotation, oldAnnotation] = [
    claim.metadata.annotations?.[BETA_CLASS] ?? '',
    old.metadata.annotations?.[BETA_CLASS] ?? '',
  ]
  const moved = oldAnnotation !== '' && specOf(claim).storageClassName === oldAnnotation
  if (annotation !== oldAnnotation && !moved) {
    errors.push(invalid(`metadata.annotations.${BETA_CLASS}`, annotation, 'field is immutable'))
  }
  if (!jsonEqual(now, before)) {
    errors.push(forbidden('spec', `${FIXED}\n${internalDiff('PersistentVolumeClaimSpec', before, now)}`))
  }
  const [size, oldSize] = [specOf(claim), specOf(old)].map((s) => s.resources?.requests?.['storage'] ?? '0')
  const smaller = compareQuantities(size ?? '0', oldSize ?? '0') < 0
  if (smaller && compareQuantities(size ?? '0', old.status?.capacity?.['storage'] ?? '0') <= 0) {
    errors.push(forbidden('spec.resources.requests.storage', 'field can not be less than status.capacity'))
  }
  errors.push(...checkImmutable(specOf(claim).volumeMode, specOf(old).volumeMode, 'volumeMode'))
  const name = specOf(claim).volumeAttributesClassName
  if (name === specOf(old).volumeAttributesClassName || old.status?.currentVolumeAttributesClassName === undefined) return errors
  const field = 'spec.volumeAttributesClassName'
  const when = 'is forbidden when status.currentVolumeAttributesClassName is not nil'
  if (name === undefined) errors.push(forbidden(field, `update to nil ${when}`))
  else if (name === '') errors.push(forbidden(field, `update to empty string ${when}`))
  return errors
}

function checkResourceKey(name: string, field: string): FieldError[] {
  const errors = checkQualifiedName(name, field)
  if (errors.length > 0 || !isNativeResource(name) || name === 'storage') return errors
  return [notSupported(field, name, ['storage'])]
}

const RESIZE = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
  'NodeResizePending',
].toSorted()

function checkAmount(text: string, field: string): FieldError[] {
  return wholeValue(text) < 0 ? [invalid(field, wholeValue(text), 'must be a valid resource quantity')] : []
}

function validateStatusUpdate(claim: PersistentVolumeClaim): FieldError[] {
  const { capacity = {}, allocatedResources = {}, allocatedResourceStatuses = {} } = claim.status ?? {}
  const errors: FieldError[] = (specOf(claim).accessModes ?? []).length === 0 ? [required('Spec.accessModes')] : []
  for (const [name, text] of Object.entries(capacity)) errors.push(...checkAmount(text, `status.capacity[${name}]`))
  for (const [name, status] of Object.entries(allocatedResourceStatuses)) {
    const field = 'status.allocatedResourceStatuses'
    errors.push(...checkResourceKey(name, field))
    if (!RESIZE.includes(status)) errors.push(notSupported(field, name, RESIZE))
  }
  for (const [name, text] of Object.entries(allocatedResources)) {
    const field = `status.allocatedResources[${name}]`
    const ofKey = checkResourceKey(name, 'status.allocatedResources')
    errors.push(...(ofKey.length > 0 ? ofKey : [...checkAmount(text, field), ...checkQuantityNotNegative(text, field)]))
  }
  return errors
}

function warnings(claim: PersistentVolumeClaim): string[] {
  const { requests, limits } = specOf(claim).resources ?? {}
  const old = 'deprecated since v1.8; use "storageClassName" attribute instead'
  return [
    ...(claim.metadata.annotations?.[BETA_CLASS] === undefined ? [] : [`metadata.annotations[${BETA_CLASS}]: ${old}`]),
    ...fractionWarnings(requests, ['storage'], 'spec.resources.requests'),
    ...fractionWarnings(limits, ['storage'], 'spec.resources.limits'),
  ]
}

const isBound = (claim: PersistentVolumeClaim) => Boolean(claim.spec?.volumeName)

/** k8s 1.36: registry/core/persistentvolumeclaim strategy.go. */
export const persistentVolumeClaim = defineStrategy<PersistentVolumeClaim>({
  group: '',
  resource: 'persistentvolumeclaims',
  shortNames: ['pvc'],
  defaults,
  prepareForCreate: (object) => ({ ...object, spec: normalized(specOf(object)), status: { phase: 'Pending' } }),
  prepareForUpdate: (object, old) => keepStatus({ ...object, spec: normalized(specOf(object), specOf(old)) }, old),
  prepareForStatusUpdate: (object, old) => onlyStatus(object, old),
  validate: (object) => checkClaimSpec(specOf(object), 'spec'),
  validateUpdate,
  validateStatusUpdate,
  warnings,
  fields: { name: (c) => c.metadata.name ?? '' },
  columns: [
    nameColumn,
    column('Status', 'V1PersistentVolumeClaimStatus.phase', (c) => {
      return c.metadata.deletionTimestamp === undefined ? (c.status?.phase ?? '') : 'Terminating'
    }),
    column('Volume', 'V1PersistentVolumeClaimSpec.volumeName', (c) => c.spec?.volumeName ?? ''),
    column('Capacity', 'V1PersistentVolumeClaimStatus.capacity', (c) =>
      isBound(c) ? (c.status?.capacity?.['storage'] ?? '0') : '',
    ),
    column('Access Modes', 'V1PersistentVolumeClaimStatus.accessModes', (c) =>
      isBound(c) ? accessModesText(c.status?.accessModes) : '',
    ),
    column(
      'StorageClass',
      'StorageClass of the pvc',
      (c) => c.metadata.annotations?.[BETA_CLASS] ?? c.spec?.storageClassName ?? '',
    ),
    column('VolumeAttributesClass', 'VolumeAttributesClass of the pvc', (c) => c.spec?.volumeAttributesClassName ?? '<unset>'),
    ageColumn,
    wideColumn('VolumeMode', 'V1PersistentVolumeClaimSpec.volumeMode', (c) => c.spec?.volumeMode ?? '<unset>'),
  ],
})
