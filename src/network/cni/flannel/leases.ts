/** flannel's subnet leases: kept as annotations of Node objects. Source: flannel v0.27 pkg/subnet/kube. */
import type { Node } from '../../../apimachinery/generated/types.ts'

const PREFIX = 'flannel.alpha.coreos.com'

export interface Lease {
  readonly node: string
  readonly subnet: string
  readonly subnet6: string | undefined
  readonly publicIP: string
  readonly backend: string
  /** vxlan: hardware address of the other flannel.1. */
  readonly vtepMac: string
}

/** The lease that a Node stands for; undefined before its flanneld has written it. */
export function leaseOf(node: Node): Lease | undefined {
  const { annotations = {}, name = '' } = node.metadata
  const cidrs = node.spec?.podCIDRs ?? (node.spec?.podCIDR ? [node.spec.podCIDR] : [])
  const subnet = cidrs.find((cidr) => !cidr.includes(':'))
  if (annotations[`${PREFIX}/kube-subnet-manager`] !== 'true' || subnet === undefined) return undefined
  const data = annotations[`${PREFIX}/backend-data`] ?? ''
  return {
    node: name,
    subnet,
    subnet6: cidrs.find((cidr) => cidr.includes(':')),
    publicIP: annotations[`${PREFIX}/public-ip`] ?? '',
    backend: annotations[`${PREFIX}/backend-type`] ?? '',
    vtepMac: /"VtepMAC":"([^"]*)"/.exec(data)?.[1] ?? '',
  }
}

/** What flanneld writes into its own Node. */
export function leaseAnnotations(lease: {
  readonly backend: string
  readonly vtepMac: string
  readonly vni: number
  readonly publicIP: string
}): { readonly [key: string]: string } {
  const { backend, vni, vtepMac, publicIP } = lease
  return {
    [`${PREFIX}/backend-data`]: backend === 'vxlan' ? `{"VNI":${vni},"VtepMAC":"${vtepMac}"}` : 'null',
    [`${PREFIX}/backend-type`]: backend,
    [`${PREFIX}/kube-subnet-manager`]: 'true',
    [`${PREFIX}/public-ip`]: publicIP,
  }
}
