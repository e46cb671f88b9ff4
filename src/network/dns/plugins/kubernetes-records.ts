/**
 * The names of a cluster. Sources: Kubernetes DNS-Based Service Discovery 1.1.0; CoreDNS 1.14 plugin/kubernetes:
 * parseRequest, findServices, findPods, serviceRecordForIP.
 */
import type { Endpoint, EndpointSlice, Service } from '../../../apimachinery/generated/types.ts'
import type { LabelMatcher } from '../../../apimachinery/selectors.ts'
import type { ClusterNames } from '../cluster-names.ts'
import { SERVICE_NAME } from '../cluster-names.ts'
import { canonicalAddress } from '../../address.ts'

export type PodMode = 'disabled' | 'insecure' | 'verified'

export interface KubernetesOptions {
  readonly zones: readonly string[]
  readonly pods: PodMode
  readonly endpointPodNames: boolean
  readonly endpoints: boolean
  /** Empty: all. */
  readonly namespaces: readonly string[]
  readonly namespaceSelector: LabelMatcher | undefined
  readonly serviceSelector: LabelMatcher | undefined
  readonly ignoreEmpty: boolean
  readonly ttl: number
}

/** One thing behind a name: an address or another name, and for SRV a port and the name it is told by. */
export interface Target {
  readonly host: string
  /** -1: no port is declared. */
  readonly port: number
  /** Full name for SRV targets. */
  readonly name: string
}

interface Asked {
  readonly kind: '' | 'svc' | 'pod'
  readonly namespace: string
  readonly service: string
  readonly endpoint: string
  readonly port: string
  readonly protocol: string
}

const bare = (label: string) => label.replace(/^_/, '')

/** Takes a name without its zone apart; undefined when no name of that form exists. */
function parseName(base: string): Asked | undefined {
  const asked = { kind: '', namespace: '', service: '', endpoint: '', port: '', protocol: '' } as const
  if (base === '' || base === 'svc' || base === 'pod') return asked
  const labels = base.split('.')
  const kind = labels.pop()
  if (kind !== 'svc' && kind !== 'pod') return undefined
  const namespace = labels.pop() ?? ''
  const service = labels.pop() ?? ''
  const [first = '', second = ''] = labels
  if (labels.length > 2) return undefined
  if (labels.length === 2) return { ...asked, kind, namespace, service, port: bare(first), protocol: bare(second) }
  return { ...asked, kind, namespace, service, endpoint: first }
}

const dashed = (address: string) => address.replace(/[.:]/g, '-')

/** The label by which an endpoint is known. */
function endpointName(endpoint: Endpoint, podNames: boolean): string {
  if (endpoint.hostname) return endpoint.hostname
  const pod = endpoint.targetRef?.name ?? ''
  return podNames && pod !== '' && pod.length <= 63 && !pod.includes('.') ? pod : dashed(endpoint.addresses[0] ?? '')
}

const isReady = ({ conditions }: Endpoint) => conditions?.ready ?? true

const matches = (asked: Asked, name: string | undefined, protocol: string | undefined) =>
  (asked.port === '' || asked.port === (name ?? '').toLowerCase()) &&
  (asked.protocol === '' || asked.protocol === (protocol ?? 'TCP').toLowerCase())

const NO_PORTS = [{ port: -1 }] as const

export class KubernetesRecords {
  private readonly names: ClusterNames
  private readonly options: KubernetesOptions

  constructor(names: ClusterNames, options: KubernetesOptions) {
    this.names = names
    this.options = options
  }

  /** What is behind a full name in a zone; undefined: there is no such name. Empty: the name is there, but nothing behind it. */
  find(name: string, zone: string): readonly Target[] | undefined {
    const base = name === zone ? '' : name.slice(0, -zone.length - 1)
    if (base === 'dns-version') return []
    if (base === 'ns.dns') return this.nameServers(zone)
    const asked = parseName(base)
    if (!asked) return undefined
    if (asked.kind === '') return []
    if (asked.namespace !== '' && !this.exposes(asked.namespace)) return undefined
    if (asked.namespace === '') return []
    return asked.kind === 'pod' ? this.findPods(asked, name) : this.findServices(asked, zone)
  }

