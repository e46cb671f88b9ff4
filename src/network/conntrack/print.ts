import type { Connection, Tuple } from './conntrack.ts'
import { protocolNumber } from '../netfilter/values.ts'

/** One line of `conntrack -L`: 'tcp      6 86395 ESTABLISHED src=10.244.1.5 …'. */
export function printConnection(connection: Connection, nowMs: number): string {
  const { original, reply, tcpState, unreplied, assured, mark } = connection
  const name = original.protocol
  const seconds = Math.max(0, Math.floor((connection.expiresMs - nowMs) / 1000))
  return (
    `${name.padEnd(8)} ${protocolNumber(name)} ${seconds} ${tcpState === '' ? '' : `${tcpState} `}` +
    `${printTuple(original)} ${unreplied ? '[UNREPLIED] ' : ''}${printTuple(reply)} ` +
    `${assured ? '[ASSURED] ' : ''}mark=${mark} use=1`
  )
}

function printTuple({ source, destination, protocol, sourcePort, destinationPort, echo }: Tuple): string {
  const ends = `src=${source} dst=${destination}`
  if (echo === undefined) return `${ends} sport=${sourcePort} dport=${destinationPort}`
  const request = protocol === 'icmp' ? 8 : 128
  const answer = protocol === 'icmp' ? 0 : 129
  return `${ends} type=${echo === 'request' ? request : answer} code=0 id=${sourcePort}`
}
