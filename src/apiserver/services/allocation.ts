import { internal, invalid as invalidError } from '../../apimachinery/errors.ts'
import { invalid } from '../../apimachinery/field-errors.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import type { Service, ServicePort, ServiceSpec } from '../../apimachinery/generated/types.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import { isIp } from '../kinds/shared/ip.ts'
import type { Registry, RequestScope } from '../rest/context.ts'
import type { BegunWrite, StoreHook } from '../rest/hooks.ts'
import { ClusterIpBook, serviceRange } from './addresses.ts'
import { familyOf, isExternalName, isHeadless, withFamilies } from './families.ts'
import { NodePortBook, portsOf } from './ports.ts'

const needsNodePort = (spec: ServiceSpec | undefined) => spec?.type === 'NodePort' || spec?.type === 'LoadBalancer'
const needsHealthCheck = (spec: ServiceSpec | undefined) =>
  spec?.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local'
const wantsNodePorts = (spec: ServiceSpec) =>
  spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false)

function refuse(service: Service, field: string, value: unknown, why: string): never {
  throw invalidError({ group: '', kind: 'Service' }, service.metadata.name ?? '', [invalid(field, value, why)])
}

/**
 * Gives Services their cluster addresses and node ports, and takes them back.
 * k8s 1.36: core/service/storage REST.beginCreate, beginUpdate, afterDelete, Allocators.
 */
export class ServiceAllocation implements StoreHook {
  private readonly ips: ClusterIpBook
  private readonly ports: NodePortBook

  constructor(registry: Registry, serviceCidr: string) {
    this.ips = new ClusterIpBook(registry, serviceRange(serviceCidr))
    this.ports = new NodePortBook(registry.etcd)
  }

  readonly beginCreate = (scope: RequestScope, object: KubeObject): BegunWrite => {
    const given = object as Service
    const { clusterIP, clusterIPs } = given.spec ?? {}
    const normal = clusterIP && !clusterIPs?.length ? { ...given, spec: { ...given.spec, clusterIPs: [clusterIP] } } : given
    return this.allocate(scope, withFamilies(normal, undefined), undefined)
  }

  readonly beginUpdate = (scope: RequestScope, object: KubeObject, previous: KubeObject): BegunWrite => {
    const old = previous as Service
    const patched = normalizeClusterIps(keepAllocated(object as Service, old), old)
    return this.allocate(scope, withFamilies(patched, old.spec), old)
  }

  readonly afterDelete = (scope: RequestScope, object: KubeObject): void => {
    const { registry } = scope
    const { namespace = '', name = '' } = object.metadata
    for (const ip of addressesOf((object as Service).spec)) this.ips.release(ip)
    if (registry.etcd.get('endpoints', `${namespace}/${name}`)) {
      const user = { name: 'system:apiserver', groups: ['system:masters'] }
      registry.handle({
        verb: 'delete',
        user,
        userAgent: 'kube-apiserver',
        group: '',
        version: 'v1',
        resource: 'endpoints',
        namespace,
        name,
      })
    }
  }

  readonly shown = withoutTrafficPolicy

  private allocate(scope: RequestScope, service: Service, old: Service | undefined): BegunWrite {
    const dry = scope.request.options?.dryRun === true
    const { object: addressed, fresh } = this.withAddresses(service, old, dry)
    const ported = this.withHealthCheckPort(scope, this.withNodePorts(scope, addressed, old), old)
    // Taken at once, so that the write that follows cannot lose them; given back when it fails.
    if (!dry) for (const ip of fresh) this.ips.hold(ip, ported)
    return {
      object: ported,
      finish: (stored) => {
        if (dry) return
        const kept = new Set(addressesOf((stored as Service | undefined)?.spec))
        const before = stored ? addressesOf(old?.spec) : []
        for (const ip of [...fresh, ...before]) if (!kept.has(ip)) this.ips.release(ip)
      },
    }
  }

  private withAddresses(service: Service, old: Service | undefined, dry: boolean): { object: Service; fresh: readonly string[] } {
    const spec = service.spec ?? {}
    if (isExternalName(spec) || isHeadless(spec)) return { object: service, fresh: [] }
    if (old && !isExternalName(old.spec)) return { object: service, fresh: [] }
    const ips = spec.ipFamilies?.map((_, i) => spec.clusterIPs?.[i] ?? '') ?? []
    // Texts that are no addresses are left for validation to refuse.
    if (ips.some((ip) => ip !== '' && !isIp(ip))) return { object: service, fresh: [] }
    const drawn = ips.map((ip) => {
      // A dry run draws nothing: it shows the first address of the range.
      if (ip === '') return dry ? this.ips.base : this.drawAddress(service)
      const why = this.ips.refusal(ip)
      if (why) refuse(service, 'spec.clusterIPs', spec.clusterIPs, `failed to allocate IP ${ip}: ${why}`)
      return ip
    })
    const clusterIPs = [...drawn, ...(spec.clusterIPs?.slice(drawn.length) ?? [])]
    return { object: { ...service, spec: { ...spec, clusterIP: clusterIPs[0], clusterIPs } }, fresh: drawn }
  }

