/** Services and EndpointSlices as one kube-proxy has seen them, and what of it is not yet in its rules. */
import type { EndpointSlice, Service } from '../../../apimachinery/generated/types.ts'
import { endpointsOf, NO_ENDPOINTS, type EndpointInfo, type EndpointsByPort } from './endpoint.ts'
import { servicePorts, type Family, type ServicePortInfo } from './service-port.ts'

const SERVICE_NAME = 'kubernetes.io/service-name'

/** What an apply() changed. */
export interface AppliedChanges {
  /** 'namespace/name' of each Service that changed, or whose endpoints did. */
  readonly services: ReadonlySet<string>
  /** Stale UDP flows may have to go. */
  readonly conntrackCleanup: boolean
}

interface SliceTracker {
  readonly applied: Map<string, EndpointSlice>
  /** null: removed. */
  readonly pending: Map<string, EndpointSlice | null>
  endpoints: EndpointsByPort
}

const NO_MAP: EndpointsByPort = new Map()

/** Changes accumulate until apply(). k8s 1.36: ServiceChangeTracker, EndpointsChangeTracker and the maps they update. */
export class ServiceState {
  readonly family: Family
  /** By ServicePortInfo.key. */
  readonly ports = new Map<string, ServicePortInfo>()
  private readonly byService = new Map<string, readonly ServicePortInfo[]>()
  private readonly pendingServices = new Map<string, readonly ServicePortInfo[]>()
  private readonly slices = new Map<string, SliceTracker>()
  private readonly pendingSlices = new Set<string>()

  constructor(family: Family) {
    this.family = family
  }

  /** Endpoints behind a port that exists or not. */
  endpoints(port: ServicePortInfo): readonly EndpointInfo[] {
    return this.slices.get(port.service)?.endpoints.get(port.key) ?? NO_ENDPOINTS
  }

  /** Ports of a Service, as applied. */
  portsOf(service: string): readonly ServicePortInfo[] {
    return this.byService.get(service) ?? []
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
    for (const name of this.pendingSlices) {
      services.add(name)
      if (this.applySlices(name)) conntrackCleanup = true
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
    const kept = new Set(ports.map(({ key }) => key))
    for (const { key } of this.portsOf(name)) if (!kept.has(key)) this.ports.delete(key)
    for (const port of ports) this.ports.set(port.key, port)
    if (ports.length > 0) this.byService.set(name, ports)
    else this.byService.delete(name)
  }

  private setSlice(slice: EndpointSlice, value: EndpointSlice | null): boolean {
    const service = slice.metadata.labels?.[SERVICE_NAME]
    if (slice.addressType !== this.family || !service) return false
    const name = `${slice.metadata.namespace ?? 'default'}/${service}`
    const sliceName = slice.metadata.name ?? ''
    let tracker = this.slices.get(name)
    if (!tracker) {
      if (value === null) return false
      this.slices.set(name, (tracker = { applied: new Map(), pending: new Map(), endpoints: NO_MAP }))
    }
    const before = tracker.pending.has(sliceName) ? tracker.pending.get(sliceName) : tracker.applied.get(sliceName)
    if ((before ?? null) === value) return false
    tracker.pending.set(sliceName, value)
    this.pendingSlices.add(name)
    return true
  }

  /** Whether UDP ports were or are among them. */
  private applySlices(name: string): boolean {
    const tracker = this.slices.get(name)
    if (!tracker) return false
    const isUdp = (endpoints: EndpointsByPort) => [...endpoints.keys()].some((key) => key.endsWith('/UDP'))
    const hadUdp = isUdp(tracker.endpoints)
    for (const [sliceName, slice] of tracker.pending)
      if (slice === null) tracker.applied.delete(sliceName)
      else tracker.applied.set(sliceName, slice)
    tracker.pending.clear()
    const slices = [...tracker.applied.values()].toSorted((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1))
    tracker.endpoints = endpointsOf(name, slices)
    if (tracker.applied.size === 0) this.slices.delete(name)
    return hadUdp || isUdp(tracker.endpoints)
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
