import { jsonEqual } from '../../apimachinery/equal.ts'
import { value } from '../../apimachinery/quantity.ts'
import type { CSIDriver, CSIStorageCapacity, PersistentVolumeClaim, StorageClass } from '../../apimachinery/generated/types.ts'
import { Action, hint } from '../events.ts'
import type { FilterState, Handle, Plugin } from '../framework.ts'
import type { PodInfo } from '../pod-info.ts'
import { failure, unresolvable, type Status } from '../status.ts'
import { VolumeBinder, type PodClaims, type VolumeDecision } from '../volume-binder.ts'

const NAME = 'VolumeBinding'

export interface VolumeBindingArgs {
  /** How long PreBind waits for the volumes. 600 unless given. */
  readonly bindTimeoutSeconds?: number
}

/** Why the pod's claims keep it from every node; null if they do not. k8s 1.36: podHasPVCs. */
function claimTrouble(pod: PodInfo, binder: VolumeBinder): string | null {
  const ephemeral = new Set((pod.pod.spec?.volumes ?? []).filter((v) => v.ephemeral).map((v) => `${pod.name}-${v.name}`))
  for (const name of pod.claimNames) {
    const claim = binder.claim(pod.namespace, name)
    if (!claim && ephemeral.has(name))
      return `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`
    if (!claim) return `persistentvolumeclaim "${name}" not found`
    if (claim.status?.phase === 'Lost')
      return `persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${claim.spec?.volumeName ?? ''}"`
    if (claim.metadata.deletionTimestamp !== undefined) return `persistentvolumeclaim "${name}" is being deleted`
    const owned = claim.metadata.ownerReferences?.some((o) => o.controller && o.uid === pod.pod.metadata.uid)
    if (ephemeral.has(name) && !owned)
      return `PVC ${pod.namespace}/${name} was not created for pod ${pod.namespace}/${pod.name} (pod is not owner)`
  }
  return null
}

/** The pod's volumes on each node; remembers what was decided for those that will do. */
class VolumeFilter implements FilterState {
  private readonly pod: PodInfo
  private readonly claims: PodClaims
  private readonly binder: VolumeBinder
  private readonly timeoutMs: number
  private readonly decisions = new Map<string, VolumeDecision>()
  private readonly verdicts = new Map<string, Status>()
  private reserved: VolumeDecision | null = null

  constructor(pod: PodInfo, claims: PodClaims, binder: VolumeBinder, timeoutMs: number) {
    this.pod = pod
    this.claims = claims
    this.binder = binder
    this.timeoutMs = timeoutMs
  }

  filter({ name, node }: { readonly name: string; readonly node: Parameters<VolumeBinder['decide']>[1] }): Status | null {
    const decision = this.binder.decide(this.claims, node)
    if ('bindings' in decision) {
      this.decisions.set(name, decision)
      return null
    }
    const key = decision.join()
    let verdict = this.verdicts.get(key)
    if (!verdict) this.verdicts.set(key, (verdict = unresolvable(NAME, ...decision)))
    return verdict
  }

  reserve(nodeName: string): Status | null {
    if (this.claims.delayed.length === 0) return null
    const decision = this.decisions.get(nodeName)
    if (!decision) return failure(NAME, `no pod volume found for node "${nodeName}"`)
    this.reserved = this.binder.assume(decision, nodeName)
    return null
  }

  unreserve(): void {
    if (this.reserved) this.binder.revert(this.reserved)
    this.reserved = null
  }

  needsPreBind(): boolean {
    return this.reserved !== null
  }

  *preBind(client: Parameters<VolumeBinder['bind']>[0], nodeName: string) {
    if (!this.reserved) return null
    const trouble = yield* this.binder.bind(client, this.pod, nodeName, this.reserved, this.timeoutMs)
    return trouble === null ? null : failure(NAME, trouble)
  }
}

const usesClaim = (pod: PodInfo, claim: PersistentVolumeClaim | undefined) =>
  claim?.metadata.namespace === pod.namespace && pod.claimNames.includes(claim.metadata.name ?? '')

const volumeLimit = (capacity: CSIStorageCapacity) => {
  const limit = capacity.maximumVolumeSize ?? capacity.capacity
  return limit === undefined ? -1 : value(limit)
}

/**
 * Volumes that are bound must be reachable from the node; those that wait for a consumer must be there to bind or to
 * provision. k8s 1.36: plugins/volumebinding.
 * SIMPLIFIED: in-tree volumes are not translated to CSI, so CSINode migration annotations have no effect.
 */
export function volumeBinding({ bindTimeoutSeconds = 600 }: VolumeBindingArgs, { listers }: Handle): Plugin {
  const binder = new VolumeBinder(listers)
  return {
    name: NAME,
    events: [
      hint<StorageClass>(
        'StorageClass',
        Action.Add | Action.Update,
        (_pod, { old, new: changed }) => !old || !jsonEqual(old.allowedTopologies ?? [], changed?.allowedTopologies ?? []),
      ),
      hint<PersistentVolumeClaim>('PersistentVolumeClaim', Action.Add | Action.Update, (pod, { new: claim }) =>
        usesClaim(pod, claim),
      ),
      hint('PersistentVolume', Action.Add | Action.Update),
      hint('Node', Action.Add | Action.UpdateNodeLabel),
      hint('CSINode', Action.Add | Action.Update, (_pod, { old }) => !old),
      hint<CSIDriver>('CSIDriver', Action.Update, (pod, { old, new: driver }) => {
        const used = pod.pod.spec?.volumes?.some((volume) => volume.csi?.driver === driver?.metadata.name)
        return !!used && !!old?.spec.storageCapacity && !driver?.spec.storageCapacity
      }),
      hint<CSIStorageCapacity>(
        'CSIStorageCapacity',
        Action.Add | Action.Update,
        (_pod, { old, new: capacity }) => !old || (!!capacity && volumeLimit(capacity) > volumeLimit(old)),
      ),
    ],
    preFilter({ pod }) {
      if (pod.claimNames.length === 0) return null
      const trouble = claimTrouble(pod, binder)
      if (trouble) return unresolvable(NAME, trouble)
      const claims = binder.podClaims(pod)
      if (claims.immediate.length > 0) return unresolvable(NAME, 'pod has unbound immediate PersistentVolumeClaims')
      return new VolumeFilter(pod, claims, binder, bindTimeoutSeconds * 1000)
    },
  }
}
