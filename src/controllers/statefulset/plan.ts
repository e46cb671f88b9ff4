import type { ControllerRevision, Pod, StatefulSet, StatefulSetStatus } from '../../apimachinery/generated/types.ts'
import { templateOf } from './revisions.ts'
import { isPodAvailable, isPodReady } from '../shared/pods.ts'
import { hasIdentity, hasStorage, isInRange, newPod, ordinalOf, replicasOf, revisionOf, startOrdinal } from './identity.ts'

/** What to do about one pod. `claims` makes what claims are missing; `conform` gives it its identity and volumes back. */
export interface StatefulAction {
  readonly act: 'create' | 'delete' | 'claims' | 'conform' | 'retain'
  readonly pod: Pod
}

export interface StatefulInput {
  readonly set: StatefulSet
  readonly current: ControllerRevision
  readonly update: ControllerRevision
  readonly collisionCount: number
  readonly pods: readonly Pod[]
  /** Whether a claim of a pod to create waits for its former pod's end. */
  readonly hasStaleClaim: (pod: Pod) => boolean
  /** Whether the pod's claims have the owners that the retention policy asks for. */
  readonly claimsRetained: (pod: Pod) => boolean
  readonly nowMs: number
}

export interface StatefulPlan {
  /** To be carried out in order, or side by side when the set's pods are managed in parallel. */
  readonly actions: readonly StatefulAction[]
  /** Deletions for the update, after the actions. */
  readonly updates: readonly StatefulAction[]
  readonly status: StatefulSetStatus
}

type Verdict = { readonly actions: readonly StatefulAction[]; readonly exit: boolean }

const isTerminating = (pod: Pod) => pod.metadata.deletionTimestamp !== undefined
const isCreated = (pod: Pod) => pod.status?.phase !== undefined
const isParallel = (set: StatefulSet) => set.spec?.podManagementPolicy === 'Parallel'
const minReady = (set: StatefulSet) => set.spec?.minReadySeconds ?? 0

/**
 * One sync of a StatefulSet: pods are made from the lowest ordinal up, each waiting for the one before to be available;
 * surplus ones go from the highest down; then one pod of an old revision is replaced, highest first.
 * k8s 1.36: statefulset updateStatefulSet (MaxUnavailableStatefulSet off).
 */
export function planStatefulSet(input: StatefulInput): StatefulPlan {
  const { set, pods } = input
  const replicas = replicaSlots(input)
  const condemned = pods
    .filter((pod) => ordinalOf(pod) >= 0 && !isInRange(set, pod))
    .toSorted((a, b) => ordinalOf(b) - ordinalOf(a))
  if (set.metadata.deletionTimestamp !== undefined) return { actions: [], updates: [], status: statusOf(input, pods) }
  const status = statusOf(input, [...replicas, ...condemned])
  const monotonic = !isParallel(set)
  const unavailable = (pod: Pod) => isUnavailable(set, pod, input.nowMs)
  const firstUnavailable = replicas.find(unavailable) ?? condemned.toReversed().find(unavailable)
  const actions: StatefulAction[] = []
  for (const step of [
    () => runAll(replicas, monotonic, (pod) => forReplica(input, pod, monotonic), actions),
    () => runAll(condemned, monotonic, (pod) => retain(input, pod), actions),
    () => runAll(condemned, monotonic, (pod) => forCondemned(input, pod, monotonic, pod === firstUnavailable), actions),
  ])
    if (step()) return { actions, updates: [], status }
  const target = set.spec?.updateStrategy?.type === 'OnDelete' ? undefined : updateTarget(input, replicas)
  if (!target) return { actions, updates: [], status }
  return {
    actions,
    updates: [{ act: 'delete', pod: target }],
    status: { ...status, currentReplicas: (status.currentReplicas ?? 0) - 1 },
  }
}

/** The pods in the set's range, with new ones in the gaps. */
function replicaSlots({ set, current, update, pods }: StatefulInput): Pod[] {
  const start = startOrdinal(set)
  const rolling = set.spec?.updateStrategy?.rollingUpdate
  const isRolling = set.spec?.updateStrategy?.type !== 'OnDelete'
  const kept = rolling ? (rolling.partition ?? 0) : isRolling ? (set.status?.currentReplicas ?? 0) : 0
  return Array.from({ length: replicasOf(set) }, (_, i) => {
    const ordinal = start + i
    const revision = i < kept ? current : update
    return (
      pods.find((pod) => ordinalOf(pod) === ordinal) ?? newPod(set, templateOf(revision), revision.metadata.name ?? '', ordinal)
    )
  })
}

