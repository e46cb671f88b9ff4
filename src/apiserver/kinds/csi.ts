/** The kinds by which storage drivers make themselves known: CSIDriver, CSINode, CSIStorageCapacity. */
import type { FieldError } from '../../apimachinery/field-errors.ts'
import { duplicate, invalid, required } from '../../apimachinery/field-errors.ts'
import type { CSIDriver, CSINode, CSINodeDriver, CSIStorageCapacity, CSIDriverSpec } from '../../apimachinery/generated/types.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import { defineStrategy } from './strategy.ts'
import { checkImmutable, checkNotNegative, checkOneOf, checkQualifiedName, checkSubdomain, each } from './shared/checks.ts'
import { ageColumn, column, integerColumn, nameColumn } from './shared/columns.ts'
import { POD_INFO, TOKEN_REQUESTS } from './shared/column-texts.ts'
import { omit, patch } from './shared/compact.ts'
import { checkLabelSelector } from './shared/labels.ts'
import { nextGeneration } from './shared/lifecycle.ts'
import { canonicalQuantity } from './shared/quantities.ts'
import { checkQuantityNotNegative } from './shared/resources.ts'
import { checkCsiDriverName } from './shared/volume-sources.ts'

const specOf = (driver: CSIDriver): CSIDriverSpec => driver.spec ?? {}

function driverDefaults(driver: CSIDriver): CSIDriver {
  const spec = specOf(driver)
  return {
    ...driver,
    spec: {
      ...omit(spec, ['preventPodSchedulingIfMissing']),
      attachRequired: spec.attachRequired ?? true,
      podInfoOnMount: spec.podInfoOnMount ?? false,
      storageCapacity: spec.storageCapacity ?? false,
      fsGroupPolicy: spec.fsGroupPolicy ?? 'ReadWriteOnceWithFSType',
      volumeLifecycleModes: spec.volumeLifecycleModes?.length ? spec.volumeLifecycleModes : ['Persistent'],
      requiresRepublish: spec.requiresRepublish ?? false,
      seLinuxMount: spec.seLinuxMount ?? false,
    },
  }
}

function checkTokens(spec: CSIDriverSpec): FieldError[] {
  const seen = new Set<string>()
  return each(spec.tokenRequests, ({ audience = '', expirationSeconds: seconds }, i) => {
    const field = `spec.tokenRequests[${i}]`
    if (seen.has(audience)) return [duplicate(`${field}.audience`, audience)]
    seen.add(audience)
    const path = `${field}.expirationSeconds`
    if (seconds !== undefined && seconds < 600) return [invalid(path, seconds, 'may not specify a duration less than 10 minutes')]
    if (seconds === undefined || seconds <= 2 ** 32) return []
    return [invalid(path, seconds, 'may not specify a duration larger than 2^32 seconds')]
  })
}

function checkDriver(driver: CSIDriver): FieldError[] {
  const spec = specOf(driver)
  const errors: FieldError[] = []
  const policy = spec.fsGroupPolicy
  if (policy !== undefined) errors.push(...checkOneOf(policy, ['File', 'None', 'ReadWriteOnceWithFSType'], 'spec.fsGroupPolicy'))
  errors.push(...checkTokens(spec))
  errors.push(
    ...each(spec.volumeLifecycleModes, (mode) => checkOneOf(mode, ['Persistent', 'Ephemeral'], 'spec.volumeLifecycleModes')),
  )
  const period = spec.nodeAllocatableUpdatePeriodSeconds
  if (period !== undefined && period < 10) {
    errors.push(invalid('spec.nodeAllocatableUpdatePeriodSeconds', period, 'must be greater than or equal to 10 seconds'))
  }
  if (spec.serviceAccountTokenInSecrets !== undefined && (spec.tokenRequests ?? []).length === 0) {
    const detail = 'serviceAccountTokenInSecrets is set but no tokenRequests are specified'
    errors.push(invalid('spec.serviceAccountTokenInSecrets', spec.serviceAccountTokenInSecrets, detail))
  }
  return errors
}

