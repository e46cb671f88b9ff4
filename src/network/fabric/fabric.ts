import type { HookEnvironment } from '../netfilter/hooks.ts'
import { addressOn } from '../link/routing.ts'
import type { Carrier, Netns } from '../link/netns.ts'
import type { Packet } from '../packet.ts'
import type { Journey } from '../trace.ts'
import { Links } from './links.ts'
import type { SegmentLookup } from './neighbours.ts'
import { Walk } from './walk.ts'

export interface FabricOptions {
  /** Simulated milliseconds. */
  readonly now: () => number
  /** [0, 1), from a stream of that name. */
  readonly random: (stream: string) => number
  /** The machine with power that has an address on a segment ('lan', 'internet'). Called per packet: must be quick. */
  readonly onSegment: SegmentLookup
}

/** All namespaces joined by their interfaces, and what carries a packet from one to another. */
export class Fabric implements Carrier {
  readonly links = new Links()
  readonly random: (stream: string) => number
  /** Simulated milliseconds. */
  readonly now: () => number
  /** Where the last packet that was delivered arrived. */
  arrivedIn: Netns | undefined
  private readonly lookup: SegmentLookup
  private readonly environments = new WeakMap<Netns, HookEnvironment>()
  private readonly announced = new Map<string, Netns>()

  constructor(options: FabricOptions) {
    this.now = options.now
    this.random = options.random
    this.lookup = options.onSegment
  }

  /**
   * Carries one packet from a process in a namespace as far as it gets, in one simulated instant; what it took is in
   * `tookUs`. NAT, connection tracking and counters are real. When an error packet comes back the outcome is 'rejected'.
   */
  walk(from: Netns, packet: Packet, record = false): Journey {
    return new Walk(this, from, packet, record).run()
  }

  /** Makes a machine answer for an address on the LAN that is none of its own (a load balancer's); undefined: no more. */
  announce(address: string, netns: Netns | undefined): void {
    if (netns) this.announced.set(address, netns)
    else this.announced.delete(address)
  }

  /** The machine that answers for an address on a segment. */
  readonly onSegment: SegmentLookup = (segment, address) =>
    (segment === 'lan' ? this.announced.get(address) : undefined) ?? this.lookup(segment, address)

  /** What hooks may ask of a namespace. */
  environment(netns: Netns): HookEnvironment {
    let environment = this.environments.get(netns)
    if (!environment) this.environments.set(netns, (environment = this.makeEnvironment(netns)))
    return environment
  }

  private makeEnvironment(netns: Netns): HookEnvironment {
    const stream = `network/${netns.node}`
    return {
      isLocalAddress: (address) => netns.isLocal(address),
      sourceAddressFor: (outInterface, destination) => {
        const device = netns.devices.get(outInterface)
        return (device && addressOn(netns, device, destination)) ?? destination
      },
      random: () => this.random(stream),
      now: this.now,
    }
  }
}