  /** The names of an address. */
  reverse(address: string, zone: string): readonly string[] {
    const services = this.names.servicesByAddress(address).filter((service) => this.offers(service))
    if (services.length > 0)
      return services.map(({ metadata }) => `${metadata.name ?? ''}.${metadata.namespace ?? ''}.svc.${zone}`)
    const found = new Set<string>()
    for (const slice of this.options.endpoints ? this.names.slicesByAddress(address) : [])
      for (const endpoint of slice.endpoints ?? [])
        // Only endpoints with a name of their own have a reverse one.
        if (endpoint.hostname && isReady(endpoint) && endpoint.addresses.some((one) => canonicalAddress(one) === address))
          found.add(`${endpoint.hostname}.${ownerOf(slice)}.${slice.metadata.namespace ?? ''}.svc.${zone}`)
    return [...found]
  }

  private exposes(namespace: string): boolean {
    const { namespaces, namespaceSelector } = this.options
    if (namespaces.length > 0 && !namespaces.includes(namespace)) return false
    const labels = this.names.namespace(namespace)
    return labels !== undefined && (namespaceSelector?.(labels) ?? true)
  }

  private offers(service: Service): boolean {
    return this.exposes(service.metadata.namespace ?? '') && (this.options.serviceSelector?.(service.metadata.labels) ?? true)
  }

  private nameServers(zone: string): readonly Target[] {
    const service = this.names.service('kube-system', 'kube-dns')
    return (service?.spec?.clusterIPs ?? []).map((host) => ({ host, port: 53, name: `ns.dns.${zone}` }))
  }

  private findPods({ namespace, service: label }: Asked, name: string): readonly Target[] | undefined {
    const { pods } = this.options
    if (pods === 'disabled') return undefined
    if (label === '') return []
    const four = label.split('-').length === 4 && !label.includes('--')
    const address = canonicalAddress(label.replaceAll('-', four ? '.' : ':'))
    if (address === undefined) return undefined
    const target = [{ host: address, port: -1, name }]
    if (pods === 'insecure') return target
    return this.names.podsByAddress(address).some((pod) => pod.metadata.namespace === namespace) ? target : undefined
  }

  private findServices(asked: Asked, zone: string): readonly Target[] | undefined {
    if (asked.service === '') return []
    const service = this.names.service(asked.namespace, asked.service)
    if (!service || !this.offers(service)) return undefined
    const { type, externalName = '', clusterIP = '', clusterIPs = [], ports = [] } = service.spec ?? {}
    const name = `${asked.service}.${asked.namespace}.svc.${zone}`
    if (type === 'ExternalName') {
      if (asked.endpoint !== '' || asked.port !== '' || asked.protocol !== '') return undefined
      return [{ host: externalName, port: -1, name }]
    }
    const headless = clusterIP === 'None'
    if (headless || asked.endpoint !== '') return this.findEndpoints(asked, name)
    if (this.options.ignoreEmpty && this.readyCount(asked) === 0) return undefined
    const found = (ports.length > 0 ? ports : NO_PORTS)
      .filter((port) => matches(asked, 'name' in port ? port.name : '', 'protocol' in port ? port.protocol : ''))
      .flatMap(({ port }) => (clusterIPs.length > 0 ? clusterIPs : [clusterIP]).map((host) => ({ host, port, name })))
    return found.length > 0 ? found : undefined
  }

  private findEndpoints(asked: Asked, serviceName: string): readonly Target[] | undefined {
    if (!this.options.endpoints) return undefined
    const found: Target[] = []
    for (const { endpoints, ports } of this.names.slicesOf(asked.namespace, asked.service)) {
      for (const endpoint of endpoints ?? []) {
        const label = endpointName(endpoint, this.options.endpointPodNames)
        if (!isReady(endpoint) || (asked.endpoint !== '' && asked.endpoint !== label.toLowerCase())) continue
        for (const port of ports?.length ? ports : NO_PORTS)
          if (matches(asked, 'name' in port ? port.name : '', 'protocol' in port ? port.protocol : ''))
            for (const host of endpoint.addresses)
              found.push({ host: canonicalAddress(host) ?? host, port: port.port ?? -1, name: `${label}.${serviceName}` })
      }
    }
    return found.length > 0 ? found : undefined
  }

  private readyCount({ namespace, service }: Asked): number {
    return this.names.slicesOf(namespace, service).flatMap(({ endpoints }) => (endpoints ?? []).filter(isReady)).length
  }
}

const ownerOf = (slice: EndpointSlice) => slice.metadata.labels?.[SERVICE_NAME] ?? ''
