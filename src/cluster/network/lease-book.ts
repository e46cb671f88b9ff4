import { nodes } from '../../apimachinery/generated/resources.ts'
import type { Node } from '../../apimachinery/generated/types.ts'
import type { Client } from '../../client/client.ts'
import { Informer } from '../../client/informer.ts'
import type { LeaseBook } from '../../network/cni/flannel/flanneld.ts'
import { leaseOf, type Lease } from '../../network/cni/flannel/leases.ts'

/**
 * The subnet leases of all nodes, kept once for all machines and from the first look on.
 * SIMPLIFIED: flanneld of a machine that is cut off from the API server hears of new leases.
 */
export class NodeLeases implements LeaseBook {
  private readonly informer: Informer<Node>
  private readonly leases = new Map<string, Lease>()
  private readonly read: (node: Node) => Lease | undefined
  private changes = 0

  /** `managed`: the network is the provider's, and every node with a pod CIDR is routed. */
  constructor(client: Client, managed: boolean) {
    this.read = managed ? managedLease : leaseOf
    this.informer = new Informer(client, nodes)
    this.informer.addHandler({
      onAdd: (node) => this.put(node),
      onUpdate: (node) => this.put(node),
      onDelete: (node) => this.remove(node.metadata.name ?? ''),
    })
  }

  get version(): number {
    this.informer.start()
    return this.changes
  }

  all(): Iterable<Lease> {
    this.informer.start()
    return this.leases.values()
  }

  private put(node: Node): void {
    const name = node.metadata.name ?? ''
    const lease = this.read(node)
    if (!lease) return this.remove(name)
    const before = this.leases.get(name)
    if (before && JSON.stringify(before) === JSON.stringify(lease)) return
    this.leases.set(name, lease)
    this.changes++
  }

  private remove(name: string): void {
    if (this.leases.delete(name)) this.changes++
  }
}

function managedLease(node: Node): Lease | undefined {
  const publicIP = node.status?.addresses?.find((address) => address.type === 'InternalIP')?.address
  const subnet = node.spec?.podCIDR
  if (publicIP === undefined || subnet === undefined) return undefined
  return { node: node.metadata.name ?? '', subnet, subnet6: undefined, publicIP, backend: 'host-gw', vtepMac: '' }
}
