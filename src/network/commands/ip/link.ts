import { macOf } from '../../link/mac.ts'
import type { Device, DeviceKind, Netns } from '../../link/netns.ts'
import { IpError, needDevice, readPairs, rtnetlink, type IpOptions } from './options.ts'

const KINDS: { readonly [type: string]: DeviceKind } = { bridge: 'bridge', dummy: 'dummy', vxlan: 'vxlan', ipip: 'ipip' }

/** ip link [show | set | add | del]. */
export function linkCommand(netns: Netns, args: readonly string[], options: IpOptions): string {
  const [command = 'show', ...rest] = args
  if ('show'.startsWith(command) || command === 'list' || command === 'ls') return show(netns, rest, options)
  if (command === 'set') return set(netns, rest)
  if (command === 'add') return add(netns, rest)
  if ('delete'.startsWith(command)) {
    const { pairs, rest: names } = readPairs(rest, ['dev'])
    remove(netns, needDevice(netns, pairs['dev'] ?? names[0]))
    return ''
  }
  throw new IpError(`Command "${command}" is unknown, try "ip link help".`, 255)
}

function show(netns: Netns, args: readonly string[], options: IpOptions): string {
  const devices = chosen(netns, args)
  if (options.isBrief) return devices.map((device) => briefLine(device, device.mac + ' ' + flagsOf(device))).join('\n')
  return devices.map((device) => linkLines(netns, device, options).join(options.isOneLine ? '\\' : '\n')).join('\n')
}

/** The devices that `show` is about: one, those of a type or master, or all by index. */
export function chosen(netns: Netns, args: readonly string[]): readonly Device[] {
  const { pairs, rest } = readPairs(args, ['dev', 'type', 'master'], ['up'])
  const name = pairs['dev'] ?? rest[0]
  if (name !== undefined) {
    const device = netns.devices.get(name)
    if (!device) throw new IpError(`Device "${name}" does not exist.`)
    return [device]
  }
  const { type, master } = pairs
  return [...netns.devices.values()]
    .filter((device) => type === undefined || device.kind === type || (type === 'tun' && device.kind === 'tun'))
    .filter((device) => master === undefined || device.master === master)
    .filter((device) => pairs['up'] === undefined || device.up)
    .toSorted((a, b) => a.index - b.index)
}

/** The first lines of a device, shared by `ip link` and `ip addr`. */
export function linkLines(netns: Netns, device: Device, options: IpOptions): string[] {
  const { name, index, mtu, master } = device
  const head = [
    `${index}: ${nameOf(device)}: ${flagsOf(device)} mtu ${mtu} qdisc ${qdisc(device)}`,
    master === undefined ? '' : ` master ${master}`,
    ` state ${stateOf(device)} mode DEFAULT group default`,
    ...(device.kind === 'physical' || device.kind === 'loopback' || device.kind === 'bridge' ? [' qlen 1000'] : [' ']),
  ].join('')
  const lines = [head.trimEnd(), `    link/${hardware(device)}`]
  if (options.withDetails) lines.push(...details(netns, device))
  if (options.withStatistics) lines.push(...STATISTICS)
  void name
  return lines
}

const STATISTICS = [
  '    RX:  bytes packets errors dropped  missed   mcast',
  '             0       0      0       0       0       0',
  '    TX:  bytes packets errors dropped carrier collsns',
  '             0       0      0       0       0       0',
]

function nameOf(device: Device): string {
  if (device.kind === 'ipip') return `${device.name}@NONE`
  const far = device.peer?.netns.devices.get(device.peer.device)
  return far ? `${device.name}@if${far.index}` : device.name
}

export function flagsOf({ kind, up }: Device): string {
  const carrier = up ? ',UP,LOWER_UP' : ''
  if (kind === 'loopback') return `<LOOPBACK${carrier}>`
  if (kind === 'dummy') return `<BROADCAST,NOARP${carrier}>`
  if (kind === 'ipip') return `<NOARP${carrier}>`
  if (kind === 'tun') return `<POINTOPOINT,MULTICAST,NOARP${carrier}>`
  return `<BROADCAST,MULTICAST${carrier}>`
}

export function stateOf({ kind, up }: Device): string {
  if (!up) return 'DOWN'
  return kind === 'physical' || kind === 'veth' || kind === 'bridge' ? 'UP' : 'UNKNOWN'
}

