/** The full mesh of BGP sessions between calico's nodes. Source: calico v3.31 confd templates bird.cfg. */
import { toNumber } from '../../address.ts'
import type { Fabric } from '../../fabric/fabric.ts'
import type { Netns } from '../../link/netns.ts'
import { DEFAULT_TTL, type Packet } from '../../packet.ts'

const BGP_PORT = 179

/** A node that takes part. */
export interface Peer {
  readonly node: string
  /** The address that it has found for itself, with length. */
  readonly cidr: string
  /** Undefined while the machine has no power. */
  netns(): Netns | undefined
  /** Whether its BIRD runs. */
  isRunning(): boolean
  /** Something has changed that its readiness may depend on. */
  changed(): void
}

export class BgpMesh {
  /** Rises whenever a session may have come or gone. */
  version = 0
  private readonly peers = new Map<string, Peer>()
  private readonly fabric: Fabric
  private sessions = new Map<string, boolean>()

  constructor(fabric: Fabric) {
    this.fabric = fabric
    fabric.links.onChange(() => this.changed())
  }

  set(peer: Peer): void {
    this.peers.set(peer.node, peer)
    this.changed()
  }

  remove(node: string): void {
    if (this.peers.delete(node)) this.changed()
  }

  /** To be called when a peer starts, stops or moves. */
  changed(): void {
    this.version++
    this.sessions = new Map()
    for (const peer of this.peers.values()) peer.changed()
  }

  others(node: string): readonly Peer[] {
    return [...this.peers.values()].filter((peer) => peer.node !== node)
  }

  /** Another node that has found the same address. */
  conflict(node: string, cidr: string): Peer | undefined {
    return this.others(node).find((peer) => addressOf(peer) === cidr.slice(0, cidr.indexOf('/')))
  }

  /** Whether the session between two nodes is Established. */
  isEstablished(node: string, other: string): boolean {
    const key = node < other ? `${node}|${other}` : `${other}|${node}`
    let answer = this.sessions.get(key)
    if (answer === undefined) this.sessions.set(key, (answer = this.tryConnect(node, other)))
    return answer
  }

  /** The peers that a node has no session with. */
  missing(node: string): readonly Peer[] {
    const missing = this.others(node).filter((peer) => !this.isEstablished(node, peer.node))
    return missing.toSorted((a, b) => toNumber(addressOf(a)) - toNumber(addressOf(b)))
  }

  private tryConnect(node: string, other: string): boolean {
    const [a, b] = [this.peers.get(node), this.peers.get(other)]
    if (!a?.isRunning() || !b?.isRunning()) return false
    const [from, to] = [a.netns(), b.netns()]
    if (!from || !to) return false
    const there = this.fabric.walk(from, segment(addressOf(a), addressOf(b), 'S'))
    if (there.destination !== to) return false
    const answer = segment(there.arrived.destination, there.arrived.source, 'S.')
    return (
      this.fabric.walk(to, { ...answer, sourcePort: BGP_PORT, destinationPort: there.arrived.sourcePort }).destination === from
    )
  }
}

export function addressOf(peer: Pick<Peer, 'cidr'>): string {
  return peer.cidr.slice(0, peer.cidr.indexOf('/'))
}

function segment(source: string, destination: string, flags: 'S' | 'S.'): Packet {
  return {
    source,
    destination,
    protocol: 'tcp',
    sourcePort: 41_179,
    destinationPort: BGP_PORT,
    flags,
    ttl: DEFAULT_TTL,
    length: 60,
    mark: 0,
    carries: 'BGP',
  }
}
