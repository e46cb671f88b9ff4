import {
  controllerrevisions,
  cronjobs,
  daemonsets,
  deployments,
  jobs,
  pods,
  replicasets,
} from '../../apimachinery/generated/resources.ts'
import type {
  ControllerRevision,
  CronJob,
  Deployment,
  Job,
  Pod,
  PodTemplateSpec,
  StatefulSet,
} from '../../apimachinery/generated/types.ts'
import type { KubeObject, ResourceRef } from '../../apimachinery/resource.ts'
import { COMPLETION_INDEX } from '../../controllers/job/pods.ts'
import { parseTime } from '../../sim/time.ts'
import type { RevisionLane } from '../rollout/protocol.ts'
import type { FeedContext } from './feed.ts'
import type { PodViewer } from './pod-view.ts'
import { jobLaneOf } from './rollout-job.ts'

const POD_INDEX = 'apps.kubernetes.io/pod-index'

/** A workload's pods, sorted into lanes: revisions, Jobs, or how they ended. */
export class RolloutLanes {
  private readonly context: FeedContext
  private readonly ref: ResourceRef
  private readonly namespace: string
  private readonly name: string
  private readonly viewer: PodViewer

  constructor(context: FeedContext, ref: ResourceRef, namespace: string, name: string, viewer: PodViewer) {
    this.context = context
    this.ref = ref
    this.namespace = namespace
    this.name = name
    this.viewer = viewer
    context.informers.for(pods).addIndex('owner', (pod) => (pod.metadata.ownerReferences ?? []).map((owner) => owner.uid))
  }

  /** The lane that a pod belongs to, read from the pod alone so that it also works on pods long gone. */
  laneOf(pod: Pod): string | null {
    if (pod.metadata.namespace !== this.namespace) return null
    const owner = pod.metadata.ownerReferences?.find((reference) => reference.controller)
    if (this.ref === deployments) {
      const hash = pod.metadata.labels?.['pod-template-hash']
      return owner?.kind === 'ReplicaSet' && hash !== undefined && owner.name === `${this.name}-${hash}` ? owner.name : null
    }
    // The controller names a CronJob's Jobs by the minute of their schedule.
    if (this.ref === cronjobs) return owner?.kind === 'Job' && owner.name.replace(/-\d+$/, '') === this.name ? owner.name : null
    if (owner?.kind !== this.ref.kind || owner.name !== this.name) return null
    if (this.ref === jobs) return jobLaneOf(pod)
    const hash = pod.metadata.labels?.['controller-revision-hash']
    if (hash === undefined) return this.name
    return this.ref === daemonsets ? `${this.name}-${hash}` : hash
  }

  of(object: KubeObject): RevisionLane[] {
    if (this.ref === deployments) return this.replicaSets(object as Deployment)
    if (this.ref === jobs) return this.endings(object as Job)
    if (this.ref === cronjobs) return this.jobs(object as CronJob)
    return this.revisions(object as StatefulSet)
  }

  private replicaSets(deployment: Deployment): RevisionLane[] {
    const sets = this.ownedBy(deployment, replicasets)
    const current = sets.reduce((best, set) => Math.max(best, revisionOf(set)), 0)
    return sets
      .map((set) => {
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
          pods: this.cells(this.podsOf(set)),
        }
      })
      .sort((a, b) => b.revision - a.revision)
  }

  /** Lanes of workloads that keep ControllerRevisions; ReplicaSets and ReplicationControllers have one lane. */
  private revisions(object: StatefulSet): RevisionLane[] {
    const mine = this.podsOf(object)
    const revisions = this.ownedBy(object, controllerrevisions)
    const newest = Math.max(0, ...revisions.map((r) => r.revision))
    const lane = (name: string, revision: number, images: readonly string[]): RevisionLane => {
      const own = mine.filter((pod) => this.laneOf(pod) === name)
      const current = revision === newest
      return { ...this.lane(name, revision, current, own), images, desired: current ? (object.spec?.replicas ?? own.length) : 0 }
    }
    if (revisions.length === 0) return [lane(this.name, 0, imagesOf(object.spec?.template))]
    return revisions
      .map((r) => lane(r.metadata.name ?? '', r.revision, imagesOf(templateOf(r))))
      .sort((a, b) => b.revision - a.revision)
  }

  private endings(job: Job): RevisionLane[] {
    const mine = this.podsOf(job)
    const images = imagesOf(job.spec?.template)
    return (['active', 'succeeded', 'failed'] as const).map((ending, i) => {
      const own = mine.filter((pod) => jobLaneOf(pod) === ending)
      return { ...this.lane(ending, -i, ending === 'active', own), of: ending, images: ending === 'active' ? images : [] }
    })
  }

  private jobs(cronJob: CronJob): RevisionLane[] {
    const mine = this.ownedBy(cronJob, jobs).sort((a, b) => createdMs(b) - createdMs(a))
    return mine.map((job, i) => {
      const { name = '' } = job.metadata
      const isActive = !job.status?.conditions?.some(({ type, status }) => status === 'True' && /^(Complete|Failed)$/.test(type))
      const lane = this.lane(name, mine.length - i, isActive, this.podsOf(job))
      return { ...lane, of: 'job' as const, images: imagesOf(job.spec?.template), desired: job.spec?.completions ?? 1 }
    })
  }

  private lane(name: string, revision: number, current: boolean, own: readonly Pod[]): RevisionLane {
    const ready = own.filter((pod) => this.viewer.view(pod).state === 0).length
    const cells = this.cells(own)
    return { name, revision, images: [], current, desired: 0, replicas: own.length, ready, available: ready, pods: cells }
  }

  private podsOf(object: KubeObject): readonly Pod[] {
    return this.context.informers.for(pods).byIndex('owner', object.metadata.uid ?? '')
  }

  private ownedBy<T extends KubeObject>(object: KubeObject, ref: ResourceRef<T>): T[] {
    return [...this.context.informers.for(ref).list()].filter((owned) =>
      owned.metadata.ownerReferences?.some((owner) => owner.uid === object.metadata.uid),
    )
  }

  private cells(list: readonly Pod[]): RevisionLane['pods'] {
    return list
      .map((pod) => {
        const { state, status } = this.viewer.view(pod)
        const ordinal = pod.metadata.labels?.[POD_INDEX] ?? pod.metadata.annotations?.[COMPLETION_INDEX]
        return {
          uid: pod.metadata.uid ?? '',
          name: pod.metadata.name ?? '',
          namespace: pod.metadata.namespace ?? '',
          state,
          status,
          node: pod.spec?.nodeName ?? '',
          createdMs: createdMs(pod),
          ...(ordinal === undefined ? {} : { ordinal: Number(ordinal) }),
        }
      })
      .sort((a, b) => (a.ordinal ?? 0) - (b.ordinal ?? 0) || a.createdMs - b.createdMs || (a.name < b.name ? -1 : 1))
  }
}

const createdMs = ({ metadata }: KubeObject): number => parseTime(metadata.creationTimestamp ?? '')
const revisionOf = (object: KubeObject): number => Number(object.metadata.annotations?.['deployment.kubernetes.io/revision'] ?? 0)
const imagesOf = (template: PodTemplateSpec | undefined): string[] =>
  (template?.spec?.containers ?? []).map((container) => container.image ?? '')
const templateOf = (revision: ControllerRevision): PodTemplateSpec | undefined =>
  (revision.data as { spec?: { template?: PodTemplateSpec } } | undefined)?.spec?.template
