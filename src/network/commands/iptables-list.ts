/** What `iptables -L` and `-S` print. */
import { targetCode, matchCode } from '../netfilter/extensions/registry.ts'
import { references } from '../netfilter/edit.ts'
import type { IptablesCommand } from '../netfilter/command-line.ts'
import { printRule } from '../netfilter/print.ts'
import type { CidrMatch, NameMatch, Rule } from '../netfilter/rule.ts'
import { orderedChains, type Chain, type Chains } from '../netfilter/tables.ts'
import { protocolNumber } from '../netfilter/values.ts'

/** From /etc/hosts and /etc/networks. */
const NAMES: { readonly [cidr: string]: string } = {
  '127.0.0.1/32': 'localhost',
  '127.0.0.0/8': 'loopback/8',
  '169.254.0.0/16': 'link-local/16',
  '::1/128': 'localhost',
}

/** `iptables -L [chain [number]]`. */
export function listChains(chains: Chains, command: IptablesCommand, family: 4 | 6): string[] {
  const { chain: name, number } = command
  const shown = orderedChains(command.table, chains).filter((chain) => name === undefined || chain.name === name)
  if (number !== undefined) return shown.flatMap((chain) => listRule(chain, number - 1, command, family))
  const used = references(chains)
  return shown.flatMap((chain, i) => [
    ...(i === 0 ? [] : ['']),
    title(used, chain, command),
    header(command),
    ...chain.rules.flatMap((_, index) => listRule(chain, index, command, family)),
  ])
}

function title(used: ReadonlyMap<string, number>, chain: Chain, { verbose, exact }: IptablesCommand): string {
  if (chain.policy === undefined) return `Chain ${chain.name} (${used.get(chain.name) ?? 0} references)`
  const counts = verbose ? ` ${amount(chain.packets, exact)} packets, ${amount(chain.bytes, exact)} bytes` : ''
  return `Chain ${chain.name} (policy ${chain.policy}${counts})`
}

function header({ verbose, exact, lineNumbers }: IptablesCommand): string {
  const counts = verbose ? (exact ? '    pkts      bytes ' : ' pkts bytes ') : ''
  const devices = verbose ? ' in     out    ' : ''
  return `${lineNumbers ? 'num  ' : ''}${counts}target     prot opt${devices} source               destination         `
}

function listRule(chain: Chain, index: number, command: IptablesCommand, family: 4 | 6): string[] {
  const rule = chain.rules[index]
  if (!rule) return []
  const { verbose, exact, numeric } = command
  const { packets, bytes } = chain.counters(index)
  const width = exact ? 8 : 5
  const counts = verbose ? `${amount(packets, exact).padStart(width)} ${amount(bytes, exact).padStart(width)} ` : ''
  const devices = verbose
    ? ` ${device(rule.inInterface, numeric).padEnd(6)} ${device(rule.outInterface, numeric).padEnd(6)} `
    : ''
  const { protocol, fragments } = rule
  return [
    (command.lineNumbers ? `${String(index + 1).padEnd(4)} ` : '') +
      counts +
      `${targetName(rule).padEnd(9)} ${protocol?.inverted ? '!' : ' '}${protocolName(protocol, numeric).padEnd(4)} ` +
      `${fragments === undefined ? '--' : fragments ? '!f' : '-f'} ` +
      devices +
      `${address(rule.source, numeric, family)}${address(rule.destination, numeric, family)}` +
      details(rule, numeric),
  ]
}

/** 12345678 as '12M' where there is little room. */
function amount(value: number, exact: boolean): string {
  if (exact || value <= 99_999) return String(value)
  for (const [i, unit] of ['K', 'M', 'G', 'T'].entries()) {
    const scaled = Math.round(value / 1000 ** (i + 1))
    if (scaled <= 9999 || unit === 'T') return `${scaled}${unit}`
  }
  return String(value)
}

function targetName({ target }: Rule): string {
  if (target.kind === 'jump' || target.kind === 'goto') return target.chain
  if (target.kind === 'NOTRACK') return 'CT'
  return target.kind === 'none' ? '' : target.kind
}

function protocolName(match: NameMatch | undefined, numeric: boolean): string {
  if (!numeric) return match?.name ?? 'all'
  return match ? String(protocolNumber(match.name)) : '0'
}

function device(match: NameMatch | undefined, numeric: boolean): string {
  return match ? `${match.inverted ? '!' : ''}${match.name}` : numeric ? '*' : 'any'
}

function shownAddress(match: CidrMatch | undefined, numeric: boolean, family: 4 | 6): string {
  if (!match) return numeric ? (family === 4 ? '0.0.0.0/0' : '::/0') : 'anywhere'
  const name = numeric ? undefined : NAMES[match.cidr]
  return name ?? match.cidr.replace(family === 4 ? /\/32$/ : /\/128$/, '')
}

function address(match: CidrMatch | undefined, numeric: boolean, family: 4 | 6): string {
  return `${match?.inverted ? '!' : ' '}${shownAddress(match, numeric, family).padEnd(19)} `
}

/** What extensions say, each after a space. */
function details(rule: Rule, numeric: boolean): string {
  const target = targetCode(rule.target)
  const texts = [
    ...rule.matches.map((match) => matchCode(match).list(match, numeric)),
    ...(target ? [target.code.list(target.target, numeric)] : []),
  ]
  return (rule.target.kind === 'goto' ? '[goto] ' : '') + texts.flatMap((text) => (text === '' ? [] : [` ${text}`])).join('')
}

/** What `-v` says of a rule that is added, deleted or checked. */
export function echoRule(rule: Rule, family: 4 | 6): string {
  const { protocol, source, destination, fragments } = rule
  return (
    `${targetName(rule)} ${protocol?.inverted ? '!' : ' '}${protocolName(protocol, false)} ` +
    `opt ${fragments === undefined ? '--' : fragments ? '!f' : '-f'} ` +
    `in ${device(rule.inInterface, true)} out ${device(rule.outInterface, true)} ` +
    `${source?.inverted ? '!' : ' '}${shownAddress(source, true, family)} ` +
    `${destination?.inverted ? '!' : ' '}-> ${shownAddress(destination, true, family)}  ${details(rule, true)}`
  )
}

/** `iptables -S [chain [number]]`. */
export function listRules(chains: Chains, { table, chain: name, number, verbose }: IptablesCommand): string[] {
  const shown = orderedChains(table, chains).filter((chain) => name === undefined || chain.name === name)
  const heads = shown.map((chain) => {
    const counts = verbose ? ` -c ${chain.packets} ${chain.bytes}` : ''
    return chain.policy === undefined ? `-N ${chain.name}` : `-P ${chain.name} ${chain.policy}${counts}`
  })
  const rules = shown.flatMap((chain) =>
    chain.rules.flatMap((rule, index) => {
      if (number !== undefined && index !== number - 1) return []
      const { packets, bytes } = chain.counters(index)
      return [`-A ${chain.name}${printRule(rule, verbose ? ` -c ${packets} ${bytes}` : '')}`]
    }),
  )
  return number === undefined ? [...heads, ...rules] : rules
}
