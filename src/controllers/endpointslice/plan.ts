import { jsonEqual } from '../../apimachinery/equal.ts'
import type { Endpoint, EndpointSlice, Node, Pod, Service } from '../../apimachinery/generated/types.ts'
import { splitKey } from '../../apimachinery/resource.ts'
import type { EntryChange } from '../shared/selected-pods.ts'
import { shouldBeInEndpoints } from '../shared/service-endpoints.ts'
import { withHints } from './hints.ts'
import { endpointIdentity, pack, type EndpointSet, type SlicePlan } from './packing.ts'
import { wantsTopologyHints, withTopologyHints, type CpuRatios, type ZoneCounts } from './topology-hints.ts'
import { addressTypesOf, endpointOf, newSlice, portKey, portsFor, relabeled, type SlicePorts } from './slices.ts'

/** What a service's slices say about one pod. */
export interface SliceEntry {
  readonly ports: SlicePorts
  readonly portKey: string
  /** One for each address family in which the pod has an address. */
  readonly endpoints: readonly { readonly addressType: string; readonly endpoint: Endpoint }[]
  /** Why the pod is left out for now: its node is not known. */
  readonly problem?: string
}

/** Undefined for pods without address and finished ones. */
export function describePod(service: Service, pod: Pod, nodeOf: (name: string) => Node | undefined): SliceEntry | undefined {
  if (!shouldBeInEndpoints(pod, true)) return undefined
  const ports = portsFor(service, pod)
  const nodeName = pod.spec?.nodeName ?? ''
  const node = nodeOf(nodeName)
  if (!node && !service.spec?.publishNotReadyAddresses) {
    const { namespace = '', name = '' } = service.metadata
    const problem = `skipping Pod ${pod.metadata.name ?? ''} for Service ${namespace}/${name}: Node ${nodeName} Not Found`
    return { ports, portKey: portKey(ports), endpoints: [], problem }
  }
  const endpoints = addressTypesOf(service)
    .map((addressType) => ({ addressType, endpoint: endpointOf(pod, node, service, addressType) }))
    .filter(({ endpoint }) => endpoint.addresses.length > 0)
  return { ports, portKey: portKey(ports), endpoints }
}

export interface SliceInput {
  readonly service: Service
  /** By pod key. */
  readonly entries: ReadonlyMap<string, SliceEntry>
  readonly slices: readonly EndpointSlice[]
  readonly maxPerSlice: number
  /** Where services want hints in proportion to the zones. */
  readonly topology?: TopologyHints
}

interface TopologyHints {
  readonly ratios: CpuRatios | null
  /** Told what came of it. */
  readonly noted: (addressType: string, counts: ZoneCounts | null, problem: string) => void
}

/** What to write so that a service's slices show its pods. k8s 1.36: endpointslice Reconciler.Reconcile. */
export function planSlices(input: SliceInput): SlicePlan[] {
  const types = addressTypesOf(input.service)
  const plans = types.map((type) => planType({ ...input, slices: input.slices.filter((s) => s.addressType === type) }, type))
  const foreign = input.slices.filter((slice) => !types.includes(slice.addressType))
  return foreign.length > 0 ? [...plans, { create: [], update: [], remove: foreign }] : plans
}

interface Group {
  readonly ports: SlicePorts
  readonly desired: EndpointSet
}

function planType(input: SliceInput, addressType: string): SlicePlan {
  const { service, slices, maxPerSlice } = input
  const own = slices.filter((slice) => isOwned(slice, service))
  const groups = desiredGroups(input, addressType)
  const create: EndpointSlice[] = []
  const update: EndpointSlice[] = []
  let remove = slices.filter((slice) => !isOwned(slice, service))
  for (const [key, { ports, desired }] of groups) {
    const plan = pack({
      existing: own.filter((slice) => portKey(slice.ports) === key),
      desired,
      makeSlice: (endpoints) => newSlice(service, addressType, ports, endpoints),
      relabel: (slice) => relabeled(service, slice),
      maxPerSlice,
    })
    create.push(...plan.create)
    update.push(...plan.update)
    remove.push(...plan.remove)
  }
  remove.push(...own.filter((slice) => !groups.has(portKey(slice.ports))))
  if (slices.length === remove.length && create.length === 0) {
    const placeholder = newSlice(service, addressType, [], [])
    if (remove.length === 1 && remove[0] && isSamePlaceholder(remove[0], placeholder)) remove = []
    else create.push(placeholder)
  }
  const touched = new Set([...update, ...remove].map((slice) => slice.metadata.name))
  if (input.topology && wantsTopologyHints(service)) {
    const unchanged = slices.filter(({ metadata }) => !touched.has(metadata.name))
    const { plan, counts, problem } = withTopologyHints({ create, update, remove }, unchanged, input.topology.ratios)
    input.topology.noted(addressType, counts, problem)
    return reuse(plan, service)
  }
  for (const slice of slices) if (!touched.has(slice.metadata.name) && withHints(service, slice) !== slice) update.push(slice)
  return reuse(hinted({ create, update, remove }, service), service)
}

