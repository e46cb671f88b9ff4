import type { Packet } from '../../../worker/network/protocol.ts'

/** A header as the card shows it. Values are '' where the packet has none. */
export interface HeaderRow {
  readonly name: HeaderName
  readonly before: string
  readonly after: string
  readonly changed: boolean
}

export const HEADERS = [
  'outerSource',
  'outerDestination',
  'tunnel',
  'sourceMac',
  'destinationMac',
  'source',
  'destination',
  'protocol',
  'sourcePort',
  'destinationPort',
  'flags',
  'icmp',
  'ttl',
  'length',
  'mark',
] as const
export type HeaderName = (typeof HEADERS)[number]

/** The headers that one of the two has, outermost first. */
export function headerRows(before: Packet, after: Packet): readonly HeaderRow[] {
  return HEADERS.map((name) => {
    const [old, fresh] = [headerText(before, name), headerText(after, name)]
    return { name, before: old, after: fresh, changed: old !== fresh }
  }).filter(({ before: old, after: fresh }) => old !== '' || fresh !== '')
}

/** Names of the headers that differ. */
export function changedHeaders(before: Packet, after: Packet): readonly HeaderName[] {
  if (before === after) return []
  return HEADERS.filter((name) => headerText(before, name) !== headerText(after, name))
}

function headerText(packet: Packet, name: HeaderName): string {
  const { outer, icmp } = packet
  switch (name) {
    case 'outerSource':
      return outer?.source ?? ''
    case 'outerDestination':
      return outer ? (outer.port === undefined ? outer.destination : `${outer.destination}:${outer.port}`) : ''
    case 'tunnel':
      return outer ? (outer.vni === undefined ? outer.kind : `${outer.kind} ${outer.vni}`) : ''
    case 'sourcePort':
    case 'destinationPort':
      return packet[name] === 0 ? '' : String(packet[name])
    case 'flags':
      return packet.flags === undefined ? '' : FLAGS[packet.flags]
    case 'icmp':
      return icmp ? [icmp.type, icmp.code, icmp.mtu && `mtu ${icmp.mtu}`].filter(Boolean).join(' ') : ''
    case 'ttl':
    case 'length':
      return String(packet[name])
    case 'mark':
      return packet.mark === 0 ? '' : `0x${packet.mark.toString(16)}`
    case 'sourceMac':
    case 'destinationMac':
      return packet[name] ?? ''
    case 'source':
    case 'destination':
    case 'protocol':
      return packet[name]
  }
}

const FLAGS: { readonly [flags in NonNullable<Packet['flags']>]: string } = {
  S: 'SYN',
  'S.': 'SYN, ACK',
  '.': 'ACK',
  'P.': 'PSH, ACK',
  'F.': 'FIN, ACK',
  R: 'RST',
  'R.': 'RST, ACK',
}

export function withPort(address: string, port: number): string {
  if (port === 0) return address
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}
