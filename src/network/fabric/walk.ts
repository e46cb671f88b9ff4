import type { Direction } from '../conntrack/conntrack.ts'
import { chooseRoute, printChoice, type RouteChoice } from '../link/routing.ts'
import type { Device, Netns } from '../link/netns.ts'
import type { Flight, Hook, Verdict } from '../netfilter/hooks.ts'
import type { Icmp, Packet } from '../packet.ts'
import { RuleLog, type Journey, type Outcome, type Place } from '../trace.ts'
import { icmpError, mayBeAnswered, rejection, resetOf } from './answers.ts'
import { failsReversePath, hookDetail, isMartian, mustNotFragment, newFlight, outInterfaceOf } from './checks.ts'
import type { Fabric } from './fabric.ts'
import { peerOf, resolve, type Port } from './neighbours.ts'
import { Notes, placeOf } from './notes.ts'
import { shown, unwrapper, wrap } from './tunnels.ts'

/** What each step of a way takes. Microseconds. */
const COST = { hook: 2, rule: 0.02, route: 1, device: 3, tunnel: 8, wire: 200, socket: 4 } as const
/** The kernel asks three times for a neighbour, a second apart. */
const ARP_TIMEOUT_US = 3_000_000
/** Time to live ends loops of routes; this ends loops of bridges and hooks. */
const MAX_STEPS = 400

/** Where the packet is and what happens to it next. */
type Next =
  | { readonly at: 'send'; readonly netns: Netns; readonly packet: Packet; readonly flight?: Flight }
  | {
      readonly at: 'receive'
      readonly netns: Netns
      readonly device: Device
      readonly packet: Packet
      /** On a bridge: the station that the frame is for. */
      readonly target?: Port
      /** Came over loopback: its connection is known already. */
      readonly flight?: Flight
    }
  | { readonly at: 'route'; readonly netns: Netns; readonly flight: Flight }
  | { readonly at: 'out'; readonly netns: Netns; readonly flight: Flight; readonly choice: RouteChoice }
  | { readonly at: 'end'; readonly outcome: Outcome; readonly packet: Packet; readonly netns?: Netns }

type Unicast = Extract<RouteChoice, { kind: 'unicast' }>

/** One packet's way through the fabric: each step does what the kernel does there and says where the packet is next. */
export class Walk {
  private readonly fabric: Fabric
  private readonly origin: Netns
  private readonly sent: Packet
  private readonly notes: Notes
  /** Packets inside the one that travels, innermost first, with the tunnel's interface. */
  private readonly inner: { readonly packet: Packet; readonly device: Device }[] = []
  /** Set once an error packet is on its way back. */
  private answering: { readonly place: Place; readonly why: string } | null = null

  constructor(fabric: Fabric, origin: Netns, packet: Packet, record: boolean) {
    this.fabric = fabric
    this.origin = origin
    this.sent = packet
    this.notes = new Notes(record)
  }

  run(): Journey {
    const { notes, sent, origin } = this
    notes.add('socket', placeOf(origin), `${sent.protocol} ${sent.source}`, COST.socket, sent, sent, 'leaves its socket')
    let next: Next = { at: 'send', netns: origin, packet: sent }
    for (let steps = 0; next.at !== 'end'; steps++) {
      if (steps > MAX_STEPS) next = this.drop(next.netns, sent, 'goes round in a loop')
      else next = this.step(next)
    }
    return {
      stations: notes.stations,
      outcome: next.outcome,
      tookUs: Math.round(notes.atUs),
      sent,
      arrived: next.packet,
      destination: next.netns,
    }
  }

  private step(next: Exclude<Next, { at: 'end' }>): Next {
    if (next.at === 'send') return this.send(next.netns, next.packet, next.flight)
    if (next.at === 'receive') return this.receive(next)
    if (next.at === 'route') return this.routeInput(next.netns, next.flight)
    return this.leave(next.netns, next.flight, next.choice)
  }

