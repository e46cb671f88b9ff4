/** What the kernel asks of a packet on its way, and how a hook's work is told. */
import { chooseRoute, type RouteChoice } from '../link/routing.ts'
import type { Device, Netns } from '../link/netns.ts'
import type { Flight } from '../netfilter/hooks.ts'
import type { Packet } from '../packet.ts'

export function newFlight(packet: Packet): Flight {
  return { packet, inInterface: '', outInterface: '', connection: null, direction: 'original', state: 'NEW', rerouted: false }
}

/** The kernel sends what is for itself through lo. */
export function outInterfaceOf(choice: RouteChoice): string {
  return choice.kind === 'unicast' ? choice.device.name : 'lo'
}

export function mustNotFragment(packet: Packet): boolean {
  return packet.dontFragment ?? packet.protocol === 'tcp'
}

/** Loopback addresses come only from lo, unless the interface may route them. */
export function isMartian(netns: Netns, device: Device, packet: Packet): boolean {
  if (device.kind === 'loopback') return false
  const isLoopback = packet.source.startsWith('127.') || packet.destination.startsWith('127.')
  return isLoopback && netns.setting('net.ipv4.conf.all.route_localnet') !== 1
}

/** Source validation (RFC 3704): 1 strict, 2 loose; the greater of the interface's and all's setting counts. */
export function failsReversePath(netns: Netns, inInterface: string, packet: Packet): boolean {
  const mode = Math.max(
    netns.setting('net.ipv4.conf.all.rp_filter'),
    netns.setting(`net.ipv4.conf.${inInterface.replaceAll('.', '/')}.rp_filter`),
  )
  if (mode === 0 || inInterface === 'lo') return false
  const back = chooseRoute(netns, packet.source)
  return back === undefined || (mode === 1 && back.kind === 'unicast' && back.device.name !== inInterface)
}

export function hookDetail(before: Packet, { packet, state }: Flight): string {
  const changes: string[] = [state]
  if (before.destination !== packet.destination || before.destinationPort !== packet.destinationPort)
    changes.push(`to ${packet.destination}:${packet.destinationPort}`)
  if (before.source !== packet.source || before.sourcePort !== packet.sourcePort)
    changes.push(`from ${packet.source}:${packet.sourcePort}`)
  if (before.mark !== packet.mark) changes.push(`mark 0x${packet.mark.toString(16)}`)
  return changes.join(', ')
}
