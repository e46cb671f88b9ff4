/** Where in a chain a command puts, replaces or deletes a rule. */
import type { ChangeVerb, Position } from './command.ts'
import { NftError, type Span } from './errors.ts'
import type { NftRule } from './expression.ts'
import type { Nftables } from './nftables.ts'
import { inOrder, type Table } from './ruleset.ts'

interface Edited {
  readonly rules: readonly NftRule[]
  readonly replaced?: NftRule
}

export function editRules(
  rules: readonly NftRule[],
  { rule, at }: { readonly rule?: NftRule; readonly at: Span },
  position: Position | undefined,
  verb: ChangeVerb,
  numberOf: (rule: NftRule) => number,
): Edited {
  let index = verb === 'insert' ? 0 : rules.length
  if (position) {
    index = position.kind === 'index' ? position.value : rules.findIndex((each) => numberOf(each) === position.value)
    if (index < 0 || index >= rules.length) throw new NftError('Could not process rule: No such file or directory', position.at)
  }
  if (verb === 'delete' || verb === 'destroy') return { rules: rules.toSpliced(index, 1) }
  if (!rule) throw new NftError('syntax error, unexpected newline', at)
  const before = rules[index]
  if (verb === 'replace' && before) return { rules: rules.with(index, rule), replaced: before }
  const place = verb === 'insert' || !position ? index : index + 1
  return { rules: rules.toSpliced(place, 0, rule) }
}

/** Gives numbers to all objects of a table, in the order of its listing. */
export function numberTable({ handles }: Nftables, table: Table): void {
  handles.table(table)
  const sets = inOrder(table.sets.values())
  for (const set of [...sets.filter((each) => !each.dataTypes), ...sets.filter((each) => each.dataTypes)]) handles.set(table, set)
  for (const chain of inOrder(table.chains.values())) {
    handles.chain(table, chain)
    for (const rule of chain.rules) handles.rule(table, rule)
  }
}