  /** A packet that this machine itself makes: OUTPUT. */
  private send(netns: Netns, packet: Packet, known?: Flight): Next {
    netns.settle()
    const choice = this.route(netns, packet)
    if (choice?.kind !== 'local' && choice?.kind !== 'unicast') return this.unroutable(netns, packet, choice)
    const flight: Flight = known ?? newFlight(packet)
    flight.outInterface = outInterfaceOf(choice)
    const verdict = this.hook(netns, 'OUTPUT', flight)
    if (verdict !== 'accept') return this.refuse(netns, flight, 'OUTPUT', verdict)
    if (flight.packet.destination === packet.destination && !flight.rerouted) return { at: 'out', netns, flight, choice }
    return this.reroute(netns, flight)
  }

  /** The destination was changed by a hook: another route. */
  private reroute(netns: Netns, flight: Flight): Next {
    const choice = this.route(netns, flight.packet)
    if (choice?.kind !== 'local' && choice?.kind !== 'unicast') return this.unroutable(netns, flight.packet, choice)
    flight.outInterface = outInterfaceOf(choice)
    return { at: 'out', netns, flight, choice }
  }

  /** POSTROUTING, then out by the interface. */
  private leave(netns: Netns, flight: Flight, choice: RouteChoice): Next {
    const verdict = this.hook(netns, 'POSTROUTING', flight)
    if (verdict !== 'accept') return this.refuse(netns, flight, 'POSTROUTING', verdict)
    if (choice.kind === 'local') {
      const lo = netns.devices.get('lo')
      if (!lo?.up) return this.drop(netns, flight.packet, 'lo is down')
      return { at: 'receive', netns, device: lo, packet: flight.packet, flight }
    }
    if (choice.kind !== 'unicast') return this.unroutable(netns, flight.packet, choice)
    return this.transmit(netns, flight, choice)
  }

  private transmit(netns: Netns, flight: Flight, choice: Unicast): Next {
    const { device, route } = choice
    const packet = flight.packet
    const { kind } = device
    if (kind === 'vxlan' || kind === 'ipip' || kind === 'tun') return this.encapsulate(netns, packet, choice)
    if (kind === 'dummy' || kind === 'loopback') return this.drop(netns, packet, `${device.name} sends nothing`, device.name)
    const nextHop = route.via ?? packet.destination
    const target = resolve(netns, device, nextHop, this.fabric.onSegment)
    if (!target) return this.noNeighbour(netns, flight, device, nextHop)
    const framed = { ...packet, sourceMac: device.mac, destinationMac: target.device.mac, mark: 0 }
    this.note('neighbour', netns, device.name, 0, packet, framed, `${nextHop} is at ${target.device.mac}`)
    if (kind === 'physical') return this.wire(netns, device, framed, target)
    if (kind === 'veth') return this.intoVeth(netns, device, framed, target)
    return this.throughPort(netns, framed, target)
  }

  /** From machine to machine. */
  private wire(netns: Netns, device: Device, packet: Packet, target: Port): Next {
    const { links } = this.fabric
    const [a, b] = [netns.node, target.netns.node]
    const link = links.between(a, b)
    this.note('wire', netns, device.name, COST.wire + link.extraUs, packet, packet, `${a || 'outside'} to ${b || 'outside'}`)
    if (link.cut) return this.drop(netns, packet, `the link between ${a || 'outside'} and ${b || 'outside'} is cut`, device.name)
    if (link.lossPercent > 0 && this.fabric.random('network/wire') * 100 < link.lossPercent)
      return this.drop(
        netns,
        packet,
        `lost between ${a || 'outside'} and ${b || 'outside'} (${link.lossPercent}% loss)`,
        device.name,
      )
    if (packet.length > target.device.mtu)
      return this.drop(
        target.netns,
        packet,
        `${target.device.name} takes ${target.device.mtu} bytes, the packet has ${packet.length}`,
        target.device.name,
      )
    return { at: 'receive', netns: target.netns, device: target.device, packet }
  }

