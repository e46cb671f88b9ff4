/** A node's kernel for tests: packets go through its hooks in the kernel's order, without devices and wires. */
import { Random } from '../../../sim/random.ts'
import { Netns } from '../../link/netns.ts'
import type { Flight, Hook, HookEnvironment, Verdict } from '../../netfilter/hooks.ts'
import { installNetfilter } from '../../netfilter/install.ts'
import type { Packet } from '../../packet.ts'

export const NODE_IP = '192.168.10.11'

/** How a packet's way through the node ended. */
export type WalkEnd =
  /** It goes on to (or is delivered at) its last destination. */
  { readonly kind: 'passed'; readonly packet: Packet } | { readonly kind: 'dropped' } | { readonly kind: 'rejected' }

export interface TestNode {
  readonly netns: Netns
  readonly parts: ReturnType<typeof installNetfilter>
  readonly environment: HookEnvironment
}

export function makeTestNode(seed: number): TestNode {
  const netns = new Netns('node-1')
  netns.addDevice({ name: 'lo', kind: 'loopback', mac: '', mtu: 65_536, up: true, addresses: ['127.0.0.1/8'] })
  netns.addDevice({ name: 'eth0', kind: 'physical', mac: '', mtu: 1500, up: true, addresses: [`${NODE_IP}/24`] })
  const random = new Random(seed, 'kernel')
  const parts = installNetfilter(netns, { now: () => 0 })
  const environment: HookEnvironment = {
    isLocalAddress: (address) => netns.isLocal(address),
    sourceAddressFor: () => NODE_IP,
    random: () => random.next(),
    now: () => 0,
  }
  return { netns, parts, environment }
}

/** Sends a packet from the node itself ('node'), or one that came in by a device. */
export function walkNode(node: TestNode, packet: Packet, from: string): WalkEnd {
  const flight: Flight = {
    packet,
    inInterface: from === 'node' ? '' : from,
    outInterface: '',
    connection: null,
    direction: 'original',
    state: 'NEW',
    rerouted: false,
  }
  return from === 'node' ? send(node, flight) : receive(node, flight)
}

const CLUSTER_PREFIX = '10.244.'

function run(node: TestNode, hook: Hook, flight: Flight): Verdict {
  const { destination } = flight.packet
  const leaves = hook === 'FORWARD' || hook === 'OUTPUT' || hook === 'POSTROUTING'
  const local = node.netns.isLocal(destination)
  flight.outInterface = leaves ? (local ? 'lo' : destination.startsWith(CLUSTER_PREFIX) ? 'cni0' : 'eth0') : ''
  return node.netns.netfilter.run(hook, flight, node.environment, null)
}

const refused = (verdict: Exclude<Verdict, 'accept'>): WalkEnd => ({ kind: verdict === 'drop' ? 'dropped' : 'rejected' })

function send(node: TestNode, flight: Flight): WalkEnd {
  const verdict = run(node, 'OUTPUT', flight)
  return verdict === 'accept' ? leave(node, flight) : refused(verdict)
}

function receive(node: TestNode, flight: Flight): WalkEnd {
  const first = run(node, 'PREROUTING', flight)
  if (first !== 'accept') return refused(first)
  if (!node.netns.isLocal(flight.packet.destination)) {
    const verdict = run(node, 'FORWARD', flight)
    return verdict === 'accept' ? leave(node, flight) : refused(verdict)
  }
  const verdict = run(node, 'INPUT', flight)
  if (verdict !== 'accept') return refused(verdict)
  if (node.netns.isLocal(flight.packet.destination)) return { kind: 'passed', packet: flight.packet }
  flight.inInterface = ''
  return send(node, flight)
}

function leave(node: TestNode, flight: Flight): WalkEnd {
  const verdict = run(node, 'POSTROUTING', flight)
  if (verdict !== 'accept') return refused(verdict)
  if (!node.netns.isLocal(flight.packet.destination)) return { kind: 'passed', packet: flight.packet }
  flight.inInterface = 'lo'
  return receive(node, flight)
}
