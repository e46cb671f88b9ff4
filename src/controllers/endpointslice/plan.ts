import { jsonEqual } from '../../apimachinery/equal.ts'
import type { EndpointSlice, Node, Pod, Service } from '../../apimachinery/generated/types.ts'
import { shouldBeInEndpoints } from '../shared/service-endpoints.ts'
import { withHints } from './hints.ts'
import { endpointIdentity, pack, type EndpointSet, type SlicePlan } from './packing.ts'
import { addressTypesOf, endpointOf, newSlice, portKey, portsFor, relabeled, type SlicePorts } from './slices.ts'

export interface SliceInput {
  readonly service: Service
  readonly pods: readonly Pod[]
  readonly slices: readonly EndpointSlice[]
  readonly nodeOf: (name: string) => Node | undefined
  readonly maxPerSlice: number
}

export interface SliceOutcome extends SlicePlan {
  /** Pods that were left out because their node is not known. */
  readonly problems: readonly string[]
}

/** What to write so that a service's slices show its pods. k8s 1.36: endpointslice Reconciler.Reconcile. */
export function planSlices(input: SliceInput): SliceOutcome[] {
  const types = addressTypesOf(input.service)
  const plans = types.map((type) => planType({ ...input, slices: input.slices.filter((s) => s.addressType === type) }, type))
  const foreign = input.slices.filter((slice) => !types.includes(slice.addressType))
  return foreign.length > 0 ? [...plans, { create: [], update: [], remove: foreign, problems: [] }] : plans
}

interface Group {
  readonly ports: SlicePorts
  readonly desired: EndpointSet
}

function planType(input: SliceInput, addressType: string): SliceOutcome {
  const { service, slices, maxPerSlice } = input
  const own = slices.filter((slice) => isOwned(slice, service))
  const { groups, problems } = desiredGroups(input, addressType)
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
  for (const slice of slices) if (!touched.has(slice.metadata.name) && withHints(service, slice) !== slice) update.push(slice)
  const hinted = { create: create.map((s) => withHints(service, s)), update: update.map((s) => withHints(service, s)), remove }
  return { ...reuse(hinted, service), problems }
}

/** The endpoints that should be there, by their ports. */
function desiredGroups({ service, pods, nodeOf }: SliceInput, addressType: string) {
  const groups = new Map<string, Group>()
  const problems: string[] = []
  for (const pod of pods) {
    if (!shouldBeInEndpoints(pod, true)) continue
    const ports = portsFor(service, pod)
    const key = portKey(ports)
    let group = groups.get(key)
    if (!group) groups.set(key, (group = { ports, desired: new Map() }))
    const nodeName = pod.spec?.nodeName ?? ''
    const node = nodeOf(nodeName)
    if (!node && !service.spec?.publishNotReadyAddresses) {
      const { namespace = '', name = '' } = service.metadata
      problems.push(`skipping Pod ${pod.metadata.name ?? ''} for Service ${namespace}/${name}: Node ${nodeName} Not Found`)
      continue
    }
    const endpoint = endpointOf(pod, node, service, addressType)
    if (endpoint.addresses.length > 0) group.desired.set(endpointIdentity(endpoint), endpoint)
  }
  return { groups, problems }
}

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
