/** Packets inside packets: VXLAN, IPIP and flannel's UDP backend. */
import { hashText } from '../../sim/random.ts'
import type { RouteChoice } from '../link/routing.ts'
import type { Device, Netns } from '../link/netns.ts'
import { DEFAULT_TTL, isIPv6, type Packet } from '../packet.ts'

/** Bytes that a tunnel adds to each packet. */
const OVERHEAD = { vxlan: 50, ipip: 20, udp: 28 }
const UDP_BACKEND_PORT = 8285

export type Wrapped = { readonly outer: Packet; readonly inner: Packet; readonly detail: string } | { readonly failure: string }

/** Puts a packet into the tunnel behind an interface. */
export function wrap(netns: Netns, device: Device, packet: Packet, choice: RouteChoice & { kind: 'unicast' }): Wrapped {
  if (device.kind === 'vxlan') return wrapVxlan(netns, device, packet, choice.route.via ?? packet.destination)
  if (device.kind === 'ipip') {
    if (isIPv6(packet.destination)) return { failure: `${device.name} carries IPv4 only` }
    const { via } = choice.route
    if (via === undefined) return { failure: `${device.name}: no remote end for ${packet.destination}` }
    return enclose(packet, 'ipip', device, via, `IP in IP to ${via}`)
  }
  const destination = device.reader?.(packet.destination)
  if (destination === undefined)
    return { failure: `no program reads ${device.name}, or it knows no subnet of ${packet.destination}` }
  return enclose(
    packet,
    'udp',
    device,
    destination,
    `flanneld reads it from ${device.name} and sends it to ${destination}:${UDP_BACKEND_PORT}`,
  )
}

function wrapVxlan(netns: Netns, device: Device, packet: Packet, nextHop: string): Wrapped {
  const neighbour = netns.neighbours.find((entry) => entry.address === nextHop && entry.device === device.name)
  if (!neighbour || neighbour.mac === '') return { failure: `no neighbour entry for ${nextHop} on ${device.name}` }
  const entry = netns.fdb.find(({ mac, device: name }) => mac === neighbour.mac && name === device.name)
  if (!entry?.destination) return { failure: `no forwarding entry for ${neighbour.mac} on ${device.name}` }
  const { destination } = entry
  const detail = `${nextHop} lladdr ${neighbour.mac}; ${neighbour.mac} dst ${destination}; VNI ${device.tunnel?.vni ?? 0}`
  const framed = { ...packet, sourceMac: device.mac, destinationMac: neighbour.mac }
  return enclose(framed, 'vxlan', device, destination, detail)
}

function enclose(inner: Packet, kind: 'vxlan' | 'ipip' | 'udp', device: Device, destination: string, detail: string): Wrapped {
  const port = kind === 'vxlan' ? (device.tunnel?.port ?? 8472) : UDP_BACKEND_PORT
  const outer: Packet = {
    source: device.tunnel?.local ?? '',
    destination,
    protocol: kind === 'ipip' ? 'ipip' : 'udp',
    sourcePort: kind === 'ipip' ? 0 : kind === 'udp' ? port : flowPort(inner),
    destinationPort: kind === 'ipip' ? 0 : port,
    ttl: DEFAULT_TTL,
    length: inner.length + OVERHEAD[kind],
    mark: 0,
    ...(kind === 'ipip' ? { dontFragment: true } : {}),
  }
  return { outer, inner, detail }
}

/** The sender's port of a VXLAN packet follows from the flow inside, so that routers can tell flows apart. */
function flowPort({ source, destination, protocol, sourcePort, destinationPort }: Packet): number {
  return 32768 + (hashText(`${protocol} ${source}:${sourcePort} ${destination}:${destinationPort}`) % 28_232)
}

/** The tunnel interface of the receiving machine that takes an outer packet. */
export function unwrapper(netns: Netns, outer: Packet, inner: Packet): Device | undefined {
  for (const device of netns.devices.values()) {
    if (!device.up) continue
    if (device.kind === 'ipip' && outer.protocol === 'ipip') return device
    if (outer.protocol !== 'udp') continue
    if (device.kind === 'tun' && outer.destinationPort === UDP_BACKEND_PORT && device.reader) return device
    if (device.kind !== 'vxlan' || outer.destinationPort !== (device.tunnel?.port ?? 8472)) continue
    if (inner.destinationMac === device.mac) return device
  }
  return undefined
}

/** How a packet in a tunnel is shown: the inner one with its outer header. */
export function shown(inner: Packet, outer: Packet, device: Device): Packet {
  return {
    ...inner,
    outer: {
      kind: outer.protocol === 'ipip' ? 'ipip' : device.kind === 'tun' ? 'udp' : 'vxlan',
      source: outer.source,
      destination: outer.destination,
      ...(device.tunnel?.vni === undefined ? {} : { vni: device.tunnel.vni }),
      ...(outer.destinationPort === 0 ? {} : { port: outer.destinationPort }),
    },
  }
}