  private intoVeth(netns: Netns, device: Device, packet: Packet, target: Port): Next {
    const far = peerOf(device)
    if (!far?.device.up) return this.drop(netns, packet, `${device.name} has no carrier`, device.name)
    this.note(
      'device',
      netns,
      device.name,
      COST.device,
      packet,
      packet,
      `${device.name} and ${far.device.name} are two ends of a veth pair`,
    )
    return { at: 'receive', netns: far.netns, device: far.device, packet, target }
  }

  /** From a bridge out by the port behind which a station is. */
  private throughPort(netns: Netns, packet: Packet, target: Port): Next {
    const port = peerOf(target.device)
    if (!port?.device.up) return this.drop(netns, packet, `${target.device.name} has no carrier`)
    this.note(
      'device',
      netns,
      port.device.name,
      COST.device,
      packet,
      packet,
      `${port.device.master ?? ''} forwards to port ${port.device.name}`,
    )
    return { at: 'receive', netns: target.netns, device: target.device, packet }
  }

  private encapsulate(netns: Netns, packet: Packet, choice: Unicast): Next {
    const { device } = choice
    if (packet.length > device.mtu && mustNotFragment(packet)) return this.tooBig(netns, packet, device.mtu)
    const wrapped = wrap(netns, device, packet, choice)
    if ('failure' in wrapped) return this.drop(netns, packet, wrapped.failure, device.name)
    this.inner.push({ packet: wrapped.inner, device })
    const after = this.shown(wrapped.outer)
    this.notes.add('encapsulate', placeOf(netns, device.name), device.name, COST.tunnel, packet, after, wrapped.detail)
    return { at: 'send', netns, packet: wrapped.outer }
  }

  /** A packet comes in by an interface. */
  private receive(next: Extract<Next, { at: 'receive' }>): Next {
    const { netns, device, packet, target } = next
    netns.settle()
    if (!device.up) return this.drop(netns, packet, `${device.name} is down`, device.name)
    const bridge = device.master === undefined ? undefined : netns.devices.get(device.master)
    if (bridge) return this.bridged(netns, device, bridge, packet, target)
    const flight = next.flight ?? newFlight(packet)
    flight.inInterface = device.name
    flight.outInterface = ''
    if (isMartian(netns, device, packet))
      return this.drop(netns, packet, `martian source ${packet.source} from ${device.name}`, device.name)
    const verdict = this.hook(netns, 'PREROUTING', flight)
    if (verdict !== 'accept') return this.refuse(netns, flight, 'PREROUTING', verdict)
    return { at: 'route', netns, flight }
  }

  /** A frame comes in by a bridge's port: up to the machine, or on to another port. */
  private bridged(netns: Netns, port: Device, bridge: Device, packet: Packet, target: Port | undefined): Next {
    this.note('device', netns, bridge.name, COST.device, packet, packet, `port ${port.name} of ${bridge.name}`)
    const flight = newFlight(packet)
    flight.inInterface = bridge.name
    const isForMachine = !target || target.netns === netns
    const filtered = netns.setting('net.bridge.bridge-nf-call-iptables') === 1
    if (filtered || isForMachine) {
      const verdict = this.hook(netns, 'PREROUTING', flight)
      if (verdict !== 'accept') return this.refuse(netns, flight, 'PREROUTING', verdict)
    }
    if (!filtered) return isForMachine ? { at: 'route', netns, flight } : this.toPort(netns, port, flight, target)
    if (flight.packet.destination !== packet.destination) return this.bridgedDnat(netns, port, bridge, flight)
    if (isForMachine) return { at: 'route', netns, flight }
    return this.bridgeForward(netns, port, bridge, flight, target)
  }

  /** k8s runs on it: a destination translated on a bridge port that lives on the same bridge is bridged, not routed (br_netfilter). */
  private bridgedDnat(netns: Netns, port: Device, bridge: Device, flight: Flight): Next {
    const choice = chooseRoute(netns, flight.packet.destination)
    if (choice?.kind !== 'unicast' || choice.device !== bridge) return { at: 'route', netns, flight }
    const target = resolve(netns, bridge, flight.packet.destination, this.fabric.onSegment)
    if (!target) return this.noNeighbour(netns, flight, bridge, flight.packet.destination)
    return this.bridgeForward(netns, port, bridge, flight, target)
  }

