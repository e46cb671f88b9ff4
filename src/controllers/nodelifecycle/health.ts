import type { Node, NodeCondition } from '../../apimachinery/generated/types.ts'
import { formatTime, parseTime } from '../../sim/time.ts'
import { nodeCondition } from '../shared/nodes.ts'

/** Milliseconds without a sign of life after which a node counts as unreachable; more for one that never reported. */
export const GRACE_MS = 50_000
export const STARTUP_GRACE_MS = 60_000

const WATCHED = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'] as const

/** What the monitor remembers of a node. */
export interface NodeHealth {
  /** When the last sign of life was noticed. */
  readonly probeMs: number
  /** The Ready condition at that time. */
  readonly ready: NodeCondition | undefined
  /** The newest lease renewal that was noticed. */
  readonly renewMs: number
}

/**
 * Takes note of signs of life: a status report or a lease renewal since the last look.
 * k8s 1.36: nodelifecycle tryUpdateNodeHealth, first half.
 */
export function observe(health: NodeHealth | undefined, node: Node, renewMs: number | undefined, nowMs: number): NodeHealth {
  const ready = nodeCondition(node, 'Ready')
  const next = (health && ready === health.ready ? health : noted(health, node, ready, nowMs)) satisfies NodeHealth
  return renewMs !== undefined && renewMs > next.renewMs ? { ...next, renewMs, probeMs: nowMs } : next
}

function noted(health: NodeHealth | undefined, node: Node, ready: NodeCondition | undefined, nowMs: number): NodeHealth {
  const renewMs = health?.renewMs ?? -Infinity
  if (!health) return { probeMs: ready ? nowMs : parseTime(node.metadata.creationTimestamp ?? formatTime(nowMs)), ready, renewMs }
  if ((ready === undefined) !== (health.ready === undefined)) return { probeMs: nowMs, ready, renewMs }
  const reported = ready?.lastHeartbeatTime !== health.ready?.lastHeartbeatTime
  return { probeMs: reported ? nowMs : health.probeMs, ready, renewMs }
}

/** When the node will count as unreachable unless it gives a sign of life. */
export function expiryMs(health: NodeHealth): number {
  return health.probeMs + (health.ready ? GRACE_MS : STARTUP_GRACE_MS)
}

/**
 * The conditions of a node that has been silent for too long, or null when they say so already.
 * k8s 1.36: nodelifecycle tryUpdateNodeHealth, second half.
 */
export function silentConditions(node: Node, nowMs: number): NodeCondition[] | null {
  const lastTransitionTime = formatTime(nowMs)
  let changed = false
  const conditions = (node.status?.conditions ?? []).map((condition): NodeCondition => {
    if (!WATCHED.some((type) => type === condition.type) || condition.status === 'Unknown') return condition
    changed ||= condition.type === 'Ready'
    const silent = { status: 'Unknown', reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting node status.' }
    return { ...condition, ...silent, lastTransitionTime }
  })
  for (const type of WATCHED) {
    if (conditions.some((condition) => condition.type === type)) continue
    changed ||= type === 'Ready'
    const never = { status: 'Unknown', reason: 'NodeStatusNeverUpdated', message: 'Kubelet never posted node status.' }
    conditions.push({ type, ...never, lastHeartbeatTime: node.metadata.creationTimestamp, lastTransitionTime })
  }
  return changed ? conditions : null
}
