import {
  controllerrevisions,
  daemonsets,
  deployments,
  pods,
  replicasets,
  statefulsets,
} from '../../apimachinery/generated/resources.ts'
import type {
  ControllerRevision,
  DaemonSet,
  Deployment,
  IntOrString,
  Pod,
  PodTemplateSpec,
  ReplicaSet,
  StatefulSet,
} from '../../apimachinery/generated/types.ts'
import { scaledIntOrPercent } from '../../apimachinery/intstr.ts'
import type { KubeObject, ResourceRef } from '../../apimachinery/resource.ts'
import { daemonSetStatus, deploymentStatus, statefulSetStatus } from '../../kubectl/rollout-status.ts'
import { parseTime } from '../../sim/time.ts'
import type { FeedData, RevisionLane, RolloutView } from '../protocol.ts'
import type { Feed, FeedContext } from './feed.ts'
import { PodViewer } from './pod-view.ts'
import { RolloutHistory } from './rollout-history.ts'

type Workload = Deployment | StatefulSet | DaemonSet | ReplicaSet

const KINDS: { readonly [resource: string]: ResourceRef<Workload> } = { deployments, statefulsets, daemonsets, replicasets }

/** A workload's revisions and their pods, now and over time. */
export class RolloutFeed implements Feed {
  private readonly context: FeedContext
  private readonly ref: ResourceRef<Workload>
  private readonly namespace: string
  private readonly name: string
  private readonly viewer: PodViewer
  private readonly history: RolloutHistory
  private readonly ends: (() => void)[] = []
  private dirty = true

  constructor(context: FeedContext, resource: string, namespace: string, name: string) {
    this.context = context
    this.ref = KINDS[resource] ?? deployments
    this.namespace = namespace
    this.name = name
    this.viewer = new PodViewer(context.cluster.api)
    for (const ref of [this.ref, replicasets, controllerrevisions, pods] as ResourceRef[]) {
      const mark = (object: KubeObject) => {
        if (object.metadata.namespace === namespace) this.dirty = true
      }
      this.ends.push(context.informers.for(ref).addHandler({ onAdd: mark, onUpdate: mark, onDelete: mark }))
    }
    context.informers.for(pods).addIndex('owner', (pod) => (pod.metadata.ownerReferences ?? []).map((owner) => owner.uid))
    this.history = new RolloutHistory(context.cluster.etcd, (pod) => this.laneOf(pod))
  }

  flush(): readonly FeedData[] {
    if (!this.dirty) return []
    this.dirty = false
    const object = this.context.informers.for(this.ref).get(this.namespace, this.name)
    return [{ feed: 'rollout', rollout: object ? this.view(object) : null }]
  }

  stop(): void {
    for (const end of this.ends) end()
    this.history.stop()
  }

  /** The revision a pod belongs to, read from the pod alone so that it also works on pods long gone. */
  private laneOf(pod: Pod): string | null {
    if (pod.metadata.namespace !== this.namespace) return null
    const owner = pod.metadata.ownerReferences?.find((reference) => reference.controller)
    if (this.ref === deployments) {
      const hash = pod.metadata.labels?.['pod-template-hash']
      return owner?.kind === 'ReplicaSet' && hash !== undefined && owner.name === `${this.name}-${hash}` ? owner.name : null
    }
    if (owner?.kind !== this.ref.kind || owner.name !== this.name) return null
    const hash = pod.metadata.labels?.['controller-revision-hash']
    if (hash === undefined) return this.name
    return this.ref === daemonsets ? `${this.name}-${hash}` : hash
  }

  private view(object: Workload): RolloutView {
    const bounds = boundsOf(this.ref, object)
    return {
      kind: this.ref.kind,
      namespace: this.namespace,
      name: this.name,
      paused: (object as Deployment).spec?.paused === true,
      ...bounds,
      conditions: (object.status?.conditions ?? []).map(({ type, status, reason = '', message = '' }) => ({
        type,
        status,
        reason,
        message,
      })),
      statusLine: statusLine(this.ref, object),
      lanes: this.ref === deployments ? this.replicaSetLanes(object as Deployment) : this.revisionLanes(object as StatefulSet),
      points: this.history.points(),
    }
  }

  private replicaSetLanes(deployment: Deployment): RevisionLane[] {
    const sets = [...this.context.informers.for(replicasets).list()].filter((set) =>
      set.metadata.ownerReferences?.some((owner) => owner.uid === deployment.metadata.uid),
    )
    const current = sets.reduce((best, set) => Math.max(best, revisionOf(set)), 0)
    return sets
      .map((set) => {
        const mine = this.context.informers.for(pods).byIndex('owner', set.metadata.uid ?? '')
        const revision = revisionOf(set)
        return {
          name: set.metadata.name ?? '',
          revision,
          images: imagesOf(set.spec?.template),
          current: revision === current,
          desired: set.spec?.replicas ?? 0,
          replicas: set.status?.replicas ?? 0,
          ready: set.status?.readyReplicas ?? 0,
          available: set.status?.availableReplicas ?? 0,
          pods: this.cells(mine),
        }
      })
      .sort((a, b) => b.revision - a.revision)
  }

