import { canonicalAddress, fromNumber, toNumber } from '../../address.ts'
import { networkOf } from '../../link/machine.ts'
import type { Device, Netns } from '../../link/netns.ts'
import { isIPv6 } from '../../packet.ts'
import { briefLine, chosen, linkLines } from './link.ts'
import { IpError, needDevice, readPairs, rtnetlink, type IpOptions } from './options.ts'

/** ip address [show | add | del | flush]. */
export function addressCommand(netns: Netns, args: readonly string[], options: IpOptions): string {
  const [command = 'show', ...rest] = args
  if ('show'.startsWith(command) || command === 'list' || command === 'ls') return show(netns, rest, options)
  if (command === 'add') return add(netns, rest)
  if ('delete'.startsWith(command)) return remove(netns, rest)
  if (command === 'flush') return flush(netns, rest)
  if (netns.devices.has(command)) return show(netns, args, options)
  throw new IpError(`Command "${command}" is unknown, try "ip address help".`, 255)
}

function show(netns: Netns, args: readonly string[], options: IpOptions): string {
  const ofFamily = (cidr: string) => options.family === undefined || isIPv6(cidr) === (options.family === 6)
  const devices = chosen(netns, args)
  if (options.isBrief) return devices.map((device) => briefLine(device, device.addresses.filter(ofFamily).join(' '))).join('\n')
  const shown = options.family === undefined ? devices : devices.filter((device) => device.addresses.some(ofFamily))
  if (options.isOneLine)
    return shown
      .flatMap((device) =>
        device.addresses
          .filter(ofFamily)
          .map(
            (cidr) => `${device.index}: ${device.name}    ${inet(device, cidr)}\\       valid_lft forever preferred_lft forever`,
          ),
      )
      .join('\n')
  return shown
    .map((device) => {
      const head = linkLines(netns, device, options).map((line) => line.replace(' mode DEFAULT', ''))
      const body = device.addresses
        .filter(ofFamily)
        .flatMap((cidr) => [`    ${inet(device, cidr)}`, '       valid_lft forever preferred_lft forever'])
      return [...head, ...body].join('\n')
    })
    .join('\n')
}

function inet(device: Device, cidr: string): string {
  const scope = device.kind === 'loopback' ? 'host' : cidr.startsWith('fe80') ? 'link' : 'global'
  if (isIPv6(cidr)) return `inet6 ${cidr} scope ${scope} ${device.kind === 'loopback' ? 'noprefixroute' : ''}`.trimEnd()
  const bits = Number(cidr.slice(cidr.indexOf('/') + 1))
  const broadcast = device.kind === 'loopback' || bits >= 31 ? '' : ` brd ${broadcastOf(cidr)}`
  return `inet ${cidr}${broadcast} scope ${scope} ${device.name}`
}

export function broadcastOf(cidr: string): string {
  const [network = '', bits = '32'] = networkOf(cidr).split('/')
  return fromNumber(toNumber(network) + 2 ** (32 - Number(bits)) - 1)
}

function readAddress(netns: Netns, args: readonly string[]): { device: Device; cidr: string } {
  const { pairs, rest } = readPairs(args, ['dev', 'broadcast', 'brd', 'scope', 'label'])
  const [text = ''] = rest
  const [address = '', bits] = text.split('/')
  const canonical = canonicalAddress(address)
  if (!canonical) throw new IpError(`Error: any valid prefix is expected rather than "${text}".`, 1)
  if (pairs['dev'] === undefined) throw new IpError('Not enough information: "dev" argument is required.', 255)
  return { device: needDevice(netns, pairs['dev']), cidr: `${canonical}/${bits ?? (isIPv6(canonical) ? '128' : '32')}` }
}

function add(netns: Netns, args: readonly string[]): string {
  const { device, cidr } = readAddress(netns, args)
  if (device.addresses.includes(cidr)) throw rtnetlink('File exists')
  device.addresses = [...device.addresses, cidr]
  if (!cidr.endsWith('/32') && !isIPv6(cidr) && device.up)
    netns.routes = [
      ...netns.routes,
      {
        destination: networkOf(cidr),
        device: device.name,
        protocol: 'kernel',
        scope: 'link',
        source: cidr.slice(0, cidr.indexOf('/')),
      },
    ]
  return ''
}

function remove(netns: Netns, args: readonly string[]): string {
  const { device, cidr } = readAddress(netns, args)
  if (!device.addresses.includes(cidr)) throw rtnetlink('Cannot assign requested address')
  drop(netns, device, [cidr])
  return ''
}

function flush(netns: Netns, args: readonly string[]): string {
  const { pairs, rest } = readPairs(args, ['dev'])
  const device = needDevice(netns, pairs['dev'] ?? rest[0])
  drop(netns, device, device.addresses)
  return ''
}

/** With an address go the routes that prefer it. */
function drop(netns: Netns, device: Device, cidrs: readonly string[]): void {
  const gone = new Set(cidrs.map((cidr) => cidr.slice(0, cidr.indexOf('/'))))
  device.addresses = device.addresses.filter((cidr) => !cidrs.includes(cidr))
  netns.routes = netns.routes.filter((route) => route.device !== device.name || !gone.has(route.source ?? ''))
}
