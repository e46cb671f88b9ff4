/** What iptables' commands do to the chains of a table. */
import type { IptablesCommand } from './command-line.ts'
import { MISSING_TARGETS } from './extensions/registry.ts'
import { UsageError } from './options.ts'
import { printRule } from './print.ts'
import type { Rule, TableName } from './rule.ts'
import { Chain, CHAINS_OF, orderedChains, type Chains } from './tables.ts'

/** Something that the kernel or iptables refused. */
export class EditError extends Error {
  /** 1: said in iptables' words ('No chain/target/match by that name.'); 4: the kernel's ('RULE_APPEND failed …'); 2: wrong usage. */
  readonly exitCode: 1 | 2 | 4

  constructor(message: string, exitCode: 1 | 2 | 4 = 1) {
    super(message)
    this.exitCode = exitCode
  }
}

const NO_CHAIN = 'No chain/target/match by that name.'
const BAD_RULE = 'Bad rule (does a matching rule exist in that chain?).'

/** Carries out a changing command (or -C). Throws EditError and leaves the chains as they were. */
export function edit(chains: Chains, command: IptablesCommand, hasSet: (name: string) => boolean): void {
  const { verb, chain: name, parsed } = command
  checkSets(parsed.rules, hasSet)
  if (verb === 'N') return newChain(chains, name ?? '')
  if (verb === 'X') return deleteChains(chains, command)
  if (verb === 'E') return rename(chains, name ?? '', command.word ?? '')
  if (verb === 'P') return setPolicy(chains, command)
  if (verb === 'F' || verb === 'Z') return everyChain(chains, command)
  const chain = chains.get(name ?? '')
  if (verb === 'D' || verb === 'C') return removeOrCheck(chain, command)
  if (!chain) throw new EditError(NO_CHAIN)
  for (const rule of parsed.rules)
    checkRule(chains, command.table, chain, rule, verb === 'R' ? 'REPLACE' : verb === 'I' ? 'INSERT' : 'APPEND')
  if (verb === 'A') chain.splice(chain.rules.length, 0, ...parsed.rules)
  if (verb === 'I') insert(chain, command)
  if (verb === 'R') replace(chain, command)
  if (parsed.counters) {
    const first = verb === 'A' ? chain.rules.length - parsed.rules.length : (command.number ?? 1) - 1
    parsed.rules.forEach((_, i) => chain.count(first + i, parsed.counters?.packets ?? 0, parsed.counters?.bytes ?? 0))
  }
}

function insert(chain: Chain, { number = 1, parsed }: IptablesCommand): void {
  if (number > chain.rules.length + 1) throw new EditError('Index of insertion too big.')
  chain.splice(number - 1, 0, ...parsed.rules)
}

function replace(chain: Chain, { number = 1, parsed }: IptablesCommand): void {
  if (number > chain.rules.length) throw new EditError('Index of replacement too big.')
  if (parsed.rules.length > 1) throw new EditError('Replacement rule does not specify a unique address', 2)
  chain.splice(number - 1, 1, ...parsed.rules)
}

function removeOrCheck(chain: Chain | undefined, { verb, number, parsed }: IptablesCommand): void {
  if (number !== undefined) {
    if (!chain) throw new EditError(NO_CHAIN)
    if (number > chain.rules.length) throw new EditError('Index of deletion too big.')
    chain.splice(number - 1, 1)
    return
  }
  if (!chain) throw new EditError(BAD_RULE)
  for (const rule of parsed.rules) {
    const text = printRule(rule)
    const index = chain.rules.findIndex((other) => other === rule || printRule(other) === text)
    if (index === -1) throw new EditError(BAD_RULE)
    if (verb === 'D') chain.splice(index, 1)
  }
}

function newChain(chains: Chains, name: string): void {
  if (chains.has(name)) throw new EditError('Chain already exists.')
  chains.set(name, new Chain(name))
}

/** How many rules jump or go to each chain that any leads to. */
export function references(chains: Chains): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { rules } of chains.values()) {
    for (const rule of rules) {
      const name = targetChain(rule)
      if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1)
    }
  }
  return counts
}

function targetChain({ target }: Rule): string | undefined {
  return target.kind === 'jump' || target.kind === 'goto' ? target.chain : undefined
}

function deleteChains(chains: Chains, command: IptablesCommand): void {
  const counts = references(chains)
  const busy = (name: string) => new EditError(`CHAIN_DEL failed (Device or resource busy): chain ${name}`, 4)
  if (command.chain === undefined) {
    const own = orderedChains(command.table, chains).filter((chain) => chain.policy === undefined)
    const held = own.findLast((chain) => chain.rules.length > 0 || counts.has(chain.name))
    if (held) throw busy(held.name)
    for (const { name } of own) chains.delete(name)
    return
  }
  const chain = chains.get(command.chain)
  if (!chain) throw new EditError(NO_CHAIN)
  if (chain.policy !== undefined || chain.rules.length > 0 || counts.has(chain.name)) throw busy(chain.name)
  chains.delete(chain.name)
}

function rename(chains: Chains, from: string, to: string): void {
  const chain = chains.get(from)
  if (!chain || chain.policy !== undefined) throw new EditError(NO_CHAIN)
  if (chains.has(to)) throw new EditError('File exists.')
  chains.delete(from)
  chains.set(to, chain.copy(to))
  for (const other of chains.values()) {
    if (!other.rules.some((rule) => targetChain(rule) === from)) continue
    other.rules.forEach((rule, index) => {
      const { target } = rule
      if (target.kind !== 'jump' && target.kind !== 'goto') return
      if (target.chain === from) other.splice(index, 1, { ...rule, target: { ...target, chain: to } })
    })
  }
}

