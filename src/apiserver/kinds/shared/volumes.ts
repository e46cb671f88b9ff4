/** The volumes of a pod: each has a name and exactly one source. Source: k8s 1.36 core validation, ValidateVolumes. */
import type { FieldError } from '../../../apimachinery/field-errors.ts'
import { duplicate, forbidden, invalid, required } from '../../../apimachinery/field-errors.ts'
import type { EphemeralVolumeSource, ImageVolumeSource, ObjectMeta, Volume } from '../../../apimachinery/generated/types.ts'
import { isDns1123Subdomain } from '../../../apimachinery/names.ts'
import { compareQuantities } from '../../../apimachinery/quantity.ts'
import { checkClaimSpec } from './claims.ts'
import { checkDnsLabel, checkRequired, checkRequiredOneOf, checkSubdomain, each } from './checks.ts'
import { checkLabels } from './labels.ts'
import { checkAnnotations } from './metadata.ts'
import { checkFileMode, checkRelativePath } from './paths.ts'
import { checkDownwardFile, checkKeyToPath, checkProjected } from './projected-volumes.ts'
import * as sources from './volume-sources.ts'

export const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never']

export interface VolumeOptions {
  /** A pod, not a template. */
  readonly isPod: boolean
  /** Token files anywhere, as an older object may have them. */
  readonly anyTokenPath?: boolean
}

interface Keys {
  readonly defaultMode?: number
  readonly items?: Parameters<typeof checkKeyToPath>[0][]
}

const keyed = (source: Keys | object, field: string): FieldError[] => {
  const { defaultMode, items } = source as Keys
  return [
    ...checkFileMode(defaultMode, `${field}.defaultMode`),
    ...each(items, (item, i) => checkKeyToPath(item, `${field}.items[${i}]`)),
  ]
}

/** Nothing but labels and annotations may be set in a template's metadata. */
export function checkTemplateMetadata(meta: ObjectMeta, field: string): FieldError[] {
  const others = Object.keys(meta).filter((name) => name !== 'labels' && name !== 'annotations')
  return [
    ...checkAnnotations(meta.annotations, `${field}.annotations`),
    ...checkLabels(meta.labels, `${field}.labels`),
    ...others.map((name) => forbidden(`${field}.${name}`, 'cannot be set')),
  ]
}

function checkEphemeral(source: EphemeralVolumeSource, field: string): FieldError[] {
  const template = source.volumeClaimTemplate
  const path = `${field}.volumeClaimTemplate`
  if (template === undefined) return [required(path)]
  return [...checkTemplateMetadata(template.metadata ?? {}, `${path}.metadata`), ...checkClaimSpec(template.spec, `${path}.spec`)]
}

function checkImage(source: ImageVolumeSource, field: string, options: VolumeOptions): FieldError[] {
  const errors = options.isPod ? checkRequired(source.reference, `${field}.reference`) : []
  return [...errors, ...checkRequiredOneOf(source.pullPolicy, PULL_POLICIES, `${field}.pullPolicy`)]
}

const IQN = 'must be valid format starting with iqn, eui, or naa'

type SourceCheck<K extends keyof Volume> = (source: NonNullable<Volume[K]>, field: string, options: VolumeOptions) => FieldError[]
type Checks = { readonly [K in Exclude<keyof Volume, 'name'>]: SourceCheck<K> }