  /** Lanes of workloads that keep ControllerRevisions; a bare ReplicaSet has one lane. */
  private revisionLanes(object: StatefulSet): RevisionLane[] {
    const mine = this.context.informers.for(pods).byIndex('owner', object.metadata.uid ?? '')
    const revisions = [...this.context.informers.for(controllerrevisions).list()].filter((r) =>
      r.metadata.ownerReferences?.some((owner) => owner.uid === object.metadata.uid),
    )
    const newest = Math.max(0, ...revisions.map((r) => r.revision))
    const lane = (name: string, revision: number, images: readonly string[]): RevisionLane => {
      const own = mine.filter((pod) => this.laneOf(pod) === name)
      const ready = own.filter((pod) => this.viewer.view(pod).state === 0).length
      const current = revision === newest
      return {
        name,
        revision,
        images,
        current,
        desired: current ? (object.spec?.replicas ?? own.length) : 0,
        replicas: own.length,
        ready,
        available: ready,
        pods: this.cells(own),
      }
    }
    if (revisions.length === 0) return [lane(this.name, 0, imagesOf(object.spec?.template))]
    return revisions
      .map((r) => lane(r.metadata.name ?? '', r.revision, imagesOf(templateOf(r))))
      .sort((a, b) => b.revision - a.revision)
  }

  private cells(list: readonly Pod[]): RevisionLane['pods'] {
    return list
      .map((pod) => {
        const { state, status } = this.viewer.view(pod)
        return {
          uid: pod.metadata.uid ?? '',
          name: pod.metadata.name ?? '',
          namespace: pod.metadata.namespace ?? '',
          state,
          status,
          node: pod.spec?.nodeName ?? '',
          createdMs: parseTime(pod.metadata.creationTimestamp ?? ''),
        }
      })
      .sort((a, b) => a.createdMs - b.createdMs || (a.name < b.name ? -1 : 1))
  }
}

function boundsOf(ref: ResourceRef, object: Workload) {
  if (ref === daemonsets) {
    const { updateStrategy } = (object as DaemonSet).spec ?? {}
    const desired = (object as DaemonSet).status?.desiredNumberScheduled ?? 0
    return bounds(
      updateStrategy?.type ?? '',
      desired,
      updateStrategy?.rollingUpdate?.maxSurge ?? 0,
      updateStrategy?.rollingUpdate?.maxUnavailable ?? 1,
    )
  }
  if (ref === deployments) {
    const { strategy, replicas = 1 } = (object as Deployment).spec ?? {}
    if (strategy?.type === 'Recreate') return bounds('Recreate', replicas, 0, '100%')
    return bounds(
      'RollingUpdate',
      replicas,
      strategy?.rollingUpdate?.maxSurge ?? '25%',
      strategy?.rollingUpdate?.maxUnavailable ?? '25%',
    )
  }
  const { replicas = 1 } = (object as StatefulSet).spec ?? {}
  return bounds((object as StatefulSet).spec?.updateStrategy?.type ?? '', replicas, 0, 1)
}

/** k8s 1.36: deployment util ResolveFenceposts (surge rounds up, unavailable down; not both zero). */
function bounds(strategy: string, desired: number, surge: IntOrString, unavailable: IntOrString) {
  const up = scaledIntOrPercent(surge, desired, 'up')
  const down = scaledIntOrPercent(unavailable, desired, 'down')
  const allowed = up === 0 && down === 0 ? 1 : Math.min(down, desired)
  return {
    strategy,
    desired,
    maxTotal: desired + up,
    minAvailable: desired - allowed,
    maxSurge: String(surge),
    maxUnavailable: String(unavailable),
  }
}

function statusLine(ref: ResourceRef, object: Workload): string {
  if (ref === deployments) return deploymentStatus(object as Deployment).message
  if (ref === daemonsets) return daemonSetStatus(object as DaemonSet).message
  if (ref === statefulsets) return statefulSetStatus(object as StatefulSet).message
  return ''
}

const revisionOf = (object: KubeObject): number => Number(object.metadata.annotations?.['deployment.kubernetes.io/revision'] ?? 0)
const imagesOf = (template: PodTemplateSpec | undefined): string[] =>
  (template?.spec?.containers ?? []).map((container) => container.image ?? '')
const templateOf = (revision: ControllerRevision): PodTemplateSpec | undefined =>
  (revision.data as { spec?: { template?: PodTemplateSpec } } | undefined)?.spec?.template
