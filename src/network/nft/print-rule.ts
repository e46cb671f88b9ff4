/** Rules as `nft list` prints them (nft 1.0.6). */
import type { Element, Expression, MapReference, NatStatement, NftRule, Statement, Value } from './expression.ts'
import { typesOf } from './expression.ts'
import { verdictText } from './ruleset.ts'
import { isBitField, printMark, printValue, sortNames, type DataType } from './values.ts'

const texts = new WeakMap<NftRule, string>()

/** A rule's text, comment included. Remembered: rules never change. */
export function printRule(rule: NftRule): string {
  let text = texts.get(rule)
  if (text === undefined) {
    text = rule.statements.map((statement) => printStatement(statement)).join(' ')
    if (rule.comment !== undefined) text += ` comment "${rule.comment}"`
    texts.set(rule, text)
  }
  return text
}

/** The same with what its counter has counted. */
export function printCountedRule(rule: NftRule, counted: { readonly packets: number; readonly bytes: number } | null): string {
  const text = rule.statements.map((statement) =>
    statement.kind === 'counter'
      ? counted
        ? `counter packets ${statement.packets + counted.packets} bytes ${statement.bytes + counted.bytes}`
        : 'counter'
      : printStatement(statement),
  )
  return text.join(' ') + (rule.comment === undefined ? '' : ` comment "${rule.comment}"`)
}

export function printStatement(statement: Statement): string {
  switch (statement.kind) {
    case 'match':
      return printMatch(statement.left, statement.comparison, statement.right)
    case 'verdict':
      return verdictText(statement.verdict)
    case 'vmap':
      return `${printExpression(statement.key)} vmap ${printMap(statement.map, typesOf(statement.key))}`
    case 'mangle':
      return `${printExpression(statement.target)} set ${printExpression(statement.value, typesOf(statement.target))}`
    case 'counter':
      return `counter packets ${statement.packets} bytes ${statement.bytes}`
    case 'reject':
      return statement.with === undefined ? 'reject' : `reject with ${printRejectWith(statement.with)}`
    case 'update':
      return printUpdate(statement)
    case 'notrack':
      return 'notrack'
    case 'limit':
      return `limit rate ${statement.over ? 'over ' : ''}${statement.rate}/${statement.unit}${statement.burst === 5 ? '' : ` burst ${statement.burst} packets`}`
    case 'log':
      return printLog(statement)
    default:
      return printNat(statement)
  }
}

function printLog({ prefix, level }: Statement & { kind: 'log' }): string {
  return `log${prefix === undefined ? '' : ` prefix "${prefix}"`}${level === undefined ? '' : ` level ${level}`}`
}

function printRejectWith(reject: NonNullable<(Statement & { kind: 'reject' })['with']>): string {
  return reject.kind === 'tcp reset' ? reject.kind : `${reject.kind} ${reject.code}`
}

function printUpdate(statement: Statement & { kind: 'update' }): string {
  const timeout = statement.timeoutMs === undefined ? '' : ` timeout ${statement.timeoutMs / 1000}s`
  return `${statement.operation} @${statement.set} { ${printExpression(statement.key)}${timeout} }`
}

function printNat(nat: NatStatement): string {
  let text: string = nat.kind
  if (nat.address) {
    if (nat.family !== undefined) text += ` ${nat.family}`
    const address = printExpression(nat.address)
    text += ` to ${nat.port && address.includes(':') ? `[${address}]` : address}`
  }
  if (nat.port) text += `${nat.address ? '' : ' to '}:${printExpression(nat.port)}`
  return nat.flags.length === 0 ? text : `${text} ${nat.flags.join(',')}`
}

function printMatch(left: Expression, comparison: string, right: Value): string {
  const types = typesOf(left)
  // Of '& mask' comparisons nft always says the operator.
  const operator = comparison === '==' ? (left.kind === 'binary' ? '== ' : '') : `${comparison} `
  return `${printExpression(left)} ${operator}${printOperand(right, types)}`
}

/** `types`: of the place that a constant stands in. */
function printExpression(expression: Expression, types: readonly DataType[] = ['integer']): string {
  switch (expression.kind) {
    case 'payload':
      return `${expression.header} ${expression.field}`
    case 'meta':
      return /^(iif|oif|skuid)/.test(expression.key) ? expression.key : `meta ${expression.key}`
    case 'ct':
      return `ct ${expression.key}`
    case 'fib':
      return `fib ${expression.of.join(' . ')} ${expression.result}`
    case 'numgen':
      return `numgen ${expression.mode} mod ${expression.modulus}${expression.offset === 0 ? '' : ` offset ${expression.offset}`}`
    case 'binary':
      return `${printExpression(expression.left)} ${expression.operator} ${printNumber(expression.right, typesOf(expression.left))}`
    case 'concat':
      return expression.parts.map((part) => printExpression(part)).join(' . ')
    case 'map':
      return `${printExpression(expression.key)} map ${printMap(expression.map, typesOf(expression.key))}`
    case 'constant':
      return printOperand(expression.value, types)
  }
}

function printNumber(text: string, [type]: readonly DataType[]): string {
  return type === 'mark' ? printMark(Number(text)) : text
}

/** Constants, with several key types for concatenations. */
function printOperand(value: Value, types: readonly DataType[]): string {
  const type = types[0] ?? 'integer'
  switch (value.kind) {
    case 'value':
      return printValue(type, value.text)
    case 'prefix':
      return value.cidr
    case 'range':
      return `${printValue(type, value.from)}-${printValue(type, value.to)}`
    case 'concat':
      return value.parts.map((part, i) => printOperand(part, [types[i] ?? 'integer'])).join(' . ')
    case 'list':
      return (isBitField(type) ? sortNames(type, value.values) : value.values).join(',')
    case 'set':
      return `@${value.name}`
    case 'anonymous':
      return `{ ${value.elements.map((element) => printElement(element, types)).join(', ')} }`
  }
}

function printMap(map: MapReference, types: readonly DataType[]): string {
  if (map.kind === 'set') return `@${map.name}`
  return `{ ${map.elements.map((element) => printElement(element, types)).join(', ')} }`
}

/** `extra`: what is told between key and comment ('timeout 1h expires 3s'). */
export function printElement(element: Element, types: readonly DataType[], extra = ''): string {
  let text = printOperand(element.key, types) + extra
  if (element.comment !== undefined) text += ` comment "${element.comment}"`
  if (element.data === undefined) return text
  const data = 'verdict' in element.data ? verdictText(element.data.verdict) : printOperand(element.data.value, ['integer'])
  return `${text} : ${data}`
}
