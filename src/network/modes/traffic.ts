/** The same connections through all three modes at once. */
import type { EndpointSlice, Service } from '../../apimachinery/generated/types.ts'
import type { Protocol } from '../packet.ts'
import type { ProxyMode } from '../proxy/config.ts'
import { servicePorts } from '../proxy/changes/service-port.ts'
import { MODES, PreparedMode, type ModeSettings, type Sent } from './prepared.ts'

/** What one mode did with the connections. */
interface Share {
  readonly mode: ProxyMode
  /** Rules, elements and servers that it keeps for all Services. */
  readonly kept: number
  /** By the first packet of a connection, the mean. */
  readonly looked: number
  /** Connections by the endpoint that they came to, '10.244.1.5:8080'. */
  readonly endpoints: ReadonlyMap<string, number>
  /** Connections that came nowhere. */
  readonly refused: number
}

interface TrafficQuestion {
  readonly services: readonly Service[]
  readonly slices: readonly EndpointSlice[]
  /** One of them: its first port is asked. */
  readonly service: Service
  readonly connections: number
  /** The client, a pod's address. */
  readonly source: string
}

/** Sends the connections, each from another port of one client, with the same seed for all modes. Breathes in between. */
export function* sameTraffic(
  { services, slices, service, connections, source }: TrafficQuestion,
  settings: Omit<ModeSettings, 'mode' | 'random'>,
  randomFor: (mode: ProxyMode) => () => number,
): Generator<void, readonly Share[]> {
  const [port] = servicePorts(service, 'IPv4')
  if (!port) return []
  const shares: Share[] = []
  for (const mode of MODES) {
    const prepared = new PreparedMode({ ...settings, mode, random: randomFor(mode) })
    prepared.take(services, slices)
    yield
    const send = () => prepared.send(source, port.clusterIP, port.port, port.protocol.toLowerCase() as Protocol)
    const sent = Array.from({ length: connections }, send)
    shares.push({ mode, kept: prepared.kept(), ...summary(sent, port.clusterIP) })
    yield
  }
  return shares
}

function summary(sent: readonly Sent[], clusterIP: string): Omit<Share, 'mode' | 'kept'> {
  const endpoints = new Map<string, number>()
  let refused = 0
  let looked = 0
  for (const { verdict, packet, ...each } of sent) {
    looked += each.looked
    const target = `${packet.destination}:${packet.destinationPort}`
    if (verdict !== 'accept' || packet.destination === clusterIP) refused++
    else endpoints.set(target, (endpoints.get(target) ?? 0) + 1)
  }
  return { looked: sent.length === 0 ? 0 : looked / sent.length, endpoints, refused }
}
