import type { EndpointAddress, Endpoints, EndpointSubset, Pod, Service } from '../../apimachinery/generated/types.ts'
import { isPodReady } from '../shared/pods.ts'
import { endpointHostname, findPort, shouldBeInEndpoints } from '../shared/service-endpoints.ts'
import { compareText } from '../shared/text.ts'

type CoreEndpointPort = NonNullable<EndpointSubset['ports']>[number]
const MAX_CAPACITY = 1000

/** What Endpoints say about one pod. */
export interface AddressEntry {
  readonly address: EndpointAddress
  readonly ready: boolean
  readonly ports: readonly CoreEndpointPort[]
  readonly portKey: string
  /** Orders entries by address; no two pods have the same. */
  readonly sortKey: string
}

/** Undefined for pods that a service does not publish. k8s 1.36: endpoint syncService. */
export function describePod(service: Service, pod: Pod): AddressEntry | undefined {
  const publishNotReady = service.spec?.publishNotReadyAddresses === true
  if (!shouldBeInEndpoints(pod, publishNotReady)) return undefined
  const address = addressOf(service, pod)
  if (!address) return undefined
  const ports = (service.spec?.ports ?? []).flatMap((port) => {
    const number = findPort(pod, port)
    if (number === undefined) return []
    const { name, protocol = 'TCP', appProtocol } = port
    return [{ ...(name ? { name } : {}), port: number, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) }]
  })
  const portless = (service.spec?.ports ?? []).length === 0 && service.spec?.clusterIP === 'None'
  if (ports.length === 0 && !portless) return undefined
  const ready = publishNotReady || isPodReady(pod)
  return { address, ready, ports, portKey: ports.map(portKeyOf).join(';'), sortKey: addressKey(address) }
}

/** The subsets that publish these pods, which must be in order. */
export function subsetsOf(sorted: readonly AddressEntry[]): EndpointSubset[] {
  const [first] = sorted
  if (!first) return []
  if (sorted.some((entry) => entry.portKey !== first.portKey))
    return repackSubsets(
      sorted.map(({ address, ready, ports }) => ({
        ...(ready ? { addresses: [address] } : { notReadyAddresses: [address] }),
        ports,
      })),
    )
  // All pods have the same ports: one subset, already in its canonical form.
  const ready = sorted.filter((entry) => entry.ready).map((entry) => entry.address)
  const notReady = sorted.filter((entry) => !entry.ready).map((entry) => entry.address)
  const ports = first.ports.toSorted((a, b) => compareText(portKeyOf(a), portKeyOf(b)))
  return [subset(ready, notReady, ports)]
}

const portKeyOf = ({ name = '', port, protocol = '', appProtocol = '' }: CoreEndpointPort) =>
  `${name} ${port} ${protocol} ${appProtocol}`

function subset(
  ready: readonly EndpointAddress[],
  notReady: readonly EndpointAddress[],
  ports: readonly CoreEndpointPort[],
): EndpointSubset {
  return {
    ...(ready.length > 0 ? { addresses: ready } : {}),
    ...(notReady.length > 0 ? { notReadyAddresses: notReady } : {}),
    ...(ports.length > 0 ? { ports } : {}),
  }
}

function addressOf(service: Service, pod: Pod): EndpointAddress | undefined {
  const { ipFamilies = [], clusterIP = '' } = service.spec ?? {}
  const v6 =
    ipFamilies.length > 0
      ? ipFamilies[0] === 'IPv6'
      : (clusterIP === '' || clusterIP === 'None' ? pod.status?.podIP : clusterIP)?.includes(':')
  const ip = pod.status?.podIPs?.find((candidate) => candidate.ip.includes(':') === (v6 ?? false))?.ip
  if (ip === undefined) return undefined
  const { namespace, name, uid } = pod.metadata
  const hostname = endpointHostname(pod, service)
  return {
    ip,
    ...(hostname === undefined ? {} : { hostname }),
    nodeName: pod.spec?.nodeName,
    targetRef: { kind: 'Pod', namespace, name, uid },
  }
}

interface Bucket {
  readonly ports: CoreEndpointPort[]
  readonly addresses: ReadonlyMap<string, { readonly address: EndpointAddress; readonly ready: boolean }>
}

