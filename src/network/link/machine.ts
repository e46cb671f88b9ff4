import { macOf } from './mac.ts'
import { Netns } from './netns.ts'

/** What kubeadm's preflight checks ask for, and what Linux has by default. Source: kubeadm preflight checks. */
const NODE_SYSCTLS: { readonly [name: string]: string } = {
  'net.ipv4.ip_forward': '1',
  'net.ipv6.conf.all.forwarding': '1',
  'net.bridge.bridge-nf-call-iptables': '1',
  'net.bridge.bridge-nf-call-ip6tables': '1',
  'net.ipv4.conf.all.rp_filter': '0',
  'net.ipv4.conf.default.rp_filter': '0',
  'net.ipv4.conf.all.route_localnet': '0',
  'net.ipv4.conf.all.arp_ignore': '0',
  'net.ipv4.conf.all.arp_announce': '0',
  'net.ipv4.conf.all.forwarding': '1',
  'net.ipv4.vs.conntrack': '1',
  'net.ipv4.ip_local_port_range': '32768\t60999',
  'net.ipv4.tcp_syn_retries': '6',
  'net.core.somaxconn': '4096',
  'net.netfilter.nf_conntrack_max': '131072',
  'net.netfilter.nf_conntrack_tcp_timeout_established': '86400',
  'net.netfilter.nf_conntrack_tcp_timeout_close_wait': '3600',
}
const POD_SYSCTLS: { readonly [name: string]: string } = {
  'net.ipv4.ip_forward': '0',
  'net.ipv4.conf.all.rp_filter': '0',
  'net.ipv4.ip_local_port_range': '32768\t60999',
  'net.ipv4.ip_unprivileged_port_start': '0',
  'net.ipv4.tcp_syn_retries': '6',
  'net.core.somaxconn': '4096',
}

export interface MachineAddresses {
  /** With prefix length: '10.0.0.11/16'. */
  readonly address: string
  readonly address6?: string | undefined
  readonly gateway?: string | undefined
}

/** A machine's own namespace: lo, eth0 on the LAN, a default route. */
export function machineNetns(name: string, { address, address6, gateway }: MachineAddresses): Netns {
  const netns = new Netns(name)
  addLoopback(netns)
  const own = address.slice(0, address.indexOf('/'))
  netns.addDevice({
    name: 'eth0',
    kind: 'physical',
    mac: macOf(`${name}/eth0`),
    mtu: 1500,
    up: true,
    addresses: address6 === undefined ? [address] : [address, address6],
  })
  netns.routes = [
    ...(gateway === undefined
      ? []
      : [{ destination: 'default', via: gateway, device: 'eth0', protocol: 'dhcp', source: own, metric: 100 } as const]),
    { destination: networkOf(address), device: 'eth0', protocol: 'kernel', scope: 'link', source: own, metric: 100 },
  ]
  if (address6 !== undefined)
    netns.routes = [...netns.routes, { destination: networkOf6(address6), device: 'eth0', protocol: 'kernel', metric: 100 }]
  for (const [key, value] of Object.entries(NODE_SYSCTLS)) netns.sysctls.set(key, value)
  return netns
}

/** A pod's empty namespace: lo and the kernel's settings. */
export function podNetns(node: string, pod: string): Netns {
  const netns = new Netns(node, pod)
  addLoopback(netns)
  for (const [key, value] of Object.entries(POD_SYSCTLS)) netns.sysctls.set(key, value)
  return netns
}

function addLoopback(netns: Netns): void {
  netns.addDevice({
    name: 'lo',
    kind: 'loopback',
    mac: '00:00:00:00:00:00',
    mtu: 65_536,
    up: true,
    addresses: ['127.0.0.1/8', '::1/128'],
  })
}

/** '10.0.0.11/16' -> '10.0.0.0/16'. */
export function networkOf(cidr: string): string {
  const [address = '', bits = '32'] = cidr.split('/')
  const size = 2 ** (32 - Number(bits))
  const value = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  const base = Math.floor(value / size) * size
  return `${[24, 16, 8, 0].map((shift) => Math.floor(base / 2 ** shift) % 256).join('.')}/${bits}`
}

/** For lengths that are multiples of 16, which is what is handed out here: 'fd00::b/64' -> 'fd00::/64'. */
function networkOf6(cidr: string): string {
  const [address = '', bits = '64'] = cidr.split('/')
  return `${address.slice(0, address.indexOf('::'))}::/${bits}`
}
