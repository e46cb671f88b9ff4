import {
  controllerrevisions,
  cronjobs,
  daemonsets,
  deployments,
  jobs,
  pods,
  replicasets,
  replicationcontrollers,
  statefulsets,
} from '../../apimachinery/generated/resources.ts'
import type { Condition, CronJob, DaemonSet, Deployment, Job, StatefulSet } from '../../apimachinery/generated/types.ts'
import type { KubeObject, ResourceRef } from '../../apimachinery/resource.ts'
import { CUSTOM_METRICS_API } from '../../cluster/custom-metrics.ts'
import { daemonSetStatus, deploymentStatus, statefulSetStatus } from '../../kubectl/rollout-status.ts'
import type { FeedData } from '../protocol.ts'
import type { RolloutView } from '../rollout/protocol.ts'
import type { Feed, FeedContext } from './feed.ts'
import { PodViewer } from './pod-view.ts'
import { RolloutAutoscaler } from './rollout-autoscaler.ts'
import { budgetOf, noBudget } from './rollout-budget.ts'
import { RolloutHistory } from './rollout-history.ts'
import { cronProgress, jobProgress } from './rollout-job.ts'
import { RolloutLanes } from './rollout-lanes.ts'

const KINDS: { readonly [resource: string]: ResourceRef } = {
  deployments,
  statefulsets,
  daemonsets,
  replicasets,
  replicationcontrollers,
  jobs,
  cronjobs,
}

type Progress = Pick<RolloutView, 'partition' | 'job' | 'cron'> & ReturnType<typeof budgetOf>

/** A workload's revisions and their pods, now and over time, and what scales it. */
export class RolloutFeed implements Feed {
  private readonly context: FeedContext
  private readonly ref: ResourceRef
  private readonly namespace: string
  private readonly name: string
  private readonly lanes: RolloutLanes
  private readonly history: RolloutHistory
  private readonly autoscaler: RolloutAutoscaler
  private readonly ends: (() => void)[] = []
  private dirty = true
  /** What was set by hand, as last sent: it changes without a watch event. */
  private setByHand = ''

  constructor(context: FeedContext, resource: string, namespace: string, name: string) {
    this.context = context
    const ref = KINDS[resource] ?? deployments
    this.ref = ref
    this.namespace = namespace
    this.name = name
    for (const each of [ref, replicasets, controllerrevisions, jobs, pods] as ResourceRef[]) {
      const mark = (object: KubeObject) => {
        if (object.metadata.namespace === namespace) this.dirty = true
      }
      this.ends.push(context.informers.for(each).addHandler({ onAdd: mark, onUpdate: mark, onDelete: mark }))
    }
    this.lanes = new RolloutLanes(context, ref, namespace, name, new PodViewer(context.cluster.api))
    this.history = new RolloutHistory(context.cluster.etcd, (pod) => this.lanes.laneOf(pod), ref === jobs)
    this.autoscaler = new RolloutAutoscaler(context.cluster.etcd, { namespace, kind: ref.kind, name }, () => {
      this.dirty = true
    })
  }

  flush(): readonly FeedData[] {
    const setByHand = JSON.stringify(this.byHand())
    if (!this.dirty && setByHand === this.setByHand) return []
    this.dirty = false
    this.setByHand = setByHand
    const object = this.context.informers.for(this.ref).get(this.namespace, this.name)
    return [{ feed: 'rollout', rollout: object ? this.view(object) : null }]
  }

  stop(): void {
    for (const end of this.ends) end()
    this.history.stop()
    this.autoscaler.stop()
  }

  private view(object: KubeObject): RolloutView {
    const { status, spec } = object as {
      status?: { conditions?: readonly Condition[] }
      spec?: { paused?: boolean; suspend?: boolean }
    }
    return {
      kind: this.ref.kind,
      namespace: this.namespace,
      name: this.name,
      paused: spec?.paused === true || spec?.suspend === true,
      ...this.progress(object),
      conditions: (status?.conditions ?? []).map(({ type, status: value, reason = '', message = '' }) => ({
        type,
        status: value,
        reason,
        message,
      })),
      statusLine: statusLine(this.ref, object),
      lanes: this.lanes.of(object),
      points: this.history.points(),
      autoscaler: this.autoscaler.view(),
      ...this.byHand(),
    }
  }

  private progress(object: KubeObject): Progress {
    if (this.ref === jobs) {
      const job = jobProgress(object as Job)
      return { ...noBudget(job.completions ?? job.parallelism), strategy: job.indexed ? 'Indexed' : 'NonIndexed', job }
    }
    if (this.ref === cronjobs) {
      const cron = cronProgress(object as CronJob, this.context.cluster.sim.now)
      return { ...noBudget(0), strategy: cron.concurrencyPolicy, cron }
    }
    const partition = this.ref === statefulsets && (object as StatefulSet).spec?.updateStrategy?.rollingUpdate?.partition
    return { ...budgetOf(this.ref, object), ...(typeof partition === 'number' ? { partition } : {}) }
  }

  private byHand(): Pick<RolloutView, 'load' | 'metrics' | 'adapter'> {
    const { cluster } = this.context
    const load = cluster.loadOf(this.namespace, this.name)
    const metrics = (cluster.metrics?.custom.all() ?? [])
      .filter(({ namespace }) => namespace === this.namespace)
      .map(({ valueMilli, ...value }) => ({ value, valueMilli }))
    const adapter = cluster.etcd.get('apiservices.apiregistration.k8s.io', CUSTOM_METRICS_API) !== undefined
    return { ...(load ? { load } : {}), metrics, adapter }
  }
}

function statusLine(ref: ResourceRef, object: KubeObject): string {
  if (ref === deployments) return deploymentStatus(object as Deployment).message
  if (ref === daemonsets) return daemonSetStatus(object as DaemonSet).message
  if (ref === statefulsets) return statefulSetStatus(object as StatefulSet).message
  return ''
}