/** Runs a step for each pod; in order until one says stop, or for all. Whether the sync ends here. */
function runAll(pods: readonly Pod[], monotonic: boolean, step: (pod: Pod) => Verdict, actions: StatefulAction[]): boolean {
  for (const pod of pods) {
    const verdict = step(pod)
    actions.push(...verdict.actions)
    if (verdict.exit && monotonic) return true
  }
  return false
}

/** k8s 1.36: statefulset processReplica. */
function forReplica({ set, hasStaleClaim, claimsRetained, nowMs }: StatefulInput, pod: Pod, monotonic: boolean): Verdict {
  const { phase } = pod.status ?? {}
  if (phase === 'Failed' || phase === 'Succeeded')
    return { actions: isTerminating(pod) ? [] : [{ act: 'delete', pod }], exit: true }
  const actions: StatefulAction[] = []
  if (!isCreated(pod)) {
    if (hasStaleClaim(pod)) return { actions, exit: true }
    actions.push({ act: 'create', pod })
    return { actions, exit: monotonic }
  }
  if (phase === 'Pending') actions.push({ act: 'claims', pod })
  const blocked = isTerminating(pod) || phase !== 'Running' || !isPodAvailable(pod, minReady(set), nowMs)
  if (blocked && monotonic) return { actions, exit: true }
  if (!hasIdentity(set, pod) || !hasStorage(set, pod) || !claimsRetained(pod)) actions.push({ act: 'conform', pod })
  return { actions, exit: false }
}

function retain({ claimsRetained }: StatefulInput, pod: Pod): Verdict {
  return { actions: claimsRetained(pod) ? [] : [{ act: 'retain', pod }], exit: false }
}

/** k8s 1.36: statefulset processCondemned. */
function forCondemned({ set, nowMs }: StatefulInput, pod: Pod, monotonic: boolean, isFirstUnavailable: boolean): Verdict {
  if (isTerminating(pod)) return { actions: [], exit: monotonic }
  const running = pod.status?.phase === 'Running' && isPodAvailable(pod, minReady(set), nowMs)
  if (!running && monotonic && !isFirstUnavailable) return { actions: [], exit: true }
  return { actions: [{ act: 'delete', pod }], exit: true }
}

/** The pod to replace next, if the ones after it are updated and available. */
function updateTarget({ set, update, nowMs }: StatefulInput, replicas: readonly Pod[]): Pod | undefined {
  const partition = set.spec?.updateStrategy?.rollingUpdate?.partition ?? 0
  for (let i = replicas.length - 1; i >= partition; i--) {
    const pod = replicas[i]
    if (!pod) return undefined
    if (revisionOf(pod) !== update.metadata.name && !isTerminating(pod)) return pod
    if (isUnavailable(set, pod, nowMs)) return undefined
  }
  return undefined
}

function isUnavailable(set: StatefulSet, pod: Pod, nowMs: number): boolean {
  return isTerminating(pod) || !isPodAvailable(pod, minReady(set), nowMs)
}

/** k8s 1.36: statefulset updateStatus, completeRollingUpdate is applied when it is written. */
function statusOf({ set, current, update, collisionCount, nowMs }: StatefulInput, pods: readonly Pod[]): StatefulSetStatus {
  const created = pods.filter(isCreated)
  const living = created.filter((pod) => !isTerminating(pod))
  const ready = pods.filter((pod) => pod.status?.phase === 'Running' && isPodReady(pod))
  const withRevision = (revision: ControllerRevision) => living.filter((pod) => revisionOf(pod) === revision.metadata.name).length
  return {
    observedGeneration: set.metadata.generation,
    replicas: created.length,
    readyReplicas: ready.length,
    availableReplicas: ready.filter((pod) => isPodAvailable(pod, minReady(set), nowMs)).length,
    currentReplicas: withRevision(current),
    updatedReplicas: withRevision(update),
    currentRevision: current.metadata.name,
    updateRevision: update.metadata.name,
    collisionCount,
  }
}

/** The status to write: a finished rolling update makes the new revision the current one. */
export function completeUpdate(set: StatefulSet, status: StatefulSetStatus): StatefulSetStatus {
  const size = replicasOf(set)
  const { updatedReplicas, readyReplicas, replicas } = status
  const done = updatedReplicas === size && readyReplicas === size && replicas === size
  if (set.spec?.updateStrategy?.type === 'OnDelete' || !done) return status
  return { ...status, currentReplicas: updatedReplicas, currentRevision: status.updateRevision }
}
