/** Rules of a persistent volume's spec, alone or inline in a VolumeAttachment. Source: k8s 1.36 ValidatePersistentVolumeSpec. */
import type { FieldError } from '../../../apimachinery/field-errors.ts'
import { forbidden, invalid, notSupported, required } from '../../../apimachinery/field-errors.ts'
import type {
  CSIPersistentVolumeSource,
  GlusterfsPersistentVolumeSource,
  ISCSIPersistentVolumeSource,
  PersistentVolumeSpec,
} from '../../../apimachinery/generated/types.ts'
import { isDns1123Label, isValidLabelValue } from '../../../apimachinery/names.ts'
import { compareQuantities, value as wholeValue } from '../../../apimachinery/quantity.ts'
import { checkNodeSelector } from './affinity.ts'
import { checkAccessModes, VOLUME_MODES } from './claims.ts'
import { checkOneOf, checkRequired, checkSubdomain, invalids } from './checks.ts'
import { checkNoBacksteps } from './paths.ts'
import * as sources from './volume-sources.ts'

function checkGlusterfs(s: GlusterfsPersistentVolumeSource, field: string): FieldError[] {
  const errors = sources.checkFilled(s, ['endpoints', 'path'], field)
  const namespace = s.endpointsNamespace
  const path = `${field}.endpointsNamespace`
  if (namespace === undefined) return errors
  if (namespace === '')
    return [...errors, invalid(path, '', 'if the endpointnamespace is set, it must be a valid namespace name')]
  return [...errors, ...invalids(path, namespace, isDns1123Label(namespace))]
}

function checkIscsi(s: ISCSIPersistentVolumeSource, field: string, volume: string): FieldError[] {
  const tooLong = s.initiatorName !== undefined && `${volume}:${s.targetPortal}`.length > 64
  return [
    ...(tooLong ? [invalid(`${field}.targetportal`, s.targetPortal, sources.ISCSI_NAME_TOO_LONG)] : []),
    ...sources.checkIscsi(s, field, 'must be valid format'),
    ...(s.secretRef ? checkRequired(s.secretRef.name, `${field}.secretRef.name`) : []),
    ...sources.checkIscsiInitiator(s, field, 'must be valid format'),
  ]
}

const CSI_SECRETS = [
  'controllerPublishSecretRef',
  'controllerExpandSecretRef',
  'nodePublishSecretRef',
  'nodeExpandSecretRef',
] as const

function checkCsi(s: CSIPersistentVolumeSource, field: string): FieldError[] {
  const refs = CSI_SECRETS.flatMap((name) => {
    const ref = s[name]
    return ref === undefined ? [] : sources.checkSecretReference(ref, `${field}.${name}`)
  })
  return [
    ...sources.checkCsiDriverName(s.driver, `${field}.driver`),
    ...checkRequired(s.volumeHandle, `${field}.volumeHandle`),
    ...refs,
  ]
}

type Spec = PersistentVolumeSpec
type Check = (spec: Spec, field: string, volume: string) => FieldError[]

function source<K extends keyof Spec>(
  name: K,
  check: (source: NonNullable<Spec[K]>, field: string, volume: string) => FieldError[],
) {
  const run: Check = (spec, field, volume) => {
    const value = spec[name]
    return value === undefined || value === null ? [] : check(value as NonNullable<Spec[K]>, `${field}.${name}`, volume)
  }
  return [name, run] as const
}

/** In the order in which Kubernetes looks at them. */
const SOURCES: readonly (readonly [keyof Spec, Check])[] = [
  source('hostPath', sources.checkHostPath),
  source('gcePersistentDisk', (s, f) => [...checkRequired(s.pdName, `${f}.pdName`), ...sources.checkPartition(s.partition, f)]),
  source('awsElasticBlockStore', (s, f) => [
    ...checkRequired(s.volumeID, `${f}.volumeID`),
    ...sources.checkPartition(s.partition, f),
  ]),
  source('glusterfs', checkGlusterfs),
  source('flocker', sources.checkFlocker),
  source('nfs', sources.checkNfs),
  source('rbd', (s, f) => sources.checkFilled(s, ['monitors', 'image'], f)),
  source('quobyte', sources.checkQuobyte),
  source('cephfs', (s, f) => sources.checkFilled(s, ['monitors'], f)),
  source('iscsi', checkIscsi),
  source('cinder', (s, f) => [
    ...checkRequired(s.volumeID, `${f}.volumeID`),
    ...(s.secretRef ? sources.checkFilled(s.secretRef, ['name', 'namespace'], `${f}.secretRef`) : []),
  ]),
  source('fc', sources.checkFc),
  source('flexVolume', sources.checkFlex),
  source('azureFile', (s, f) => [
    ...sources.checkFilled(s, ['secretName', 'shareName'], f),
    ...(s.secretNamespace === '' ? [required(`${f}.secretNamespace`)] : []),
  ]),
  source('vsphereVolume', (s, f) => sources.checkFilled(s, ['volumePath'], f)),
  source('photonPersistentDisk', (s, f) => sources.checkFilled(s, ['pdID'], f)),
  source('portworxVolume', (s, f) => sources.checkFilled(s, ['volumeID'], f)),
  source('azureDisk', sources.checkAzureDisk),
  source('scaleIO', (s, f) => sources.checkFilled(s, ['gateway', 'system', 'volumeName'], f)),
  source('local', (s, f) => [...checkRequired(s.path, `${f}.path`), ...checkNoBacksteps(s.path ?? '', `${f}.path`)]),
  source('storageos', (s, f) => sources.checkStorageOs(s, f, ['name', 'namespace'])),
  source('csi', checkCsi),
]

