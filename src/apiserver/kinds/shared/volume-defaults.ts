/** Defaults of volumes. Source: k8s 1.36 core/v1 defaults.go and the default tags of its types. */
import type {
  DownwardAPIVolumeFile,
  EphemeralVolumeSource,
  ISCSIVolumeSource,
  ObjectFieldSelector,
  PersistentVolumeClaimSpec,
  ProjectedVolumeSource,
  ResourceFieldSelector,
  Volume,
} from '../../../apimachinery/generated/types.ts'
import { omitZero, orDefault, patch } from './compact.ts'
import { canonicalQuantity, canonicalResources } from './quantities.ts'

/** The tag of an image reference; 'latest' when neither tag nor digest is given, '' for a digest alone. */
function imageTag(image: string): string {
  const at = image.indexOf('@')
  const name = at < 0 ? image : image.slice(0, at)
  const colon = name.indexOf(':', name.lastIndexOf('/') + 1)
  if (colon >= 0) return name.slice(colon + 1)
  return at < 0 && name !== '' ? 'latest' : ''
}

/** Always for a floating tag, IfNotPresent otherwise. */
export function defaultPullPolicy(image: string | undefined): string {
  return imageTag(image ?? '') === 'latest' ? 'Always' : 'IfNotPresent'
}

export function defaultFieldRef(ref: ObjectFieldSelector): ObjectFieldSelector {
  return { ...ref, apiVersion: orDefault(ref.apiVersion, 'v1') }
}

export function defaultResourceFieldRef(ref: ResourceFieldSelector): ResourceFieldSelector {
  return { ...ref, divisor: ref.divisor === undefined ? '0' : canonicalQuantity(ref.divisor) }
}

const FILE_MODE = 0o644

const withMode = <T extends { readonly defaultMode?: number }>(source: T): T => ({
  ...source,
  defaultMode: source.defaultMode ?? FILE_MODE,
})

const downwardFile = (file: DownwardAPIVolumeFile): DownwardAPIVolumeFile => ({
  ...file,
  ...patch(file, 'fieldRef', defaultFieldRef),
  ...patch(file, 'resourceFieldRef', defaultResourceFieldRef),
})

const downwardItems = <T extends { readonly items?: readonly DownwardAPIVolumeFile[] }>(source: T): T => ({
  ...source,
  ...(source.items === undefined ? {} : { items: source.items.map(downwardFile) }),
})

const projected = (source: ProjectedVolumeSource): ProjectedVolumeSource => ({
  ...withMode(source),
  ...patch(source, 'sources', (sources) =>
    sources.map((s) => ({
      ...s,
      ...patch(s, 'downwardAPI', downwardItems),
      ...patch(s, 'serviceAccountToken', (t) => ({ ...t, expirationSeconds: t.expirationSeconds ?? 3600 })),
    })),
  ),
})

export const defaultIscsi = <T extends Pick<ISCSIVolumeSource, 'iscsiInterface'>>(source: T): T => ({
  ...source,
  iscsiInterface: orDefault(source.iscsiInterface, 'default'),
})

export const defaultRbd = <T extends { readonly pool?: string; readonly user?: string; readonly keyring?: string }>(
  source: T,
): T => ({
  ...source,
  pool: orDefault(source.pool, 'rbd'),
  user: orDefault(source.user, 'admin'),
  keyring: orDefault(source.keyring, '/etc/ceph/keyring'),
})

export const defaultScaleIo = <T extends { readonly storageMode?: string; readonly fsType?: string }>(source: T): T => ({
  ...source,
  storageMode: orDefault(source.storageMode, 'ThinProvisioned'),
  fsType: orDefault(source.fsType, 'xfs'),
})

export const defaultAzureDisk = <
  T extends { readonly cachingMode?: string; readonly kind?: string; readonly fsType?: string; readonly readOnly?: boolean },
>(
  source: T,
): T => ({
  ...source,
  cachingMode: source.cachingMode ?? 'ReadWrite',
  kind: source.kind ?? 'Shared',
  fsType: source.fsType ?? 'ext4',
  readOnly: source.readOnly ?? false,
})

/** Defaults of a claim's spec. */
export function defaultClaimSpec(given: PersistentVolumeClaimSpec | undefined): PersistentVolumeClaimSpec {
  const spec = given ?? {}
  const { requests, limits } = spec.resources ?? {}
  return {
    ...omitZero(spec, ['accessModes', 'volumeName']),
    resources: {
      ...(requests && { requests: canonicalResources(requests) }),
      ...(limits && { limits: canonicalResources(limits) }),
    },
    volumeMode: spec.volumeMode ?? 'Filesystem',
  }
}

const ephemeral = (source: EphemeralVolumeSource): EphemeralVolumeSource => ({
  ...source,
  ...patch(source, 'volumeClaimTemplate', (t) => ({ ...t, metadata: t.metadata ?? {}, spec: defaultClaimSpec(t.spec) })),
})

/** A volume without a source is an emptyDir. */
export function defaultVolume(volume: Volume): Volume {
  const sources = Object.keys(volume).filter((k) => k !== 'name' && volume[k as keyof Volume] !== undefined)
  if (sources.length === 0) return { ...volume, emptyDir: {} }
  return {
    ...volume,
    ...patch(volume, 'emptyDir', (s) => ({ ...s, ...patch(s, 'sizeLimit', canonicalQuantity) })),
    ...patch(volume, 'secret', withMode),
    ...patch(volume, 'configMap', withMode),
    ...patch(volume, 'downwardAPI', (s) => withMode(downwardItems(s))),
    ...patch(volume, 'projected', projected),
    ...patch(volume, 'hostPath', (s) => ({ ...s, type: s.type ?? '' })),
    ...patch(volume, 'iscsi', defaultIscsi),
    ...patch(volume, 'rbd', defaultRbd),
    ...patch(volume, 'azureDisk', defaultAzureDisk),
    ...patch(volume, 'scaleIO', defaultScaleIo),
    ...patch(volume, 'ephemeral', ephemeral),
    ...patch(volume, 'image', (s) => ({ ...s, pullPolicy: orDefault(s.pullPolicy, defaultPullPolicy(s.reference)) })),
  }
}
