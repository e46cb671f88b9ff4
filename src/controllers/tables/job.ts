/** Adapters between recorded tables about Jobs and the functions that they cover. */
import type { Job, JobSpec, JobStatus, Pod, PodFailurePolicy, SuccessPolicy } from '../../apimachinery/generated/types.ts'
import { Simulation } from '../../sim/simulation.ts'
import type { Task } from '../../sim/task.ts'
import { formatTime } from '../../sim/time.ts'
import { nextRecord, remainingMs, type BackoffRecord } from '../job/backoff.ts'
import { gatherFacts } from '../job/facts.ts'
import { IndexSet } from '../job/indexes.ts'
import { firstPendingIndexes } from '../job/plan.ts'
import { judgeFailure } from '../job/pod-failure-policy.ts'
import { COMPLETION_INDEX, isSuspended, TRACKING_FINALIZER, uidOf } from '../job/pods.ts'
import { matchSuccessPolicy } from '../job/success-policy.ts'
import { JobSync, type JobEffects } from '../job/sync.ts'
import { isPodReady } from '../shared/pods.ts'

const NOW_MS = 1_767_225_600_000
const ago = (seconds: number) => formatTime(NOW_MS - seconds * 1000)

export function backoffRecord({
  syncs,
}: {
  syncs: readonly { failedAt?: readonly number[]; succeededAt?: readonly number[] }[]
}) {
  let record: BackoffRecord = { failures: 0 }
  const toMs = (seconds: readonly number[] | undefined) => (seconds ?? []).map((s) => s * 1000)
  return {
    records: syncs.map(({ failedAt, succeededAt }) => {
      record = nextRecord(record, toMs(succeededAt), toMs(failedAt))
      const { failures, lastFailureMs } = record
      if (lastFailureMs === undefined) return { failuresAfterLastSuccess: failures }
      return {
        failuresAfterLastSuccess: failures,
        lastFailureAt: lastFailureMs / 1000,
        backoffSeconds: remainingMs(record, lastFailureMs) / 1000,
      }
    }),
  }
}

export function backoffRemaining(input: { failuresAfterLastSuccess: number; secondsSinceLastFailure: number }) {
  const record = { failures: input.failuresAfterLastSuccess, lastFailureMs: NOW_MS - input.secondsSinceLastFailure * 1000 }
  return { remainingSeconds: remainingMs(record, NOW_MS) / 1000 }
}

interface IndexesInput {
  readonly active: readonly number[] | null
  readonly newSucceeded: readonly number[] | null
  readonly completedIndexes: string
  readonly failedIndexes?: string
  readonly completions: number
  readonly wanted: number
}

export function indexes({ active, newSucceeded, completedIndexes, failedIndexes, completions, wanted }: IndexesInput) {
  const backoffLimitPerIndex = failedIndexes === undefined ? undefined : 0
  const job: Job = {
    metadata: { name: 'j' },
    spec: { completions, completionMode: 'Indexed', backoffLimitPerIndex, template: {} },
    status: { completedIndexes, failedIndexes },
  }
  const pods = [
    ...(active ?? []).map((index) => indexedPod(index, 'Running')),
    ...(newSucceeded ?? []).map((index) => indexedPod(index, 'Succeeded')),
  ]
  const facts = gatherFacts(job, pods, new Set(), { failures: 0 })
  const succeeded = facts.indexed?.succeeded ?? new IndexSet()
  return { completedIndexes: succeeded.toString(), succeeded: succeeded.size, firstPending: firstPendingIndexes(facts, wanted) }
}

function indexedPod(index: number, phase: string): Pod {
  const annotations = { [COMPLETION_INDEX]: String(index) }
  return {
    metadata: { uid: `${index}`, annotations, finalizers: [TRACKING_FINALIZER], creationTimestamp: ago(60) },
    status: { phase },
  }
}

interface FailureInput {
  readonly podFailurePolicy: PodFailurePolicy
  readonly exitCodes: { readonly [container: string]: number }
  readonly podCondition?: string
}

export function podFailurePolicy({ podFailurePolicy: policy, exitCodes, podCondition }: FailureInput) {
  const statuses = Object.entries(exitCodes).map(([name, exitCode]) => ({
    name,
    image: '',
    imageID: '',
    ready: false,
    restartCount: 0,
    state: { terminated: { exitCode } },
  }))
  const pod: Pod = {
    metadata: { name: 'j-x', namespace: 'default' },
    status: {
      phase: 'Failed',
      containerStatuses: statuses.filter(({ name }) => !name.startsWith('init-')),
      initContainerStatuses: statuses.filter(({ name }) => name.startsWith('init-')),
      conditions: podCondition ? [{ type: podCondition, status: 'True' }] : [],
    },
  }
  const { action, counts, failJob } = judgeFailure(policy, pod)
  return { action, countsAsFailure: counts, jobFailureMessage: failJob }
}

export function successPolicy(input: { rules: SuccessPolicy['rules']; completions: number; completedIndexes: string }) {
  const { rules, completions, completedIndexes } = input
  const message = matchSuccessPolicy({ rules }, completions, IndexSet.parse(completedIndexes, completions))
  return message === null ? { match: false } : { match: true, message }
}

