import type { Node } from '../../apimachinery/generated/types.ts'

/** How much of a zone is down. k8s 1.36: nodelifecycle ZoneState. */
export type ZoneState = 'Initial' | 'Normal' | 'PartialDisruption' | 'FullDisruption'

const UNHEALTHY_SHARE = 0.55
const LARGE_CLUSTER = 50
/** Nodes that may be tainted for eviction in a second. */
export const EVICTION_QPS = 0.1
const SECONDARY_EVICTION_QPS = 0.01

/** Region and zone as one text; '' for nodes outside of zones. k8s 1.36: component-helpers GetZoneKey. */
export function zoneOf(node: Node): string {
  const labels = node.metadata.labels ?? {}
  const zone = labels['topology.kubernetes.io/zone'] ?? labels['failure-domain.beta.kubernetes.io/zone'] ?? ''
  const region = labels['topology.kubernetes.io/region'] ?? labels['failure-domain.beta.kubernetes.io/region'] ?? ''
  return zone === '' && region === '' ? '' : `${region}:\u0000:${zone}`
}

/** k8s 1.36: nodelifecycle ComputeZoneState. */
export function zoneState(readyNodes: number, otherNodes: number): ZoneState {
  if (readyNodes === 0 && otherNodes > 0) return 'FullDisruption'
  return otherNodes > 2 && otherNodes / (otherNodes + readyNodes) >= UNHEALTHY_SHARE ? 'PartialDisruption' : 'Normal'
}

/** Evictions a second that a zone in that state is allowed. k8s 1.36: nodelifecycle setLimiterInZone. */
export function evictionQps(state: ZoneState, zoneSize: number): number {
  if (state !== 'PartialDisruption') return EVICTION_QPS
  return zoneSize > LARGE_CLUSTER ? SECONDARY_EVICTION_QPS : 0
}

export interface ZoneCounts {
  readonly ready: number
  readonly other: number
}

/** What a look at all zones leads to. */
export interface DisruptionPlan {
  readonly states: ReadonlyMap<string, ZoneState>
  /** New eviction rates, for zones whose rate changes. */
  readonly rates: ReadonlyMap<string, number>
  /** All zones have just gone down: that is taken for the control plane's own trouble, and nobody is evicted. */
  readonly entersFull: boolean
  /** Some node is back after all were down: every node gets a fresh start. */
  readonly leavesFull: boolean
}

/** k8s 1.36: nodelifecycle handleDisruption. */
export function planDisruption(before: ReadonlyMap<string, ZoneState>, counts: ReadonlyMap<string, ZoneCounts>): DisruptionPlan {
  const next = new Map<string, ZoneState>()
  for (const [zone, { ready, other }] of counts) next.set(zone, zoneState(ready, other))
  const allFull = [...next.values()].every((state) => state === 'FullDisruption')
  const wasFull = [...counts.keys()].every((zone) => before.get(zone) === 'FullDisruption')
  const entersFull = allFull && !wasFull
  const leavesFull = wasFull && !allFull
  const rates = new Map<string, number>()
  for (const [zone, state] of next) {
    const size = (counts.get(zone)?.ready ?? 0) + (counts.get(zone)?.other ?? 0)
    if (entersFull) rates.set(zone, 0)
    else if (leavesFull || (before.get(zone) !== state && !(allFull && wasFull))) rates.set(zone, evictionQps(state, size))
  }
  return { states: next, rates, entersFull, leavesFull }
}
