import { fromNumber, toNumber } from '../address.ts'
import { newConnection } from './conntrack.ts'
import type { ConntrackTable } from './table.ts'

/** Flood of clients: 198.18.0.0/15 is set aside for tests of load (RFC 2544). */
const FIRST_CLIENT = toNumber('198.18.0.1')
const LIFETIME_MS = 432_000_000

/** Fills the table to its limit with connections that are open and silent, as a flood of clients that never close would. */
export function fillTable(table: ConntrackTable, server: string): void {
  const now = table.now()
  // What was never answered gives way first.
  for (const connection of table.list()) if (!connection.assured) table.delete(connection)
  const wanted = table.max - table.size
  for (let i = 0; i < wanted; i++) {
    const source = fromNumber(FIRST_CLIENT + i)
    const connection = newConnection(
      { source, destination: server, protocol: 'tcp', sourcePort: 50_000, destinationPort: 80 },
      now,
    )
    connection.tcpState = 'ESTABLISHED'
    connection.unreplied = false
    connection.assured = true
    connection.expiresMs = now + LIFETIME_MS
    table.insert(connection)
  }
}
