import type { FieldError } from '../../apimachinery/field-errors.ts'
import { forbidden, invalid } from '../../apimachinery/field-errors.ts'
import type { PersistentVolume, PersistentVolumeSpec } from '../../apimachinery/generated/types.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import { formatTime } from '../../sim/time.ts'
import { defineStrategy } from './strategy.ts'
import { checkImmutable } from './shared/checks.ts'
import { ageColumn, column, nameColumn, wideColumn } from './shared/columns.ts'
import { omit, omitZero, orDefault, patch } from './shared/compact.ts'
import { internalDiff, internalForm } from './shared/internal-diff.ts'
import { keepStatus, onlyStatus } from './shared/lifecycle.ts'
import { checkVolumeSpec, SOURCE_NAMES } from './shared/persistent-volumes.ts'
import { nodeTermWarnings } from './shared/pod-warnings.ts'
import { canonicalResources } from './shared/quantities.ts'
import { defaultAzureDisk, defaultIscsi, defaultRbd, defaultScaleIo } from './shared/volume-defaults.ts'

const BETA_CLASS = 'volume.beta.kubernetes.io/storage-class'
const specOf = (volume: PersistentVolume): PersistentVolumeSpec => volume.spec ?? {}

function defaults(volume: PersistentVolume): PersistentVolume {
  const spec = omitZero(specOf(volume), ['accessModes', 'mountOptions', 'storageClassName', 'capacity'])
  return {
    ...volume,
    spec: {
      ...spec,
      ...patch(spec, 'capacity', canonicalResources),
      ...patch(spec, 'hostPath', (s) => ({ ...s, type: s.type ?? '' })),
      ...patch(spec, 'iscsi', defaultIscsi),
      ...patch(spec, 'rbd', defaultRbd),
      ...patch(spec, 'azureDisk', defaultAzureDisk),
      ...patch(spec, 'scaleIO', defaultScaleIo),
      persistentVolumeReclaimPolicy: orDefault(spec.persistentVolumeReclaimPolicy, 'Retain'),
      volumeMode: spec.volumeMode ?? 'Filesystem',
    },
    status: { ...volume.status, phase: orDefault(volume.status?.phase, 'Pending') },
  }
}

function sourcesOf(spec: PersistentVolumeSpec, dropExpandSecret: boolean): object {
  const picked = Object.fromEntries(SOURCE_NAMES.map((name) => [name, spec[name]]))
  return dropExpandSecret && spec.csi ? { ...picked, csi: omit(spec.csi, ['controllerExpandSecretRef']) } : picked
}

const GA_LABELS: { readonly [label: string]: string } = {
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
  'beta.kubernetes.io/os': 'kubernetes.io/os',
  'beta.kubernetes.io/arch': 'kubernetes.io/arch',
  'beta.kubernetes.io/instance-type': 'node.kubernetes.io/instance-type',
}

/** Beta labels may be replaced by those that followed them. */
function sameAffinity(now: PersistentVolumeSpec['nodeAffinity'], old: PersistentVolumeSpec['nodeAffinity']): boolean {
  const modern = (affinity: PersistentVolumeSpec['nodeAffinity']) =>
    affinity?.required?.nodeSelectorTerms.map((t) => ({
      ...t,
      matchExpressions: t.matchExpressions?.map((e) => ({ ...e, key: GA_LABELS[e.key] ?? e.key })),
    }))
  return jsonEqual(modern(now), modern(old))
}

function validateUpdate(volume: PersistentVolume, oldVolume: PersistentVolume): FieldError[] {
  const [spec, old] = [specOf(volume), specOf(oldVolume)]
  const errors = checkVolumeSpec(spec, 'spec', volume.metadata.name ?? '', false, old)
  const addsSecret = old.csi !== undefined && old.csi.controllerExpandSecretRef === undefined
  const [now, before] = [sourcesOf(spec, addsSecret), sourcesOf(old, false)]
  if (!jsonEqual(now, before)) {
    const diff = internalDiff('PersistentVolumeSource', before, now)
    errors.push(forbidden('spec.persistentvolumesource', `spec.persistentvolumesource is immutable after creation\n${diff}`))
  }
  errors.push(...checkImmutable(spec.volumeMode, old.volumeMode, 'volumeMode'))
  if (old.nodeAffinity && !sameAffinity(spec.nodeAffinity, old.nodeAffinity)) {
    errors.push(
      invalid(
        'nodeAffinity',
        internalForm('VolumeNodeAffinity', spec.nodeAffinity),
        'field is immutable, except for updating from beta label to GA',
      ),
    )
  }
  if (old.volumeAttributesClassName !== undefined && spec.volumeAttributesClassName === undefined) {
    errors.push(forbidden('spec.volumeAttributesClassName', 'update from non-nil value to nil is forbidden'))
  }
  return errors
}