interface SyncPod {
  readonly name: string
  readonly phase: string
  readonly ready?: boolean
  readonly terminating?: boolean
  readonly index?: number
  readonly indexFailureCount?: number
  readonly finishedSecondsAgo?: number
  readonly exitCode?: number
}
interface SyncInput {
  readonly spec: Partial<JobSpec>
  readonly status?: JobStatus & { readonly startedSecondsAgo?: number }
  readonly pods: readonly SyncPod[]
}

function syncedPod(pod: SyncPod): Pod {
  const { name, phase, ready, terminating, index, indexFailureCount, finishedSecondsAgo = 0, exitCode = 0 } = pod
  const ended = phase === 'Succeeded' || phase === 'Failed'
  const state = ended ? { terminated: { exitCode, finishedAt: ago(finishedSecondsAgo) } } : { running: {} }
  return {
    metadata: {
      name,
      namespace: 'default',
      uid: name,
      creationTimestamp: ago(finishedSecondsAgo + 60),
      finalizers: [TRACKING_FINALIZER],
      annotations: {
        ...(index === undefined ? {} : { [COMPLETION_INDEX]: String(index) }),
        ...(indexFailureCount === undefined ? {} : { 'batch.kubernetes.io/job-index-failure-count': String(indexFailureCount) }),
      },
      ...(terminating ? { deletionTimestamp: ago(-10), deletionGracePeriodSeconds: 30 } : {}),
    },
    spec: { nodeName: 'n', containers: [{ name: 'main' }] },
    status: {
      phase,
      conditions: ready ? [{ type: 'Ready', status: 'True', lastTransitionTime: ago(60) }] : [],
      containerStatuses: [{ name: 'main', image: '', imageID: '', ready: false, restartCount: 0, state }],
    },
  }
}

/** What the API server makes of a Job's spec. */
function defaulted(spec: Partial<JobSpec>): JobSpec {
  const { completions, parallelism } = spec
  return {
    parallelism: parallelism ?? 1,
    ...(completions === undefined && parallelism === undefined ? { completions: 1 } : {}),
    backoffLimit: spec.backoffLimitPerIndex === undefined ? 6 : 0x7fffffff,
    completionMode: 'NonIndexed',
    podReplacementPolicy: spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed',
    template: { spec: { containers: [], restartPolicy: 'Never' } },
    ...spec,
  }
}

/** Carries out nothing and counts the calls. */
class Recording implements JobEffects {
  created = 0
  deleted = 0
  createdIndexes: number[] = []
  readonly events: string[] = []
  status: JobStatus = {}

  remember(): void {}
  again(): void {}
  finished(): void {}
  *deleteActive(pods: readonly Pod[]) {
    this.deleted += pods.length
    return { count: pods.length, ready: pods.filter(isPodReady).length, error: null }
  }
  deleteSurplus(pods: readonly Pod[]) {
    return this.deleteActive(pods)
  }
  *create(_facts: unknown, count: number, indexesToMake: readonly number[] | undefined) {
    this.created += count
    this.createdIndexes = [...(indexesToMake ?? [])]
    return { count, error: null }
  }
  *updateStatus(job: Job): Task<Job> {
    this.status = job.status ?? {}
    return job
  }
  *release(pods: readonly Pod[]) {
    return { uids: pods.map(uidOf), error: null }
  }
  event(_job: Job, type: string, reason: string, message: string): void {
    this.events.push(`${type} ${reason} ${message}`)
  }
}

export function jobSync({ spec: given, status: before, pods }: SyncInput) {
  const { startedSecondsAgo, ...rest } = before ?? {}
  const status = before
    ? { ...rest, ...(startedSecondsAgo === undefined ? {} : { startTime: ago(startedSecondsAgo) }) }
    : undefined
  const spec = defaulted(given)
  const job: Job = {
    metadata: { name: 'pi', namespace: 'default', uid: 'job', generation: 1 },
    spec,
    ...(status ? { status } : {}),
  }
  const effects = new Recording()
  effects.status = status ?? {}
  const input = {
    job,
    pods: pods.map(syncedPod),
    released: new Set<string>(),
    record: { failures: 0 },
    settled: true,
    nowMs: NOW_MS,
  }
  new Simulation({ seed: 1, startTimeMs: NOW_MS }).spawn(new JobSync(input, effects).run())
  const { active = 0, ready = 0, terminating = 0, succeeded = 0, failed = 0, conditions = [] } = effects.status
  return {
    createdPods: effects.created,
    deletedPods: effects.deleted,
    ...(spec.completionMode === 'Indexed' ? { createdIndexes: effects.createdIndexes.map(String) } : {}),
    events: effects.events,
    status: {
      active,
      ready,
      terminating,
      succeeded,
      failed,
      completedIndexes: effects.status.completedIndexes,
      failedIndexes: effects.status.failedIndexes,
      startTimeSet: effects.status.startTime !== undefined && !isSuspended(job),
      completionTimeSet: effects.status.completionTime !== undefined,
      conditions: conditions.map(({ type, status: value, reason, message }) => ({ type, status: value, reason, message })),
    },
  }
}
