import type { DaemonSet, DaemonSetStatus, Node } from '../../apimachinery/generated/types.ts'
import { isPodAvailable, isPodReady } from '../shared/pods.ts'
import { omitEmpty } from '../shared/text.ts'
import { byAge, nodeFit, type PodsByNode } from './placement.ts'
import { isPodUpdated } from './pod-template.ts'

/**
 * Counts a DaemonSet's pods; the oldest pod of a node stands for it. observedGeneration stays as it is.
 * k8s 1.36: daemon updateDaemonSetStatus.
 */
export function countDaemonPods(
  ds: DaemonSet,
  nodes: Iterable<Node>,
  podsByNode: PodsByNode,
  hash: string,
  nowMs: number,
): DaemonSetStatus {
  let desired = 0
  let current = 0
  let misscheduled = 0
  let ready = 0
  let available = 0
  let updated = 0
  for (const node of nodes) {
    const pods = podsByNode.get(node.metadata.name ?? '') ?? []
    if (!nodeFit(ds, node).shouldRun) {
      if (pods.length > 0) misscheduled++
      continue
    }
    desired++
    const [oldest] = pods.length > 1 ? pods.toSorted(byAge) : pods
    if (!oldest) continue
    current++
    if (isPodReady(oldest)) ready++
    if (isPodAvailable(oldest, ds.spec?.minReadySeconds ?? 0, nowMs)) available++
    if (isPodUpdated(ds, oldest, hash)) updated++
  }
  const { observedGeneration, collisionCount, conditions } = ds.status ?? {}
  return {
    currentNumberScheduled: current,
    numberMisscheduled: misscheduled,
    desiredNumberScheduled: desired,
    numberReady: ready,
    ...omitEmpty({
      observedGeneration,
      updatedNumberScheduled: updated,
      numberAvailable: available,
      numberUnavailable: desired - available,
      conditions,
    }),
    ...(collisionCount === undefined ? {} : { collisionCount }),
  }
}
