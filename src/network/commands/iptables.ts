/** iptables and ip6tables. */
import type { Netns } from '../link/netns.ts'
import { parseCommand, type IptablesCommand } from '../netfilter/command-line.ts'
import { edit, EditError } from '../netfilter/edit.ts'
import { installed, type NetfilterParts } from '../netfilter/install.ts'
import { UsageError } from '../netfilter/options.ts'
import { freshTable, orderedChains, type Chains, type IptablesTables } from '../netfilter/tables.ts'
import type { CommandOutput, NodeCommand } from './command.ts'
import { echoRule, listChains, listRules } from './iptables-list.ts'
import { failed, ok } from './output.ts'

export const VERSION = 'v1.8.9 (nf_tables)'

const HELP = `
Usage: NAME -[ACD] chain rule-specification [options]
       NAME -I chain [rulenum] rule-specification [options]
       NAME -R chain rulenum rule-specification [options]
       NAME -D chain rulenum [options]
       NAME -[LS] [chain [rulenum]] [options]
       NAME -[FZ] [chain] [options]
       NAME -[NX] chain
       NAME -E old-chain-name new-chain-name
       NAME -P chain target [options]
       NAME -h (print this help information)
`

/** The tables of a namespace that a command's name stands for. */
export function tablesOf(parts: NetfilterParts, family: 4 | 6): IptablesTables {
  return family === 4 ? parts.iptables : parts.ip6tables
}

/** What iptables says of a command line that it does not take. */
export function refusal(name: string, error: UsageError | EditError): CommandOutput {
  if (error instanceof EditError && error.exitCode === 1) return failed(`${name}: ${error.message}`, 1)
  if (error instanceof EditError && error.exitCode === 4) return failed(`${name} ${VERSION}:  ${error.message}`, 4)
  const isBare = error instanceof UsageError && error.bare
  const text = isBare ? error.message : `${name} ${VERSION}: ${error.message}`
  const hasHelp = error instanceof EditError || error.help
  return {
    stdout: '',
    stderr: `${text}\n${hasHelp ? `Try \`${name} -h' or '${name} --help' for more information.\n` : ''}`,
    exitCode: error.exitCode,
  }
}

function command(family: 4 | 6): NodeCommand {
  return (netns, argv) => {
    const name = family === 4 ? 'iptables' : 'ip6tables'
    try {
      return run(netns, parseCommand(argv.slice(1), family), name, family)
    } catch (error) {
      if (error instanceof UsageError || error instanceof EditError) return refusal(name, error)
      throw error
    }
  }
}

function run(netns: Netns, parsed: IptablesCommand, name: string, family: 4 | 6): CommandOutput {
  const { verb, table } = parsed
  if (verb === 'V') return ok(`${name} ${VERSION}`)
  if (verb === 'h') return ok(`${name} ${VERSION}\n${HELP.replaceAll('NAME', name)}`)
  const tables = tablesOf(installed(netns), family)
  const chains = tables.existing(table) ?? freshTable(table)
  if (verb === 'L' || verb === 'S') return list(chains, parsed, name, family)
  const text = parsed.verbose ? echo(chains, parsed, family) : []
  const changed = verb === 'C' ? chains : new Map([...chains].map(([key, chain]) => [key, chain.copy()]))
  edit(changed, parsed, (set) => tables.hasSet(set))
  if (verb !== 'C' && (tables.existing(table) || (verb !== 'F' && verb !== 'Z'))) tables.setTable(table, changed)
  return ok(text.map((line) => `${line}\n`).join(''))
}

function list(chains: Chains, parsed: IptablesCommand, name: string, family: 4 | 6): CommandOutput {
  const { chain, table } = parsed
  if (chain !== undefined && !chains.has(chain)) {
    return failed(`${name} ${VERSION}: chain \`${chain}' in table \`${table}' is incompatible, use 'nft' tool.`, 1)
  }
  const lines = parsed.verb === 'L' ? listChains(chains, parsed, family) : listRules(chains, parsed)
  if (parsed.zero) for (const each of chains.values()) if (chain === undefined || each.name === chain) each.zero()
  return ok(lines.map((line) => `${line}\n`).join(''))
}

/** What -v tells. */
function echo(chains: Chains, { verb, table, chain, parsed, number }: IptablesCommand, family: 4 | 6): string[] {
  const names = chain === undefined ? orderedChains(table, chains).map((each) => each.name) : [chain]
  if (verb === 'F') return names.map((name) => `Flushing chain \`${name}'`)
  if (verb === 'Z') return names.filter((name) => chains.get(name)?.rules.length).map((name) => `Zeroing chain \`${name}'`)
  if (verb === 'X')
    return names.filter((name) => chains.get(name)?.policy === undefined).map((name) => `Deleting chain \`${name}'`)
  if (verb === 'D' && number !== undefined) return []
  return verb === 'A' || verb === 'I' || verb === 'R' || verb === 'D' || verb === 'C'
    ? parsed.rules.map((rule) => echoRule(rule, family))
    : []
}

export const iptables = command(4)
export const ip6tables = command(6)
