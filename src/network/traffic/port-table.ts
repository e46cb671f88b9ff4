import type { Netns } from '../link/netns.ts'
import type { Endpoint, Listener } from './types.ts'

/** net.ipv4.ip_local_port_range */
const FIRST = 32_768
const LAST = 60_999

/** What the kernel of one namespace keeps of its sockets: ports in use, and open connections by both ends. */
export class PortTable {
  private static readonly tables = new WeakMap<Netns, PortTable>()
  private readonly taken = new Set<string>()
  private readonly accepted = new Map<string, Listener>()

  static of(netns: Netns): PortTable {
    let table = PortTable.tables.get(netns)
    if (!table) PortTable.tables.set(netns, (table = new PortTable()))
    return table
  }

  /** A free port for a client, near a random one; undefined: all are in use towards that target (EADDRNOTAVAIL). */
  take(protocol: string, target: Endpoint, random: number): number | undefined {
    const size = LAST - FIRST + 1
    const start = Math.floor(random * size)
    for (let i = 0; i < size; i++) {
      const port = FIRST + ((start + i) % size)
      const key = `${protocol} ${port} ${target.address} ${target.port}`
      if (this.taken.has(key)) continue
      this.taken.add(key)
      return port
    }
    return undefined
  }

  free(protocol: string, port: number, target: Endpoint): void {
    this.taken.delete(`${protocol} ${port} ${target.address} ${target.port}`)
  }

  /** A listening socket accepted a connection. */
  accept(local: Endpoint, peer: Endpoint, listener: Listener): void {
    this.accepted.set(connectionKey(local, peer), listener)
  }

  /** Who has that connection open; undefined: there is none, and its packets are answered by resets. */
  accepter(local: Endpoint, peer: Endpoint): Listener | undefined {
    return this.accepted.get(connectionKey(local, peer))
  }

  forget(local: Endpoint, peer: Endpoint): void {
    this.accepted.delete(connectionKey(local, peer))
  }
}

const connectionKey = (local: Endpoint, peer: Endpoint) => `${local.address} ${local.port} ${peer.address} ${peer.port}`
