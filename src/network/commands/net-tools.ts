/** The old tools: arp, route, ifconfig, hostname. Source: net-tools 2.10. */
import { withoutLength } from '../link/local-addresses.ts'
import { networkOf } from '../link/machine.ts'
import type { Device, Netns, Route } from '../link/netns.ts'
import { isIPv6 } from '../packet.ts'
import type { NodeCommand } from './command.ts'
import { broadcastOf } from './ip/address.ts'
import { columns, failed, ok } from './output.ts'

export const arp: NodeCommand = (netns, argv) => {
  const words = argv.slice(1).filter((word) => !word.startsWith('-'))
  const entries = netns.neighbours.filter(
    (entry) => !isIPv6(entry.address) && (words[0] === undefined || entry.address === words[0]),
  )
  if (words[0] !== undefined && entries.length === 0) return ok(`${words[0]} (${words[0]}) -- no entry`)
  if (argv.includes('-a'))
    return ok(
      entries
        .map(
          ({ address, mac, device, state }) =>
            `? (${address}) at ${mac || '<incomplete>'} [ether]${state === 'PERMANENT' ? ' PERM' : ''} on ${device}`,
        )
        .join('\n'),
    )
  const rows = entries.map(({ address, mac, device, state }) => [
    address.padEnd(24),
    mac === '' ? '' : 'ether',
    mac === '' ? '(incomplete)' : mac,
    `${mac === '' ? '' : 'C'}${state === 'PERMANENT' ? 'M' : ''}`.padEnd(21),
    device,
  ])
  return ok(columns([['Address', 'HWtype', 'HWaddress', 'Flags Mask', 'Iface'], ...rows], 2))
}

export const route: NodeCommand = (netns, argv) => {
  const words = argv.slice(1).filter((word) => !word.startsWith('-'))
  if (words.length > 0) return failed(`route: this form is not simulated; use "ip route ${words.join(' ')}"`, 4)
  const rows = netns.routes
    .filter((entry) => !isIPv6(entry.destination) && !isIPv6(entry.via ?? ''))
    .toSorted((a, b) => (a.destination === 'default' ? -1 : b.destination === 'default' ? 1 : 0))
    .map(routeRow)
  const head = 'Kernel IP routing table\nDestination     Gateway         Genmask         Flags Metric Ref    Use Iface'
  return ok([head, ...rows].join('\n'))
}

function routeRow({ destination, via, device, metric = 0, kind }: Route): string {
  const [address = '', bits = '32'] = destination === 'default' ? ['0.0.0.0', '0'] : destination.split('/')
  const isReject = kind === 'unreachable' || kind === 'prohibit' || kind === 'blackhole'
  const flags = isReject ? '!' : `U${via === undefined ? '' : 'G'}${bits === '32' ? 'H' : ''}`
  const gateway = isReject ? '-' : (via ?? '0.0.0.0')
  const use = isReject ? '-' : '0'
  return `${address.padEnd(15)} ${gateway.padEnd(15)} ${maskOf(Number(bits)).padEnd(15)} ${flags.padEnd(5)} ${String(metric).padEnd(6)} ${use.padEnd(6)} ${use.padStart(3)} ${device || '*'}`
}

function maskOf(bits: number): string {
  return [0, 8, 16, 24].map((before) => 256 - 2 ** (8 - Math.min(8, Math.max(0, bits - before)))).join('.')
}

export const ifconfig: NodeCommand = (netns, argv) => {
  const name = argv.slice(1).find((word) => !word.startsWith('-'))
  if (name !== undefined) {
    const device = netns.devices.get(name)
    return device ? ok(block(device)) : failed(`${name}: error fetching interface information: Device not found`)
  }
  const shown = [...netns.devices.values()].filter((device) => device.up || argv.includes('-a'))
  return ok(shown.map(block).join('\n\n'))
}

function block(device: Device): string {
  const { name, kind, mtu, mac, addresses, up } = device
  const flags =
    kind === 'loopback' ? '73<UP,LOOPBACK,RUNNING>' : up ? '4163<UP,BROADCAST,RUNNING,MULTICAST>' : '4098<BROADCAST,MULTICAST>'
  const four = addresses.find((cidr) => !isIPv6(cidr))
  const six = addresses.filter((cidr) => isIPv6(cidr))
  const lines = [`${name}: flags=${flags}  mtu ${mtu}`]
  if (four !== undefined) {
    const bits = Number(four.slice(four.indexOf('/') + 1))
    const broadcast = kind === 'loopback' ? '' : `  broadcast ${bits >= 31 ? '0.0.0.0' : broadcastOf(four)}`
    lines.push(`        inet ${withoutLength(four)}  netmask ${maskOf(bits)}${broadcast}`)
  }
  for (const cidr of six) {
    const [address = '', bits = ''] = cidr.split('/')
    lines.push(`        inet6 ${address}  prefixlen ${bits}  scopeid ${kind === 'loopback' ? '0x10<host>' : '0x0<global>'}`)
  }
  lines.push(
    kind === 'loopback' ? '        loop  txqueuelen 1000  (Local Loopback)' : `        ether ${mac}  txqueuelen 1000  (Ethernet)`,
  )
  return lines.join('\n')
}

export const hostname: NodeCommand = (netns, argv) => {
  if (argv[1] === '-i' || argv[1] === '-I')
    return ok(
      [...netns.devices.values()]
        .filter((device) => device.kind !== 'loopback')
        .flatMap((device) => device.addresses.map(withoutLength))
        .join(' '),
    )
  return ok(netns.pod === undefined ? netns.node : (netns.pod.split('/')[1] ?? ''))
}

/** The directly connected prefixes of a namespace: for views. */
export function connectedPrefixes(netns: Netns): readonly string[] {
  return [...netns.devices.values()].flatMap((device) => device.addresses.filter((cidr) => !isIPv6(cidr)).map(networkOf))
}