function qdisc({ kind, up }: Device): string {
  if (!up) return 'noop'
  return kind === 'physical' || kind === 'tun' ? 'fq_codel' : 'noqueue'
}

function hardware({ kind, mac, peer, tunnel }: Device): string {
  if (kind === 'loopback') return 'loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00'
  if (kind === 'ipip') return `ipip ${tunnel?.local ?? '0.0.0.0'} brd 0.0.0.0`
  if (kind === 'tun') return 'none'
  return `ether ${mac} brd ff:ff:ff:ff:ff:ff${peer ? ' link-netnsid 0' : ''}`
}

function details(netns: Netns, device: Device): string[] {
  const { kind, tunnel, master } = device
  if (kind === 'vxlan')
    return [
      `    vxlan id ${tunnel?.vni ?? 0} local ${tunnel?.local ?? ''} dev eth0 srcport 0 0 dstport ${tunnel?.port ?? 8472} nolearning ttl auto ageing 300`,
    ]
  if (kind === 'ipip') return [`    ipip remote any local ${tunnel?.local ?? 'any'} ttl inherit nopmtudisc`]
  if (kind === 'bridge') return ['    bridge forward_delay 1500 hello_time 200 max_age 2000 ageing_time 30000 stp_state 0']
  if (kind === 'tun') return ['    tun type tun pi off vnet_hdr off persist off']
  if (kind !== 'veth') return []
  void netns
  return master === undefined
    ? ['    veth']
    : ['    veth', `    bridge_slave state forwarding hairpin ${device.hairpin ? 'on' : 'off'}`]
}

/** `ip -br`: name, state, the rest. */
export function briefLine(device: Device, rest: string): string {
  return `${nameOf(device).padEnd(16)} ${stateOf(device).padEnd(14)} ${rest}`.trimEnd()
}

function set(netns: Netns, args: readonly string[]): string {
  const { pairs, rest } = readPairs(args, ['dev', 'mtu', 'master', 'address'], ['up', 'down', 'nomaster'])
  const device = needDevice(netns, pairs['dev'] ?? rest[0])
  if (pairs['mtu'] !== undefined) {
    const mtu = Number(pairs['mtu'])
    if (!Number.isInteger(mtu)) throw new IpError(`Error: argument "${pairs['mtu']}" is wrong: Invalid "mtu" value\n`, 255)
    if (mtu < 68 || mtu > 65_536) throw rtnetlink('Invalid argument')
    device.mtu = mtu
  }
  if (pairs['up']) device.up = true
  if (pairs['down']) {
    device.up = false
    // The kernel forgets the routes of an interface that goes down.
    netns.routes = netns.routes.filter((route) => route.device !== device.name)
  }
  if (pairs['master'] !== undefined) {
    if (netns.devices.get(pairs['master'])?.kind !== 'bridge')
      throw new IpError(`Error: argument "${pairs['master']}" is wrong: Device does not exist\n`, 255)
    device.master = pairs['master']
  }
  if (pairs['nomaster']) delete device.master
  return ''
}

function add(netns: Netns, args: readonly string[]): string {
  const { pairs, rest } = readPairs(args, ['dev', 'name', 'type', 'id', 'local', 'remote', 'dstport', 'mtu'], ['nolearning'])
  const name = pairs['name'] ?? pairs['dev'] ?? rest[0]
  const kind = KINDS[pairs['type'] ?? '']
  if (name === undefined) throw new IpError('Not enough information: "dev" argument is required.')
  if (!kind) throw rtnetlink('Operation not supported')
  if (netns.devices.has(name)) throw rtnetlink('File exists')
  const vni = pairs['id']
  const tunnel =
    kind === 'vxlan' || kind === 'ipip'
      ? { local: pairs['local'] ?? '', ...(vni ? { vni: Number(vni) } : {}), port: Number(pairs['dstport'] ?? 8472) }
      : undefined
  netns.addDevice({
    name,
    kind,
    mac: macOf(`${netns.node}/${name}`),
    mtu: Number(pairs['mtu'] ?? 1500),
    up: false,
    addresses: [],
    ...(tunnel ? { tunnel } : {}),
  })
  return ''
}

function remove(netns: Netns, device: Device): void {
  if (device.kind === 'physical' || device.kind === 'loopback') throw rtnetlink('Operation not supported')
  netns.removeDevice(device.name)
  if (device.peer) device.peer.netns.removeDevice(device.peer.device)
}
