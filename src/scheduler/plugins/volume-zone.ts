import { jsonEqual } from '../../apimachinery/equal.ts'
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../apimachinery/generated/types.ts'
import { Action, hint } from '../events.ts'
import type { Handle, Plugin } from '../framework.ts'
import type { Listers } from '../listers.ts'
import type { PodInfo } from '../pod-info.ts'
import { unresolvable } from '../status.ts'
import { classOfClaim } from '../volume-matching.ts'

const NAME = 'VolumeZone'
const REJECTED = unresolvable(NAME, 'node(s) had no available volume zone')
/** Old label names and what they are called now. */
const TOPOLOGY_LABELS: ReadonlyMap<string, string> = new Map([
  ['failure-domain.beta.kubernetes.io/zone', 'topology.kubernetes.io/zone'],
  ['failure-domain.beta.kubernetes.io/region', 'topology.kubernetes.io/region'],
  ['topology.kubernetes.io/zone', 'topology.kubernetes.io/zone'],
  ['topology.kubernetes.io/region', 'topology.kubernetes.io/region'],
])

interface VolumeTopology {
  readonly key: string
  readonly values: readonly string[]
}

/** A volume's zones and regions; several in one label are joined by '__'. */
function topologiesOf({ metadata }: PersistentVolume): VolumeTopology[] {
  return [...TOPOLOGY_LABELS.keys()].flatMap((key) => {
    const label = metadata.labels?.[key]
    const values = label?.split('__').map((value) => value.trim()) ?? []
    return values.length === 0 || values.includes('') ? [] : [{ key, values }]
  })
}

const claimVolumes = (pod: PodInfo): readonly string[] =>
  (pod.pod.spec?.volumes ?? []).flatMap((v) => (v.persistentVolumeClaim ? [v.persistentVolumeClaim.claimName] : []))

/** The topologies of the pod's bound volumes, or why it can't be told. k8s 1.36: getPVbyPod. */
function podTopologies(pod: PodInfo, listers: Listers): VolumeTopology[] | string {
  const all: VolumeTopology[] = []
  for (const name of claimVolumes(pod)) {
    if (!name) return 'PersistentVolumeClaim had no name'
    const claim = listers.claim(pod.namespace, name)
    if (!claim) return `persistentvolumeclaim "${name}" not found`
    const volumeName = claim.spec?.volumeName
    if (!volumeName) {
      const className = classOfClaim(claim)
      if (!className) return 'PersistentVolumeClaim had no pv name and storageClass name'
      const storageClass = listers.storageClass(className)
      if (!storageClass) return `storageclass.storage.k8s.io "${className}" not found`
      if (!storageClass.volumeBindingMode) return `VolumeBindingMode not set for StorageClass "${className}"`
      if (storageClass.volumeBindingMode === 'WaitForFirstConsumer') continue
      return 'PersistentVolume had no name'
    }
    const volume = listers.volume(volumeName)
    if (!volume) return `persistentvolume "${volumeName}" not found`
    all.push(...topologiesOf(volume))
  }
  return all
}

/** Keeps a pod in the zone that its volumes' labels name. k8s 1.36: plugins/volumezone. */
export function volumeZone({ listers }: Handle): Plugin {
  return {
    name: NAME,
    events: [
      hint<StorageClass>(
        'StorageClass',
        Action.Add,
        (_pod, { new: added }) => added?.volumeBindingMode === 'WaitForFirstConsumer',
      ),
      hint('Node', Action.Add | Action.UpdateNodeLabel),
      hint<PersistentVolumeClaim>(
        'PersistentVolumeClaim',
        Action.Add | Action.Update,
        (pod, { new: claim }) =>
          claim?.metadata.namespace === pod.namespace && claimVolumes(pod).includes(claim.metadata.name ?? ''),
      ),
      hint<PersistentVolume>(
        'PersistentVolume',
        Action.Add | Action.Update,
        (_pod, { old, new: volume }) => !old || (!!volume && !jsonEqual(topologiesOf(old), topologiesOf(volume))),
      ),
    ],
    preFilter({ pod }) {
      if (pod.claimNames.length === 0) return null
      const topologies = podTopologies(pod, listers)
      if (typeof topologies === 'string') return unresolvable(NAME, topologies)
      if (topologies.length === 0) return null
      return {
        filter({ labels }) {
          let hasZone = false
          for (const key of TOPOLOGY_LABELS.keys()) if (labels[key] !== undefined) hasZone = true
          // A cluster without zone labels has one zone.
          if (!hasZone) return null
          for (const { key, values } of topologies) {
            const here = labels[key] ?? labels[TOPOLOGY_LABELS.get(key) ?? key]
            if (here === undefined || !values.includes(here)) return REJECTED
          }
          return null
        },
      }
    },
  }
}
