import { canonicalAddress, inCidr } from '../../address.ts'
import { networkOf } from '../../link/machine.ts'
import { withoutLength } from '../../link/local-addresses.ts'
import { chooseRoute, printRoute, sourceAddress } from '../../link/routing.ts'
import type { Netns, Route } from '../../link/netns.ts'
import { isIPv6 } from '../../packet.ts'
import { broadcastOf } from './address.ts'
import { IpError, readPairs, rtnetlink, type IpOptions } from './options.ts'

const KEYWORDS = ['via', 'dev', 'src', 'metric', 'proto', 'scope', 'table', 'mtu', 'from', 'iif', 'to', 'root', 'match', 'exact']
const KINDS = ['blackhole', 'unreachable', 'prohibit', 'unicast', 'local'] as const

/** ip route [show | get | add | replace | del | flush]. */
export function routeCommand(netns: Netns, args: readonly string[], options: IpOptions): string {
  const [command = 'show', ...rest] = args
  if (['show', 'sh', 'list', 'ls', 'lst', 's', 'l'].includes(command)) return show(netns, rest, options)
  if (command === 'get' || command === 'g') return get(netns, rest)
  if (command === 'add' || command === 'a') return add(netns, rest, false)
  if (command === 'replace' || command === 'change' || command === 'append') return add(netns, rest, command === 'replace')
  if ('delete'.startsWith(command)) return remove(netns, rest)
  if (command === 'flush') return flush(netns, rest)
  throw new IpError(`Command "${command}" is unknown, try "ip route help".`, 255)
}

function show(netns: Netns, args: readonly string[], options: IpOptions): string {
  const { pairs, rest } = readPairs(args, KEYWORDS)
  if (pairs['table'] === 'local' || pairs['table'] === '255') return localTable(netns).join('\n')
  const six = options.family === 6
  return ordered(netns.routes)
    .filter((route) => isSix(route) === six)
    .filter((route) => pairs['dev'] === undefined || route.device === pairs['dev'])
    .filter((route) => pairs['via'] === undefined || route.via === pairs['via'])
    .filter((route) => pairs['proto'] === undefined || route.protocol === pairs['proto'])
    .filter((route) => rest[0] === undefined || route.destination === rest[0])
    .map((route) => printRoute(pairs['dev'] === undefined ? route : { ...route, device: '' }))
    .map((line) => `${line} `)
    .join('\n')
}

/** By destination, as the kernel walks its tree: default first, then by address. */
function ordered(routes: readonly Route[]): readonly Route[] {
  const keyOf = ({ destination }: Route) =>
    destination === 'default'
      ? ''
      : withoutLength(destination)
          .split('.')
          .map((part) => part.padStart(3, '0'))
          .join('.')
  return routes.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : keyOf(a) > keyOf(b) ? 1 : (a.metric ?? 0) - (b.metric ?? 0)))
}

function isSix(route: Route): boolean {
  return isIPv6(route.destination) || isIPv6(route.via ?? '')
}

function localTable(netns: Netns): string[] {
  const lines: string[] = []
  for (const device of netns.devices.values()) {
    for (const cidr of device.addresses) {
      if (isIPv6(cidr)) continue
      const address = withoutLength(cidr)
      const tail = `dev ${device.name} proto kernel scope`
      if (device.kind === 'loopback') lines.push(`local 127.0.0.0/8 ${tail} host src 127.0.0.1 `)
      lines.push(`local ${address} ${tail} host src ${address} `)
      if (!cidr.endsWith('/32')) lines.push(`broadcast ${broadcastOf(cidr)} ${tail} link src ${address} `)
    }
  }
  return lines.toSorted()
}

function get(netns: Netns, args: readonly string[]): string {
  const { pairs, rest } = readPairs(args, KEYWORDS)
  const [text = ''] = rest
  const destination = canonicalAddress(withoutLength(text))
  if (!destination) throw new IpError(`Error: any valid prefix is expected rather than "${text}".`)
  const choice = chooseRoute(netns, destination)
  if (!choice) throw rtnetlink('Network is unreachable')
  if (choice.kind === 'local') return `local ${destination} dev lo src ${destination} uid 0 \n    cache <local> `
  if (choice.kind === 'blackhole') throw rtnetlink('Invalid argument')
  if (choice.kind !== 'unicast') throw rtnetlink(choice.kind === 'prohibit' ? 'Permission denied' : 'No route to host')
  const { via, device } = choice.route
  const from = pairs['from'] === undefined ? '' : ` from ${pairs['from']}`
  const source = from === '' ? ` src ${sourceAddress(netns, destination) ?? ''}` : ''
  return `${destination}${from}${via === undefined ? '' : ` via ${via}`} dev ${device}${source} uid 0 \n    cache `
}

