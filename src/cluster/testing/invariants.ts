import type { Deployment, Node, Pod, ReplicaSet, StatefulSet } from '../../apimachinery/generated/types.ts'
import { milliValue, value as wholeValue } from '../../apimachinery/quantity.ts'
import { scaledIntOrPercent } from '../../apimachinery/intstr.ts'
import type { Change } from '../../etcd/etcd.ts'
import { podResources } from '../../scheduler/resources.ts'
import type { Cluster } from '../cluster.ts'

/** Watches a cluster from outside and tells what must never be. */
export class Invariants {
  private readonly cluster: Cluster
  readonly broken: string[] = []
  private lastRevision = 0

  constructor(cluster: Cluster) {
    this.cluster = cluster
    cluster.etcd.watchAll((change) => this.onChange(change))
  }

  /** What can only be seen in a state as a whole. */
  check(): void {
    this.nodesHoldWhatFits()
    this.addressesAreUnique()
    this.rolloutsKeepTheirBudget()
    this.disksAreAttachedOnce()
  }

  private onChange(change: Change): void {
    if (change.revision <= this.lastRevision) this.fail(`revision ${change.revision} after ${this.lastRevision}`)
    this.lastRevision = change.revision
    if (change.value.metadata.resourceVersion !== String(change.revision))
      this.fail(`${change.bucket}/${change.key} does not carry its revision`)
    if (change.bucket === 'pods' && change.previous) this.podChange(change.value as Pod, change.previous as Pod)
  }

  private podChange(pod: Pod, before: Pod): void {
    const name = `${pod.metadata.namespace ?? ''}/${pod.metadata.name ?? ''}`
    if (before.spec?.nodeName && pod.spec?.nodeName !== before.spec.nodeName) this.fail(`pod ${name} was bound twice`)
    const ended = before.status?.phase === 'Succeeded' || before.status?.phase === 'Failed'
    if (ended && pod.status?.phase !== before.status?.phase)
      this.fail(`pod ${name} came back from ${before.status?.phase ?? ''} to ${pod.status?.phase ?? ''}`)
    if (before.metadata.deletionTimestamp && !pod.metadata.deletionTimestamp) this.fail(`pod ${name} is no longer being deleted`)
    const restarts = (of: Pod) => (of.status?.containerStatuses ?? []).reduce((sum, status) => sum + status.restartCount, 0)
    if (restarts(pod) < restarts(before)) this.fail(`pod ${name} lost restarts`)
  }

  private pods(): Pod[] {
    return this.cluster.etcd.range('pods').map((entry) => entry.value as Pod)
  }

