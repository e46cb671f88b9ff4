/** Layer 2: who has the address of the next hop, and by which interface frames get there. */
import type { Device, Neighbour, Netns } from '../link/netns.ts'

/** The interface that a frame is for. */
export interface Port {
  readonly netns: Netns
  readonly device: Device
}

/** Finds the machine of a segment that answers for an address. */
export type SegmentLookup = (segment: string, address: string) => Netns | undefined

/** Who answers ARP for `address` on the link behind an interface. Undefined: nobody, the neighbour entry becomes FAILED. */
export function resolve(netns: Netns, device: Device, address: string, onSegment: SegmentLookup): Port | undefined {
  const fixed = netns.neighbours.find((entry) => entry.address === address && entry.device === device.name)
  if (fixed?.state === 'FAILED' && fixed.mac === '') return undefined
  const found = ask(netns, device, address, onSegment)
  // A wrong entry that somebody typed sends the frames nowhere.
  if (found && fixed?.state === 'PERMANENT' && fixed.mac !== found.device.mac) return undefined
  if (found && fixed?.mac !== found.device.mac) remember(netns, device, address, found.device.mac)
  return found
}

function ask(netns: Netns, device: Device, address: string, onSegment: SegmentLookup): Port | undefined {
  if (device.kind === 'bridge') return onBridge(netns, device, address)
  if (device.kind === 'veth') return acrossVeth(device, address)
  if (device.kind !== 'physical') return undefined
  const machine = onSegment(device.segment ?? 'lan', address)
  if (!machine) return undefined
  machine.settle()
  const segment = device.segment ?? 'lan'
  const own = machine.deviceWith(address)
  if (own?.kind === 'physical' && own.up && (own.segment ?? 'lan') === segment) return { netns: machine, device: own }
  // An address announced for a machine, or of another interface of it: taken by its interface on the segment.
  for (const port of machine.devices.values())
    if (port.kind === 'physical' && port.up && (port.segment ?? 'lan') === segment) return { netns: machine, device: port }
  return undefined
}

function acrossVeth(device: Device, address: string): Port | undefined {
  const other = peerOf(device)
  if (!other || !other.device.up) return undefined
  if (other.device.master !== undefined) {
    const bridge = other.netns.devices.get(other.device.master)
    if (!bridge?.up) return undefined
    return other.netns.isLocal(address) ? { netns: other.netns, device: bridge } : onBridge(other.netns, bridge, address)
  }
  return other.device.proxyArp || other.netns.isLocal(address) ? other : undefined
}

/** The station behind a bridge's ports that has an address. */
function onBridge(netns: Netns, bridge: Device, address: string): Port | undefined {
  for (const port of netns.devices.values()) {
    if (port.master !== bridge.name || !port.up) continue
    const far = peerOf(port)
    if (far?.device.up && far.netns.deviceWith(address) === far.device) return far
  }
  return undefined
}

/** The other end of a veth pair. */
export function peerOf(device: Device): Port | undefined {
  const far = device.peer?.netns.devices.get(device.peer.device)
  return device.peer && far ? { netns: device.peer.netns, device: far } : undefined
}

/** A neighbour's entry, as `ip neigh` prints it. */
export function printNeighbour(entry: Neighbour): string {
  const mac = entry.mac === '' ? '' : ` lladdr ${entry.mac}`
  return `${entry.address} dev ${entry.device}${mac} ${entry.state}`
}

function remember(netns: Netns, device: Device, address: string, mac: string): void {
  const others = netns.neighbours.filter((entry) => entry.address !== address || entry.device !== device.name)
  netns.neighbours = [...others, { address, mac, device: device.name, state: 'REACHABLE' }]
}
