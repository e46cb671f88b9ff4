/** Decides which volumes a pod would get on a node, and writes that decision. k8s 1.36: volumebinding binder. */
import { keyOf } from '../apimachinery/resource.ts'
import { value } from '../apimachinery/quantity.ts'
import { selectorMatches } from '../apimachinery/selectors.ts'
import type { Node, PersistentVolume, PersistentVolumeClaim, StorageClass } from '../apimachinery/generated/types.ts'
import { persistentvolumeclaims, persistentvolumes } from '../apimachinery/generated/resources.ts'
import type { Client } from '../client/client.ts'
import { sleep, type Task } from '../sim/task.ts'
import { AssumedObjects } from './assumed-objects.ts'
import type { Listers } from './listers.ts'
import type { PodInfo } from './pod-info.ts'
import * as matching from './volume-matching.ts'

const NO_PROVISIONER = 'kubernetes.io/no-provisioner'
const POLL_MS = 1000

const VolumeReason = {
  nodeConflict: "node(s) didn't match PersistentVolume's node affinity",
  noVolume: "node(s) didn't find available persistent volumes to bind",
  noSpace: 'node(s) did not have enough free storage',
  volumeGone: 'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)',
} as const

/** A pod's claims by what has to happen with them. */
export interface PodClaims {
  readonly bound: readonly PersistentVolumeClaim[]
  /** To be bound once a node is chosen. */
  readonly delayed: readonly PersistentVolumeClaim[]
  /** Should have been bound without us. */
  readonly immediate: readonly PersistentVolumeClaim[]
}

/** What choosing a node means for the pod's volumes. */
export interface VolumeDecision {
  readonly bindings: readonly { readonly volume: PersistentVolume; readonly claim: PersistentVolumeClaim }[]
  readonly provisions: readonly PersistentVolumeClaim[]
}

const NOTHING_TO_DO: VolumeDecision = { bindings: [], provisions: [] }

export class VolumeBinder {
  private readonly listers: Listers
  private readonly volumes = new AssumedObjects<PersistentVolume>()
  private readonly claims = new AssumedObjects<PersistentVolumeClaim>()

  constructor(listers: Listers) {
    this.listers = listers
  }

  claim(namespace: string, name: string): PersistentVolumeClaim | undefined {
    return this.claims.resolve(`${namespace}/${name}`, this.listers.claim(namespace, name))
  }

  private volume(name: string): PersistentVolume | undefined {
    return this.volumes.resolve(name, this.listers.volume(name))
  }

  /** Sorts the claims of a pod; all of them are known to exist. */
  podClaims(pod: PodInfo): PodClaims {
    const bound: PersistentVolumeClaim[] = []
    const delayed: PersistentVolumeClaim[] = []
    const immediate: PersistentVolumeClaim[] = []
    for (const name of pod.claimNames) {
      const claim = this.claim(pod.namespace, name)
      if (!claim) continue
      const storageClass = this.listers.storageClass(matching.classOfClaim(claim))
      if (matching.isFullyBound(claim)) bound.push(claim)
      else if (storageClass?.volumeBindingMode === 'WaitForFirstConsumer' && !claim.spec?.volumeName) delayed.push(claim)
      else immediate.push(claim)
    }
    return { bound, delayed, immediate }
  }

  /** The decision for a node, or the reasons why its volumes rule it out. k8s 1.36: FindPodVolumes. */
  decide(claims: PodClaims, node: Node): VolumeDecision | readonly string[] {
    const reasons: string[] = []
    for (const claim of claims.bound) {
      const volume = this.volume(claim.spec?.volumeName ?? '')
      const reason = !volume ? VolumeReason.volumeGone : matching.volumeReaches(volume, node) ? null : VolumeReason.nodeConflict
      if (!reason) continue
      reasons.push(reason)
      break
    }
    if (claims.delayed.length === 0) return reasons.length > 0 ? reasons : NOTHING_TO_DO
    const decision = this.decideDelayed(claims.delayed, node)
    if (typeof decision === 'string') reasons.splice(reasons[0] === VolumeReason.nodeConflict ? 1 : 0, 0, decision)
    return reasons.length > 0 || typeof decision === 'string' ? reasons : decision
  }

