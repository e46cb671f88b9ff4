/** iptables rules that daemons and plugins of the pod network keep in a machine. */
import type { Netns } from '../link/netns.ts'
import { parseCommand } from '../netfilter/command-line.ts'
import { edit, EditError } from '../netfilter/edit.ts'
import { netfilterOf } from '../netfilter/install.ts'
import { words } from '../netfilter/parse.ts'
import { restore } from '../netfilter/restore.ts'
import type { IptablesTables } from '../netfilter/tables.ts'

/** At which version of the tables a list of rules was found complete. */
const complete = new WeakMap<readonly string[], WeakMap<IptablesTables, number>>()

/**
 * Sees to it that rules are there: lines as for iptables-restore --noflush. When one is missing all are taken out and put
 * back, so that their order holds.
 */
export function ensureRules(netns: Netns, lines: readonly string[]): void {
  const tables = netfilterOf(netns)?.iptables
  if (!tables) return
  const known = complete.get(lines) ?? new WeakMap<IptablesTables, number>()
  complete.set(lines, known)
  if (known.get(tables) === tables.version) return
  const commands = rulesOf(lines)
  if (!commands.every((argv) => isThere(tables, argv))) {
    for (const argv of commands) tryEdit(tables, ['-D', ...argv])
    restore(tables, lines, { noflush: true })
  }
  known.set(tables, tables.version)
}

/** Takes rules out, and the chains that lines declare. What is not there is passed over. */
export function removeRules(netns: Netns, lines: readonly string[]): void {
  const tables = netfilterOf(netns)?.iptables
  if (!tables) return
  for (const argv of rulesOf(lines)) tryEdit(tables, ['-D', ...argv])
  for (const [table, chain] of chainsOf(lines)) tryEdit(tables, ['-X', chain, '-t', table])
}

/** Arguments behind -A, with their table: ['POSTROUTING', '-j', 'X', '-t', 'nat']. */
function rulesOf(lines: readonly string[]): readonly (readonly string[])[] {
  let table = 'filter'
  const found: string[][] = []
  for (const line of lines) {
    if (line.startsWith('*')) table = line.slice(1)
    else if (line.startsWith('-A ')) found.push([...words(line.slice(3)), '-t', table])
  }
  return found
}

function chainsOf(lines: readonly string[]): readonly (readonly [table: string, chain: string])[] {
  let table = 'filter'
  const found: [string, string][] = []
  for (const line of lines) {
    if (line.startsWith('*')) table = line.slice(1)
    else if (line.startsWith(':')) found.push([table, line.slice(1).split(' ')[0] ?? ''])
  }
  return found
}

function isThere(tables: IptablesTables, argv: readonly string[]): boolean {
  const command = parseCommand(['-C', ...argv], 4)
  try {
    edit(tables.table(command.table), command, (name) => tables.hasSet(name))
    return true
  } catch (error) {
    if (error instanceof EditError) return false
    throw error
  }
}

function tryEdit(tables: IptablesTables, argv: readonly string[]): void {
  const command = parseCommand(argv, 4)
  try {
    edit(tables.table(command.table), command, (name) => tables.hasSet(name))
    tables.changed()
  } catch (error) {
    if (!(error instanceof EditError)) throw error
  }
}
