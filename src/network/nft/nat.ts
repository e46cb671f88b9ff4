/** dnat, snat, masquerade and redirect: what they translate to. */
import type { Flight, Hook } from '../netfilter/hooks.ts'
import { isIPv6 } from '../packet.ts'
import { evaluate, type Passage } from './evaluate.ts'
import type { NatStatement } from './expression.ts'
import { translateDestination, translateSource } from './translate.ts'

/** Whether NAT chains see the packet: only the first of a connection, and only until one has decided. */
export function mayTranslate({ connection, direction, state }: Flight, hook: Hook): boolean {
  if (!connection || direction !== 'original' || (state !== 'NEW' && state !== 'RELATED')) return false
  return hook === 'PREROUTING' || hook === 'OUTPUT' ? !connection.dnatDone : !connection.snatDone
}

/** Translates the packet; gives what it did, or undefined when the statement says nothing for this packet. */
export function applyNat(statement: NatStatement, hook: Hook, passage: Passage): string | undefined {
  const { flight, environment } = passage
  if (!flight.connection) return undefined
  const [address, mappedPort] = statement.address ? (evaluate(statement.address, passage) ?? [undefined]) : []
  if (statement.address && address === undefined) return undefined
  const portText = mappedPort ?? (statement.port ? evaluate(statement.port, passage)?.[0] : undefined)
  const isRandom = statement.flags.includes('fully-random') || statement.flags.includes('random')
  const ports = portRange(portText)
  const { packet } = flight
  switch (statement.kind) {
    case 'dnat':
      translateDestination(flight, address ?? packet.destination, ports, environment)
      return `DNAT ${show(flight.packet.destination, flight.packet.destinationPort)}`
    case 'redirect':
      translateDestination(flight, ownAddress(hook, passage), ports, environment)
      return `REDIRECT ${show(flight.packet.destination, flight.packet.destinationPort)}`
    default: {
      const source = address ?? environment.sourceAddressFor(flight.outInterface, packet.destination)
      translateSource(flight, source, ports, isRandom, environment)
      return `${statement.kind === 'snat' ? 'SNAT' : 'MASQUERADE'} ${show(flight.packet.source, flight.packet.sourcePort)}`
    }
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