function hinted({ create, update, remove }: SlicePlan, service: Service): SlicePlan {
  return { create: create.map((s) => withHints(service, s)), update: update.map((s) => withHints(service, s)), remove }
}

/** The endpoints that should be there, by their ports. */
function desiredGroups({ entries }: SliceInput, addressType: string): ReadonlyMap<string, Group> {
  const groups = new Map<string, Group>()
  for (const { ports, portKey: key, endpoints } of entries.values()) {
    let group = groups.get(key)
    if (!group) groups.set(key, (group = { ports, desired: new Map() }))
    for (const { addressType: type, endpoint } of endpoints)
      if (type === addressType) group.desired.set(endpointIdentity(endpoint), endpoint)
  }
  return groups
}

/**
 * The same as planSlices when only these pods have changed since slices were last planned, at a cost that follows the
 * change; null when the case is not that simple (several families or port sets, the last endpoint goes).
 */
export function planChanges(input: SliceInput, changes: ReadonlyMap<string, EntryChange<SliceEntry>>): SlicePlan | null {
  const { service, entries, slices, maxPerSlice } = input
  const [addressType = '', ...otherTypes] = addressTypesOf(service)
  const key = portKey(slices[0]?.ports)
  if (otherTypes.length > 0 || slices.length === 0 || key === '' || wantsTopologyHints(service)) return null
  if (slices.some((s) => s.addressType !== addressType || !isOwned(s, service) || portKey(s.ports) !== key)) return null
  const isSimple = (entry: SliceEntry | undefined) => !entry || (entry.portKey === key && entry.problem === undefined)
  for (const { before, now } of changes.values()) if (!isSimple(before) || !isSimple(now)) return null
  const desired: EndpointSet = new Map()
  const want = (podKey: string) => {
    for (const { endpoint } of entries.get(podKey)?.endpoints ?? []) desired.set(endpointIdentity(endpoint), endpoint)
  }
  const names = new Set([...changes.keys()].map((podKey) => splitKey(podKey).name))
  const affected = new Set(slices.filter((slice) => slice.endpoints?.some(({ targetRef }) => names.has(targetRef?.name ?? ''))))
  for (const slice of affected) for (const endpoint of slice.endpoints ?? []) want(podKeyOf(endpoint))
  for (const podKey of changes.keys()) want(podKey)
  const plan = pack({
    existing: slices,
    affected,
    desired,
    makeSlice: (endpoints) => newSlice(service, addressType, slices[0]?.ports ?? [], endpoints),
    relabel: () => null,
    maxPerSlice,
  })
  if (plan.remove.length === slices.length) return null
  return reuse(hinted(plan, service), service)
}

const podKeyOf = ({ targetRef }: Endpoint) => `${targetRef?.namespace ?? ''}/${targetRef?.name ?? ''}`

function isOwned(slice: EndpointSlice, service: Service): boolean {
  const owners = slice.metadata.ownerReferences ?? []
  return owners.some((o) => o.uid === service.metadata.uid && o.kind === 'Service' && o.apiVersion === 'v1')
}

function isSamePlaceholder(slice: EndpointSlice, placeholder: EndpointSlice): boolean {
  return (
    jsonEqual(slice.metadata.labels, placeholder.metadata.labels) &&
    slice.addressType === placeholder.addressType &&
    (slice.endpoints ?? []).length === 0 &&
    (slice.ports ?? []).length === 0
  )
}

/** Turns creates into updates of slices that would go. k8s 1.36: endpointslice finalize. */
function reuse({ create, update, remove }: SlicePlan, service: Service): SlicePlan {
  const fresh = [...create]
  const reused: EndpointSlice[] = []
  const gone: EndpointSlice[] = []
  for (const slice of remove) {
    const candidate = isOwned(slice, service) ? fresh.pop() : undefined
    if (!candidate) gone.push(slice)
    else reused.push({ ...candidate, metadata: { ...candidate.metadata, name: slice.metadata.name } })
  }
  return { create: fresh, update: [...update, ...reused], remove: gone }
}
