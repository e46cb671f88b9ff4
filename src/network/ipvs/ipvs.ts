/** The kernel's IPVS of one network namespace: tables that kube-proxy and ipvsadm fill, and the choice of a real server. */
import { inCidr } from '../address.ts'
import type { Tuple } from '../conntrack/conntrack.ts'
import { isIPv6, type Packet } from '../packet.ts'
import { ConnectionTable } from './connection-table.ts'
import type { IpvsConnection } from './connection.ts'
import { SCHEDULERS } from './schedulers.ts'
import { Counters, RealServer, serverKey, VirtualServer, type Forwarding, type IpvsProtocol } from './server.ts'

/** Bits of a persistence netmask. */
function prefixLength(netmask: string): number {
  return netmask.split('.').reduce((bits, part) => bits + Number(part).toString(2).replaceAll('0', '').length, 0)
}

export class Ipvs {
  readonly servers = new Map<string, VirtualServer>()
  readonly connections: ConnectionTable
  readonly counters = new Counters()
  /** Rises with every change of servers that did not come from kube-proxy itself (ipvsadm). */
  foreignChanges = 0
  readonly now: () => number

  constructor(now: () => number) {
    this.now = now
    this.connections = new ConnectionTable()
  }

  server(protocol: string, address: string, port: number): VirtualServer | undefined {
    return this.servers.get(serverKey(protocol, address, port))
  }

  addServer(protocol: IpvsProtocol, address: string, port: number, scheduler: string): VirtualServer {
    const server = new VirtualServer(protocol, address, port, scheduler)
    this.servers.set(server.key, server)
    return server
  }

  /** Its connections go with their next packet. */
  deleteServer(server: VirtualServer): void {
    for (const real of server.reals) real.gone = true
    this.servers.delete(server.key)
  }

  /** A real server that comes back while old connections to it still live keeps counting them. */
  addReal(server: VirtualServer, address: string, port: number, weight = 1, forwarding: Forwarding = 'Masq'): RealServer {
    const real = new RealServer(address, port, weight, forwarding)
    server.reals = [...server.reals, real]
    return real
  }

  deleteReal(server: VirtualServer, real: RealServer): void {
    real.gone = true
    server.reals = server.reals.filter((other) => other !== real)
  }

  flush(): void {
    for (const server of this.servers.values()) this.deleteServer(server)
  }

  /** Forgets what has timed out; to be called before connections are counted. */
  settle(): void {
    this.connections.expire(this.now())
  }

  /** The connection that a client's packet, or the original direction of a reply, belongs to. */
  find(tuple: Tuple): IpvsConnection | undefined {
    this.settle()
    return this.connections.find(tuple)
  }

  /** Chooses a real server for a new connection; undefined: there is none to choose. */
  schedule(server: VirtualServer, packet: Packet): IpvsConnection | undefined {
    this.settle()
    const now = this.now()
    const template = server.persistentSeconds > 0 ? this.template(server, packet) : undefined
    const real = template?.real ?? this.choose(server, packet)
    if (!real || (server.persistentSeconds > 0 && !template)) return undefined
    this.counters.connection(now)
    server.counters.connection(now)
    real.counters.connection(now)
    return this.connections.add(packet, server, real, template, now)
  }

  /** Counts a packet and moves its connection's state on. */
  note(connection: IpvsConnection, packet: Packet, from: 'client' | 'server'): void {
    const now = this.now()
    for (const { counters } of [this, connection.virtual, connection.real]) counters.packet(from, packet.length, now)
    this.connections.note(connection, packet, from, now)
  }

  private choose(server: VirtualServer, packet: Packet): RealServer | undefined {
    return SCHEDULERS[server.scheduler]?.(server, packet)
  }

  /** The client's affinity, made when there is none. Servers of weight 0 keep no clients (expire_quiescent_template). */
  private template(server: VirtualServer, packet: Packet): IpvsConnection | undefined {
    const now = this.now()
    const client = this.clientNetwork(server, packet.source)
    const known = this.connections.findTemplate(server, client)
    if (known && !known.real.gone && known.real.weight > 0) return known
    const real = this.choose(server, packet)
    return real && this.connections.addTemplate(server, client, packet.protocol, real, now)
  }

  private clientNetwork(server: VirtualServer, source: string): string {
    const bits = prefixLength(server.netmask)
    if (isIPv6(source) || bits === 32) return source
    const parts = source.split('.').map(Number)
    const mask = server.netmask.split('.').map(Number)
    const network = parts.map((part, i) => part & (mask[i] ?? 0)).join('.')
    return inCidr(source, `${network}/${bits}`) ? network : source
  }
}
