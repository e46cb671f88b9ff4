/** What ipvsadm prints. Source: ipvsadm 1.31, print_service_entry, print_title. */
import type { Ipvs } from '../ipvs/ipvs.ts'
import type { Counters, RealServer, VirtualServer } from '../ipvs/server.ts'
import { joinHostPort } from '../proxy/changes/addresses.ts'
import { isIPv6 } from '../packet.ts'
import type { IpvsadmRequest } from './ipvsadm-parse.ts'

type Format = IpvsadmRequest['format']

const VERSION = 'IP Virtual Server version 1.2.1 (size=4096)'
const TITLES: { readonly [format in Format]?: string } = {
  plain: 'Prot LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn',
  stats: 'Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes\n  -> RemoteAddress:Port',
  rate: 'Prot LocalAddress:Port                 CPS    InPPS   OutPPS    InBPS   OutBPS\n  -> RemoteAddress:Port',
  thresholds: 'Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn \n  -> RemoteAddress:Port',
  persistent: 'Prot LocalAddress:Port            Weight    PersistConn ActiveConn InActConn \n  -> RemoteAddress:Port',
}
const ADDRESS_WIDTH = 33

export function listServers(ipvs: Ipvs, servers: readonly VirtualServer[], request: IpvsadmRequest): string {
  const lines = [VERSION, TITLES[request.format] ?? '']
  for (const server of request.sort ? servers.toSorted(byAddress) : servers) lines.push(...serverLines(ipvs, server, request))
  return `${lines.join('\n')}\n`
}

function serverLines(ipvs: Ipvs, server: VirtualServer, request: IpvsadmRequest): readonly string[] {
  const name = `${server.protocol.padEnd(4)} ${joinHostPort(server.address, server.port)}`
  const counted = request.format === 'stats' || request.format === 'rate'
  const head = counted
    ? name.padEnd(ADDRESS_WIDTH) + numbers(ipvs, server.counters, request)
    : `${name} ${server.scheduler}${flags(server)}`
  const reals = server.reals.map((real) => `  -> ${real.text.padEnd(28)} ${realColumns(real, request)}`)
  return [head, ...(counted ? server.reals.map((real) => countedReal(ipvs, real, request)) : reals)]
}

function countedReal(ipvs: Ipvs, real: RealServer, request: IpvsadmRequest): string {
  return `  -> ${real.text.padEnd(28)}${numbers(ipvs, real.counters, request)}`
}

function realColumns(real: RealServer, { format }: IpvsadmRequest): string {
  const ten = (value: number) => String(value).padEnd(10)
  if (format === 'thresholds') return [real.upperThreshold, real.lowerThreshold, real.active, real.inactive].map(ten).join(' ')
  if (format === 'persistent')
    return `${String(real.weight).padEnd(9)} ${String(real.persistent).padEnd(11)} ${ten(real.active)} ${ten(real.inactive)}`
  return `${real.forwarding.padEnd(7)} ${String(real.weight).padEnd(6)} ${ten(real.active)} ${ten(real.inactive)}`
}

function flags({ persistentSeconds, netmask }: VirtualServer): string {
  if (persistentSeconds === 0) return ''
  return ` persistent ${persistentSeconds}${netmask === '255.255.255.255' ? '' : ` mask ${netmask}`}`
}

function numbers(ipvs: Ipvs, counters: Counters, { format, exact }: IpvsadmRequest): string {
  const values = format === 'rate' ? counters.perSecond(ipvs.now()) : counters.totals
  return values.map((value) => largeNumber(value, exact)).join('')
}

const UNITS: readonly (readonly [number, number, string])[] = [
  [1e8, 1, ''],
  [1e9, 1e3, 'K'],
  [1e11, 1e6, 'M'],
  [1e14, 1e9, 'G'],
  [Infinity, 1e12, 'T'],
]

function largeNumber(value: number, exact: boolean): string {
  if (exact) return String(value).padStart(Math.max(9, String(value).length + 1))
  const [, divisor, unit] = UNITS.find(([limit]) => value < limit) ?? [0, 1, '']
  return `${String(Math.floor(value / divisor)).padStart(unit === '' ? 9 : 8)}${unit}`
}

function byAddress(a: VirtualServer, b: VirtualServer): number {
  const key = ({ protocol, address, port }: VirtualServer) => [
    ['TCP', 'UDP', 'SCTP'].indexOf(protocol),
    isIPv6(address) ? 1 : 0,
    isIPv6(address)
      ? address
      : address
          .split('.')
          .map((part) => part.padStart(3, '0'))
          .join('.'),
    port,
  ]
  const [left, right] = [key(a), key(b)]
  for (const [i, value] of left.entries()) {
    const other = right[i] as typeof value
    if (value !== other) return value < other ? -1 : 1
  }
  return 0
}

const SERVICE_OPTION = { TCP: '-t', UDP: '-u', SCTP: '--sctp-service' } as const
const FORWARD_OPTION = { Masq: '-m', Route: '-g', Tunnel: '-i' } as const

/** As ipvsadm --save: what --restore takes. */
export function printRules(ipvs: Ipvs): string {
  const lines: string[] = []
  for (const server of [...ipvs.servers.values()].toSorted(byAddress)) {
    const name = `${SERVICE_OPTION[server.protocol]} ${joinHostPort(server.address, server.port)}`
    const persistent = server.persistentSeconds > 0 ? ` -p ${server.persistentSeconds}` : ''
    lines.push(`-A ${name} -s ${server.scheduler}${persistent}`)
    for (const { text, forwarding, weight } of server.reals)
      lines.push(`-a ${name} -r ${text} ${FORWARD_OPTION[forwarding]} -w ${weight}`)
  }
  return lines.map((line) => `${line}\n`).join('')
}

export function listConnections(ipvs: Ipvs): string {
  const lines = ['IPVS connection entries', 'pro expire state       source             virtual            destination']
  for (const connection of ipvs.connections.list()) {
    const { virtual, real, state, protocol } = connection
    const seconds = Math.max(0, Math.ceil((connection.expiresMs - ipvs.now()) / 1000))
    const two = (value: number) => String(value).padStart(2, '0')
    lines.push(
      [
        `${protocol.toUpperCase()} ${two(Math.floor(seconds / 60))}:${two(seconds % 60)} `,
        state.padEnd(11),
        joinHostPort(connection.clientAddress, connection.clientPort).padEnd(18),
        joinHostPort(virtual.address, virtual.port).padEnd(18),
        real.text.padEnd(16),
      ].join(' '),
    )
  }
  return `${lines.join('\n')}\n`
}