  private bridgeForward(netns: Netns, port: Device, bridge: Device, flight: Flight, target: Port): Next {
    flight.outInterface = bridge.name
    for (const hook of ['FORWARD', 'POSTROUTING'] as const) {
      const verdict = this.hook(netns, hook, flight)
      if (verdict !== 'accept') return this.refuse(netns, flight, hook, verdict)
    }
    return this.toPort(netns, port, flight, target)
  }

  private toPort(netns: Netns, port: Device, flight: Flight, target: Port): Next {
    const out = peerOf(target.device)
    if (out?.device === port && !port.hairpin)
      return this.drop(
        netns,
        flight.packet,
        `${port.name} is not in hairpin mode: a frame does not go out where it came in`,
        port.name,
      )
    return this.throughPort(netns, { ...flight.packet, destinationMac: target.device.mac, mark: 0 }, target)
  }

  /** After PREROUTING: for this machine, or on to another. */
  private routeInput(netns: Netns, flight: Flight): Next {
    const { packet, inInterface } = flight
    const choice = this.route(netns, packet)
    if (choice?.kind === 'local') return this.input(netns, flight)
    if (netns.setting('net.ipv4.ip_forward') !== 1)
      return this.drop(netns, packet, 'not for this machine, and ip_forward is 0', inInterface)
    if (failsReversePath(netns, inInterface, packet))
      return this.drop(netns, packet, `rp_filter: no way back to ${packet.source} by ${inInterface}`, inInterface)
    if (choice?.kind !== 'unicast') return this.unroutable(netns, packet, choice)
    return this.forward(netns, flight, choice)
  }

  private forward(netns: Netns, flight: Flight, choice: Unicast): Next {
    const { packet } = flight
    if (packet.ttl <= 1) return this.error(netns, packet, { type: 'time-exceeded' }, 'its time to live is over')
    if (packet.length > choice.device.mtu && mustNotFragment(packet)) return this.tooBig(netns, packet, choice.device.mtu)
    flight.packet = { ...packet, ttl: packet.ttl - 1 }
    flight.outInterface = choice.device.name
    const verdict = this.hook(netns, 'FORWARD', flight)
    if (verdict !== 'accept') return this.refuse(netns, flight, 'FORWARD', verdict)
    return { at: 'out', netns, flight, choice }
  }

  /** For an address of this namespace: INPUT, then whoever listens. */
  private input(netns: Netns, flight: Flight): Next {
    const before = flight.packet.destination
    const wasRerouted = flight.rerouted
    const verdict = this.hook(netns, 'INPUT', flight)
    if (verdict !== 'accept') return this.refuse(netns, flight, 'INPUT', verdict)
    const isMoved = flight.packet.destination !== before || (flight.rerouted && !wasRerouted)
    if (isMoved && !netns.isLocal(flight.packet.destination)) return this.sendOn(netns, flight)
    return this.deliver(netns, flight)
  }

  /** IPVS chose a server elsewhere: from INPUT the packet goes out by OUTPUT. Source: Linux net/netfilter/ipvs, ip_vs_nat_xmit. */
  private sendOn(netns: Netns, flight: Flight): Next {
    const { packet } = flight
    if (packet.ttl <= 1) return this.error(netns, packet, { type: 'time-exceeded' }, 'its time to live is over')
    flight.packet = { ...packet, ttl: packet.ttl - 1 }
    flight.inInterface = ''
    return { at: 'send', netns, packet: flight.packet, flight }
  }

