import type { Tuple } from '../conntrack/conntrack.ts'
import type { Packet, Protocol } from '../packet.ts'
import { isActive, nextState, TIMEOUT_MS, type IpvsConnection, type IpvsState } from './connection.ts'
import type { RealServer, VirtualServer } from './server.ts'

/** A template whose connections still live is kept that much longer. Linux: ip_vs_conn_expire. */
const TEMPLATE_EXTENSION_MS = 60_000

function connectionKey({ protocol, source, sourcePort, destination, destinationPort }: Tuple): string {
  return `${protocol} ${source} ${sourcePort} ${destination} ${destinationPort}`
}

/**
 * Connections by their client's tuple. Each waits in the bucket of the second in which it ends; touching it does not
 * move it, it is put on when its bucket's time comes. So a packet costs the same however many connections there are.
 */
export class ConnectionTable {
  private readonly entries = new Map<string, IpvsConnection>()
  private readonly buckets = new Map<number, Set<IpvsConnection>>()
  private expiredUpTo = 0

  get size(): number {
    return this.entries.size
  }

  /** Newest last. */
  list(): IterableIterator<IpvsConnection> {
    return this.entries.values()
  }

  find(tuple: Tuple): IpvsConnection | undefined {
    return this.entries.get(connectionKey(tuple))
  }

  findTemplate(server: VirtualServer, client: string): IpvsConnection | undefined {
    return this.entries.get(`template ${server.key} ${client}`)
  }

  add(
    packet: Packet,
    virtual: VirtualServer,
    real: RealServer,
    template: IpvsConnection | undefined,
    nowMs: number,
  ): IpvsConnection {
    const made: IpvsConnection = {
      key: connectionKey(packet),
      protocol: packet.protocol,
      clientAddress: packet.source,
      clientPort: packet.sourcePort,
      virtual,
      real,
      isTemplate: false,
      state: packet.protocol === 'tcp' ? 'NONE' : 'UDP',
      expiresMs: nowMs + TIMEOUT_MS[packet.protocol === 'tcp' ? 'NONE' : 'UDP'],
      bucket: 0,
      controlled: 0,
      ...(template && { template }),
    }
    real.inactive++
    if (template) {
      template.controlled++
      template.expiresMs = nowMs + virtual.persistentSeconds * 1000
    }
    this.insert(made)
    return made
  }

  addTemplate(virtual: VirtualServer, client: string, protocol: Protocol, real: RealServer, nowMs: number): IpvsConnection {
    const known = this.findTemplate(virtual, client)
    if (known) this.delete(known)
    const made: IpvsConnection = {
      key: `template ${virtual.key} ${client}`,
      protocol,
      clientAddress: client,
      clientPort: 0,
      virtual,
      real,
      isTemplate: true,
      state: 'NONE',
      expiresMs: nowMs + virtual.persistentSeconds * 1000,
      bucket: 0,
      controlled: 0,
    }
    real.persistent++
    this.insert(made)
    return made
  }

  note(connection: IpvsConnection, packet: Packet, from: 'client' | 'server', nowMs: number): void {
    const state = nextState(connection.state, packet, from)
    this.setState(connection, state)
    connection.expiresMs = nowMs + TIMEOUT_MS[state]
    if (Math.ceil(connection.expiresMs / 1000) < connection.bucket) this.wait(connection)
  }

  delete(connection: IpvsConnection): void {
    if (!this.entries.delete(connection.key)) return
    const { real, template } = connection
    if (connection.isTemplate) real.persistent--
    else if (isActive(connection.state)) real.active--
    else real.inactive--
    if (template) template.controlled--
  }

  /** Forgets what has timed out. */
  expire(nowMs: number): void {
    const second = Math.floor(nowMs / 1000)
    if (second <= this.expiredUpTo) return
    const due =
      second - this.expiredUpTo > this.buckets.size
        ? [...this.buckets.keys()].filter((bucket) => bucket <= second).toSorted((a, b) => a - b)
        : Array.from({ length: second - this.expiredUpTo }, (_, i) => this.expiredUpTo + 1 + i)
    this.expiredUpTo = second
    for (const bucket of due) this.expireBucket(bucket, nowMs)
  }

  private expireBucket(bucket: number, nowMs: number): void {
    const waiting = this.buckets.get(bucket)
    if (!waiting) return
    this.buckets.delete(bucket)
    for (const connection of waiting) {
      if (connection.bucket !== bucket || this.entries.get(connection.key) !== connection) continue
      if (connection.isTemplate && connection.controlled > 0 && connection.expiresMs <= nowMs)
        connection.expiresMs = nowMs + TEMPLATE_EXTENSION_MS
      if (connection.expiresMs <= nowMs) this.delete(connection)
      else this.wait(connection)
    }
  }

  private setState(connection: IpvsConnection, state: IpvsState): void {
    const { real } = connection
    const change = Number(isActive(state)) - Number(isActive(connection.state))
    real.active += change
    real.inactive -= change
    connection.state = state
  }

  private insert(connection: IpvsConnection): void {
    const old = this.entries.get(connection.key)
    if (old) this.delete(old)
    this.entries.set(connection.key, connection)
    this.wait(connection)
  }

  private wait(connection: IpvsConnection): void {
    connection.bucket = Math.max(Math.ceil(connection.expiresMs / 1000), this.expiredUpTo + 1)
    const waiting = this.buckets.get(connection.bucket)
    if (waiting) waiting.add(connection)
    else this.buckets.set(connection.bucket, new Set([connection]))
  }
}
