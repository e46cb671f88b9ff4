/** Random changes of Services and EndpointSlices, for tests that compare incremental rules with rules made anew. */
import type { EndpointSlice, Service } from '../../../apimachinery/generated/types.ts'
import { Random } from '../../../sim/random.ts'
import type { ServiceState } from '../changes/state.ts'

export type Change =
  | { readonly kind: 'service'; readonly now: Service | undefined; readonly before: Service | undefined }
  | { readonly kind: 'slice'; readonly now: EndpointSlice | undefined; readonly before: EndpointSlice | undefined }

export const TEST_NODES = ['node-1', 'node-2', 'node-3'] as const
export const TEST_ZONES = ['zone-a', 'zone-b'] as const

/** Takes a change in, as a proxy does when its watch tells of it. */
export function takeChange(state: ServiceState, change: Change): void {
  if (change.kind === 'service') {
    if (change.now) state.serviceChanged(change.now)
    else if (change.before) state.serviceDeleted(change.before)
  } else if (change.now) state.sliceChanged(change.now)
  else if (change.before) state.sliceDeleted(change.before)
}

const SERVICE_NAMES = 12
const PROTOCOLS = ['TCP', 'TCP', 'TCP', 'UDP', 'SCTP'] as const

/** A small world that changes at random; the same seed gives the same changes. */
export class ChangeSource {
  readonly services = new Map<string, Service>()
  readonly slices = new Map<string, EndpointSlice>()
  private readonly random: Random

  constructor(seed: number) {
    this.random = new Random(seed, 'changes')
  }

  next(): Change {
    const name = `svc-${this.random.int(SERVICE_NAMES)}`
    const dice = this.random.int(10)
    if (dice < 3) return this.changeService(name, this.random.int(4) === 0 ? undefined : this.makeService(name))
    const slice = `${name}-${this.random.int(2)}`
    const known = this.slices.get(slice)
    if (known && dice < 7) return this.changeSlice(slice, this.touch(known))
    return this.changeSlice(slice, this.random.int(5) === 0 ? undefined : this.makeSlice(name, slice))
  }

  private changeService(name: string, now: Service | undefined): Change {
    const before = this.services.get(name)
    if (now) this.services.set(name, now)
    else this.services.delete(name)
    return { kind: 'service', now, before }
  }

  private changeSlice(name: string, now: EndpointSlice | undefined): Change {
    const before = this.slices.get(name)
    if (now) this.slices.set(name, now)
    else this.slices.delete(name)
    return { kind: 'slice', now, before }
  }

  private chance(oneIn: number): boolean {
    return this.random.int(oneIn) === 0
  }

  private makeService(name: string): Service {
    const number = Number(name.slice('svc-'.length))
    const type = this.random.pick(['ClusterIP', 'ClusterIP', 'NodePort', 'LoadBalancer', 'LoadBalancer', 'ExternalName'] as const)
    const hasPorts = type === 'NodePort' || type === 'LoadBalancer'
    const clusterIP = this.chance(12) ? 'None' : `10.96.0.${number + 1}`
    const local = this.chance(2)
    const count = 1 + this.random.int(2)
    const ports = Array.from({ length: count }, (_, i) => ({
      name: count === 1 && this.chance(2) ? undefined : `p${i}`,
      protocol: this.random.pick(PROTOCOLS),
      port: 80 + i,
      nodePort: hasPorts && !this.chance(6) ? 30_000 + number * 10 + i : undefined,
    }))
    const external = this.chance(4)
    const spec = {
      type,
      clusterIP,
      clusterIPs: [clusterIP],
      ipFamilies: ['IPv4'],
      ports,
      externalIPs: external
        ? [`198.51.100.${number + 1}`, ...(number === 0 && this.chance(2) ? ['192.168.10.11'] : [])]
        : undefined,
      externalTrafficPolicy: hasPorts || external ? (local ? 'Local' : 'Cluster') : undefined,
      internalTrafficPolicy: this.chance(4) ? 'Local' : 'Cluster',
      sessionAffinity: this.chance(4) ? 'ClientIP' : 'None',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: this.random.pick([60, 10_800]) } },
      healthCheckNodePort: type === 'LoadBalancer' && local ? 32_000 + number : undefined,
      loadBalancerSourceRanges:
        type === 'LoadBalancer' && this.chance(3)
          ? this.random.pick([['203.0.113.0/24'], ['192.168.0.0/16', '10.0.0.0/8']])
          : undefined,
    }
    const ingress = Array.from({ length: this.random.int(3) }, (_, i) => ({
      ip: `203.0.113.${number * 2 + i + 1}`,
      ipMode: this.chance(5) ? 'Proxy' : 'VIP',
    }))
    const status = type === 'LoadBalancer' ? { loadBalancer: { ingress } } : {}
    return { apiVersion: 'v1', kind: 'Service', metadata: { namespace: 'default', name }, spec, status } as Service
  }

  private makeSlice(service: string, name: string): EndpointSlice {
    const number = Number(service.slice('svc-'.length))
    const hints = this.random.int(4)
    const endpoints = Array.from({ length: this.random.int(5) }, () => this.makeEndpoint(number, hints))
    const ports = ['', 'p0', 'p1']
      .filter(() => !this.chance(4))
      .flatMap((port) => [...new Set(PROTOCOLS)].map((protocol) => ({ name: port, port: port === 'p1' ? 8443 : 8080, protocol })))
    return {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { namespace: 'default', name, labels: { 'kubernetes.io/service-name': service } },
      addressType: 'IPv4',
      endpoints,
      ports,
    }
  }

  private makeEndpoint(service: number, hints: number) {
    const node = this.random.int(TEST_NODES.length)
    const ready = !this.chance(4)
    const terminating = this.chance(5)
    const forNodes = [{ name: this.random.pick(TEST_NODES) }]
    const forZones = [{ name: this.random.pick(TEST_ZONES) }]
    return {
      addresses: [`10.244.${node}.${service * 8 + this.random.int(6) + 1}`],
      nodeName: TEST_NODES[node] ?? '',
      conditions: { ready: ready && !terminating, serving: ready, terminating },
      hints: hints === 0 ? { forZones } : hints === 1 ? { forZones, forNodes } : undefined,
    }
  }

  /** One endpoint changes its conditions, the usual thing. */
  private touch(slice: EndpointSlice): EndpointSlice {
    const list = slice.endpoints ?? []
    if (list.length === 0) return slice
    const at = this.random.int(list.length)
    const ready = this.chance(2)
    const endpoints = list.map((endpoint, i) =>
      i === at
        ? { ...endpoint, conditions: { ready, serving: ready || this.chance(2), terminating: !ready && this.chance(2) } }
        : endpoint,
    )
    return { ...slice, endpoints }
  }
}
