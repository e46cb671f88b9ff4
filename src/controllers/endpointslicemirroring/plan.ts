import { jsonEqual } from '../../apimachinery/equal.ts'
import { endpoints as endpointsRef } from '../../apimachinery/generated/resources.ts'
import type { Endpoint, EndpointAddress, Endpoints, EndpointSlice } from '../../apimachinery/generated/types.ts'
import type { Labels } from '../../apimachinery/selectors.ts'
import { repackSubsets } from '../endpoints/subsets.ts'
import { newControllerRef } from '../shared/owners.ts'
import { LAST_CHANGE_TRIGGER_TIME } from '../shared/service-endpoints.ts'
import { MANAGED_BY_LABEL, SERVICE_NAME_LABEL } from '../shared/slice-tracker.ts'

export const MANAGER = 'endpointslicemirroring-controller.k8s.io'
const MAX_PER_SUBSET = 1000
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

type SlicePorts = NonNullable<EndpointSlice['ports']>

export interface MirrorPlan {
  readonly create: readonly EndpointSlice[]
  readonly update: readonly EndpointSlice[]
  readonly remove: readonly EndpointSlice[]
  /** Addresses that no slice can hold because a subset has too many. */
  readonly skipped: number
}

/** Which slices mirror an Endpoints object. One per subset and family. k8s 1.36: endpointslicemirroring reconcile. */
export function planMirror(source: Endpoints, existing: readonly EndpointSlice[]): MirrorPlan {
  const wanted = new Map<string, { addressType: string; ports: SlicePorts; list: Endpoint[] }>()
  let skipped = 0
  for (const subset of repackSubsets(source.subsets ?? [])) {
    const ports: SlicePorts = (subset.ports ?? []).map(({ name = '', port, protocol = 'TCP', appProtocol }) => ({
      name,
      port,
      protocol,
      ...(appProtocol === undefined ? {} : { appProtocol }),
    }))
    const both = [
      ...(subset.addresses ?? []).map((address) => endpointOf(address, true)),
      ...(subset.notReadyAddresses ?? []).map((address) => endpointOf(address, false)),
    ]
    skipped += Math.max(0, both.length - MAX_PER_SUBSET)
    for (const endpoint of both.slice(0, MAX_PER_SUBSET)) {
      const addressType = endpoint.addresses[0]?.includes(':') ? 'IPv6' : 'IPv4'
      const key = groupKey(addressType, ports)
      const group = wanted.get(key)
      if (group) group.list.push(endpoint)
      else wanted.set(key, { addressType, ports, list: [endpoint] })
    }
  }
  const create: EndpointSlice[] = []
  const update: EndpointSlice[] = []
  const remove = existing.filter((slice) => !wanted.has(groupKey(slice.addressType, slice.ports ?? [])))
  for (const [key, { addressType, ports, list }] of wanted) {
    const [first, ...others] = existing.filter((slice) => groupKey(slice.addressType, slice.ports ?? []) === key)
    remove.push(...others)
    const slice = newSlice(source, addressType, ports, list)
    if (!first) create.push(slice)
    else if (!isSame(first, slice)) update.push(named(slice, first))
  }
  return { ...recycle(create, update, remove), skipped }
}

const groupKey = (addressType: string, ports: SlicePorts) =>
  `${addressType} ${ports
    .map((p) => `${p.name ?? ''} ${p.port ?? ''} ${p.protocol ?? ''}`)
    .toSorted()
    .join(';')}`

function endpointOf({ ip, nodeName, hostname, targetRef }: EndpointAddress, ready: boolean): Endpoint {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname ? { hostname } : {}),
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(targetRef === undefined ? {} : { targetRef }),
  }
}

function newSlice(source: Endpoints, addressType: string, ports: SlicePorts, list: readonly Endpoint[]): EndpointSlice {
  const { name = '', namespace, labels } = source.metadata
  const { [LAST_CHANGE_TRIGGER_TIME]: _time, [LAST_APPLIED]: _applied, ...annotations } = source.metadata.annotations ?? {}
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      generateName: `${name}-`,
      namespace,
      labels: { ...labels, [SERVICE_NAME_LABEL]: name, [MANAGED_BY_LABEL]: MANAGER },
      ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
      ownerReferences: [newControllerRef(source, endpointsRef)],
    },
    addressType,
    endpoints: list,
    ports,
  }
}

/** The new slice in the place of an old one. */
function named(slice: EndpointSlice, old: EndpointSlice): EndpointSlice {
  const { generateName: _, ...metadata } = slice.metadata
  return { ...slice, metadata: { ...metadata, name: old.metadata.name } }
}

function isSame(old: EndpointSlice, slice: EndpointSlice): boolean {
  const sorted = (list: readonly Endpoint[] | undefined) =>
    (list ?? []).toSorted((a, b) => (a.addresses.join() < b.addresses.join() ? -1 : 1))
  const none: Labels = {}
  return (
    jsonEqual(sorted(old.endpoints), sorted(slice.endpoints)) &&
    jsonEqual(old.metadata.labels, slice.metadata.labels) &&
    jsonEqual(old.metadata.annotations ?? none, slice.metadata.annotations ?? none) &&
    jsonEqual(old.metadata.ownerReferences, slice.metadata.ownerReferences)
  )
}

/** Slices that would go are reused for new ones of the same family. */
function recycle(create: readonly EndpointSlice[], update: readonly EndpointSlice[], remove: readonly EndpointSlice[]) {
  const gone = [...remove]
  const fresh: EndpointSlice[] = []
  const changed = [...update]
  for (const slice of create) {
    const at = gone.findIndex((old) => old.addressType === slice.addressType)
    const old = at < 0 ? undefined : gone.splice(at, 1)[0]
    if (old) changed.push({ ...slice, metadata: { ...slice.metadata, name: old.metadata.name } })
    else fresh.push(slice)
  }
  return { create: fresh, update: changed, remove: gone }
}
