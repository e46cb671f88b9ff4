/** Services and EndpointSlices as one kube-proxy has seen them, and what of it is not yet in its rules. */
import type { EndpointSlice, Service } from '../../../apimachinery/generated/types.ts'
import { endpointsOf, NO_ENDPOINTS, NO_SLICES, type EndpointInfo, type KnownSlices } from './endpoint.ts'
import { servicePorts, type Family, type ServicePortInfo } from './service-port.ts'

const SERVICE_NAME = 'kubernetes.io/service-name'

/** What an apply() changed. */
export interface AppliedChanges {
  /** 'namespace/name' of each Service that changed, or whose endpoints did. */
  readonly services: ReadonlySet<string>
  /** Stale UDP flows may have to go. */
  readonly conntrackCleanup: boolean
}

/** Changes of slices by name; null: removed. */
type PendingSlices = Map<string, EndpointSlice | null>

const NO_PORTS: readonly ServicePortInfo[] = []

/** Changes accumulate until apply(). k8s 1.36: ServiceChangeTracker, EndpointsChangeTracker and the maps they update. */
export class ServiceState {
  readonly family: Family
  /** Services with a health check port. */
  readonly withHealth = new Set<string>()
  private readonly byService = new Map<string, readonly ServicePortInfo[]>()
  private readonly pendingServices = new Map<string, readonly ServicePortInfo[]>()
  private readonly slices = new Map<string, KnownSlices>()
  private readonly pendingSlices = new Map<string, PendingSlices>()

  constructor(family: Family) {
    this.family = family
  }

  /** Endpoints behind a port that exists or not. */
  endpoints(port: ServicePortInfo): readonly EndpointInfo[] {
    return this.slices.get(port.service)?.byPort.get(port.key) ?? NO_ENDPOINTS
  }

  /** Ports of a Service, as applied. */
  portsOf(service: string): readonly ServicePortInfo[] {
    return this.byService.get(service) ?? NO_PORTS
  }

  /** All ports of all Services, as applied. */
  *ports(): IterableIterator<ServicePortInfo> {
    for (const ports of this.byService.values()) yield* ports
  }

  /** All Services with ports, as applied. */
  services(): IterableIterator<string> {
    return this.byService.keys()
  }

  /** Takes a Service in; true when there is something to sync (maybe from before). */
  serviceChanged(service: Service): boolean {
    return this.setService(nameOf(service), servicePorts(service, this.family))
  }

  serviceDeleted(service: Service): boolean {
    return this.setService(nameOf(service), [])
  }

  /** Takes a slice in; true when it is another than the one known. */
  sliceChanged(slice: EndpointSlice): boolean {
    return this.setSlice(slice, slice)
  }

  sliceDeleted(slice: EndpointSlice): boolean {
    return this.setSlice(slice, null)
  }

  apply(): AppliedChanges {
    const services = new Set(this.pendingServices.keys())
    for (const [name, ports] of this.pendingServices) this.applyService(name, ports)
    this.pendingServices.clear()
    let conntrackCleanup = false
    for (const [name, pending] of this.pendingSlices) {
      services.add(name)
      if (this.applySlices(name, pending)) conntrackCleanup = true
    }
    this.pendingSlices.clear()
    return { services, conntrackCleanup }
  }

  private setService(name: string, ports: readonly ServicePortInfo[]): boolean {
    if (isSame(this.portsOf(name), ports)) this.pendingServices.delete(name)
    else this.pendingServices.set(name, ports)
    return this.pendingServices.size > 0
  }

  private applyService(name: string, ports: readonly ServicePortInfo[]): void {
    if (ports.some(({ healthCheckNodePort }) => healthCheckNodePort !== 0)) this.withHealth.add(name)
    else this.withHealth.delete(name)
    if (ports.length > 0) this.byService.set(name, ports)
    else this.byService.delete(name)
  }

  private setSlice(slice: EndpointSlice, value: EndpointSlice | null): boolean {
    const service = slice.metadata.labels?.[SERVICE_NAME]
    if (slice.addressType !== this.family || !service) return false
    const name = `${slice.metadata.namespace ?? 'default'}/${service}`
    const sliceName = slice.metadata.name ?? ''
    const pending = this.pendingSlices.get(name)
    const applied = this.slices.get(name)?.slices.find(({ metadata }) => metadata.name === sliceName)
    const before = pending?.has(sliceName) ? pending.get(sliceName) : applied
    if ((before ?? null) === value) return false
    if (pending) pending.set(sliceName, value)
    else this.pendingSlices.set(name, new Map([[sliceName, value]]))
    return true
  }

  /** Whether UDP ports were or are among them. */
  private applySlices(name: string, pending: PendingSlices): boolean {
    const isUdp = ({ byPort }: KnownSlices) => [...byPort.keys()].some((key) => key.endsWith('/UDP'))
    const before = this.slices.get(name) ?? NO_SLICES
    const byName = new Map(before.slices.map((slice) => [slice.metadata.name ?? '', slice]))
    for (const [sliceName, slice] of pending)
      if (slice === null) byName.delete(sliceName)
      else byName.set(sliceName, slice)
    const slices = [...byName].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, slice]) => slice)
    const after = endpointsOf(name, slices)
    if (slices.length > 0) this.slices.set(name, after)
    else this.slices.delete(name)
    return isUdp(before) || isUdp(after)
  }
}

function nameOf({ metadata }: Service): string {
  return `${metadata.namespace ?? 'default'}/${metadata.name ?? ''}`
}

function isSame(a: readonly ServicePortInfo[], b: readonly ServicePortInfo[]): boolean {
  return a === b || (a.length === b.length && a.every((port, i) => isSamePort(port, b[i] as ServicePortInfo)))
}

function isSamePort(a: ServicePortInfo, b: ServicePortInfo): boolean {
  return (Object.keys(a) as (keyof ServicePortInfo)[]).every((field) => {
    const [x, y] = [a[field], b[field]]
    return Array.isArray(x) && Array.isArray(y) ? x.length === y.length && x.every((item, i) => item === y[i]) : x === y
  })
}