  private decideDelayed(claims: readonly PersistentVolumeClaim[], node: Node): VolumeDecision | string {
    const provisions: PersistentVolumeClaim[] = []
    const toMatch: PersistentVolumeClaim[] = []
    for (const claim of claims) {
      const selected = claim.metadata.annotations?.[matching.SELECTED_NODE]
      if (selected === undefined) toMatch.push(claim)
      else if (selected !== node.metadata.name) return VolumeReason.noVolume
      else provisions.push(claim)
    }
    const bindings: { volume: PersistentVolume; claim: PersistentVolumeClaim }[] = []
    const taken = new Set<string>()
    for (const claim of toMatch.toSorted(matching.byRequest)) {
      const candidates = this.listers.volumesOfClass(matching.classOfClaim(claim)).map((v) => this.volumes.resolve(keyOf(v), v))
      const volume = matching.findMatchingVolume(claim, candidates, node, taken)
      if (volume) {
        taken.add(keyOf(volume))
        bindings.push({ volume, claim })
      } else provisions.push(claim)
    }
    for (const claim of provisions) {
      const obstacle = this.provisioningObstacle(claim, node)
      if (obstacle) return obstacle
    }
    return { bindings, provisions }
  }

  private provisioningObstacle(claim: PersistentVolumeClaim, node: Node): string | null {
    const storageClass = this.listers.storageClass(matching.classOfClaim(claim))
    if (!storageClass?.provisioner || storageClass.provisioner === NO_PROVISIONER) return VolumeReason.noVolume
    const topologies = storageClass.allowedTopologies ?? []
    const allowed = topologies.some(
      ({ matchLabelExpressions: expressions = [] }) =>
        expressions.length > 0 && expressions.every(({ key, values }) => values.includes(node.metadata.labels?.[key] ?? '')),
    )
    if (topologies.length > 0 && !allowed) return VolumeReason.noVolume
    return this.hasCapacity(storageClass, claim, node) ? null : VolumeReason.noSpace
  }

  /** Asked only of CSI drivers that publish their capacity. */
  private hasCapacity(storageClass: StorageClass, claim: PersistentVolumeClaim, node: Node): boolean {
    const size = claim.spec?.resources?.requests?.['storage']
    if (size === undefined || !this.listers.csiDriver(storageClass.provisioner)?.spec.storageCapacity) return true
    return this.listers.csiStorageCapacities().some((capacity) => {
      const limit = capacity.maximumVolumeSize ?? capacity.capacity
      if (capacity.storageClassName !== storageClass.metadata.name || limit === undefined) return false
      return (
        value(limit) >= value(size) && !!capacity.nodeTopology && selectorMatches(capacity.nodeTopology, node.metadata.labels)
      )
    })
  }

  /** Takes the decision for granted, so that no other pod gets the same volumes. Gives it with the objects to write. */
  assume(decision: VolumeDecision, nodeName: string): VolumeDecision {
    const bindings = decision.bindings.map(({ volume, claim }) => ({ volume: matching.bindVolumeToClaim(volume, claim), claim }))
    const provisions = decision.provisions.map((claim) => ({
      ...claim,
      metadata: { ...claim.metadata, annotations: { ...claim.metadata.annotations, [matching.SELECTED_NODE]: nodeName } },
    }))
    for (const { volume } of bindings) this.volumes.assume(keyOf(volume), volume)
    for (const claim of provisions) this.claims.assume(keyOf(claim), claim)
    return { bindings, provisions }
  }

  revert({ bindings, provisions }: VolumeDecision): void {
    for (const { volume } of bindings) this.volumes.drop(keyOf(volume))
    for (const claim of provisions) this.claims.drop(keyOf(claim))
  }

  /** Writes what assume() gave and waits until the volume controller has bound every claim. Null, or what went wrong. */
  *bind(client: Client, pod: PodInfo, nodeName: string, decision: VolumeDecision, timeoutMs: number): Task<string | null> {
    for (const { volume } of decision.bindings) yield* client.update(persistentvolumes, volume)
    for (const claim of decision.provisions) yield* client.update(persistentvolumeclaims, claim)
    const claims = [...decision.bindings.map(({ claim }) => claim), ...decision.provisions]
    for (let waitedMs = 0; waitedMs < timeoutMs; waitedMs += POLL_MS) {
      yield* sleep(POLL_MS)
      if (!this.listers.pod(pod.namespace, pod.name))
        return `binding volumes: pod does not exist any more: pod "${pod.name}" not found`
      const lost = this.failedProvision(decision.provisions, nodeName)
      if (lost) return `binding volumes: provisioning failed for PVC "${lost}"`
      const stored = claims.map(({ metadata }) => this.listers.claim(metadata.namespace ?? '', metadata.name ?? ''))
      if (stored.every((claim) => claim && matching.isFullyBound(claim))) return null
    }
    return 'binding volumes: context deadline exceeded'
  }

  /** A provisioner that gives up takes the node off the claim again. */
  private failedProvision(provisions: readonly PersistentVolumeClaim[], nodeName: string): string | undefined {
    return provisions.find(({ metadata }) => {
      const stored = this.listers.claim(metadata.namespace ?? '', metadata.name ?? '')
      if (!stored || stored.metadata.resourceVersion === metadata.resourceVersion) return false
      return stored.metadata.annotations?.[matching.SELECTED_NODE] !== nodeName
    })?.metadata.name
  }
}
