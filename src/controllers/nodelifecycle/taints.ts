import type { Node, Taint } from '../../apimachinery/generated/types.ts'

export const NOT_READY: Taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' }
export const UNREACHABLE: Taint = { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' }
const UNSCHEDULABLE = 'node.kubernetes.io/unschedulable'

/** The NoSchedule taint that a condition in that status brings. */
const CONDITION_TAINTS: { readonly [type: string]: { readonly [status: string]: string } } = {
  Ready: { False: NOT_READY.key, Unknown: UNREACHABLE.key },
  MemoryPressure: { True: 'node.kubernetes.io/memory-pressure' },
  DiskPressure: { True: 'node.kubernetes.io/disk-pressure' },
  NetworkUnavailable: { True: 'node.kubernetes.io/network-unavailable' },
  PIDPressure: { True: 'node.kubernetes.io/pid-pressure' },
}
const MANAGED = new Set([UNSCHEDULABLE, ...Object.values(CONDITION_TAINTS).flatMap((byStatus) => Object.values(byStatus))])

/** Which NoSchedule taints to add and remove, by the node's conditions. k8s 1.36: nodelifecycle doNoScheduleTaintingPass. */
export function planNoSchedule(node: Node): { readonly add: readonly Taint[]; readonly remove: readonly Taint[] } {
  const keys: string[] = []
  for (const { type, status } of node.status?.conditions ?? []) {
    const key = CONDITION_TAINTS[type]?.[status]
    if (key !== undefined) keys.push(key)
  }
  if (node.spec?.unschedulable) keys.push(UNSCHEDULABLE)
  const present = (node.spec?.taints ?? []).filter((taint) => taint.effect === 'NoSchedule' && MANAGED.has(taint.key))
  return {
    add: keys.filter((key) => !present.some((taint) => taint.key === key)).map((key) => ({ key, effect: 'NoSchedule' })),
    remove: present.filter((taint) => !keys.includes(taint.key)),
  }
}

/** The NoExecute taint that the Ready condition's status calls for, with the one that it excludes; null when Ready. */
export function noExecuteFor(status: string | undefined): { readonly add: Taint; readonly remove: Taint } | null {
  if (status === 'False') return { add: NOT_READY, remove: UNREACHABLE }
  return status === 'Unknown' ? { add: UNREACHABLE, remove: NOT_READY } : null
}

const LABELS = [
  ['kubernetes.io/os', 'beta.kubernetes.io/os'],
  ['kubernetes.io/arch', 'beta.kubernetes.io/arch'],
] as const

/** Old labels that must follow new ones; null when all is well. k8s 1.36: nodelifecycle reconcileNodeLabels. */
export function planLabels(node: Node): { readonly [key: string]: string } | null {
  const { labels } = node.metadata
  const changes: Record<string, string> = {}
  for (const [primary, secondary] of LABELS) {
    const value = labels?.[primary]
    if (value !== undefined && labels?.[secondary] !== value) changes[secondary] = value
  }
  return Object.keys(changes).length > 0 ? changes : null
}