/** In the order in which Kubernetes looks at them: of several the first counts, the others are forbidden. */
const CHECKS: Checks = {
  emptyDir: (s, f) =>
    s.sizeLimit !== undefined && compareQuantities(s.sizeLimit, '0') < 0
      ? [forbidden(`${f}.sizeLimit`, 'SizeLimit field must be a valid resource quantity')]
      : [],
  hostPath: sources.checkHostPath,
  gitRepo: (s, f) => [
    ...checkRequired(s.repository, `${f}.repository`),
    ...checkRelativePath(s.directory ?? '', `${f}.directory`),
  ],
  gcePersistentDisk: (s, f) => [...checkRequired(s.pdName, `${f}.pdName`), ...sources.checkPartition(s.partition, f)],
  awsElasticBlockStore: (s, f) => [...checkRequired(s.volumeID, `${f}.volumeID`), ...sources.checkPartition(s.partition, f)],
  secret: (s, f) => [...checkRequired(s.secretName, `${f}.secretName`), ...keyed(s, f)],
  nfs: sources.checkNfs,
  iscsi: (s, f) => [...sources.checkIscsi(s, f, IQN), ...sources.checkIscsiInitiator(s, f, IQN)],
  glusterfs: (s, f) => sources.checkFilled(s, ['endpoints', 'path'], f),
  flocker: sources.checkFlocker,
  persistentVolumeClaim: (s, f) => checkRequired(s.claimName, `${f}.claimName`),
  rbd: (s, f) => sources.checkFilled(s, ['monitors', 'image'], f),
  cinder: (s, f) => [
    ...checkRequired(s.volumeID, `${f}.volumeID`),
    ...(s.secretRef ? checkRequired(s.secretRef.name, `${f}.secretRef.name`) : []),
  ],
  cephfs: (s, f) => sources.checkFilled(s, ['monitors'], f),
  quobyte: sources.checkQuobyte,
  downwardAPI: (s, f) => [
    ...checkFileMode(s.defaultMode, `${f}.defaultMode`),
    ...each(s.items, (file) => checkDownwardFile(file, f)),
  ],
  fc: sources.checkFc,
  flexVolume: sources.checkFlex,
  configMap: (s, f) => [...checkRequired(s.name, `${f}.name`), ...keyed(s, f)],
  azureFile: (s, f) => sources.checkFilled(s, ['secretName', 'shareName'], f),
  vsphereVolume: (s, f) => sources.checkFilled(s, ['volumePath'], f),
  photonPersistentDisk: (s, f) => sources.checkFilled(s, ['pdID'], f),
  portworxVolume: (s, f) => sources.checkFilled(s, ['volumeID'], f),
  azureDisk: sources.checkAzureDisk,
  storageos: (s, f) => sources.checkStorageOs(s, f, ['name']),
  projected: (s, f, options) => checkProjected(s, f, options.anyTokenPath === true),
  scaleIO: (s, f) => sources.checkFilled(s, ['gateway', 'system', 'volumeName'], f),
  csi: (s, f) => {
    const ref = s.nodePublishSecretRef
    const errors = sources.checkCsiDriverName(s.driver, `${f}.driver`)
    if (ref === undefined) return errors
    return [...errors, ...(ref.name ? checkSubdomain(ref.name, `${f}.name`) : [required(`${f}.nodePublishSecretRef.name`)])]
  },
  ephemeral: checkEphemeral,
  image: checkImage,
}

/** Rules that join a source with the names of volume and pod. */
function checkNamesOfSource(volume: Volume, first: string, field: string, podName: string): FieldError[] {
  if (first === 'iscsi' && volume.iscsi?.initiatorName !== undefined) {
    const joined = `${volume.name}:${volume.iscsi.targetPortal}`
    if (joined.length > 64) return [invalid(`${field}.name`, volume.name, sources.ISCSI_NAME_TOO_LONG)]
  }
  if (first !== 'ephemeral' || podName === '' || !volume.name) return []
  const claim = `${podName}-${volume.name}`
  return isDns1123Subdomain(claim).map((m) => invalid(`${field}.name`, volume.name, `PVC name ${JSON.stringify(claim)}: ${m}`))
}

function checkSource(volume: Volume, field: string, podName: string, options: VolumeOptions): FieldError[] {
  const given = (Object.keys(CHECKS) as (keyof Checks)[]).filter((name) => volume[name] !== undefined)
  const [first, ...others] = given
  if (first === undefined) return [required(field, 'must specify a volume type')]
  const check = CHECKS[first] as (source: unknown, field: string, options: VolumeOptions) => FieldError[]
  return [
    ...check(volume[first], `${field}.${first}`, options),
    ...checkNamesOfSource(volume, first, field, podName),
    ...others.map((name) => forbidden(`${field}.${name}`, 'may not specify more than 1 volume type')),
  ]
}

/** The errors, and the volumes that are right and can be mounted. */
export function checkVolumes(
  volumes: readonly Volume[] | undefined,
  podName: string,
  field: string,
  options: VolumeOptions,
): { readonly errors: FieldError[]; readonly usable: ReadonlyMap<string, Volume> } {
  const usable = new Map<string, Volume>()
  const created = podName === '' ? [] : (volumes ?? []).filter((v) => v.ephemeral).map((v) => `${podName}-${v.name}`)
  const errors = each(volumes, (volume, i) => {
    const path = `${field}[${i}]`
    const name = volume.name ?? ''
    const own = checkSource(volume, path, podName, options)
    own.push(...(name === '' ? [required(`${path}.name`)] : checkDnsLabel(name, `${path}.name`)))
    if (usable.has(name)) own.push(duplicate(`${path}.name`, name))
    if (own.length === 0) usable.set(name, volume)
    const claim = volume.persistentVolumeClaim?.claimName ?? ''
    if (created.includes(claim)) {
      const detail = 'must not reference a PVC that gets created for an ephemeral volume'
      own.push(invalid(`${path}.persistentVolumeClaim.claimName`, claim, detail))
    }
    return own
  })
  return { errors, usable }
}