  private deliver(netns: Netns, flight: Flight): Next {
    const { packet } = flight
    const wrapped = this.inner.at(-1)
    if (wrapped) return this.decapsulate(netns, packet, wrapped.packet)
    const { protocol, destination, destinationPort } = packet
    if (protocol === 'icmp' || protocol === 'icmpv6') return this.arrive(netns, packet, 'the kernel')
    const listener = netns.listens(protocol, destination, destinationPort)
    if (listener !== undefined) return this.arrive(netns, packet, listener)
    if (protocol === 'tcp') {
      if (packet.flags !== 'S') return this.arrive(netns, packet, 'an open connection')
      const why = `nothing listens on ${destination}:${destinationPort}`
      return this.answer(netns, packet, resetOf(packet), `connection refused: ${why}`)
    }
    // A datagram to a client's port: the answer to a question.
    if (destinationPort >= 32_768) return this.arrive(netns, packet, 'an open socket')
    const code = 'port'
    return this.error(
      netns,
      packet,
      { type: 'destination-unreachable', code },
      `nothing listens on udp ${destination}:${destinationPort}`,
    )
  }

  private decapsulate(netns: Netns, outer: Packet, inner: Packet): Next {
    const device = unwrapper(netns, outer, inner)
    if (!device) return this.drop(netns, outer, `no tunnel interface takes it (${outer.protocol} ${outer.destinationPort || ''})`)
    const before = this.shown(outer)
    this.inner.pop()
    this.notes.add('decapsulate', placeOf(netns, device.name), device.name, COST.tunnel, before, inner, `for ${device.name}`)
    return { at: 'receive', netns, device, packet: inner }
  }

  // ---- how it ends

  private arrive(netns: Netns, packet: Packet, by: string): Next {
    this.fabric.arrivedIn = netns
    this.note('delivered', netns, by, COST.socket, packet, packet, `${by} has it`)
    const { answering } = this
    const place = placeOf(netns)
    if (!answering) return { at: 'end', outcome: { kind: 'delivered', place }, packet, netns }
    if (netns === this.origin) return { at: 'end', outcome: { kind: 'rejected', ...answering, answer: packet }, packet }
    return this.end({ kind: 'dropped', place, why: `${answering.why}; the answer went to another machine` }, packet)
  }

  private end(outcome: Outcome, packet: Packet): Next {
    return { at: 'end', outcome, packet }
  }

  private drop(netns: Netns, packet: Packet, why: string, device = ''): Next {
    const place = placeOf(netns, device)
    const last = this.shown(packet)
    this.notes.add('dropped', place, device, 0, last, last, why)
    const text = this.answering ? `${this.answering.why}; its answer was lost: ${why}` : why
    return this.end({ kind: 'dropped', place, why: text }, last)
  }

  private refuse(netns: Netns, flight: Flight, hook: Hook, verdict: Exclude<Verdict, 'accept'>): Next {
    const device = flight.inInterface || flight.outInterface
    if (verdict === 'drop') return this.drop(netns, flight.packet, `dropped in ${hook}`, device)
    const answer = rejection(netns, flight.packet, verdict.rejectWith)
    const why = `rejected in ${hook}: ${verdict.rejectWith}`
    return answer ? this.answer(netns, flight.packet, answer, why, flight) : this.drop(netns, flight.packet, why, device)
  }

  private unroutable(netns: Netns, packet: Packet, choice: RouteChoice | undefined): Next {
    if (choice?.kind === 'blackhole') return this.drop(netns, packet, printChoice(choice))
    const code = choice?.kind === 'unreachable' ? 'host' : choice?.kind === 'prohibit' ? 'admin-prohibited' : 'net'
    const why = choice ? printChoice(choice) : `no route to ${packet.destination}: network is unreachable`
    return this.error(netns, packet, { type: 'destination-unreachable', code }, why)
  }

  private noNeighbour(netns: Netns, flight: Flight, device: Device, address: string): Next {
    const { packet } = flight
    const why = `no route to host: nobody answers ARP for ${address} on ${device.name}`
    this.note('neighbour', netns, device.name, ARP_TIMEOUT_US, packet, packet, `${address} dev ${device.name} FAILED`)
    return this.error(netns, packet, { type: 'destination-unreachable', code: 'host' }, why)
  }