  private nodesHoldWhatFits(): void {
    const used = new Map<string, { cpu: number; memory: number; pods: number }>()
    for (const pod of this.pods()) {
      const node = pod.spec?.nodeName
      if (!node || pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') continue
      const sum = used.get(node) ?? { cpu: 0, memory: 0, pods: 0 }
      const { requests } = podResources(pod)
      used.set(node, { cpu: sum.cpu + requests.cpuMilli, memory: sum.memory + requests.memoryBytes, pods: sum.pods + 1 })
    }
    for (const { value } of this.cluster.etcd.range('nodes')) {
      const { metadata, status } = value as Node
      const sum = used.get(metadata.name ?? '')
      const { cpu = '0', memory = '0', pods = '0' } = status?.allocatable ?? {}
      if (sum && (sum.cpu > milliValue(cpu) || sum.memory > wholeValue(memory) || sum.pods > wholeValue(pods)))
        this.fail(`node ${metadata.name ?? ''} is over-committed: ${JSON.stringify(sum)}`)
    }
  }

  private addressesAreUnique(): void {
    const owners = new Map<string, string>()
    for (const pod of this.pods()) {
      const ip = pod.status?.podIP
      if (!ip || pod.spec?.hostNetwork || pod.status?.phase !== 'Running') continue
      // A node that is off can't take its pods' addresses back; its pods are being deleted or unknown.
      if (!this.cluster.machine(pod.spec?.nodeName ?? '')?.powered) continue
      const name = `${pod.metadata.namespace ?? ''}/${pod.metadata.name ?? ''}`
      const other = owners.get(ip)
      if (other) this.fail(`${name} and ${other} share ${ip}`)
      owners.set(ip, name)
    }
  }

  private rolloutsKeepTheirBudget(): void {
    for (const { value } of this.cluster.etcd.range('deployments.apps')) {
      const { metadata, spec } = value as Deployment
      if (spec?.strategy?.type !== 'RollingUpdate') continue
      const sets = this.cluster.etcd
        .range('replicasets.apps', `${metadata.namespace ?? ''}/`)
        .map((entry) => entry.value as ReplicaSet)
        .filter((set) => set.metadata.ownerReferences?.some((owner) => owner.uid === metadata.uid))
      const wanted = sets.reduce((sum, set) => sum + (set.spec?.replicas ?? 0), 0)
      const recorded = Math.max(
        spec.replicas ?? 1,
        ...sets.map((set) => Number(set.metadata.annotations?.['deployment.kubernetes.io/desired-replicas'] ?? 0)),
      )
      const surge = scaledIntOrPercent(spec.strategy.rollingUpdate?.maxSurge ?? '25%', recorded, 'up')
      if (sets.length > 1 && wanted > recorded + surge)
        this.fail(`deployment ${metadata.name ?? ''} asks for ${wanted} pods, its budget is ${recorded} + ${surge}`)
    }
  }

  private disksAreAttachedOnce(): void {
    for (const { id, attachedTo } of this.cluster.volumes.disks.list())
      if (attachedTo.size > 1) this.fail(`disk ${id} is attached to ${[...attachedTo].join(' and ')}`)
  }

  private fail(message: string): void {
    if (this.broken.length < 20) this.broken.push(`${this.cluster.sim.now - this.cluster.sim.startTimeMs} ms: ${message}`)
  }
}

/** A pod that no node can take says so itself; it is where it should be. */
const saysWhy = (pod: Pod): boolean =>
  pod.status?.conditions?.some((condition) => condition.type === 'PodScheduled' && condition.reason === 'Unschedulable') === true

/** What is still not as it should be once every fault is mended, and does not say why; empty when all has converged. */
export function unsettled(cluster: Cluster): string[] {
  const out: string[] = []
  for (const { value } of cluster.etcd.range('deployments.apps')) {
    const { metadata, spec, status } = value as Deployment
    const wanted = spec?.replicas ?? 1
    const facts = [status?.replicas ?? 0, status?.updatedReplicas ?? 0, status?.availableReplicas ?? 0]
    const waiting = cluster.etcd
      .range('pods', `${metadata.namespace ?? ''}/${metadata.name ?? ''}-`)
      .filter((entry) => saysWhy(entry.value as Pod)).length
    const missing = facts.some((count) => count !== wanted) && waiting === 0
    if (missing || status?.observedGeneration !== metadata.generation)
      out.push(`deployment ${metadata.name ?? ''}: ${facts.join('/')} of ${wanted}`)
  }
  for (const { value } of cluster.etcd.range('statefulsets.apps')) {
    const { metadata, spec, status } = value as StatefulSet
    const pods = cluster.etcd.range('pods', `${metadata.namespace ?? ''}/${metadata.name ?? ''}-`)
    const waits = pods.some((entry) => saysWhy(entry.value as Pod))
    if (!waits && (status?.readyReplicas ?? 0) !== (spec?.replicas ?? 1))
      out.push(`statefulset ${metadata.name ?? ''}: ${status?.readyReplicas ?? 0} of ${spec?.replicas ?? 1}`)
  }
  for (const { value } of cluster.etcd.range('nodes')) {
    const node = value as Node
    if (!node.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True'))
      out.push(`node ${node.metadata.name ?? ''} is not ready`)
  }
  for (const { value } of cluster.etcd.range('pods')) {
    const pod = value as Pod
    if (pod.metadata.deletionTimestamp) out.push(`pod ${pod.metadata.name ?? ''} does not go`)
  }
  return out
}
