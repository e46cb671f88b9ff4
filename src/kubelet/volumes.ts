import { parseGoDuration } from '../apimachinery/duration.ts'
import { StatusError, isNotFound } from '../apimachinery/errors.ts'
import type { ConfigMap, KeyToPath, Pod, Secret, Volume } from '../apimachinery/generated/types.ts'
import type { VolumeFiles } from './cri.ts'
import { decodeBase64, objectMessage } from './env.ts'
import { podField, resourceField, type NodeResources } from './pod-fields.ts'

/** A volume that can't be set up; the message is what the event says after the volume's name. */
export class MountError extends Error {
  override readonly name = 'MountError'
  readonly step: 'SetUp' | 'MountDevice'

  constructor(message: string, step: 'SetUp' | 'MountDevice' = 'SetUp') {
    super(message)
    this.step = step
  }
}

export interface VolumeSources {
  readonly podIP: string
  readonly hostIP: string
  readonly node: NodeResources
  configMap(name: string): ConfigMap
  secret(name: string): Secret
  /** Files of a claim, of a path of the host: shared by all who mount them. */
  claim(name: string): VolumeFiles
  hostPath(path: string): VolumeFiles
  /** Whether a pod has made this path on the machine before. */
  hostPathExists(path: string): boolean
  /** A folder of the pod's own, on disk or in memory. */
  emptyDir(volume: string, inMemory: boolean): VolumeFiles
  nfs(server: string, path: string): VolumeFiles
  token(audience: string): string
}

type Payload = Map<string, string>

/** Runs a lookup; undefined when what is optional is not there. Throws MountError. */
function lookup<T>(optional: boolean | undefined, read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    if (isNotFound(error) && optional) return undefined
    throw new MountError(objectMessage(error))
  }
}

/** Picks keys, or takes all. */
function pick(
  data: { readonly [key: string]: string },
  items: readonly KeyToPath[] | undefined,
  optional: boolean | undefined,
  missing: (key: string) => string,
): Payload {
  if (!items?.length) return new Map(Object.entries(data))
  const out: Payload = new Map()
  for (const { key, path } of items) {
    const text = data[key]
    if (text !== undefined) out.set(path, text)
    else if (!optional) throw new MountError(missing(key))
  }
  return out
}

function configMapFiles(
  sources: VolumeSources,
  source: { readonly name?: string; readonly items?: readonly KeyToPath[]; readonly optional?: boolean },
): Payload {
  const map = lookup(source.optional, () => sources.configMap(source.name ?? ''))
  const binary = Object.entries(map?.binaryData ?? {}).map(([key, text]) => [key, decodeBase64(text)] as const)
  return pick(
    { ...map?.data, ...Object.fromEntries(binary) },
    source.items,
    source.optional || !map,
    (key) => `configmap references non-existent config key: ${key}`,
  )
}

function secretFiles(
  sources: VolumeSources,
  name: string,
  source: { readonly items?: readonly KeyToPath[]; readonly optional?: boolean },
): Payload {
  const secret = lookup(source.optional, () => sources.secret(name))
  const data = Object.fromEntries(Object.entries(secret?.data ?? {}).map(([key, text]) => [key, decodeBase64(text)]))
  return pick(data, source.items, source.optional || !secret, (key) => `references non-existent secret key: ${key}`)
}

function downwardFiles(pod: Pod, items: NonNullable<Volume['downwardAPI']>['items'], sources: VolumeSources): Payload {
  const out: Payload = new Map()
  for (const { path, fieldRef, resourceFieldRef } of items ?? []) {
    const container = pod.spec?.containers[0]
    if (fieldRef) out.set(path, podField(pod, fieldRef.fieldPath, sources.podIP, sources.hostIP))
    else if (resourceFieldRef && container) out.set(path, resourceField(pod, container, resourceFieldRef, sources.node))
  }
  return out
}

