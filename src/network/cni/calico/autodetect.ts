/** How calico-node finds its machine's address. Source: calico v3.31 node/pkg/lifecycle/startup/autodetection. */
import { inCidr } from '../../address.ts'
import { addressOn, chooseRoute, sourceAddress } from '../../link/routing.ts'
import type { Device, Netns } from '../../link/netns.ts'
import { isIPv6 } from '../../packet.ts'

const EXCLUDED =
  /^(docker.*|cbr.*|dummy.*|virbr.*|lxcbr.*|veth.*|lo|cali.*|tunl.*|flannel.*|kube-ipvs.*|cni.*|vxlan\.calico.*|vxlan-v6\.calico.*|wireguard\.cali.*|wg-v6\.cali.*|nodelocaldns.*)$/

export interface Detected {
  /** With length: '10.0.0.12/16'. */
  readonly cidr: string
  readonly device: string
}

/** Finds the address by IP_AUTODETECTION_METHOD; undefined: there is none that fits. `internalIP`: the Node's. */
export function detectAddress(netns: Netns, method: string, internalIP: string): Detected | undefined {
  const [name = '', argument = ''] = splitOnce(method === '' ? 'first-found' : method)
  if (name === 'first-found') return first(netns, (device) => !EXCLUDED.test(device.name))
  if (name === 'interface') return first(netns, (device) => matches(argument, device.name), true)
  if (name === 'skip-interface') return first(netns, (device) => !EXCLUDED.test(device.name) && !matches(argument, device.name))
  if (name === 'cidr') return byCidr(netns, argument.split(','))
  if (name === 'can-reach') return byReach(netns, argument)
  return name === 'kubernetes-internal-ip' ? withAddress(netns, internalIP) : undefined
}

function splitOnce(text: string): [string, string] {
  const at = text.indexOf('=')
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

/** Comma separated regular expressions; one that can't be read matches nothing. */
function matches(patterns: string, name: string): boolean {
  return patterns.split(',').some((pattern) => {
    try {
      return new RegExp(`^(?:${pattern})`).test(name)
    } catch (error) {
      if (error instanceof SyntaxError) return false
      throw error
    }
  })
}

function inOrder(netns: Netns): readonly Device[] {
  return [...netns.devices.values()].filter((device) => device.up).toSorted((a, b) => a.index - b.index)
}

/** The first interface that is up and has a usable IPv4 address. */
function first(netns: Netns, fits: (device: Device) => boolean, anyAddress = false): Detected | undefined {
  for (const device of inOrder(netns)) {
    if (!fits(device)) continue
    const cidr = device.addresses.find((candidate) => !isIPv6(candidate) && (anyAddress || !candidate.startsWith('169.254.')))
    if (cidr !== undefined) return { cidr, device: device.name }
  }
  return undefined
}

function byCidr(netns: Netns, cidrs: readonly string[]): Detected | undefined {
  for (const device of inOrder(netns))
    for (const own of device.addresses)
      if (cidrs.some((cidr) => inCidr(own.slice(0, own.indexOf('/')), cidr))) return { cidr: own, device: device.name }
  return undefined
}

function byReach(netns: Netns, destination: string): Detected | undefined {
  // A name is looked up first; every name stands for something outside.
  const target = /^[\d.]+$/.test(destination) ? destination : '8.8.8.8'
  const choice = chooseRoute(netns, target)
  if (choice?.kind !== 'unicast') return undefined
  const source = sourceAddress(netns, target) ?? addressOn(netns, choice.device, target)
  return source === undefined ? undefined : withAddress(netns, source)
}

function withAddress(netns: Netns, address: string): Detected | undefined {
  for (const device of inOrder(netns)) {
    const cidr = device.addresses.find((own) => own.slice(0, own.indexOf('/')) === address)
    if (cidr !== undefined) return { cidr, device: device.name }
  }
  return undefined
}
