import { endpointslices, namespaces, pods, services } from '../../apimachinery/generated/resources.ts'
import type { EndpointSlice, Namespace, Pod, Service } from '../../apimachinery/generated/types.ts'
import type { Client } from '../../client/client.ts'
import { Informer } from '../../client/informer.ts'
import { SERVICE_NAME, type ClusterNames } from '../../network/dns/cluster-names.ts'

const NAMESPACE = 'kubernetes.io/metadata.name'

/** What CoreDNS keeps of the cluster. SIMPLIFIED: kept once, however many CoreDNS pods there are. */
export class WatchedNames implements ClusterNames {
  private readonly services: Informer<Service>
  private readonly slices: Informer<EndpointSlice>
  private readonly namespaces: Informer<Namespace>
  private readonly pods: Informer<Pod>

  constructor(client: Client) {
    this.services = new Informer(client, services)
    this.slices = new Informer(client, endpointslices)
    this.namespaces = new Informer(client, namespaces)
    this.pods = new Informer(client, pods)
    this.services.addIndex('address', ({ spec }) => [...(spec?.clusterIPs ?? [])].filter((ip) => ip !== 'None' && ip !== ''))
    this.slices.addIndex('service', ({ metadata }) => [`${metadata.namespace ?? ''}/${metadata.labels?.[SERVICE_NAME] ?? ''}`])
  }

  /** Lists and watches. Throws StatusError when that is not allowed. */
  start(): void {
    this.services.start()
    this.slices.start()
    this.namespaces.start()
  }

  synced(): boolean {
    return this.services.synced && this.slices.synced && this.namespaces.synced
  }

  service(namespace: string, name: string): Service | undefined {
    return this.services.get(namespace, name)
  }

  servicesByAddress(address: string): readonly Service[] {
    return this.services.byIndex('address', address)
  }

  slicesOf(namespace: string, service: string): readonly EndpointSlice[] {
    return this.slices.byIndex('service', `${namespace}/${service}`)
  }

  slicesByAddress(address: string): readonly EndpointSlice[] {
    this.slices.addIndex('address', ({ endpoints }) => (endpoints ?? []).flatMap(({ addresses }) => [...addresses]))
    return this.slices.byIndex('address', address)
  }

  podsByAddress(address: string): readonly Pod[] {
    this.pods.addIndex('address', ({ status }) => (status?.podIPs ?? []).map(({ ip }) => ip ?? ''))
    this.pods.start()
    return this.pods.byIndex('address', address)
  }

  namespace(name: string): { readonly [label: string]: string } | undefined {
    const found = this.namespaces.get('', name)
    return found && (found.metadata.labels ?? { [NAMESPACE]: name })
  }
}