  private drawAddress(service: Service): string {
    const ip = this.ips.draw()
    if (!ip) throw internal(`failed to allocate a serviceIP for Service ${JSON.stringify(service.metadata.name)}: range is full`)
    return ip
  }

  /** k8s 1.36: initNodePorts and updateNodePorts: ports of one number share a node port on create. */
  private withNodePorts(scope: RequestScope, service: Service, old: Service | undefined): Service {
    const spec = service.spec ?? {}
    if (!needsNodePort(spec) || !spec.ports) return service
    const held = new Set(old ? portsOf(old) : [])
    const taken = new Set(spec.ports.flatMap((p) => (p.nodePort ? [p.nodePort] : [])))
    const shared = new Map<number, number>()
    const requested = new Set<number>()
    const ports = spec.ports.map((port, i): ServicePort => {
      if (!port.nodePort && !wantsNodePorts(spec)) return port
      let nodePort = port.nodePort || (old ? 0 : shared.get(port.port) || findRequested(spec.ports ?? [], port.port))
      if (!nodePort) {
        nodePort = this.ports.draw(scope.registry.sim.random('apiserver/node-ports'), taken)
        if (!nodePort) throw internal('failed to allocate a nodePort: range is full')
        taken.add(nodePort)
      } else if (!held.has(nodePort) && !requested.has(nodePort)) {
        const why = shared.get(port.port) === nodePort ? '' : this.ports.refusal(nodePort)
        if (why) refuse(service, `spec.ports[${i}].nodePort`, nodePort, why)
      }
      requested.add(nodePort)
      shared.set(port.port, nodePort)
      return { ...port, nodePort }
    })
    return { ...service, spec: { ...spec, ports } }
  }

  private withHealthCheckPort(scope: RequestScope, service: Service, old: Service | undefined): Service {
    const spec = service.spec ?? {}
    if (!needsHealthCheck(spec) || needsHealthCheck(old?.spec)) return service
    const asked = spec.healthCheckNodePort
    if (asked) {
      const why = this.ports.refusal(asked)
      if (why) throw internal(`failed to allocate requested HealthCheck NodePort ${asked}: ${why}`)
      return service
    }
    const port = this.ports.draw(scope.registry.sim.random('apiserver/node-ports'), new Set(portsOf(service)))
    return { ...service, spec: { ...spec, healthCheckNodePort: port } }
  }
}

/** A name elsewhere has no traffic inside the cluster. k8s 1.36: defaultOnReadInternalTrafficPolicy. */
function withoutTrafficPolicy(object: KubeObject): KubeObject {
  const service = object as Service
  if (!isExternalName(service.spec) || service.spec?.internalTrafficPolicy === undefined) return service
  const { internalTrafficPolicy: _, ...spec } = service.spec
  const shown: Service = { ...service, spec }
  return shown
}

function findRequested(ports: readonly ServicePort[], port: number): number {
  return ports.find((p) => p.port === port && p.nodePort)?.nodePort ?? 0
}

function addressesOf(spec: ServiceSpec | undefined): readonly string[] {
  if (!spec || isExternalName(spec) || isHeadless(spec)) return []
  return (spec.clusterIPs ?? []).filter((ip) => familyOf(ip) === 'IPv4')
}

/** Old clients leave out what they don't know of; it stays. k8s 1.36: patchAllocatedValues. */
function keepAllocated(service: Service, old: Service): Service {
  let spec = service.spec ?? {}
  const was = old.spec ?? {}
  if (!isExternalName(was) && !isExternalName(spec)) {
    if (!spec.clusterIP && was.clusterIP) spec = { ...spec, clusterIP: was.clusterIP }
    if (!spec.clusterIPs?.length && was.clusterIPs?.length) spec = { ...spec, clusterIPs: was.clusterIPs }
  }
  if (needsNodePort(was) && needsNodePort(spec) && spec.ports?.some((p) => !p.nodePort)) {
    const now = new Set(spec.ports.map((p) => p.nodePort))
    const byName = new Map(was.ports?.map((p) => [p.name ?? '', p.nodePort]))
    spec = {
      ...spec,
      ports: spec.ports.map((port) => {
        const before = byName.get(port.name ?? '')
        return port.nodePort || !before || now.has(before) ? port : { ...port, nodePort: before }
      }),
    }
  }
  if (needsHealthCheck(was) && needsHealthCheck(spec) && !spec.healthCheckNodePort)
    spec = { ...spec, healthCheckNodePort: was.healthCheckNodePort }
  return spec === service.spec ? service : { ...service, spec }
}

/** Keeps clusterIP and clusterIPs in step when a client changed only one. k8s 1.36: normalizeClusterIPs. */
function normalizeClusterIps(service: Service, old: Service): Service {
  const spec = service.spec ?? {}
  const was = old.spec ?? {}
  if (was.clusterIP === spec.clusterIP || !jsonEqual(spec.clusterIPs, was.clusterIPs)) return service
  if (was.clusterIP && !spec.clusterIP) {
    const { clusterIPs: _, ...rest } = spec
    return { ...service, spec: rest }
  }
  return spec.clusterIP ? { ...service, spec: { ...spec, clusterIPs: [spec.clusterIP] } } : service
}
