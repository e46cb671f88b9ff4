import type { Endpoint, EndpointSlice, Node, Service } from '../../apimachinery/generated/types.ts'
import { milliValue } from '../../apimachinery/quantity.ts'
import { nodeCondition } from '../shared/nodes.ts'
import type { SlicePlan } from './packing.ts'

/** Hints in proportion to the zones' CPUs. k8s 1.36: endpointslice/topologycache. */

const ZONE = 'topology.kubernetes.io/zone'
const MODES = ['service.kubernetes.io/topology-aware-hints', 'service.kubernetes.io/topology-mode']
const EXCLUDED = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master']
/** By how much an endpoint may get more than its share. */
const OVERLOAD = 0.2

/** How many endpoints are hinted at each zone. */
export type ZoneCounts = ReadonlyMap<string, number>
/** Each zone's part of all CPUs, summing up to 1. */
export type CpuRatios = ReadonlyMap<string, number>

export function wantsTopologyHints({ metadata }: Service): boolean {
  const mode = MODES.map((name) => metadata.annotations?.[name]).find((value) => value !== undefined)
  return mode === 'Auto' || mode === 'auto'
}

/** The zones' parts of the CPUs of ready nodes; null when a node tells too little, or there is one zone only. */
export function cpuRatios(nodes: Iterable<Node>): CpuRatios | null {
  const sums = new Map<string, number>()
  let total = 0
  for (const node of nodes) {
    const { labels = {} } = node.metadata
    if (EXCLUDED.some((name) => name in labels) || nodeCondition(node, 'Ready')?.status !== 'True') continue
    const zone = labels[ZONE]
    const cpu = milliValue(node.status?.allocatable?.['cpu'] ?? '0')
    if (!zone || cpu === 0) return null
    sums.set(zone, (sums.get(zone) ?? 0) + cpu)
    total += cpu
  }
  return sums.size < 2 ? null : new Map([...sums].map(([zone, cpu]) => [zone, cpu / total]))
}

interface Allocation {
  readonly minimum: number
  readonly desired: number
  readonly maximum: number
}

/** How many of the endpoints each zone should have, or why that can't be. k8s 1.36: getAllocations. */
export function allocate(count: number, ratios: CpuRatios | null): ReadonlyMap<string, Allocation> | string {
  if (!ratios) return 'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes'
  const facts = `(${count} endpoints, ${ratios.size} zones)`
  if (ratios.size > count) return `Insufficient number of endpoints ${facts}`
  const minimums = new Map([...ratios].map(([zone, ratio]) => [zone, Math.ceil((ratio * count) / (1 + OVERLOAD))]))
  const total = [...minimums.values()].reduce((sum, minimum) => sum + minimum, 0)
  if (total > count)
    return `Unable to allocate minimum required endpoints to each zone without exceeding overload threshold ${facts}`
  return new Map(
    [...minimums].map(([zone, minimum]) => [
      zone,
      { minimum, desired: Math.max((ratios.get(zone) ?? 0) * count, minimum), maximum: minimum + count - total },
    ]),
  )
}

/** How many endpoints zones give away and get. k8s 1.36: getGivingAndReceivingZones. */
export function moves(
  allocations: ReadonlyMap<string, Allocation>,
  hinted: ZoneCounts,
): { readonly give: Map<string, number>; readonly take: Map<string, number> } {
  const surplus = new Map<string, number>()
  const lack = new Map<string, number>()
  for (const [zone, { desired }] of allocations) {
    const more = (hinted.get(zone) ?? 0) - desired
    if (more > 0) surplus.set(zone, more)
    else if (more < 0) lack.set(zone, -more)
  }
  const give = new Map<string, number>()
  const take = new Map<string, number>()
  const most = (zones: ReadonlyMap<string, number>) =>
    [...zones].reduce((best, zone) => (zone[1] > best[1] ? zone : best), ['', 0])
  for (;;) {
    const [from, out] = most(surplus)
    const [to, into] = most(lack)
    if (from === '' || to === '' || (out < 1 && into < 1) || out < 0.5 || into < 0.5) return { give, take }
    give.set(from, (give.get(from) ?? 0) + 1)
    surplus.set(from, out - 1)
    take.set(to, (take.get(to) ?? 0) + 1)
    lack.set(to, into - 1)
  }
}

const isReady = ({ conditions }: Endpoint) => conditions?.ready === true
const zonesOf = ({ hints }: Endpoint) => (hints?.forZones ?? []).map(({ name }) => name)

