import { jsonEqual } from '../../apimachinery/equal.ts'
import type { Endpoint, EndpointSlice } from '../../apimachinery/generated/types.ts'
import type { Labels } from '../../apimachinery/selectors.ts'

/** Endpoints by identity, in the order in which they were found. */
export type EndpointSet = Map<string, Endpoint>

/** Tells endpoints apart: addresses, hostname and target, but not their state. k8s 1.36: endpointslice util hashEndpoint. */
export function endpointIdentity({ addresses, hostname = '', targetRef }: Endpoint): string {
  return `${addresses.toSorted().join(',')} ${hostname} ${targetRef?.namespace ?? ''}/${targetRef?.name ?? ''}`
}

/** Whether two endpoints of one identity are in the same state. k8s 1.36: EndpointsEqualBeyondHash. */
function sameState(a: Endpoint, b: Endpoint): boolean {
  return (
    a.nodeName === b.nodeName &&
    a.zone === b.zone &&
    jsonEqual(a.conditions, b.conditions) &&
    a.targetRef?.uid === b.targetRef?.uid &&
    a.targetRef?.kind === b.targetRef?.kind
  )
}

export interface SlicePlan {
  readonly create: readonly EndpointSlice[]
  readonly update: readonly EndpointSlice[]
  readonly remove: readonly EndpointSlice[]
}

export interface Packing {
  /** Slices that have the ports of this group. */
  readonly existing: readonly EndpointSlice[]
  /** Slices that may hold something that has changed; `desired` then says nothing about the others. Absent: all. */
  readonly affected?: ReadonlySet<EndpointSlice> | undefined
  readonly desired: EndpointSet
  /** A new slice with these endpoints, without a name. */
  readonly makeSlice: (endpoints: readonly Endpoint[]) => EndpointSlice
  /** The labels that a slice should have, or null when they are right. */
  readonly relabel: (slice: EndpointSlice) => Labels | null
  readonly maxPerSlice: number
}

/**
 * Spreads endpoints of one set of ports over slices with few writes: what stays stays where it is; slices that change
 * anyway are filled up first, fullest first; the rest goes to the one unchanged slice that it fills best, or to new
 * ones. Slices are never rebalanced. k8s 1.36: endpointslice reconcileByPortMapping.
 */
export function pack({ existing, affected, desired, makeSlice, relabel, maxPerSlice }: Packing): SlicePlan {
  const rest: EndpointSet = new Map(desired)
  const unchanged = new Map<string, EndpointSlice>()
  const update = new Map<string, EndpointSlice>()
  const remove: EndpointSlice[] = []
  for (const slice of existing) {
    if (affected && !affected.has(slice)) {
      unchanged.set(slice.metadata.name ?? '', slice)
      continue
    }
    const { kept, changed } = keepDesired(slice, rest)
    const labels = relabel(slice)
    const name = slice.metadata.name ?? ''
    if (changed && kept.length === 0) remove.push(slice)
    else if (changed || labels) update.set(name, withContent(slice, kept, labels))
    else unchanged.set(name, slice)
  }
  const waiting = [...rest.values()]
  for (const slice of [...update.values()].toSorted((a, b) => sizeOf(b) - sizeOf(a))) {
    const room = maxPerSlice - sizeOf(slice)
    if (waiting.length === 0 || room <= 0) continue
    update.set(slice.metadata.name ?? '', withContent(slice, [...(slice.endpoints ?? []), ...waiting.splice(0, room)], null))
  }
  const create: EndpointSlice[] = []
  while (waiting.length > 0) {
    const target = waiting.length < maxPerSlice ? sliceToFill([...unchanged.values()], waiting.length, maxPerSlice) : undefined
    if (!target) {
      create.push(makeSlice(waiting.splice(0, maxPerSlice)))
      continue
    }
    const name = target.metadata.name ?? ''
    unchanged.delete(name)
    update.set(name, withContent(target, [...(target.endpoints ?? []), ...waiting.splice(0)], null))
  }
  return { create, update: [...update.values()], remove }
}

const sizeOf = (slice: EndpointSlice) => slice.endpoints?.length ?? 0

/** Takes from `rest` what the slice holds already. */
function keepDesired(slice: EndpointSlice, rest: EndpointSet): { readonly kept: readonly Endpoint[]; readonly changed: boolean } {
  const kept: Endpoint[] = []
  let changed = false
  for (const endpoint of slice.endpoints ?? []) {
    const identity = endpointIdentity(endpoint)
    const wanted = rest.get(identity)
    if (!wanted) continue
    rest.delete(identity)
    const same = sameState(endpoint, wanted)
    kept.push(same ? endpoint : wanted)
    if (!same) changed = true
  }
  return { kept, changed: changed || kept.length !== sizeOf(slice) }
}

function withContent(slice: EndpointSlice, endpoints: readonly Endpoint[], labels: Labels | null): EndpointSlice {
  return { ...slice, endpoints, metadata: labels ? { ...slice.metadata, labels } : slice.metadata }
}

/** The slice that comes closest to full. k8s 1.36: endpointslice getSliceToFill. */
function sliceToFill(slices: readonly EndpointSlice[], count: number, maxPerSlice: number): EndpointSlice | undefined {
  let closest: EndpointSlice | undefined
  let least = maxPerSlice
  for (const slice of slices) {
    const left = maxPerSlice - count - sizeOf(slice)
    if (left < 0 || left >= least) continue
    least = left
    closest = slice
  }
  return closest
}