/**
 * The canonical form: ports that have exactly the same addresses share a subset, addresses are sorted.
 * k8s 1.36: api/v1/endpoints RepackSubsets.
 * SIMPLIFIED: subsets are sorted by their ports, not by a sum over them.
 */
export function repackSubsets(subsets: readonly EndpointSubset[]): EndpointSubset[] {
  const byPort = new Map<
    string,
    { port: CoreEndpointPort | null; addresses: Map<string, { address: EndpointAddress; ready: boolean }> }
  >()
  for (const subset of subsets) {
    for (const port of subset.ports && subset.ports.length > 0 ? subset.ports : [null]) {
      const key = port ? portKeyOf(port) : ''
      let entry = byPort.get(key)
      if (!entry) byPort.set(key, (entry = { port, addresses: new Map() }))
      for (const [list, ready] of [
        [subset.addresses, true],
        [subset.notReadyAddresses, false],
      ] as const)
        for (const address of list ?? []) {
          const id = addressKey(address)
          const known = entry.addresses.get(id)
          // An address that is once not ready is not ready.
          entry.addresses.set(id, { address, ready: ready && known?.ready !== false })
        }
    }
  }
  const buckets = new Map<string, Bucket>()
  for (const [, { port, addresses }] of [...byPort].toSorted((a, b) => compareText(a[0], b[0]))) {
    const key = [...addresses]
      .map(([id, { ready }]) => `${id} ${ready}`)
      .toSorted()
      .join(';')
    const bucket = buckets.get(key)
    if (!bucket) buckets.set(key, { ports: port ? [port] : [], addresses })
    else if (port) bucket.ports.push(port)
  }
  return [...buckets.values()].map(fromBucket)
}

const addressKey = ({ ip, targetRef }: EndpointAddress) => `${ip} ${targetRef?.uid ?? ''}`

function fromBucket({ ports, addresses }: Bucket): EndpointSubset {
  const sorted = [...addresses.values()].toSorted((a, b) => compareText(addressKey(a.address), addressKey(b.address)))
  const ready = sorted.filter((entry) => entry.ready).map((entry) => entry.address)
  const notReady = sorted.filter((entry) => !entry.ready).map((entry) => entry.address)
  return subset(ready, notReady, ports)
}

/** Addresses of an Endpoints object, ready or not. */
function addressCount(endpoints: Pick<Endpoints, 'subsets'>): number {
  const count = (subset: EndpointSubset) => (subset.addresses?.length ?? 0) + (subset.notReadyAddresses?.length ?? 0)
  return (endpoints.subsets ?? []).reduce((sum, subset) => sum + count(subset), 0)
}

export const isOverCapacity = (endpoints: Pick<Endpoints, 'subsets'>): boolean => addressCount(endpoints) > MAX_CAPACITY

/** At most 1,000 addresses, ready ones first, in proportion to the subsets. k8s 1.36: endpoint truncateEndpoints. */
export function truncateSubsets(subsets: readonly EndpointSubset[]): readonly EndpointSubset[] {
  if (!isOverCapacity({ subsets })) return subsets
  const total = (field: 'addresses' | 'notReadyAddresses') => subsets.reduce((sum, s) => sum + (s[field]?.length ?? 0), 0)
  const readyTotal = total('addresses')
  const cutReady = readyTotal > MAX_CAPACITY
  const field = cutReady ? 'addresses' : 'notReadyAddresses'
  const room = cutReady ? MAX_CAPACITY : MAX_CAPACITY - readyTotal
  let left = room
  return subsets.map((subset) => {
    const own = subset[field] ?? []
    const share = Math.min(left, Math.ceil((own.length / total(field)) * room))
    left -= share
    const { addresses = [], notReadyAddresses: _, ports } = subset
    const cut = own.slice(0, share)
    const ready = cutReady ? cut : addresses
    return {
      ...(ready.length > 0 ? { addresses: ready } : {}),
      ...(!cutReady && cut.length > 0 ? { notReadyAddresses: cut } : {}),
      ...(ports ? { ports } : {}),
    }
  })
}
