/** Tables as text: what iptables-save prints. */
import { printRule } from './print.ts'
import type { TableName } from './rule.ts'
import { orderedChains, type IptablesTables } from './tables.ts'

/** The lines of one table, from '*nat' to 'COMMIT'. */
export function saveTable(tables: IptablesTables, table: TableName, counters = false): string[] {
  const lines = [`*${table}`]
  const chains = orderedChains(table, tables.table(table))
  for (const chain of chains) lines.push(`:${chain.name} ${chain.policy ?? '-'} [${chain.packets}:${chain.bytes}]`)
  for (const chain of chains) {
    chain.rules.forEach((rule, index) => {
      const { packets, bytes } = chain.counters(index)
      lines.push(`${counters ? `[${packets}:${bytes}] ` : ''}-A ${chain.name}${printRule(rule)}`)
    })
  }
  lines.push('COMMIT')
  return lines
}
