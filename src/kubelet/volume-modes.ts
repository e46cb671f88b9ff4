/** Permission bits and owners of what the kubelet mounts. Source: k8s 1.36 volume AtomicWriter, SetVolumeOwnership. */
import type { Pod, Volume } from '../apimachinery/generated/types.ts'
import type { VolumeModes } from './cri.ts'

interface Item {
  readonly path: string
  readonly mode?: number
}

type Modes = Map<string, number>

const DEFAULT = 0o644

function addItems(out: Modes, items: readonly Item[] | undefined): void {
  for (const { path, mode } of items ?? []) if (mode !== undefined) out.set(path, mode)
}

/** Tokens are for their owner alone where an owner is known. k8s 1.36: projected collectData. */
function projectedModes(pod: Pod, { sources }: NonNullable<Volume['projected']>): Modes {
  const out: Modes = new Map()
  const { fsGroup, runAsUser } = pod.spec?.securityContext ?? {}
  for (const { configMap, secret, downwardAPI, serviceAccountToken } of sources ?? []) {
    addItems(out, configMap?.items ?? secret?.items ?? downwardAPI?.items)
    if (serviceAccountToken && (fsGroup ?? runAsUser) !== undefined) out.set(serviceAccountToken.path, 0o600)
  }
  return out
}

function own(pod: Pod, volume: Volume): { readonly file: number; readonly files: Modes } {
  const { configMap, secret, projected, downwardAPI } = volume
  if (projected) return { file: projected.defaultMode ?? DEFAULT, files: projectedModes(pod, projected) }
  const files: Modes = new Map()
  addItems(files, (configMap ?? secret ?? downwardAPI)?.items)
  return { file: (configMap ?? secret ?? downwardAPI)?.defaultMode ?? DEFAULT, files }
}

/** Undefined for what is not the pod's own: claims and paths of the host keep to the defaults unless there is an fsGroup. */
export function volumeModes(pod: Pod, volume: Volume): VolumeModes | undefined {
  const { configMap, secret, projected, downwardAPI, emptyDir, persistentVolumeClaim, ephemeral } = volume
  const isWritten = (configMap ?? secret ?? projected ?? downwardAPI) !== undefined
  const group = pod.spec?.securityContext?.fsGroup
  if (!isWritten && !emptyDir && (group === undefined || !(persistentVolumeClaim ?? ephemeral))) return undefined
  const { file, files } = own(pod, volume)
  // The group may read what is written by the kubelet, and write elsewhere.
  const more = group === undefined ? 0 : isWritten ? 0o440 : 0o660
  return {
    folder: (isWritten || emptyDir ? 0o777 : 0o755) | (group === undefined ? 0 : 0o2070),
    file: file | more,
    files: new Map([...files].map(([path, mode]) => [path, mode | more])),
    user: projected?.sources?.some((s) => s.serviceAccountToken) ? (pod.spec?.securityContext?.runAsUser ?? 0) : 0,
    group: group ?? 0,
    inMemory: emptyDir?.medium === 'Memory' || secret !== undefined || projected !== undefined,
  }
}
