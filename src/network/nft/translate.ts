import type { Flight, HookEnvironment } from '../netfilter/hooks.ts'

interface Ports {
  readonly from: number
  readonly to: number
}

const FIRST_PORT = 1024
const LAST_PORT = 65_535

/** Sends the packet, and with it its connection, to another address. */
export function translateDestination(
  flight: Flight,
  address: string,
  ports: Ports | undefined,
  environment: HookEnvironment,
): void {
  const { connection, packet } = flight
  if (!connection) return
  const port = ports ? pick(ports, packet.destinationPort, environment) : packet.destinationPort
  flight.packet = { ...packet, destination: address, destinationPort: port }
  connection.reply = { ...connection.reply, source: address, sourcePort: port }
  connection.dnatDone = true
}

/** Gives the packet, and with it its connection, another source. */
export function translateSource(
  flight: Flight,
  address: string,
  ports: Ports | undefined,
  isRandom: boolean,
  environment: HookEnvironment,
): void {
  const { connection, packet } = flight
  if (!connection) return
  let port = packet.sourcePort
  if (ports) port = pick(ports, port, environment)
  else if (isRandom && port !== 0) port = FIRST_PORT + Math.floor(environment.random() * (LAST_PORT - FIRST_PORT + 1))
  flight.packet = { ...packet, source: address, sourcePort: port }
  connection.reply = { ...connection.reply, destination: address, destinationPort: port }
  connection.snatDone = true
}

function pick({ from, to }: Ports, port: number, environment: HookEnvironment): number {
  return port >= from && port <= to ? port : from + Math.floor(environment.random() * (to - from + 1))
}