  private tooBig(netns: Netns, packet: Packet, mtu: number): Next {
    const why = `${packet.length} bytes are more than the MTU of ${mtu}, and it must not be fragmented`
    return this.error(netns, packet, { type: 'destination-unreachable', code: 'fragmentation-needed', mtu }, why)
  }

  private error(netns: Netns, packet: Packet, error: Pick<Icmp, 'type' | 'code' | 'mtu'>, why: string): Next {
    // The sender of a tunnel is the machine itself: whoever is inside hears nothing.
    if (this.inner.length > 0) return this.drop(netns, packet, why)
    const answer = icmpError(netns, packet, error)
    if (!answer) {
      const empty = { ...packet, source: packet.destination, destination: packet.source, icmp: { ...error, about: packet } }
      if (netns !== this.origin || this.answering) return this.drop(netns, packet, why)
      return this.end({ kind: 'rejected', place: placeOf(netns), why, answer: empty }, empty)
    }
    return this.answer(netns, packet, answer, why)
  }

  /** Sends an error packet back. */
  private answer(netns: Netns, packet: Packet, answer: Packet, why: string, refused?: Flight): Next {
    if (this.answering || !mayBeAnswered(packet)) return this.drop(netns, packet, why)
    this.note('rejected', netns, '', 1, packet, packet, why)
    this.answering = { place: placeOf(netns), why }
    // What a machine refuses to send itself its process hears at once.
    if (netns === this.origin && netns.isLocal(packet.source) && !refused && answer.icmp)
      return this.end({ kind: 'rejected', ...this.answering, answer }, answer)
    if (answer.protocol !== 'tcp' || !refused?.connection) return { at: 'send', netns, packet: answer }
    // A reset belongs to the connection that it refuses. Source: Linux nf_reject, nf_ct_attach.
    const direction: Direction = refused.direction === 'original' ? 'reply' : 'original'
    const flight: Flight = { ...newFlight(answer), connection: refused.connection, direction, state: 'ESTABLISHED' }
    return { at: 'send', netns, packet: answer, flight }
  }

  // ---- hooks, routes, notes

  private hook(netns: Netns, hook: Hook, flight: Flight): Verdict {
    const before = flight.packet
    if (netns.netfilter.at(hook).length === 0) return 'accept'
    const log = this.notes.wanted ? new RuleLog() : null
    const verdict = netns.netfilter.run(hook, flight, this.fabric.environment(netns), log)
    if (!log) {
      this.notes.atUs += COST.hook
      return verdict
    }
    const detail =
      verdict === 'accept' ? hookDetail(before, flight) : verdict === 'drop' ? 'DROP' : `REJECT ${verdict.rejectWith}`
    const isKnown = flight.connection !== null && flight.state !== 'NEW' && log.steps.length === 0
    this.notes.add(
      isKnown && before !== flight.packet ? 'conntrack' : 'hook',
      placeOf(netns, flight.inInterface || flight.outInterface),
      hook,
      COST.hook + log.looked * COST.rule,
      this.shown(before),
      this.shown(flight.packet),
      detail,
      log,
    )
    return verdict
  }

  private route(netns: Netns, packet: Packet): RouteChoice | undefined {
    const choice = chooseRoute(netns, packet.destination)
    if (!this.notes.wanted) this.notes.atUs += COST.route
    else {
      const detail = choice ? printChoice(choice) : `no route to ${packet.destination}`
      this.note('route', netns, choice?.kind ?? '', COST.route, packet, packet, detail)
    }
    return choice
  }

  private note(
    kind: Parameters<Notes['add']>[0],
    netns: Netns,
    name: string,
    tookUs: number,
    before: Packet,
    after: Packet,
    detail: string,
  ): void {
    const device = kind === 'route' || kind === 'delivered' || kind === 'rejected' ? '' : name
    this.notes.add(kind, placeOf(netns, device), name, tookUs, this.shown(before), this.shown(after), detail)
  }

  private shown(packet: Packet): Packet {
    const wrapped = this.inner.at(-1)
    return wrapped && this.notes.wanted && !packet.outer ? shown(wrapped.packet, packet, wrapped.device) : packet
  }
}
