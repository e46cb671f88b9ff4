/** calico's own kinds, as far as they are read and written here. Source: calico v3.31 api/pkg/apis/projectcalico/v3. */
import type { KubeObject, ResourceRef } from '../../../apimachinery/resource.ts'

const GROUP = 'crd.projectcalico.org'
const VERSION = 'v1'

export type TunnelMode = 'Always' | 'CrossSubnet' | 'Never'

export interface IPPool extends KubeObject {
  readonly spec?: {
    readonly cidr: string
    readonly blockSize?: number
    readonly ipipMode?: TunnelMode
    readonly vxlanMode?: TunnelMode
    readonly natOutgoing?: boolean
    readonly disabled?: boolean
    readonly nodeSelector?: string
    readonly allowedUses?: readonly string[]
  }
}

const ref = <T extends KubeObject>(resource: string, kind: string): ResourceRef<T> => ({
  group: GROUP,
  version: VERSION,
  resource,
  kind,
  namespaced: false,
})

export const ippools = ref<IPPool>('ippools', 'IPPool')
export const ipamblocks = ref<KubeObject>('ipamblocks', 'IPAMBlock')
export const blockaffinities = ref<KubeObject>('blockaffinities', 'BlockAffinity')
export const felixconfigurations = ref<KubeObject>('felixconfigurations', 'FelixConfiguration')
export const clusterinformations = ref<KubeObject>('clusterinformations', 'ClusterInformation')

/** All kinds that the manifest defines. */
export const CALICO_KINDS: readonly { readonly resource: string; readonly kind: string; readonly namespaced: boolean }[] = [
  { resource: 'bgpconfigurations', kind: 'BGPConfiguration', namespaced: false },
  { resource: 'bgpfilters', kind: 'BGPFilter', namespaced: false },
  { resource: 'bgppeers', kind: 'BGPPeer', namespaced: false },
  { resource: 'blockaffinities', kind: 'BlockAffinity', namespaced: false },
  { resource: 'caliconodestatuses', kind: 'CalicoNodeStatus', namespaced: false },
  { resource: 'clusterinformations', kind: 'ClusterInformation', namespaced: false },
  { resource: 'felixconfigurations', kind: 'FelixConfiguration', namespaced: false },
  { resource: 'globalnetworkpolicies', kind: 'GlobalNetworkPolicy', namespaced: false },
  { resource: 'globalnetworksets', kind: 'GlobalNetworkSet', namespaced: false },
  { resource: 'hostendpoints', kind: 'HostEndpoint', namespaced: false },
  { resource: 'ipamblocks', kind: 'IPAMBlock', namespaced: false },
  { resource: 'ipamconfigs', kind: 'IPAMConfig', namespaced: false },
  { resource: 'ipamhandles', kind: 'IPAMHandle', namespaced: false },
  { resource: 'ippools', kind: 'IPPool', namespaced: false },
  { resource: 'ipreservations', kind: 'IPReservation', namespaced: false },
  { resource: 'kubecontrollersconfigurations', kind: 'KubeControllersConfiguration', namespaced: false },
  { resource: 'networkpolicies', kind: 'NetworkPolicy', namespaced: true },
  { resource: 'networksets', kind: 'NetworkSet', namespaced: true },
]

export function calicoObject(kind: string, name: string, spec: object): KubeObject {
  return { apiVersion: `${GROUP}/${VERSION}`, kind, metadata: { name }, spec } as KubeObject
}
