import type { ContainerStatus, Job, Pod } from '../../apimachinery/generated/types.ts'
import { parseTime } from '../../sim/time.ts'
import { isPodReady, podCondition } from '../shared/pods.ts'

/** What a Job's pods tell. */

export const TRACKING_FINALIZER = 'batch.kubernetes.io/job-tracking'
export const COMPLETION_INDEX = 'batch.kubernetes.io/job-completion-index'
const INDEX_FAILURES = 'batch.kubernetes.io/job-index-failure-count'
const INDEX_IGNORED_FAILURES = 'batch.kubernetes.io/job-index-ignored-failure-count'

export function isTracked(pod: Pod): boolean {
  return pod.metadata.finalizers?.includes(TRACKING_FINALIZER) ?? false
}

export const isIndexed = (job: Job): boolean => job.spec?.completionMode === 'Indexed'
export const isSuspended = (job: Job): boolean => job.spec?.suspend === true
export const hasLimitPerIndex = (job: Job): boolean => job.spec?.backoffLimitPerIndex !== undefined
export const uidOf = (pod: Pod): string => pod.metadata.uid ?? ''

/** Whether a pod that is on its way out is replaced only once it has failed. k8s 1.36: job onlyReplaceFailedPods. */
export function replacesFailedOnly(job: Job): boolean {
  return job.spec?.podReplacementPolicy === 'Failed' || job.spec?.podFailurePolicy !== undefined
}

/** Pods on their way out count as failed, unless the Job waits to see. */
export function isPodFailed(pod: Pod, job: Job): boolean {
  if (pod.status?.phase === 'Failed') return true
  if (replacesFailedOnly(job)) return false
  return pod.metadata.deletionTimestamp !== undefined && pod.status?.phase !== 'Succeeded'
}

/** The pod's completion index, or undefined when it has none that is valid. */
export function completionIndex(pod: Pod): number | undefined {
  const text = pod.metadata.annotations?.[COMPLETION_INDEX]
  return text !== undefined && /^[+]?[0-9]+$/.test(text) ? Number(text) : undefined
}

/** The same, if it is below the Job's completions. */
export function validIndex(pod: Pod, job: Job): number | undefined {
  const index = completionIndex(pod)
  return index !== undefined && index < (job.spec?.completions ?? 0) ? index : undefined
}

function count(pod: Pod, annotation: string): number {
  const text = pod.metadata.annotations?.[annotation] ?? ''
  return /^[+]?[0-9]+$/.test(text) && Number(text) <= 0x7fffffff ? Number(text) : 0
}

/** Failures of the pod's index before this pod. */
export const indexFailures = (pod: Pod): number => count(pod, INDEX_FAILURES)
/** The same with those that the failure policy ignored. */
export const allIndexFailures = (pod: Pod): number => indexFailures(pod) + count(pod, INDEX_IGNORED_FAILURES)

/** Annotations of a pod that replaces another of its index. k8s 1.36: job addIndexFailureCountAnnotation. */
export function indexFailureAnnotations(replaced: Pod | undefined, counts: boolean): { readonly [key: string]: string } {
  if (!replaced) return { [INDEX_FAILURES]: '0' }
  const ignored = count(replaced, INDEX_IGNORED_FAILURES) + (counts ? 0 : 1)
  return {
    [INDEX_FAILURES]: String(indexFailures(replaced) + (counts ? 1 : 0)),
    ...(ignored > 0 ? { [INDEX_IGNORED_FAILURES]: String(ignored) } : {}),
  }
}

/** When the pod ended, as well as can be told. Milliseconds. k8s 1.36: job getFinishedTime. */
export function finishedMs(pod: Pod): number {
  const byContainers = containersFinishedMs(pod)
  if (byContainers !== undefined) return byContainers
  const ready = podCondition(pod, 'Ready')
  if (ready?.status === 'False' && ready.lastTransitionTime) return parseTime(ready.lastTransitionTime)
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, creationTimestamp = '' } = pod.metadata
  if (deletionTimestamp !== undefined) return parseTime(deletionTimestamp) - deletionGracePeriodSeconds * 1000
  return parseTime(creationTimestamp)
}

function containersFinishedMs(pod: Pod): number | undefined {
  const sidecars = new Set(pod.spec?.initContainers?.filter((c) => c.restartPolicy === 'Always').map((c) => c.name))
  const latest = latestFinish(pod.status?.containerStatuses ?? [], undefined)
  return latestFinish(
    (pod.status?.initContainerStatuses ?? []).filter(({ name }) => sidecars.has(name)),
    latest,
  )
}

/** The latest end, or undefined when one of them has not ended. */
function latestFinish(statuses: readonly ContainerStatus[], before: number | undefined): number | undefined {
  let latest = before
  for (const { state } of statuses) {
    const text = state?.terminated?.finishedAt
    if (!text) return undefined
    const ms = parseTime(text)
    if (latest === undefined || latest < ms) latest = ms
  }
  return latest
}

const PHASES: { readonly [phase: string]: number } = { Pending: 0, Unknown: 1, Running: 2 }

/** Which active pod to take away first. k8s 1.36: controller ActivePods. */
export function byActivity(a: Pod, b: Pod): number {
  const ready = (pod: Pod) => Number(isPodReady(pod))
  return (
    Number(!b.spec?.nodeName) - Number(!a.spec?.nodeName) ||
    (PHASES[a.status?.phase ?? ''] ?? 0) - (PHASES[b.status?.phase ?? ''] ?? 0) ||
    ready(a) - ready(b) ||
    (ready(a) ? newestFirst(podCondition(a, 'Ready')?.lastTransitionTime, podCondition(b, 'Ready')?.lastTransitionTime) : 0) ||
    restarts(b) - restarts(a) ||
    newestFirst(a.metadata.creationTimestamp, b.metadata.creationTimestamp)
  )
}

const restarts = (pod: Pod) => Math.max(0, ...(pod.status?.containerStatuses ?? []).map(({ restartCount }) => restartCount))

/** No time counts as newest. */
function newestFirst(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0
  if (!a) return -1
  return !b ? 1 : parseTime(b) - parseTime(a)
}
