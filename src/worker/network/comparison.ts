import { endpointslices, pods, services } from '../../apimachinery/generated/resources.ts'
import type { Service } from '../../apimachinery/generated/types.ts'
import { growth, SERVICE_COUNTS, type Growth } from '../../network/modes/growth.ts'
import { sameTraffic } from '../../network/modes/traffic.ts'
import { Random } from '../../sim/random.ts'
import type { FeedContext } from '../feeds/feed.ts'
import type { GrowthPoint, ModeComparison, ModeQuestion, ModeTraffic } from './protocol.ts'

const SETTINGS = { nodeName: 'node-0', nodeIP: '10.0.0.11', zone: '', clusterCIDR: '10.244.0.0/16' }
const MOST_CONNECTIONS = 5000

/** Counted once for each number of Services: it is about no cluster in particular. */
const counted = new Map<number, readonly Growth[]>()

/** What a packet costs in each mode. Nothing in the cluster changes. Breathes in between. */
export function* compareModes(context: FeedContext, question: ModeQuestion): Generator<void, ModeComparison> {
  const connections = Math.min(MOST_CONNECTIONS, Math.max(1, Math.floor(question.connections)))
  if (question.what === 'growth') return { growth: yield* grown(question.services), service: '', connections, traffic: [] }
  const service = chosen(context, question.service)
  const traffic = service ? yield* sent(context, service, connections, question.round) : []
  return { growth: [], service: service ? keyOf(service) : '', connections, traffic }
}

function* grown(services: number): Generator<void, readonly GrowthPoint[]> {
  const known = counted.get(services)
  if (known) return known
  const random = new Random(1, 'modes')
  const counts = SERVICE_COUNTS.filter((count) => count <= services)
  const points = yield* growth(counts, { ...SETTINGS, random: () => random.next() })
  counted.set(services, points)
  return points
}

function* sent(
  { informers, cluster }: FeedContext,
  service: Service,
  connections: number,
  round: number,
): Generator<void, readonly ModeTraffic[]> {
  const names = new Map<string, string>()
  for (const { metadata, spec, status } of informers.for(pods).list())
    if (status?.podIP && !spec?.hostNetwork) names.set(status.podIP, `${metadata.namespace ?? ''}/${metadata.name ?? ''}`)
  const [all, slices] = [[...informers.for(services).list()], [...informers.for(endpointslices).list()]]
  const question = { services: all, slices, service, connections, source: '10.244.0.9' }
  const shares = yield* sameTraffic(question, SETTINGS, (mode) => {
    const random = new Random(cluster.sim.seed + round, `modes/${mode}`)
    return () => random.next()
  })
  return shares.map(({ mode, kept, looked, endpoints }) => ({
    mode,
    kept,
    looked: Math.round(looked),
    endpoints: [...endpoints]
      .map(([address, hits]) => ({ address, pod: names.get(address.slice(0, address.lastIndexOf(':'))) ?? '', hits }))
      .toSorted((a, b) => (a.address < b.address ? -1 : 1)),
  }))
}

function keyOf({ metadata }: Service): string {
  return `${metadata.namespace ?? ''}/${metadata.name ?? ''}`
}

/** The one that was asked for; else the one with the most endpoints, a user's own before the system's. */
function chosen({ informers }: FeedContext, key: string): Service | undefined {
  const all = [...informers.for(services).list()]
  if (key !== '') return all.find((service) => keyOf(service) === key)
  const counts = new Map<string, number>()
  for (const { metadata, endpoints = [] } of informers.for(endpointslices).list()) {
    const name = `${metadata.namespace ?? ''}/${metadata.labels?.['kubernetes.io/service-name'] ?? ''}`
    const ready = endpoints.filter(({ conditions }) => conditions?.ready !== false).length
    counts.set(name, (counts.get(name) ?? 0) + ready)
  }
  const rank = (service: Service): number => {
    const own = service.metadata.namespace === 'kube-system' ? 0 : 1000
    const usable = service.spec?.clusterIP && service.spec.clusterIP !== 'None' ? 1 : 0
    return usable * (own + Math.min(999, counts.get(keyOf(service)) ?? 0)) * ((counts.get(keyOf(service)) ?? 0) > 1 ? 2 : 1)
  }
  return all.toSorted((a, b) => rank(b) - rank(a)).find((service) => (counts.get(keyOf(service)) ?? 0) > 0)
}