/** k8s 1.36: registry/storage/csidriver strategy.go. */
export const csiDriver = defineStrategy<CSIDriver>({
  group: 'storage.k8s.io',
  resource: 'csidrivers',
  defaults: driverDefaults,
  prepareForUpdate: (object, old) => nextGeneration(object, old, !jsonEqual(object.spec, old.spec)),
  validate: checkDriver,
  validateUpdate: (object, old) => [
    ...checkDriver(object),
    ...checkImmutable(specOf(object).attachRequired, specOf(old).attachRequired, 'spec.attachedRequired'),
    ...checkImmutable(specOf(object).volumeLifecycleModes, specOf(old).volumeLifecycleModes, 'spec.volumeLifecycleModes'),
  ],
  allowUnconditionalUpdate: false,
  columns: [
    nameColumn,
    column('AttachRequired', 'V1CSIDriverSpec.attachRequired', (d) => d.spec?.attachRequired ?? true, 'boolean'),
    column('PodInfoOnMount', POD_INFO, (d) => d.spec?.podInfoOnMount ?? false, 'boolean'),
    column('StorageCapacity', 'V1CSIDriverSpec.storageCapacity', (d) => d.spec?.storageCapacity ?? false, 'boolean'),
    column('TokenRequests', TOKEN_REQUESTS, (d) => {
      return d.spec?.tokenRequests?.map((t) => t.audience).join(',') ?? '<unset>'
    }),
    column('RequiresRepublish', 'V1CSIDriverSpec.requiresRepublish', (d) => d.spec?.requiresRepublish ?? false, 'boolean'),
    column('Modes', 'V1CSIDriverSpec.volumeLifecycleModes', (d) => d.spec?.volumeLifecycleModes?.join(',') || '<none>'),
    ageColumn,
  ],
})

function checkNodeDriver(driver: CSINodeDriver, field: string): FieldError[] {
  const id = driver.nodeID ?? ''
  const errors = checkCsiDriverName(driver.name, `${field}.name`)
  if (id === '') errors.push(required(`${field}.nodeID`))
  if (id.length > 256) errors.push(invalid(`${field}.nodeID`, id, 'must be 256 characters or less'))
  errors.push(...checkNotNegative(driver.allocatable?.count, `${field}.allocatable.count`))
  const keys = driver.topologyKeys ?? []
  const ofKeys = keys.flatMap((key, i) => [
    ...(key === '' ? [required(field)] : []),
    ...(keys.indexOf(key) < i ? [duplicate(field, key)] : []),
    ...checkQualifiedName(key, field),
  ])
  return [...errors, ...ofKeys]
}

function checkNode(node: CSINode): FieldError[] {
  const drivers = node.spec?.drivers ?? []
  return drivers.flatMap((driver, i) => {
    const field = `spec.drivers[${i}]`
    const twice = drivers.findIndex((d) => d.name === driver.name) < i
    return [...checkNodeDriver(driver, field), ...(twice ? [duplicate(`${field}.name`, driver.name)] : [])]
  })
}

/** Of a driver that stays only the number of volumes may change. */
function checkKeptDrivers(node: CSINode, old: CSINode): FieldError[] {
  return (old.spec?.drivers ?? []).flatMap((before) => {
    const now = (node.spec?.drivers ?? []).find((d) => d.name === before.name)
    return now === undefined ? [] : checkImmutable(omit(now, ['allocatable']), omit(before, ['allocatable']), 'spec.drivers')
  })
}

/** k8s 1.36: registry/storage/csinode strategy.go. */
export const csiNode = defineStrategy<CSINode>({
  group: 'storage.k8s.io',
  resource: 'csinodes',
  validate: checkNode,
  validateUpdate: (object, old) => [...checkNode(object), ...checkKeptDrivers(object, old)],
  allowUnconditionalUpdate: false,
  columns: [
    nameColumn,
    integerColumn('Drivers', 'Drivers indicates the number of CSI drivers registered on the node', (n) => n.spec?.drivers.length),
    ageColumn,
  ],
})

/** k8s 1.36: registry/storage/csistoragecapacity strategy.go. */
export const csiStorageCapacity = defineStrategy<CSIStorageCapacity>({
  group: 'storage.k8s.io',
  resource: 'csistoragecapacities',
  defaults: (object) => ({
    ...object,
    ...patch(object, 'capacity', canonicalQuantity),
    ...patch(object, 'maximumVolumeSize', canonicalQuantity),
  }),
  validate: (object) => [
    ...checkLabelSelector(object.nodeTopology, 'nodeTopology'),
    ...checkSubdomain(object.storageClassName ?? '', 'storageClassName'),
    ...(object.capacity === undefined ? [] : checkQuantityNotNegative(object.capacity, 'capacity')),
  ],
  validateUpdate: (object, old) => [
    ...checkImmutable(object.nodeTopology, old.nodeTopology, 'nodeTopology'),
    ...checkImmutable(object.storageClassName, old.storageClassName, 'storageClassName'),
  ],
  allowUnconditionalUpdate: false,
  columns: [
    nameColumn,
    column('StorageClassName', 'V1CSIStorageCapacity.storageClassName', (c) => c.storageClassName),
    column('Capacity', 'V1CSIStorageCapacity.capacity', (c) => c.capacity ?? '<unset>'),
  ],
})
