import type { CSINode, PersistentVolumeClaim, Pod, VolumeAttachment } from '../../apimachinery/generated/types.ts'
import { Action, hint } from '../events.ts'
import type { Handle, Plugin } from '../framework.ts'
import type { Listers } from '../listers.ts'
import type { PodInfo } from '../pod-info.ts'
import { podInfoOf } from '../pod-info.ts'
import { unschedulable } from '../status.ts'
import { classOfClaim } from '../volume-matching.ts'
import { holdsNode } from './node-ports.ts'

const NAME = 'NodeVolumeLimits'
const REJECTED = unschedulable(NAME, 'node(s) exceed max volume count')

/** Volume to driver. */
type Volumes = Map<string, string>

function addVolumesOf(pod: PodInfo, listers: Listers, volumes: Volumes): void {
  for (const name of pod.claimNames) {
    const claim = listers.claim(pod.namespace, name)
    if (claim) addVolume(claim, listers, volumes)
  }
}

/** A volume that is not there yet is counted under the claim's name with the driver that will provision it. */
function addVolume(claim: PersistentVolumeClaim, listers: Listers, volumes: Volumes): void {
  const volume = claim.spec?.volumeName ? listers.volume(claim.spec.volumeName) : undefined
  if (volume) {
    const csi = volume.spec?.csi
    if (csi?.volumeHandle) volumes.set(`${csi.driver}/${csi.volumeHandle}`, csi.driver)
    return
  }
  const provisioner = listers.storageClass(classOfClaim(claim))?.provisioner
  if (provisioner) volumes.set(`${provisioner}/claim/${claim.metadata.namespace}/${claim.metadata.name}`, provisioner)
}

function limitsOf(csiNode: CSINode | undefined): Map<string, number> {
  const limits = new Map<string, number>()
  for (const { name, allocatable } of csiNode?.spec.drivers ?? [])
    if (allocatable?.count !== undefined) limits.set(name, allocatable.count)
  return limits
}

function addAttachments(attachments: readonly VolumeAttachment[], listers: Listers, volumes: Volumes): void {
  for (const { spec } of attachments) {
    const handle = spec.source.persistentVolumeName && listers.volume(spec.source.persistentVolumeName)?.spec?.csi?.volumeHandle
    if (spec.attacher && handle) volumes.set(`${spec.attacher}/${handle}`, spec.attacher)
  }
}

function countByDriver(volumes: Volumes): Map<string, number> {
  const counts = new Map<string, number>()
  for (const driver of volumes.values()) counts.set(driver, (counts.get(driver) ?? 0) + 1)
  return counts
}

/**
 * At most as many CSI volumes on a node as its driver attaches. k8s 1.36: plugins/nodevolumelimits.
 * SIMPLIFIED: in-tree volumes that would be migrated to CSI are not counted.
 */
export function nodeVolumeLimits({ listers }: Handle): Plugin {
  return {
    name: NAME,
    events: [
      hint('CSINode', Action.Add),
      hint<CSINode>('CSINode', Action.Update, (_pod, { old, new: csiNode }) => {
        const before = limitsOf(old)
        return [...limitsOf(csiNode)].some(([driver, limit]) => limit > (before.get(driver) ?? 0))
      }),
      hint<Pod>('Pod', Action.Delete, (_pod, { old }) => !!old && holdsNode(old) && podInfoOf(old).claimNames.length > 0),
      hint<PersistentVolumeClaim>(
        'PersistentVolumeClaim',
        Action.Add,
        (pod, { new: claim }) =>
          claim?.metadata.namespace === pod.namespace && pod.claimNames.includes(claim.metadata.name ?? ''),
      ),
      hint('VolumeAttachment', Action.Delete, (pod) => pod.claimNames.length > 0),
    ],
    preFilter({ pod }) {
      if (pod.claimNames.length === 0) return null
      const wanted: Volumes = new Map()
      addVolumesOf(pod, listers, wanted)
      return {
        filter(node) {
          if (wanted.size === 0) return null
          const limits = limitsOf(listers.csiNode(node.name))
          if (limits.size === 0) return null
          const attached: Volumes = new Map()
          for (const existing of node.pods) addVolumesOf(existing, listers, attached)
          const fresh: Volumes = new Map([...wanted].filter(([volume]) => !attached.has(volume)))
          addAttachments(listers.volumeAttachments(node.name), listers, attached)
          const current = countByDriver(attached)
          for (const [driver, count] of countByDriver(fresh)) {
            const limit = limits.get(driver)
            if (limit !== undefined && (current.get(driver) ?? 0) + count > limit) return REJECTED
          }
          return null
        },
      }
    },
  }
}
