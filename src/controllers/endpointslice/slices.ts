import { jsonEqual } from '../../apimachinery/equal.ts'
import { services } from '../../apimachinery/generated/resources.ts'
import type { Endpoint, EndpointSlice, Node, Pod, Service } from '../../apimachinery/generated/types.ts'
import type { Labels } from '../../apimachinery/selectors.ts'
import { newControllerRef } from '../shared/owners.ts'
import { isPodReady } from '../shared/pods.ts'
import { endpointHostname, findPort, HEADLESS_LABEL, isServiceIPSet } from '../shared/service-endpoints.ts'
import { MANAGED_BY_LABEL, SERVICE_NAME_LABEL } from '../shared/slice-tracker.ts'

export const MANAGER = 'endpointslice-controller.k8s.io'

export type SlicePorts = NonNullable<EndpointSlice['ports']>
const RESERVED = new Set([SERVICE_NAME_LABEL, MANAGED_BY_LABEL, HEADLESS_LABEL])

/** The address families that a service wants slices for. k8s 1.36: endpointslice getAddressTypesForService. */
export function addressTypesOf(service: Service): readonly string[] {
  const { ipFamilies = [], clusterIP = '' } = service.spec ?? {}
  if (ipFamilies.length > 0) return ['IPv4', 'IPv6'].filter((family) => ipFamilies.includes(family))
  if (clusterIP === '' || clusterIP === 'None') return ['IPv4', 'IPv6']
  return [clusterIP.includes(':') ? 'IPv6' : 'IPv4']
}

/** k8s 1.36: endpointslice podToEndpoint. */
export function endpointOf(pod: Pod, node: Node | undefined, service: Service, addressType: string): Endpoint {
  const serving = isPodReady(pod)
  const terminating = pod.metadata.deletionTimestamp !== undefined
  const ready = service.spec?.publishNotReadyAddresses === true || (serving && !terminating)
  const { namespace, name, uid } = pod.metadata
  const nodeName = pod.spec?.nodeName
  const zone = node?.metadata.labels?.['topology.kubernetes.io/zone']
  const hostname = endpointHostname(pod, service)
  const addresses = (pod.status?.podIPs ?? []).map(({ ip }) => ip).filter((ip) => ip.includes(':') === (addressType === 'IPv6'))
  return {
    addresses,
    conditions: { ready, serving, terminating },
    ...(hostname === undefined ? {} : { hostname }),
    targetRef: { kind: 'Pod', namespace, name, uid },
    ...(nodeName ? { nodeName } : {}),
    ...(zone ? { zone } : {}),
  }
}

/** The ports that a pod has for the service; those that it does not know are left out. k8s 1.36: getEndpointPorts. */
export function portsFor(service: Service, pod: Pod): SlicePorts {
  return (service.spec?.ports ?? []).flatMap((port) => {
    const number = findPort(pod, port)
    if (number === undefined) return []
    const { name = '', protocol = 'TCP', appProtocol } = port
    return [{ name, port: number, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) }]
  })
}

/** The same text for the same ports in any order. */
export function portKey(ports: SlicePorts | null | undefined): string {
  return (ports ?? [])
    .map(({ name = '', port, protocol, appProtocol = '' }) => `${name} ${port ?? ''} ${protocol ?? ''} ${appProtocol}`)
    .toSorted()
    .join(';')
}

/** A slice of the service, named by the API server. k8s 1.36: endpointslice newEndpointSlice. */
export function newSlice(
  service: Service,
  addressType: string,
  ports: SlicePorts,
  endpoints: readonly Endpoint[],
): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      generateName: `${service.metadata.name ?? ''}-`,
      namespace: service.metadata.namespace,
      labels: sliceLabels(service),
      ownerReferences: [newControllerRef(service, services)],
    },
    addressType,
    endpoints: orNull(endpoints),
    ports: orNull(ports),
  }
}

/** Lists without items are stored as null, as they come out of Kubernetes' own encoding. */
export function orNull<T>(list: readonly T[]): readonly T[] {
  return list.length > 0 ? list : (null as unknown as readonly T[])
}

/** The service's labels, with those by which slices are found. k8s 1.36: endpointslice setEndpointSliceLabels. */
function sliceLabels(service: Service): Labels {
  return {
    ...withoutReserved(service.metadata.labels),
    ...(isServiceIPSet(service) ? {} : { [HEADLESS_LABEL]: '' }),
    [SERVICE_NAME_LABEL]: service.metadata.name ?? '',
    [MANAGED_BY_LABEL]: MANAGER,
  }
}

function withoutReserved(labels: Labels | undefined): Labels {
  return Object.fromEntries(Object.entries(labels ?? {}).filter(([key]) => !RESERVED.has(key)))
}

/** New labels for a slice, if the service's own labels have changed. */
export function relabeled(service: Service, slice: EndpointSlice): Labels | null {
  return jsonEqual(withoutReserved(slice.metadata.labels), withoutReserved(service.metadata.labels)) ? null : sliceLabels(service)
}
