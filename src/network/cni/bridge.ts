/** The bridge plugin: a bridge per node, a veth pair per pod. Source: containernetworking plugins, main/bridge. */
import { hexOf, macOf } from '../link/mac.ts'
import { networkOf } from '../link/machine.ts'
import type { Netns, Route } from '../link/netns.ts'
import { isIPv6 } from '../packet.ts'
import type { Attachment } from './plugin.ts'

export interface BridgeConfig {
  /** 'cni0'. */
  readonly bridge: string
  readonly mtu: number
  readonly hairpin: boolean
  /** Range of the node by family, with the bridge's own address in it. */
  readonly ranges: readonly { readonly subnet: string; readonly gateway: string }[]
  /** What pods reach by the bridge beside the default route: flannel's network. */
  readonly networks: readonly string[]
}

/** Joins a pod: cni0 if it is not there yet, a veth pair, addresses and routes on both sides. */
export function plugIntoBridge(config: BridgeConfig, host: Netns, pod: Netns, attachment: Attachment): void {
  const { bridge, mtu } = config
  ensureBridge(config, host)
  const veth = vethName(attachment.uid)
  pod.addDevice({
    name: 'eth0',
    kind: 'veth',
    mac: macOf(`${attachment.uid}/eth0`),
    mtu,
    up: true,
    addresses: attachment.addresses.map((address) => `${address}/${lengthFor(config, address)}`),
    peer: { netns: host, device: veth },
  })
  pod.routes = config.ranges.flatMap(({ subnet, gateway }): Route[] => {
    const source = attachment.addresses.find((address) => isIPv6(address) === isIPv6(subnet))
    if (source === undefined) return []
    const networks = config.networks.filter((network) => isIPv6(network) === isIPv6(subnet))
    return [
      { destination: 'default', via: gateway, device: 'eth0' },
      { destination: subnet, device: 'eth0', protocol: 'kernel', scope: 'link', ...(isIPv6(subnet) ? {} : { source }) },
      ...networks.map((destination) => ({ destination, via: gateway, device: 'eth0' })),
    ]
  })
  host.addDevice({
    name: veth,
    kind: 'veth',
    mac: macOf(`${attachment.uid}/host`),
    mtu,
    up: true,
    addresses: [],
    master: bridge,
    hairpin: config.hairpin,
    peer: { netns: pod, device: 'eth0' },
  })
}

/** Takes the pod's cable up. The bridge stays. */
export function unplugFromBridge(host: Netns, attachment: Attachment): void {
  host.removeDevice(vethName(attachment.uid))
  host.neighbours = host.neighbours.filter((entry) => !attachment.addresses.includes(entry.address))
}

/** What the host's end of a pod's cable is called. */
export function vethName(podUid: string): string {
  return `veth${hexOf(podUid)}`
}

function ensureBridge(config: BridgeConfig, host: Netns): void {
  if (host.devices.has(config.bridge)) return
  host.addDevice({
    name: config.bridge,
    kind: 'bridge',
    mac: macOf(`${host.node}/${config.bridge}`),
    mtu: config.mtu,
    up: true,
    addresses: config.ranges.map(({ subnet, gateway }) => `${gateway}/${subnet.slice(subnet.indexOf('/') + 1)}`),
  })
  const routes = config.ranges.map(({ subnet, gateway }): Route => {
    const destination = isIPv6(subnet) ? subnet : networkOf(subnet)
    return {
      destination,
      device: config.bridge,
      protocol: 'kernel',
      ...(isIPv6(subnet) ? {} : { scope: 'link', source: gateway }),
    }
  })
  host.routes = [...host.routes, ...routes]
}

function lengthFor(config: BridgeConfig, address: string): string {
  const range = config.ranges.find(({ subnet }) => isIPv6(subnet) === isIPv6(address))
  return range ? range.subnet.slice(range.subnet.indexOf('/') + 1) : '32'
}
