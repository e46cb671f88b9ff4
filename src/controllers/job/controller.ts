import { jsonEqual } from '../../apimachinery/equal.ts'
import { isNotFound } from '../../apimachinery/errors.ts'
import { jobs, pods } from '../../apimachinery/generated/resources.ts'
import type { Job, Pod } from '../../apimachinery/generated/types.ts'
import { keyOf, splitKey, type KubeObject } from '../../apimachinery/resource.ts'
import { compileSelector } from '../../apimachinery/selectors.ts'
import type { Client } from '../../client/client.ts'
import { ControllerLoop } from '../../client/controller.ts'
import type { Informer } from '../../client/informer.ts'
import type { WorkQueue } from '../../client/workqueue.ts'
import type { Simulation } from '../../sim/simulation.ts'
import type { Task } from '../../sim/task.ts'
import type { Controller, ControllerContext } from '../context.ts'
import { claimObjects } from '../shared/claim.ts'
import { controllerFrom } from '../shared/controller.ts'
import { Expectations } from '../shared/expectations.ts'
import {
  controllerOf,
  indexByController,
  indexByNamespace,
  inNamespace,
  orphansIn,
  ownedBy,
  resolveOwner,
} from '../shared/owners.ts'
import { OwnWrites, trackRevision } from '../shared/own-writes.ts'
import { PodControl } from '../shared/pod-control.ts'
import { isJobFinished } from './condition.ts'
import { ApiJobEffects, releasePod, type JobParts } from './effects.ts'
import { isTracked, TRACKING_FINALIZER, uidOf } from './pods.ts'
import { JobSync } from './sync.ts'
import { deadlineInMs } from './verdict.ts'

const WORKERS = 5
/** Pod events of one second are dealt with in one sync. */
const BATCH_MS = 1000
const LIMITS = { baseDelayMs: 1000, maxDelayMs: 60_000, qps: Infinity, burst: Infinity }
const BUILT_IN = 'kubernetes.io/job-controller'

/** Runs pods until enough of them succeed. k8s 1.36: pkg/controller/job. */
export function jobController(context: ControllerContext): Controller {
  const { sim, informers } = context
  const client = context.client('job-controller')
  const recorder = context.recorder(client, 'job-controller')
  const jobInformer = informers.for(jobs)
  const podInformer = informers.for(pods)
  indexByNamespace(jobInformer)
  indexByController(podInformer)
  const loop: ControllerLoop = new ControllerLoop(sim, {
    name: 'job',
    workers: WORKERS,
    limits: LIMITS,
    *reconcile(key) {
      yield* reconcile(sim, parts, jobInformer, podInformer, key)
    },
  })
  const parts: JobParts = {
    client,
    recorder,
    podControl: new PodControl(client, recorder),
    expectations: new Expectations(sim),
    ownWrites: new OwnWrites(),
    seenPods: trackRevision(podInformer),
    seenJobs: trackRevision(jobInformer),
    queue: loop.queue,
    released: new Map(),
    backoffs: new Map(),
    finishedJobs: new Set(),
  }
  const orphanLoop = orphanPods(sim, client, jobInformer, podInformer)
  watchJobs(parts, sim, jobInformer, podInformer, orphanLoop.queue)
  watchPods(parts, jobInformer, podInformer, orphanLoop.queue)
  return controllerFrom('job-controller', [loop, orphanLoop])
}

/** Another controller looks after the Job. */
function isForeign(job: Job): boolean {
  return job.spec?.managedBy !== undefined && job.spec.managedBy !== BUILT_IN
}

function* reconcile(sim: Simulation, parts: JobParts, jobInformer: Informer<Job>, podInformer: Informer<Pod>, key: string): Task {
  if (!parts.ownWrites.isVisible(key)) return
  const { namespace, name } = splitKey(key)
  const job = jobInformer.get(namespace, name)
  if (!job) {
    parts.expectations.forget(key)
    parts.released.delete(key)
    parts.ownWrites.forget(key)
  }
  if (!job || isJobFinished(job)) {
    parts.backoffs.delete(key)
    parts.finishedJobs.delete(job?.metadata.uid ?? '')
    return
  }
  if (isForeign(job) || parts.finishedJobs.has(job.metadata.uid ?? '')) return
  const settled = parts.expectations.satisfied(key)
  const claimed = yield* claimPods(parts.client, job, podInformer)
  const released = new Set(parts.released.get(key))
  const record = parts.backoffs.get(key) ?? { failures: 0 }
  const input = { job, pods: claimed, released, record, settled, nowMs: sim.now }
  yield* new JobSync(input, new ApiJobEffects(parts, job)).run()
}

function* claimPods(client: Client, job: Job, podInformer: Informer<Pod>): Task<Pod[]> {
  const matches = compileSelector(job.spec?.selector)
  const claimed = yield* claimObjects({
    client,
    owner: job,
    ownerRef: jobs,
    ref: pods,
    candidates: [...ownedBy(podInformer, job.metadata.uid), ...orphansIn(podInformer, job.metadata.namespace)],
    matches: (pod) => matches(pod.metadata.labels),
    finalizer: TRACKING_FINALIZER,
  })
  return claimed.map((pod) => (controllerOf(pod) || isTracked(pod) ? pod : withFinalizer(pod)))
}

