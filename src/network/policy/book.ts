import { namespaces, networkpolicies, pods } from '../../apimachinery/generated/resources.ts'
import type { NetworkPolicy, Pod } from '../../apimachinery/generated/types.ts'
import type { Client } from '../../client/client.ts'
import { InformerFactory, type Informer } from '../../client/informer.ts'
import type { Labels } from '../../apimachinery/selectors.ts'
import { canonicalAddress } from '../address.ts'
import type { Party } from './judge.ts'

const BY_ADDRESS = 'address'
const BY_NAMESPACE = 'namespace'

/** What enforcers know: policies, and whose address is whose. One copy serves the agents of all machines. */
export class PolicyBook {
  private readonly informers: InformerFactory
  private readonly pods: Informer<Pod>
  private readonly policies: Informer<NetworkPolicy>
  private users = 0

  constructor(client: Client) {
    this.informers = new InformerFactory(client)
    this.pods = this.informers.for(pods)
    this.policies = this.informers.for(networkpolicies)
    this.informers.for(namespaces)
    this.pods.addIndex(BY_ADDRESS, ({ status, spec }) => {
      const isGone = status?.phase === 'Succeeded' || status?.phase === 'Failed'
      if (spec?.hostNetwork || isGone) return []
      return (status?.podIPs ?? []).map(({ ip = '' }) => canonicalAddress(ip) ?? ip)
    })
    this.policies.addIndex(BY_NAMESPACE, ({ metadata }) => [metadata.namespace ?? ''])
  }

  /** An enforcer begins. */
  use(): void {
    if (this.users++ === 0) this.informers.start()
  }

  /** An enforcer ends. */
  release(): void {
    if (--this.users === 0) this.informers.stop()
  }

  party(address: string): Party {
    const [pod] = this.pods.byIndex(BY_ADDRESS, address)
    return pod ? { address, pod, namespaceLabels: this.labelsOf(pod.metadata.namespace ?? '') } : { address }
  }

  /** Policies of a namespace, by name. */
  in(namespace: string): readonly NetworkPolicy[] {
    return this.policies
      .byIndex(BY_NAMESPACE, namespace)
      .toSorted((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1))
  }

  private labelsOf(namespace: string): Labels | undefined {
    return this.informers.for(namespaces).get('', namespace)?.metadata.labels
  }
}