export const SOURCE_NAMES: readonly (keyof Spec)[] = SOURCES.map(([name]) => name)

function checkSources(spec: Spec, field: string, volume: string): FieldError[] {
  const given = SOURCES.filter(([name]) => spec[name] !== undefined)
  if (given.length === 0) return [required(field, 'must specify a volume type')]
  return given.flatMap(([name, check], i) => {
    const extra =
      i === 0 ? check(spec, field, volume) : [forbidden(`${field}.${name}`, 'may not specify more than 1 volume type')]
    const needsNode = name === 'local' && i === 0 && spec.nodeAffinity === undefined
    return needsNode ? [...extra, required(`${field}.nodeAffinity`, 'Local volume requires node affinity')] : extra
  })
}

function checkCapacity(spec: Spec, field: string): FieldError[] {
  const capacity = spec.capacity ?? {}
  const names = Object.keys(capacity)
  const path = `${field}.capacity`
  const errors: FieldError[] = names.length === 0 ? [required(path)] : []
  if (names.length !== 1 || capacity['storage'] === undefined) errors.push(notSupported(path, spec.capacity ?? null, ['storage']))
  for (const [name, text] of Object.entries(capacity)) {
    const at = `${path}[${name}]`
    if (wholeValue(text) < 0) errors.push(invalid(at, wholeValue(text), 'must be a valid resource quantity'))
    if (compareQuantities(text, '0') <= 0) errors.push(invalid(at, text, 'must be greater than zero'))
  }
  return errors
}

function checkAttributesClass(spec: Spec, field: string): FieldError[] {
  const name = spec.volumeAttributesClassName
  const path = `${field}.volumeAttributesClassName`
  if (name === undefined) return []
  const errors = name === '' ? [required(path, 'an empty string is disallowed')] : checkSubdomain(name, path)
  if (spec.csi) return errors
  return [...errors, required(`${field}.csi`, 'has to be specified when using volumeAttributesClassName')]
}

/** What an inline volume has to leave out. */
function checkInline(spec: Spec, field: string): FieldError[] {
  const detail = 'may not be specified in the context of inline volumes'
  const errors: FieldError[] = []
  if (spec.claimRef) errors.push(forbidden(`${field}.claimRef`, detail))
  if (Object.keys(spec.capacity ?? {}).length > 0) errors.push(forbidden(`${field}.capacity`, detail))
  if (!spec.csi) errors.push(required(`${field}.csi`, 'has to be specified in the context of inline volumes'))
  return errors
}

function checkNodeAffinity(spec: Spec, field: string, old: Spec | undefined): FieldError[] {
  if (spec.nodeAffinity === undefined) return []
  const needed = spec.nodeAffinity.required
  const path = `${field}.nodeAffinity.required`
  if (needed === undefined) return [required(path, 'must specify required node constraints')]
  const oldTerms = old?.nodeAffinity?.required?.nodeSelectorTerms ?? []
  const any = oldTerms.some((t) =>
    (t.matchExpressions ?? []).some((e) => (e.values ?? []).some((v) => isValidLabelValue(v).length > 0)),
  )
  return checkNodeSelector(needed, path, any)
}

const POLICIES = ['Delete', 'Recycle', 'Retain']

export function checkVolumeSpec(spec: Spec, field: string, volume: string, inline: boolean, old?: Spec): FieldError[] {
  const errors = inline ? checkInline(spec, field) : []
  if ((spec.accessModes ?? []).length === 0) errors.push(required(`${field}.accessModes`))
  errors.push(...checkAccessModes(spec.accessModes, `${field}.accessModes`))
  const policy = spec.persistentVolumeReclaimPolicy ?? ''
  const policyPath = `${field}.persistentVolumeReclaimPolicy`
  if (!inline) {
    errors.push(...checkCapacity(spec, field))
    if (policy !== '') errors.push(...checkOneOf(policy, POLICIES, policyPath))
  } else if (policy !== '' && policy !== 'Retain') {
    errors.push(forbidden(policyPath, 'may only be Retain in the context of inline volumes'))
  }
  errors.push(...checkNodeAffinity(spec, field, old), ...checkSources(spec, field, volume))
  const root = (spec.hostPath?.path ?? '').replace(/\/+$/, '') === '' && spec.hostPath?.path?.startsWith('/')
  if (root && policy === 'Recycle') errors.push(forbidden(policyPath, "may not be 'recycle' for a hostPath mount of '/'"))
  if (spec.storageClassName) {
    const path = `${field}.storageClassName`
    const inlineError = forbidden(path, 'may not be specified in the context of inline volumes')
    errors.push(...(inline ? [inlineError] : checkSubdomain(spec.storageClassName, path)))
  }
  const mode = spec.volumeMode
  if (mode !== undefined && !inline) errors.push(...checkOneOf(mode, VOLUME_MODES, `${field}.volumeMode`))
  if (mode !== undefined && inline && mode !== 'Filesystem') {
    errors.push(
      forbidden(`${field}.volumeMode`, 'may not specify volumeMode other than Filesystem in the context of inline volumes'),
    )
  }
  return [...errors, ...checkAttributesClass(spec, field)]
}
