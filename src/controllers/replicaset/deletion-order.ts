import type { Pod } from '../../apimachinery/generated/types.ts'
import { parseTime } from '../../sim/time.ts'
import { isPodActive, isPodReady, podCondition } from '../shared/pods.ts'
import { compareText } from '../shared/text.ts'

const PHASE_ORDER: { readonly [phase: string]: number } = { Pending: 0, Unknown: 1, Running: 2 }
const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost'

/** How many active pods of a group run on each node. */
export function podsPerNode(related: readonly Pod[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const pod of related) {
    if (!isPodActive(pod)) continue
    const node = pod.spec?.nodeName ?? ''
    counts.set(node, (counts.get(node) ?? 0) + 1)
  }
  return counts
}

/**
 * The pods in the order in which a scale-down deletes them: unassigned, pending, not ready, cheap, doubled up on a
 * node, recently ready, often restarted, young. Ages count on a base 2 logarithmic scale; equal ranks go by uid.
 * `nodeCounts` is what podsPerNode gives for the set's own and its siblings' pods. k8s 1.36: ActivePodsWithRanks.
 */
export function byDeletionPreference(pods: readonly Pod[], nodeCounts: ReadonlyMap<string, number>, nowMs: number): Pod[] {
  const keyed = pods.map((pod) => rankOf(pod, nodeCounts, nowMs))
  return keyed.toSorted(compare).map(({ pod }) => pod)
}

interface Rank {
  readonly pod: Pod
  readonly assigned: number
  readonly phase: number
  readonly ready: boolean
  readonly cost: number
  readonly doubled: number
  readonly readyMs: number | undefined
  readonly restarts: number
  readonly sidecarRestarts: number
  readonly createdMs: number | undefined
  readonly nowMs: number
}

function rankOf(pod: Pod, nodeCounts: ReadonlyMap<string, number>, nowMs: number): Rank {
  const ready = isPodReady(pod)
  const { restarts, sidecarRestarts } = restartsOf(pod)
  return {
    pod,
    assigned: pod.spec?.nodeName ? 1 : 0,
    phase: PHASE_ORDER[pod.status?.phase ?? ''] ?? 0,
    ready,
    cost: costOf(pod),
    doubled: nodeCounts.get(pod.spec?.nodeName ?? '') ?? 0,
    readyMs: ready ? timeOf(podCondition(pod, 'Ready')?.lastTransitionTime) : undefined,
    restarts,
    sidecarRestarts,
    createdMs: timeOf(pod.metadata.creationTimestamp),
    nowMs,
  }
}

const timeOf = (text: string | undefined) => (text === undefined ? undefined : parseTime(text))

function costOf(pod: Pod): number {
  const text = pod.metadata.annotations?.[DELETION_COST] ?? ''
  return /^(0|-?[1-9][0-9]*)$/.test(text) && Math.abs(Number(text)) <= 0x7fffffff ? Number(text) : 0
}

function restartsOf(pod: Pod): { readonly restarts: number; readonly sidecarRestarts: number } {
  const sidecars = new Set(pod.spec?.initContainers?.filter((c) => c.restartPolicy === 'Always').map((c) => c.name))
  const most = (counts: readonly (number | undefined)[]) => counts.reduce<number>((max, n) => Math.max(max, n ?? 0), 0)
  return {
    restarts: most((pod.status?.containerStatuses ?? []).map((c) => c.restartCount)),
    sidecarRestarts: most(
      (pod.status?.initContainerStatuses ?? []).filter((c) => sidecars.has(c.name)).map((c) => c.restartCount),
    ),
  }
}

function compare(a: Rank, b: Rank): number {
  return (
    a.assigned - b.assigned ||
    a.phase - b.phase ||
    Number(a.ready) - Number(b.ready) ||
    a.cost - b.cost ||
    b.doubled - a.doubled ||
    (a.ready && b.ready ? compareAges(a, b, a.readyMs, b.readyMs) : 0) ||
    b.restarts - a.restarts ||
    b.sidecarRestarts - a.sidecarRestarts ||
    compareAges(a, b, a.createdMs, b.createdMs)
  )
}

/** No time before the younger, the younger before the older; nearly equal ages by uid. */
function compareAges(a: Rank, b: Rank, aMs: number | undefined, bMs: number | undefined): number {
  if (aMs === bMs) return 0
  if (aMs === undefined) return -1
  if (bMs === undefined) return 1
  return logAge(a.nowMs - aMs) - logAge(b.nowMs - bMs) || compareText(a.pod.metadata.uid ?? '', b.pod.metadata.uid ?? '')
}

/** Whole part of log2 of an age in nanoseconds; -1 for none. */
const logAge = (ms: number) => (ms > 0 ? Math.trunc(Math.log2(ms * 1e6)) : -1)