export interface HintedPlan {
  readonly plan: SlicePlan
  /** What each zone has now; null without hints. */
  readonly counts: ZoneCounts | null
  /** Why there are no hints; ''. */
  readonly problem: string
}

/** The plan with hints on its slices; unchanged slices join it where theirs no longer fit. k8s 1.36: TopologyCache.AddHints. */
export function withTopologyHints(plan: SlicePlan, unchanged: readonly EndpointSlice[], ratios: CpuRatios | null): HintedPlan {
  const all = [...plan.create, ...plan.update, ...unchanged]
  const ready = all.flatMap(({ endpoints }) => (endpoints ?? []).filter(isReady))
  const allocations = allocate(ready.length, ratios)
  if (typeof allocations === 'string') return without(plan, unchanged, allocations)
  if (ready.some(({ zone }) => !zone)) return without(plan, unchanged, 'One or more endpoints do not have a zone specified')
  const counts = new Map<string, number>()
  const stale = unchanged.filter((slice) => !keepHints(slice, counts, allocations))
  const own = (endpoint: Endpoint): Endpoint => {
    const { hints: _, ...rest } = endpoint
    if (!isReady(endpoint)) return rest
    const zone = endpoint.zone ?? ''
    counts.set(zone, (counts.get(zone) ?? 0) + 1)
    return { ...rest, hints: { forZones: [{ name: zone }] } }
  }
  const hint = (slices: readonly EndpointSlice[]) =>
    slices.map((slice) => ({ ...slice, endpoints: (slice.endpoints ?? []).map(own) }))
  const create = hint(plan.create)
  const update = hint([...plan.update, ...stale])
  const { give, take } = moves(allocations, counts)
  const move = (slice: EndpointSlice) => ({
    ...slice,
    endpoints: (slice.endpoints ?? []).map((e) => moved(e, give, take, counts)),
  })
  return { plan: { create: create.map(move), update: update.map(move), remove: plan.remove }, counts, problem: '' }
}

/** Counts a slice's hints; false when they no longer fit. k8s 1.36: getHintsByZone. */
function keepHints(slice: EndpointSlice, counts: Map<string, number>, allocations: ReadonlyMap<string, Allocation>): boolean {
  const own = new Map<string, number>()
  for (const endpoint of (slice.endpoints ?? []).filter(isReady)) {
    const zones = zonesOf(endpoint)
    if (zones.length === 0 || zones.some((zone) => !allocations.has(zone))) return false
    for (const zone of zones) own.set(zone, (own.get(zone) ?? 0) + 1)
  }
  const fits = [...own].every(([zone, n]) => n + (counts.get(zone) ?? 0) <= (allocations.get(zone)?.maximum ?? 0))
  if (fits) for (const [zone, n] of own) counts.set(zone, n + (counts.get(zone) ?? 0))
  return fits
}

function moved(endpoint: Endpoint, give: Map<string, number>, take: Map<string, number>, counts: Map<string, number>): Endpoint {
  const from = endpoint.zone ?? ''
  const [to] = [...take.keys()].sort()
  if (!isReady(endpoint) || !give.has(from) || to === undefined) return endpoint
  for (const [zones, zone] of [
    [give, from],
    [take, to],
  ] as const) {
    const left = (zones.get(zone) ?? 0) - 1
    if (left > 0) zones.set(zone, left)
    else zones.delete(zone)
  }
  counts.set(from, (counts.get(from) ?? 0) - 1)
  counts.set(to, (counts.get(to) ?? 0) + 1)
  return { ...endpoint, hints: { forZones: [{ name: to }] } }
}

function without(plan: SlicePlan, unchanged: readonly EndpointSlice[], problem: string): HintedPlan {
  const bare = (slice: EndpointSlice): EndpointSlice => ({
    ...slice,
    endpoints: (slice.endpoints ?? []).map(({ hints: _, ...rest }) => rest),
  })
  const hinted = unchanged.filter(({ endpoints }) => endpoints?.some(({ hints }) => hints !== undefined))
  const update = [...plan.update, ...hinted].map(bare)
  return { plan: { create: plan.create.map(bare), update, remove: plan.remove }, counts: null, problem }
}

/** Whether a zone has too few endpoints for its CPUs. k8s 1.36: serviceOverloaded. */
export function isOverloaded(counts: ZoneCounts, ratios: CpuRatios | null): boolean {
  if (counts.size === 0) return false
  if (!ratios) return true
  const total = [...counts.values()].reduce((sum, n) => sum + n, 0)
  return [...ratios].some(([zone, ratio]) => (counts.get(zone) ?? -1) < Math.ceil((total * ratio) / (1 + OVERLOAD)))
}
