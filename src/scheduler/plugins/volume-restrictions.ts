import type { PersistentVolumeClaim, Pod, Volume } from '../../apimachinery/generated/types.ts'
import { Action, hint } from '../events.ts'
import type { FilterState, Handle, Plugin } from '../framework.ts'
import type { NodeInfo } from '../node-info.ts'
import { podInfoOf, type PodInfo } from '../pod-info.ts'
import { unresolvable, unschedulable } from '../status.ts'

const NAME = 'VolumeRestrictions'
const DISK_CONFLICT = unschedulable(NAME, 'node(s) had no available disk')
const IN_USE = unschedulable(
  NAME,
  'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod',
)

const isRestricted = (v: Volume) => !!(v.gcePersistentDisk ?? v.awsElasticBlockStore ?? v.rbd ?? v.iscsi)

/** Whether two volumes are one disk that not both may use. k8s 1.36: isVolumeConflict. */
function conflicts(a: Volume, b: Volume): boolean {
  const bothReadOnly = (x: { readonly readOnly?: boolean }, y: { readonly readOnly?: boolean }) => !!x.readOnly && !!y.readOnly
  const [gceA, gceB] = [a.gcePersistentDisk, b.gcePersistentDisk]
  if (gceA && gceB && gceA.pdName === gceB.pdName && !bothReadOnly(gceA, gceB)) return true
  const [ebsA, ebsB] = [a.awsElasticBlockStore, b.awsElasticBlockStore]
  if (ebsA && ebsB && ebsA.volumeID === ebsB.volumeID) return true
  if (a.iscsi && b.iscsi && a.iscsi.iqn === b.iscsi.iqn && !bothReadOnly(a.iscsi, b.iscsi)) return true
  if (!a.rbd || !b.rbd || bothReadOnly(a.rbd, b.rbd)) return false
  const monitors = b.rbd.monitors
  const sameImage = (a.rbd.pool ?? 'rbd') === (b.rbd.pool ?? 'rbd') && a.rbd.image === b.rbd.image
  return sameImage && a.rbd.monitors.some((monitor) => monitors.includes(monitor))
}

const volumesOf = ({ pod }: PodInfo) => pod.spec?.volumes ?? []

function hasConflict(restricted: readonly Volume[], pods: readonly PodInfo[]): boolean {
  return restricted.some((v) => pods.some((pod) => volumesOf(pod).some((other) => conflicts(v, other))))
}

class RestrictionFilter implements FilterState {
  private readonly restricted: readonly Volume[]
  private readonly exclusiveClaims: ReadonlySet<string>
  private users: number

  constructor(restricted: readonly Volume[], exclusiveClaims: ReadonlySet<string>, users: number) {
    this.restricted = restricted
    this.exclusiveClaims = exclusiveClaims
    this.users = users
  }

  filter({ pods }: NodeInfo) {
    if (this.restricted.length > 0 && hasConflict(this.restricted, pods)) return DISK_CONFLICT
    return this.users > 0 ? IN_USE : null
  }

  fork(): RestrictionFilter {
    return new RestrictionFilter(this.restricted, this.exclusiveClaims, this.users)
  }

  private references(pod: PodInfo): number {
    return volumesOf(pod).filter((v) => v.persistentVolumeClaim && this.exclusiveClaims.has(v.persistentVolumeClaim.claimName))
      .length
  }

  addPod(pod: PodInfo): void {
    this.users += this.references(pod)
  }

  removePod(pod: PodInfo): void {
    this.users -= this.references(pod)
  }
}

/** One pod per disk that can't be shared, one per ReadWriteOncePod claim. k8s 1.36: plugins/volumerestrictions. */
export function volumeRestrictions({ listers }: Handle): Plugin {
  return {
    name: NAME,
    events: [
      hint<Pod>('Pod', Action.Delete, (pod, { old }) => {
        if (!old || old.metadata.namespace !== pod.namespace) return false
        const deleted = podInfoOf(old)
        if (hasConflict(volumesOf(pod).filter(isRestricted), [deleted])) return true
        return deleted.claimNames.some((name) => pod.claimNames.includes(name))
      }),
      hint('Node', Action.Add),
      hint<PersistentVolumeClaim>(
        'PersistentVolumeClaim',
        Action.Add,
        (pod, { new: claim }) =>
          claim?.metadata.namespace === pod.namespace && pod.claimNames.includes(claim.metadata.name ?? ''),
      ),
    ],
    preFilter({ pod, snapshot }) {
      const volumes = volumesOf(pod)
      if (volumes.length === 0) return null
      const exclusive = new Set<string>()
      for (const { persistentVolumeClaim } of volumes) {
        if (!persistentVolumeClaim) continue
        const claim = listers.claim(pod.namespace, persistentVolumeClaim.claimName)
        if (!claim) return unresolvable(NAME, `persistentvolumeclaim "${persistentVolumeClaim.claimName}" not found`)
        if (claim.spec?.accessModes?.includes('ReadWriteOncePod')) exclusive.add(persistentVolumeClaim.claimName)
      }
      const restricted = volumes.filter(isRestricted)
      const used = [...exclusive].filter((name) => snapshot.usersOfClaim(`${pod.namespace}/${name}`) > 0).length
      return restricted.length === 0 && used === 0 ? null : new RestrictionFilter(restricted, exclusive, used)
    },
  }
}
