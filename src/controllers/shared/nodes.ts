import { isConflict, isNotFound } from '../../apimachinery/errors.ts'
import { nodes } from '../../apimachinery/generated/resources.ts'
import type { Node, NodeCondition, Pod, Taint } from '../../apimachinery/generated/types.ts'
import type { Client } from '../../client/client.ts'
import type { Informer } from '../../client/informer.ts'
import { sleep, type Task } from '../../sim/task.ts'
import { formatTime } from '../../sim/time.ts'

const TAINT_RETRIES = 5

export function nodeCondition(node: Node, type: string): NodeCondition | undefined {
  return node.status?.conditions?.find((condition) => condition.type === type)
}

/** Prepares the pod informer for podsOnNode(). */
export function indexByNode(informer: Informer<Pod>): void {
  informer.addIndex('node', (pod) => (pod.spec?.nodeName ? [pod.spec.nodeName] : []))
}

export function podsOnNode(informer: Informer<Pod>, nodeName: string): Pod[] {
  return informer.byIndex('node', nodeName)
}

const sameTaint = (a: Taint, b: Taint) => a.key === b.key && a.effect === b.effect

export const hasTaint = (node: Node, taint: Taint): boolean => (node.spec?.taints ?? []).some((t) => sameTaint(t, taint))

/** The taints with some added (with that time, in front) and others gone. */
function swapped(taints: readonly Taint[], add: readonly Taint[], remove: readonly Taint[], nowMs: number): readonly Taint[] {
  const fresh = add.filter((taint) => !taints.some((old) => sameTaint(old, taint) && (old.value ?? '') === (taint.value ?? '')))
  const kept = taints.filter((old) => !fresh.some((t) => sameTaint(t, old)) && !remove.some((t) => sameTaint(t, old)))
  if (fresh.length === 0 && kept.length === taints.length) return taints
  return [...fresh.map((taint) => ({ ...taint, timeAdded: formatTime(nowMs) })), ...kept]
}

/**
 * Adds taints to a node, then removes others: two writes, each left out when it changes nothing.
 * k8s 1.36: util/node SwapNodeControllerTaint.
 */
export function* swapTaints(client: Client, node: Node, add: readonly Taint[], remove: readonly Taint[]): Task {
  if (add.length > 0) yield* patchTaints(client, node, (taints) => swapped(taints, add, [], client.sim.now))
  if (remove.some((taint) => hasTaint(node, taint)))
    yield* patchTaints(client, node, (taints) => swapped(taints, [], remove, client.sim.now))
}

function* patchTaints(client: Client, node: Node, change: (taints: readonly Taint[]) => readonly Taint[]): Task {
  const { name = '' } = node.metadata
  for (let attempt = 0; ; attempt++) {
    const latest = yield* client.get(nodes, '', name)
    const before = latest.spec?.taints ?? []
    const taints = change(before)
    if (taints === before) return
    const { resourceVersion } = latest.metadata
    try {
      yield* client.patch(
        nodes,
        '',
        name,
        { metadata: { resourceVersion }, spec: { taints: taints.length > 0 ? taints : null } },
        'merge',
      )
      return
    } catch (error) {
      if (isNotFound(error) || !isConflict(error) || attempt >= TAINT_RETRIES) throw error
      yield* sleep(100)
    }
  }
}