function prepareForStatusUpdate(volume: PersistentVolume, old: PersistentVolume, nowMs: number): PersistentVolume {
  const next = onlyStatus(volume, old)
  const [time, oldTime] = [next.status?.lastPhaseTransitionTime, old.status?.lastPhaseTransitionTime]
  const samePhase = next.status?.phase === old.status?.phase
  if (samePhase)
    return time === undefined && oldTime ? { ...next, status: { ...next.status, lastPhaseTransitionTime: oldTime } } : next
  if (time !== undefined && time !== oldTime) return next
  return { ...next, status: { ...next.status, lastPhaseTransitionTime: formatTime(nowMs) } }
}

const DEPRECATED_ANNOTATIONS: { readonly [key: string]: string } = {
  [BETA_CLASS]: 'deprecated since v1.8; use "storageClassName" attribute instead',
  'volume.beta.kubernetes.io/mount-options': 'deprecated since v1.31; use "mountOptions" attribute instead',
}
const DEPRECATED_SOURCES: { readonly [name: string]: string } = {
  cephfs: 'deprecated in v1.28, non-functional in v1.31+',
  photonPersistentDisk: 'deprecated in v1.11, non-functional in v1.16+',
  scaleIO: 'deprecated in v1.16, non-functional in v1.22+',
  storageos: 'deprecated in v1.22, non-functional in v1.25+',
  glusterfs: 'deprecated in v1.25, non-functional in v1.26+',
  rbd: 'deprecated in v1.28, non-functional in v1.31+',
}
const RECYCLE =
  'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.'

function warnings(volume: PersistentVolume): string[] {
  const spec = specOf(volume)
  const annotations = Object.entries(DEPRECATED_ANNOTATIONS).filter(([key]) => volume.metadata.annotations?.[key] !== undefined)
  const terms = spec.nodeAffinity?.required?.nodeSelectorTerms ?? []
  const gone = Object.entries(DEPRECATED_SOURCES).filter(([name]) => spec[name as keyof PersistentVolumeSpec] !== undefined)
  return [
    ...annotations.map(([key, text]) => `metadata.annotations[${key}]: ${text}`),
    ...(spec.persistentVolumeReclaimPolicy === 'Recycle' ? [RECYCLE] : []),
    ...terms.flatMap((t, i) => nodeTermWarnings(t, false, `spec.nodeAffinity.required.nodeSelectorTerms[${i}]`)),
    ...gone.map(([name, text]) => `spec.${name === 'storageos' ? 'storageOS' : name}: ${text}`),
  ]
}

const SHORT_MODES = [
  ['ReadWriteOnce', 'RWO'],
  ['ReadOnlyMany', 'ROX'],
  ['ReadWriteMany', 'RWX'],
  ['ReadWriteOncePod', 'RWOP'],
] as const

/** Access modes as columns show them: 'RWO,ROX'. */
export function accessModesText(modes: readonly string[] | undefined): string {
  return SHORT_MODES.filter(([mode]) => modes?.includes(mode))
    .map(([, short]) => short)
    .join(',')
}

/** k8s 1.36: registry/core/persistentvolume strategy.go. */
export const persistentVolume = defineStrategy<PersistentVolume>({
  group: '',
  resource: 'persistentvolumes',
  shortNames: ['pv'],
  defaults,
  prepareForCreate: (object, { nowMs }) => ({
    ...object,
    status: { phase: 'Pending', lastPhaseTransitionTime: formatTime(nowMs) },
  }),
  prepareForUpdate: keepStatus,
  prepareForStatusUpdate: (object, old, { nowMs }) => prepareForStatusUpdate(object, old, nowMs),
  validate: (object) => checkVolumeSpec(specOf(object), 'spec', object.metadata.name ?? '', false),
  validateUpdate,
  warnings,
  fields: { name: (v) => v.metadata.name ?? '' },
  columns: [
    nameColumn,
    column('Capacity', 'V1PersistentVolumeSpec.capacity', (v) => v.spec?.capacity?.['storage'] ?? '0'),
    column('Access Modes', 'V1PersistentVolumeSpec.accessModes', (v) => accessModesText(v.spec?.accessModes)),
    column(
      'Reclaim Policy',
      'V1PersistentVolumeSpec.persistentVolumeReclaimPolicy',
      (v) => v.spec?.persistentVolumeReclaimPolicy ?? '',
    ),
    column('Status', 'V1PersistentVolumeStatus.phase', (v) => {
      return v.metadata.deletionTimestamp === undefined ? (v.status?.phase ?? '') : 'Terminating'
    }),
    column('Claim', 'V1PersistentVolumeSpec.claimRef', (v) => {
      return v.spec?.claimRef ? `${v.spec.claimRef.namespace ?? ''}/${v.spec.claimRef.name ?? ''}` : ''
    }),
    column(
      'StorageClass',
      'StorageClass of the pv',
      (v) => v.metadata.annotations?.[BETA_CLASS] ?? v.spec?.storageClassName ?? '',
    ),
    column('VolumeAttributesClass', 'VolumeAttributesClass of the pv', (v) => v.spec?.volumeAttributesClassName ?? '<unset>'),
    column('Reason', 'V1PersistentVolumeStatus.reason', (v) => v.status?.reason ?? ''),
    ageColumn,
    wideColumn('VolumeMode', 'V1PersistentVolumeSpec.volumeMode', (v) => v.spec?.volumeMode ?? '<unset>'),
  ],
})
