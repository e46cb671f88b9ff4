/** dnat, snat, masquerade and redirect: what they decide for a connection. */
import { decideNat, manipAt, type NatRange } from '../conntrack/nat.ts'
import type { Hook } from '../netfilter/hooks.ts'
import { isIPv6 } from '../packet.ts'
import { evaluate, type Passage } from './evaluate.ts'
import type { NatStatement } from './expression.ts'

/** What became of it: a text for the record, 'full' when no port is left, undefined when it says nothing for this packet. */
export function applyNat(statement: NatStatement, hook: Hook, passage: Passage): { readonly text: string } | 'full' | undefined {
  const { flight, environment, nftables } = passage
  const { connection } = flight
  if (!connection) return undefined
  const range = rangeOf(statement, hook, passage)
  if (!range) return undefined
  const manip = manipAt(hook)
  if (!decideNat(nftables.conntrack, connection, manip, range, () => environment.random())) return 'full'
  const { reply } = connection
  const target = manip === 'source' ? show(reply.destination, reply.destinationPort) : show(reply.source, reply.sourcePort)
  return { text: `${statement.kind.toUpperCase()} ${target}` }
}

function rangeOf(statement: NatStatement, hook: Hook, passage: Passage): NatRange | undefined {
  const { flight, environment } = passage
  const [address, mappedPort] = statement.address ? (evaluate(statement.address, passage) ?? []) : []
  if (statement.address && address === undefined) return undefined
  const ports = portRange(mappedPort ?? (statement.port ? evaluate(statement.port, passage)?.[0] : undefined))
  const [first, last] = (address ?? '').split('-')
  const options = {
    ...(ports ? { ports } : {}),
    random: statement.flags.includes('random'),
    randomFully: statement.flags.includes('fully-random'),
  }
  if (address !== undefined) return { from: first ?? '', ...(last === undefined ? {} : { to: last }), ...options }
  switch (statement.kind) {
    case 'dnat':
      return { from: flight.packet.destination, ...options }
    case 'redirect':
      return { from: ownAddress(hook, passage), ...options }
    case 'snat':
      return { from: flight.packet.source, ...options }
    case 'masquerade':
      return { from: environment.sourceAddressFor(flight.outInterface, flight.packet.destination), ...options }
  }
}

function ownAddress(hook: Hook, { flight, environment }: Passage): string {
  if (hook === 'OUTPUT') return isIPv6(flight.packet.destination) ? '::1' : '127.0.0.1'
  return environment.sourceAddressFor(flight.inInterface, flight.packet.source)
}

function portRange(text: string | undefined): { readonly from: number; readonly to: number } | undefined {
  if (text === undefined) return undefined
  const [from = '0', to = from] = text.split('-')
  return { from: Number(from), to: Number(to) }
}

function show(address: string, port: number): string {
  if (port === 0) return address
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`
}