function readRoute(netns: Netns, args: readonly string[]): Route {
  const { pairs, rest } = readPairs(args, KEYWORDS, ['onlink'])
  const kind = KINDS.find((name) => name === rest[0])
  const text = rest[kind ? 1 : 0] ?? pairs['to'] ?? ''
  const destination = readPrefix(text)
  const device = pairs['dev']
  if (device !== undefined && !netns.devices.has(device)) throw new IpError(`Cannot find device "${device}"`)
  const { via } = pairs
  if (via !== undefined && !canonicalAddress(via)) throw new IpError(`Error: inet address is expected rather than "${via}".`)
  const isUnicast = kind === undefined || kind === 'unicast'
  return {
    destination,
    ...(via === undefined ? {} : { via }),
    device: device ?? (isUnicast ? deviceTowards(netns, via) : ''),
    ...(pairs['src'] === undefined ? {} : { source: pairs['src'] }),
    ...(via === undefined && isUnicast ? { scope: 'link' as const } : {}),
    ...(pairs['proto'] === undefined ? {} : { protocol: pairs['proto'] as 'static' }),
    ...(pairs['metric'] === undefined ? {} : { metric: Number(pairs['metric']) }),
    ...(pairs['onlink'] ? { onlink: true } : {}),
    ...(isUnicast ? {} : { kind }),
  }
}

function readPrefix(text: string): string {
  if (text === 'default' || text === '0.0.0.0/0') return 'default'
  const [address = '', bits] = text.split('/')
  const canonical = canonicalAddress(address)
  if (!canonical) throw new IpError(`Error: any valid prefix is expected rather than "${text}".`)
  if (bits === undefined || isIPv6(canonical)) return bits === undefined ? canonical : `${canonical}/${bits}`
  if (networkOf(text) !== `${canonical}/${bits}`) throw new IpError('Error: Invalid prefix for given prefix length.', 2)
  return bits === '32' ? canonical : `${canonical}/${bits}`
}

function deviceTowards(netns: Netns, via: string | undefined): string {
  if (via === undefined) throw rtnetlink('No such device')
  const choice = chooseRoute(netns, via)
  if (choice?.kind !== 'unicast') throw new IpError('Error: Nexthop has invalid gateway.', 2)
  return choice.device.name
}

function add(netns: Netns, args: readonly string[], replaces: boolean): string {
  const route = readRoute(netns, args)
  const { via, onlink } = route
  if (via !== undefined && !onlink && !isOnLink(netns, route.device, via))
    throw new IpError('Error: Nexthop has invalid gateway.', 2)
  const same = (other: Route) => other.destination === route.destination && (other.metric ?? 0) === (route.metric ?? 0)
  if (!replaces && netns.routes.some(same)) throw rtnetlink('File exists')
  netns.routes = [...netns.routes.filter((other) => !replaces || !same(other)), route]
  return ''
}

/** Whether a gateway is reached directly by an interface. */
function isOnLink(netns: Netns, device: string, address: string): boolean {
  return netns.routes.some(
    (route) =>
      route.device === device && route.via === undefined && route.destination !== 'default' && inCidr(address, route.destination),
  )
}

function remove(netns: Netns, args: readonly string[]): string {
  const { pairs, rest } = readPairs(args, KEYWORDS, ['onlink'])
  const kind = KINDS.find((name) => name === rest[0])
  const destination = readPrefix(rest[kind ? 1 : 0] ?? pairs['to'] ?? '')
  const index = netns.routes.findIndex(
    (route) =>
      route.destination === destination &&
      (pairs['via'] === undefined || route.via === pairs['via']) &&
      (pairs['dev'] === undefined || route.device === pairs['dev']) &&
      (pairs['metric'] === undefined || route.metric === Number(pairs['metric'])),
  )
  if (index === -1) throw rtnetlink('No such process')
  netns.routes = netns.routes.toSpliced(index, 1)
  return ''
}

function flush(netns: Netns, args: readonly string[]): string {
  const { pairs, rest } = readPairs(args, KEYWORDS)
  if (rest[0] === 'cache') return ''
  if (Object.keys(pairs).length === 0 && rest.length === 0) throw new IpError('"ip route flush" requires arguments.', 255)
  netns.routes = netns.routes.filter(
    (route) =>
      !(pairs['dev'] === undefined || route.device === pairs['dev']) ||
      !(pairs['proto'] === undefined || route.protocol === pairs['proto']) ||
      !(pairs['via'] === undefined || route.via === pairs['via']) ||
      !(rest[0] === undefined || route.destination === rest[0]),
  )
  return ''
}
