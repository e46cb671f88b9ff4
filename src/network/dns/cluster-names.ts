/** What DNS needs to know of a cluster: what CoreDNS keeps of Services, EndpointSlices, Pods and Namespaces. */
import type { EndpointSlice, Pod, Service } from '../../apimachinery/generated/types.ts'

export interface ClusterNames {
  service(namespace: string, name: string): Service | undefined
  /** Those that have a cluster address. */
  servicesByAddress(address: string): readonly Service[]
  slicesOf(namespace: string, service: string): readonly EndpointSlice[]
  /** Those with an endpoint of this address. */
  slicesByAddress(address: string): readonly EndpointSlice[]
  podsByAddress(address: string): readonly Pod[]
  /** Its labels; undefined when there is none of this name. */
  namespace(name: string): { readonly [label: string]: string } | undefined
  /** Whether everything has been listed once. */
  synced(): boolean
}

/** The label by which an EndpointSlice names its Service. */
export const SERVICE_NAME = 'kubernetes.io/service-name'