function setPolicy(chains: Chains, { table, chain: name = '', word }: IptablesCommand): void {
  if (!CHAINS_OF[table].some((hook) => hook === name)) throw new EditError('Bad built-in chain name.')
  const chain = chains.get(name)
  if (word !== 'ACCEPT' && word !== 'DROP') throw new EditError("Bad policy name. Run `dmesg' for more information.")
  if (chain) chain.policy = word
}

function everyChain(chains: Chains, { verb, chain: name, number }: IptablesCommand): void {
  if (name !== undefined && !chains.has(name)) throw new EditError(NO_CHAIN)
  for (const chain of chains.values()) {
    if (name !== undefined && chain.name !== name) continue
    if (verb === 'F') chain.setRules([])
    else if (number === undefined) chain.zero()
    else if (number <= chain.rules.length) chain.zero(number - 1)
  }
}

/** iptables looks sets up when it reads a rule. */
export function checkSets(rules: readonly Rule[], hasSet: (name: string) => boolean): void {
  for (const { matches } of rules) {
    const missing = matches.find((match) => match.kind === 'set' && !hasSet(match.set))
    if (missing?.kind === 'set') throw new UsageError(`Set ${missing.set} doesn't exist.\n`)
  }
}

/** Tables and hooks in which a target may stand. */
const PLACES: {
  readonly [target: string]: { readonly table?: TableName; readonly hooks?: readonly string[]; readonly protocol?: string }
} = {
  DNAT: { table: 'nat', hooks: ['PREROUTING', 'OUTPUT'] },
  REDIRECT: { table: 'nat', hooks: ['PREROUTING', 'OUTPUT'] },
  SNAT: { table: 'nat', hooks: ['POSTROUTING', 'INPUT'] },
  MASQUERADE: { table: 'nat', hooks: ['POSTROUTING'] },
  NETMAP: { table: 'nat' },
  REJECT: { table: 'filter' },
  CT: { table: 'raw' },
  NOTRACK: { table: 'raw' },
  TTL: { table: 'mangle' },
  HL: { table: 'mangle' },
  TCPMSS: { protocol: 'tcp' },
}

/** What iptables and the kernel refuse in a rule that can be read. */
export function checkRule(
  chains: Chains,
  table: TableName,
  chain: Chain,
  rule: Rule,
  action: 'APPEND' | 'INSERT' | 'REPLACE',
): void {
  const refuse = (why: string) => new EditError(`RULE_${action} failed (${why}): rule in chain ${chain.name}`, 4)
  const to = targetChain(rule)
  if (to !== undefined) {
    const aim = chains.get(to)
    if (aim?.policy !== undefined) throw refuse('Operation not supported')
    if (!aim)
      throw MISSING_TARGETS.includes(to) ? refuse('No such file or directory') : new EditError(`Chain '${to}' does not exist`, 2)
    if (reaches(chains, to, chain.name) || (chain.policy !== undefined && loops(chains, to))) throw refuse('Too many links')
    return
  }
  const place = PLACES[rule.target.kind]
  if (place?.table !== undefined && place.table !== table) throw refuse('Invalid argument')
  if (place?.hooks && chain.policy !== undefined && !place.hooks.includes(chain.name)) throw refuse('Invalid argument')
  const protocol = rule.protocol && !rule.protocol.inverted ? rule.protocol.name : ''
  if (place?.protocol !== undefined && place.protocol !== protocol) throw refuse('Invalid argument')
  if (rule.target.kind === 'REJECT' && rule.target.rejectWith === 'tcp-reset' && protocol !== 'tcp')
    throw refuse('Invalid argument')
  if (rule.target.kind === 'CT' && !rule.target.notrack && rule.target.zone === undefined && table !== 'raw')
    throw refuse('Invalid argument')
  for (const match of rule.matches) {
    if ((match.kind === 'tcp' || match.kind === 'udp' || match.kind === 'sctp') && match.kind !== protocol)
      throw refuse('Invalid argument')
    if (match.kind === 'recent' && match.action === 'set' && match.seconds !== undefined) throw refuse('Invalid argument')
    if (match.kind === 'recent' && match.name.includes('/')) throw refuse('Invalid argument')
  }
}

/** Whether following jumps from `from` leads to `to`. A user chain may jump to itself as long as no built-in one leads there. */
function reaches(chains: Chains, from: string, to: string): boolean {
  if (
    chains.get(to)?.policy === undefined &&
    ![...chains.values()].some((chain) => chain.policy !== undefined && leadsTo(chains, chain.name, to))
  ) {
    return false
  }
  return from === to || leadsTo(chains, from, to)
}

function leadsTo(chains: Chains, from: string, to: string, seen = new Set<string>()): boolean {
  for (const rule of chains.get(from)?.rules ?? []) {
    const next = targetChain(rule)
    if (next === undefined || seen.has(next)) continue
    if (next === to) return true
    seen.add(next)
    if (leadsTo(chains, next, to, seen)) return true
  }
  return false
}

function loops(chains: Chains, from: string): boolean {
  const open = new Set<string>()
  const done = new Set<string>()
  const visit = (name: string): boolean => {
    if (open.has(name)) return true
    if (done.has(name)) return false
    open.add(name)
    const found = (chains.get(name)?.rules ?? []).some((rule) => {
      const next = targetChain(rule)
      return next !== undefined && visit(next)
    })
    open.delete(name)
    done.add(name)
    return found
  }
  return visit(from)
}