const withFinalizer = (pod: Pod): Pod => ({
  ...pod,
  metadata: { ...pod.metadata, finalizers: [...(pod.metadata.finalizers ?? []), TRACKING_FINALIZER] },
})

/** k8s 1.36: job addJob, updateJob, deleteJob. */
function watchJobs(
  parts: JobParts,
  sim: Simulation,
  jobInformer: Informer<Job>,
  podInformer: Informer<Pod>,
  orphans: WorkQueue,
): void {
  /** No sync removes the finalizers of pods that are left over. */
  const abandonPods = (job: Job) => {
    const matches = compileSelector(job.spec?.selector)
    for (const pod of [...ownedBy(podInformer, job.metadata.uid), ...orphansIn(podInformer, job.metadata.namespace)])
      if (isTracked(pod) && matches(pod.metadata.labels)) orphans.add(keyOf(pod))
  }
  jobInformer.addHandler({
    onAdd: (job) => parts.queue.add(keyOf(job)),
    onUpdate(job, old) {
      const key = keyOf(job)
      if (isJobFinished(job)) return abandonPods(job)
      parts.queue.addAfter(key, job.metadata.generation === old.metadata.generation ? BATCH_MS : 0)
      if (job.spec?.activeDeadlineSeconds === old.spec?.activeDeadlineSeconds) return
      const deadlineMs = deadlineInMs(job, sim.now)
      if (deadlineMs !== undefined) parts.queue.addAfter(key, deadlineMs)
    },
    onDelete(job) {
      const key = keyOf(job)
      parts.ownWrites.forget(key)
      parts.finishedJobs.delete(job.metadata.uid ?? '')
      parts.backoffs.delete(key)
      parts.queue.add(key)
      abandonPods(job)
    },
  })
}

/** k8s 1.36: job addPod, updatePod, deletePod. */
function watchPods(parts: JobParts, jobInformer: Informer<Job>, podInformer: Informer<Pod>, orphans: WorkQueue): void {
  const ownerOf = (pod: KubeObject) => resolveOwner(jobInformer, pod.metadata.namespace, controllerOf(pod))
  const wake = (job: Job) => parts.queue.addAfter(keyOf(job), BATCH_MS)
  const wakeMatching = (pod: Pod) => {
    for (const job of inNamespace(jobInformer, pod.metadata.namespace))
      if (compileSelector(job.spec?.selector)(pod.metadata.labels)) wake(job)
  }
  const seenReleased = (job: Job, pod: Pod) => parts.released.get(keyOf(job))?.delete(uidOf(pod))
  const gone = (pod: Pod, final: boolean) => {
    const job = ownerOf(pod)
    if (!job || isJobFinished(job)) {
      if (isTracked(pod) && isJobPod(pod)) orphans.add(keyOf(pod))
      return
    }
    parts.expectations.deletionObserved(keyOf(job), keyOf(pod))
    if (final || !isTracked(pod)) seenReleased(job, pod)
    wake(job)
  }
  podInformer.addHandler({
    onAdd(pod) {
      if (pod.metadata.deletionTimestamp !== undefined) return gone(pod, false)
      if (controllerOf(pod)) {
        const job = ownerOf(pod)
        if (!job) return
        parts.expectations.creationObserved(keyOf(job))
        return wake(job)
      }
      if (isTracked(pod)) orphans.add(keyOf(pod))
      wakeMatching(pod)
    },
    onUpdate(pod, old) {
      if (pod.metadata.deletionTimestamp !== undefined) return gone(pod, false)
      const moved = !jsonEqual(controllerOf(pod), controllerOf(old))
      for (const job of moved ? [ownerOf(old), ownerOf(pod)] : [ownerOf(pod)]) {
        if (!job) continue
        if (!isTracked(pod)) seenReleased(job, pod)
        wake(job)
      }
      if (controllerOf(pod)) return
      if (isTracked(pod)) orphans.add(keyOf(pod))
      if (moved || !jsonEqual(pod.metadata.labels, old.metadata.labels)) wakeMatching(pod)
    },
    onDelete: (pod) => gone(pod, true),
  })
}

/** Whether the pod is a Job's, or nobody's. */
function isJobPod(pod: Pod): boolean {
  const controller = controllerOf(pod)
  return !controller || (controller.kind === 'Job' && controller.apiVersion === 'batch/v1')
}

/** Removes tracking finalizers from pods that no Job will count. k8s 1.36: job syncOrphanPod. */
function orphanPods(sim: Simulation, client: Client, jobInformer: Informer<Job>, podInformer: Informer<Pod>): ControllerLoop {
  return new ControllerLoop(sim, {
    name: 'job_orphan_pod',
    workers: WORKERS,
    limits: LIMITS,
    *reconcile(key) {
      const pod = podInformer.getByKey(key)
      if (!pod || !isJobPod(pod)) return
      const job = resolveOwner(jobInformer, pod.metadata.namespace, controllerOf(pod))
      if (job && (isForeign(job) || !isJobFinished(job))) return
      try {
        yield* releasePod(client, pod)
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
    },
  })
}
