/** What in a table names what: chains that rules and elements go to, sets that rules look into. */
import type { Element, Expression, NftRule, Statement, Value, Verdict } from './expression.ts'
import type { Chain, Table } from './ruleset.ts'

/** A part of a rule that names a chain or a set. */
export interface Reference {
  readonly kind: 'chain' | 'set'
  readonly name: string
  /** The part itself, for its place in the input. */
  readonly part: object
}

export function referencesOf(rule: NftRule): readonly Reference[] {
  return rule.statements.flatMap(ofStatement)
}

export function referencesOfElement({ data }: Element): readonly Reference[] {
  return data && 'verdict' in data ? ofVerdict(data.verdict) : []
}

function ofStatement(statement: Statement): readonly Reference[] {
  switch (statement.kind) {
    case 'match':
      return [...ofExpression(statement.left), ...ofValue(statement.right)]
    case 'verdict':
      return ofVerdict(statement.verdict)
    case 'vmap':
      return [...ofExpression(statement.key), ...ofValue(statement.map)]
    case 'mangle':
      return ofExpression(statement.value)
    case 'update':
      return [{ kind: 'set', name: statement.set, part: statement }]
    case 'dnat':
    case 'snat':
      return statement.address ? ofExpression(statement.address) : []
    default:
      return []
  }
}

function ofVerdict(verdict: Verdict): readonly Reference[] {
  return 'chain' in verdict ? [{ kind: 'chain', name: verdict.chain, part: verdict }] : []
}

function ofExpression(expression: Expression): readonly Reference[] {
  return expression.kind === 'map' ? [...ofExpression(expression.key), ...ofValue(expression.map)] : []
}

function ofValue(value: Value): readonly Reference[] {
  if (value.kind === 'set') return [{ kind: 'set', name: value.name, part: value }]
  return value.kind === 'anonymous' ? value.elements.flatMap(referencesOfElement) : []
}

/** Whether something in a table still needs a chain or set; its own rules don't count. */
export function isUsed(table: Table, kind: Reference['kind'], name: string): boolean {
  const wants = (references: readonly Reference[]) => references.some((each) => each.kind === kind && each.name === name)
  for (const chain of table.chains.values())
    if (!(kind === 'chain' && chain.name === name) && chain.rules.some((rule) => wants(referencesOf(rule)))) return true
  if (kind === 'set') return false
  for (const set of table.sets.values())
    if (set.dataTypes?.[0] === 'verdict')
      for (const element of set.elements.values()) if (wants(referencesOfElement(element))) return true
  return false
}

/** Whether a packet could come back to a chain that it is in. */
export function hasLoop(table: Table, from: Chain): boolean {
  const seen = new Set<string>()
  const visit = (references: readonly Reference[]): boolean =>
    references.some(({ kind, name }) => {
      if (kind === 'chain' && name === from.name) return true
      const key = `${kind} ${name}`
      if (seen.has(key)) return false
      seen.add(key)
      if (kind === 'chain') return visit((table.chains.get(name)?.rules ?? []).flatMap(referencesOf))
      return visit([...(table.sets.get(name)?.elements.values() ?? [])].flatMap(referencesOfElement))
    })
  return visit(from.rules.flatMap(referencesOf))
}
