import { endpointslices, services } from '../../apimachinery/generated/resources.ts'
import type { EndpointSlice, Service } from '../../apimachinery/generated/types.ts'
import { sha256Hex } from '../../apimachinery/sha256.ts'
import type { Client } from '../../client/client.ts'
import { InformerFactory } from '../../client/informer.ts'
import { EventRecorder } from '../../client/recorder.ts'
import { l2advertisements, POOL_ANNOTATION } from './pools.ts'

const SERVICE_LABEL = 'kubernetes.io/service-name'
const BY_SERVICE = 'service'

/**
 * The speakers of all machines: for each address of a load balancer one of them answers ARP, so that its machine gets the
 * packets. They all reckon alike, so one book serves them all. Source: MetalLB 0.15, speaker layer2_controller.
 */
export class Speakers {
  private readonly client: Client
  private readonly informers: InformerFactory
  private readonly members = new Set<string>()
  private readonly announced = new Map<string, string>()

  constructor(client: Client) {
    this.client = client
    this.informers = new InformerFactory(client)
    const slices = this.informers.for(endpointslices)
    slices.addIndex(BY_SERVICE, ({ metadata }) => [`${metadata.namespace}/${metadata.labels?.[SERVICE_LABEL] ?? ''}`])
    const byName = (namespace: string, name: string) => {
      const service = this.informers.for(services).get(namespace, name)
      if (service) this.decide(service)
    }
    const decide = (service: Service) => this.decide(service)
    const ofSlice = ({ metadata }: EndpointSlice) => byName(metadata.namespace ?? '', metadata.labels?.[SERVICE_LABEL] ?? '')
    const all = () => this.decideAll()
    this.informers
      .for(services)
      .addHandler({ onAdd: decide, onUpdate: (now, old) => this.changed(now, old), onDelete: (gone) => this.withdraw(gone) })
    slices.addHandler({ onAdd: ofSlice, onUpdate: ofSlice, onDelete: ofSlice })
    this.informers.for(l2advertisements).addHandler({ onAdd: all, onUpdate: all, onDelete: all })
  }

  /** The speaker of a machine starts. Throws StatusError while its kinds are not known. */
  join(node: string): void {
    this.members.add(node)
    if (this.members.size === 1) this.informers.start()
    this.decideAll()
  }

  /** It ends, or its machine lost power: another one answers. */
  leave(node: string): void {
    if (!this.members.delete(node)) return
    if (this.members.size === 0) {
      this.informers.stop()
      this.announced.clear()
    } else this.decideAll()
  }

  /** The machine that answers for an address. */
  nodeFor(address: string): string | undefined {
    return this.announced.get(address)
  }

  private changed(now: Service, old: Service): void {
    if (addressOf(old) !== addressOf(now)) this.withdraw(old)
    this.decide(now)
  }

  private withdraw(service: Service): void {
    const address = addressOf(service)
    if (address !== undefined) this.announced.delete(address)
  }

  private decideAll(): void {
    for (const service of this.informers.for(services).list()) this.decide(service)
  }

  private decide(service: Service): void {
    const address = addressOf(service)
    if (address === undefined) return
    const node = this.isAdvertised(service) ? this.winner(service, address) : undefined
    if (node === this.announced.get(address)) return
    if (node === undefined) {
      this.announced.delete(address)
      return
    }
    this.announced.set(address, node)
    const message = `announcing from node "${node}" with protocol "layer2"`
    new EventRecorder(this.client, 'metallb-speaker', node).event(service, 'Normal', 'nodeAssigned', message)
  }

  private isAdvertised({ metadata }: Service): boolean {
    const pool = metadata.annotations?.[POOL_ANNOTATION]
    if (pool === undefined) return false
    return [...this.informers.for(l2advertisements).list()].some(
      ({ spec }) => !spec?.ipAddressPools?.length || spec.ipAddressPools.includes(pool),
    )
  }

  /** Machines with a speaker that can serve the Service; which one, a hash of their names and the address says. */
  private winner(service: Service, address: string): string | undefined {
    const slices = this.informers
      .for(endpointslices)
      .byIndex(BY_SERVICE, `${service.metadata.namespace}/${service.metadata.name}`)
    const ready = slices.flatMap(({ endpoints }) => endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false)
    if (ready.length === 0) return undefined
    const isLocal = service.spec?.externalTrafficPolicy === 'Local'
    const able = [...this.members].filter((node) => !isLocal || ready.some(({ nodeName }) => nodeName === node))
    return able.map((node) => [sha256Hex(`${node}#${address}`), node] as const).sort(([a], [b]) => (a < b ? -1 : 1))[0]?.[1]
  }
}

function addressOf({ spec, status }: Service): string | undefined {
  return spec?.type === 'LoadBalancer' ? status?.loadBalancer?.ingress?.[0]?.ip : undefined
}
