/** How many rules each mode looks at as Services grow: measured by sending packets through rules that were really made. */
import type { EndpointSlice, Service } from '../../apimachinery/generated/types.ts'
import { fromNumber } from '../address.ts'
import type { ProxyMode } from '../proxy/config.ts'
import { MODES, PreparedMode, type ModeSettings } from './prepared.ts'

export const SERVICE_COUNTS: readonly number[] = [10, 30, 100, 300, 1000, 3000, 10_000]
const ENDPOINTS = 2
/** Services that the mean is taken over. */
const SAMPLES = 25
/** Services whose rules are made between two breaths. */
const STEP = 100

type ByMode = Readonly<Record<ProxyMode, number>>

export interface Growth {
  readonly services: number
  /** Mean over Services spread evenly over all. */
  readonly looked: ByMode
  /** For the Service that was made last. */
  readonly last: ByMode
}

const CLUSTER_IPS = 0x0a_60_00_00
const POD_IPS = 0x0a_f4_01_00
const PORT = 80

/** The cluster IP of a synthetic Service. */
export function serviceAddress(index: number): string {
  return fromNumber(CLUSTER_IPS + 1 + index)
}

export function syntheticService(index: number): Service {
  const clusterIP = serviceAddress(index)
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'default', name: `service-${index}` },
    spec: {
      type: 'ClusterIP',
      clusterIP,
      clusterIPs: [clusterIP],
      ipFamilies: ['IPv4'],
      ports: [{ port: PORT, protocol: 'TCP', targetPort: 8080 }],
    },
  } as Service
}

/** `round` differs: other endpoints. */
export function syntheticSlice(index: number, round = 0, endpoints = ENDPOINTS): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      namespace: 'default',
      name: `service-${index}-1`,
      labels: { 'kubernetes.io/service-name': `service-${index}` },
    },
    addressType: 'IPv4',
    endpoints: Array.from({ length: endpoints }, (_, i) => ({
      addresses: [fromNumber(POD_IPS + ((index * ENDPOINTS + i + round * 7919) % 60_000))],
      conditions: { ready: true },
      nodeName: `node-${(index + i) % 100}`,
    })),
    ports: [{ name: '', port: 8080, protocol: 'TCP' }],
  } as EndpointSlice
}

/**
 * Grows the same Services in all modes, and measures at each of the counts, which rise. Breathes (yields) in between:
 * 10,000 Services take seconds.
 */
export function* growth(counts: readonly number[], settings: Omit<ModeSettings, 'mode'>): Generator<void, readonly Growth[]> {
  const prepared = MODES.map((mode) => new PreparedMode({ ...settings, mode }))
  const points: Growth[] = []
  let made = 0
  for (const count of counts) {
    while (made < count) {
      const next = Math.min(count, made + STEP)
      const services = Array.from({ length: next - made }, (_, i) => syntheticService(made + i))
      const slices = services.map((_, i) => syntheticSlice(made + i))
      for (const mode of prepared) {
        mode.take(services, slices)
        yield
      }
      made = next
    }
    points.push(measure(prepared, count))
    yield
  }
  return points
}

function measure(prepared: readonly PreparedMode[], services: number): Growth {
  const samples = Math.min(SAMPLES, services)
  const indices = Array.from({ length: samples }, (_, i) => Math.floor(((i + 0.5) * services) / samples))
  const mean = (mode: PreparedMode) => indices.reduce((sum, index) => sum + lookedFor(mode, index), 0) / samples
  const of = (value: (mode: PreparedMode) => number): ByMode => {
    const [iptables = 0, ipvs = 0, nftables = 0] = prepared.map(value)
    return { iptables, ipvs, nftables }
  }
  return { services, looked: of(mean), last: of((mode) => lookedFor(mode, services - 1)) }
}

/** What the first packet of a connection from a pod to a Service costs. */
function lookedFor(mode: PreparedMode, index: number): number {
  return mode.send('10.244.0.9', serviceAddress(index), PORT).looked
}