function projectedFiles(pod: Pod, volume: NonNullable<Volume['projected']>, sources: VolumeSources): Payload {
  const out: Payload = new Map()
  const errors: string[] = []
  for (const source of volume.sources ?? []) {
    try {
      const part = source.configMap
        ? configMapFiles(sources, source.configMap)
        : source.secret
          ? secretFiles(sources, source.secret.name ?? '', source.secret)
          : source.downwardAPI
            ? downwardFiles(pod, source.downwardAPI.items, sources)
            : source.serviceAccountToken
              ? new Map([[source.serviceAccountToken.path, sources.token(source.serviceAccountToken.audience ?? '')]])
              : new Map<string, string>()
      for (const [path, text] of part) out.set(path, text)
    } catch (error) {
      if (!(error instanceof MountError)) throw error
      errors.push(error.message)
    }
  }
  if (errors.length > 0) throw new MountError(errors.length === 1 ? (errors[0] ?? '') : `[${errors.join(', ')}]`)
  return out
}

/** Folders that a machine has from the start. */
const SYSTEM_FOLDER = /^\/(|bin|boot|dev|etc|home|lib|lib64|mnt|opt|proc|root|run|sbin|srv|sys|tmp|usr|var)(\/|$)/

/** Files that every machine has. SIMPLIFIED: only those that pods are known to ask for. */
const SYSTEM_FILES: { readonly [path: string]: string | undefined } = {
  '/etc/hosts': '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n',
  '/etc/machine-id': '0b1e5a7c3d9f4e628a1c7b5d3f9e2a46\n',
}

/** SIMPLIFIED: below the folders of the system every path is taken to exist, of the type that is asked for. */
function hostPathFiles({ path, type = '' }: NonNullable<Volume['hostPath']>, sources: VolumeSources): VolumeFiles {
  const kind = {
    Directory: 'a directory',
    File: 'a file',
    Socket: 'a socket file',
    CharDevice: 'a character device',
    BlockDevice: 'a block device',
  }[type]
  if (kind && !SYSTEM_FOLDER.test(path) && !sources.hostPathExists(path))
    throw new MountError(`hostPath type check failed: ${path} is not ${kind}`)
  const files = sources.hostPath(path)
  const text = SYSTEM_FILES[path]
  if (text !== undefined && files.size === 0) files.set('', text)
  return files
}

/** Whether a volume's content follows objects that may change. */
export const followsObjects = (volume: Volume): boolean =>
  (volume.configMap ?? volume.secret ?? volume.projected ?? volume.downwardAPI) !== undefined

/**
 * The files of one volume. Throws MountError. What it gives for claims and host paths is shared; the rest is the pod's
 * own. SIMPLIFIED: volume types of storage outside the cluster, other than NFS, hold nothing.
 */
export function volumeFiles(pod: Pod, volume: Volume, sources: VolumeSources): VolumeFiles {
  if (volume.configMap) return configMapFiles(sources, volume.configMap)
  if (volume.secret) return secretFiles(sources, volume.secret.secretName ?? '', volume.secret)
  if (volume.projected) return projectedFiles(pod, volume.projected, sources)
  if (volume.downwardAPI) return downwardFiles(pod, volume.downwardAPI.items, sources)
  if (volume.persistentVolumeClaim) return sources.claim(volume.persistentVolumeClaim.claimName)
  if (volume.ephemeral) return sources.claim(`${pod.metadata.name ?? ''}-${volume.name}`)
  if (volume.hostPath) return hostPathFiles(volume.hostPath, sources)
  if (volume.emptyDir) return sources.emptyDir(volume.name, volume.emptyDir.medium === 'Memory')
  if (volume.nfs) return sources.nfs(volume.nfs.server, volume.nfs.path)
  return new Map()
}

/** Pauses between tries to mount: half a second, doubling to two minutes. k8s 1.36: util/goroutinemap exponentialbackoff. */
export const nextMountDelay = (delayMs: number): number => (delayMs === 0 ? 500 : Math.min(delayMs * 2, parseGoDuration('2m2s')))
