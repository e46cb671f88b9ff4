/**
 * What a validation rule may cost at most, from its form and the limits of its schema.
 * Source: k8s 1.36 cel/common/schemas.go, cel/library/cost.go, cel-go checker/cost.go. SIMPLIFIED: results of functions
 * count as no longer than what they were made of, and values of unknown size as one; nothing is counted while rules run.
 */
import { ParseError, type ASTNode } from '@marcbachmann/cel-js'
import type { JSONSchemaProps } from '../../apimachinery/generated/types.ts'
import { baseEnvironment } from './environment.ts'
import { escapedName } from './identifiers.ts'
import { withoutSugar } from './sugar.ts'

const isSchema = (value: unknown): value is JSONSchemaProps =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const MAX_REQUEST_BYTES = 3 * 1024 * 1024
const TRAVERSAL = 0.1
const REGEX = 0.25
const FORMAT_BYTES: { readonly [format: string]: number } = { duration: 32, date: 12, 'date-time': 44 }
const SMALLEST: { readonly [type: string]: number } = { string: 2, boolean: 4, number: 1, integer: 1, array: 2, object: 2 }

/** The least bytes that a value of the schema takes in JSON. */
function smallest(schema: JSONSchemaProps): number {
  if (schema['x-kubernetes-int-or-string']) return 1
  if (schema.type === 'string') return { date: 12, 'date-time': 21, duration: 3 }[schema.format ?? ''] ?? 2
  if (schema.type !== 'object' || isSchema(schema.additionalProperties)) return SMALLEST[schema.type ?? ''] ?? 1
  return (schema.required ?? []).reduce((sum, name) => {
    const property = schema.properties?.[name]
    return property && property.default === undefined ? sum + name.length + smallest(property) + 4 : sum
  }, 2)
}

/** The most elements, or bytes of text, that a value of the schema has. */
function largest(schema: JSONSchemaProps | undefined): number {
  if (!schema) return 1
  const { type, items, additionalProperties } = schema
  if (type === 'array')
    return schema.maxItems ?? Math.floor((MAX_REQUEST_BYTES - 2) / (isSchema(items) ? smallest(items) + 1 : 2))
  if (type === 'object' && isSchema(additionalProperties))
    return schema.maxProperties ?? Math.floor((MAX_REQUEST_BYTES - 2) / (smallest(additionalProperties) + 6))
  if (type !== 'string') return 1
  if (schema.format && FORMAT_BYTES[schema.format]) return FORMAT_BYTES[schema.format] ?? 1
  if (schema.maxLength !== undefined) return schema.maxLength * 4
  if (schema.enum) return Math.max(0, ...schema.enum.map((value) => String(value).length))
  return MAX_REQUEST_BYTES - 2
}

/** What is known of an expression's value. */
interface Estimate {
  readonly cost: number
  /** Elements of a list or map, bytes of a text. */
  readonly size: number
  readonly schema?: JSONSchemaProps | undefined
  /** Size of the elements, where there is no schema. */
  readonly item?: Estimate
}

type Names = ReadonlyMap<string, Estimate>

const flat = (cost: number, size = 1): Estimate => ({ cost, size })
const ofSchema = (cost: number, schema: JSONSchemaProps | undefined): Estimate => ({ cost, size: largest(schema), schema })
const total = (parts: readonly Estimate[]) => parts.reduce((sum, { cost }) => sum + cost, 0)

function field(schema: JSONSchemaProps | undefined, name: string): JSONSchemaProps | undefined {
  if (!schema) return undefined
  const key = Object.keys(schema.properties ?? {}).find((key) => escapedName(key) === name)
  if (key !== undefined) return schema.properties?.[key]
  return isSchema(schema.additionalProperties) ? schema.additionalProperties : undefined
}

function element({ schema, item }: Estimate): Estimate {
  if (item) return { ...item, cost: 1 }
  const { items, additionalProperties } = schema ?? {}
  return ofSchema(1, isSchema(items) ? items : isSchema(additionalProperties) ? additionalProperties : undefined)
}

/** Lists hand their elements to macros, maps their keys. */
function iterated(range: Estimate): Estimate {
  return range.schema?.type === 'object' ? flat(1, MAX_REQUEST_BYTES - 2) : element(range)
}

/** Cost of a round of the loop beside the predicate, and of the result. k8s 1.36: cel-go parser/macro.go. */
const LOOPS: { readonly [macro: string]: { readonly round: number; readonly end: number } } = {
  all: { round: 3, end: 1 },
  exists: { round: 4, end: 1 },
  exists_one: { round: 2, end: 2 },
  existsOne: { round: 2, end: 2 },
  filter: { round: 13, end: 1 },
  map: { round: 12, end: 1 },
}

const scanned = (size: number, factor = TRAVERSAL) => Math.ceil(size * factor)

function loop(name: string, target: Estimate, args: readonly ASTNode[], names: Names): Estimate | undefined {
  const [first, ...bodies] = args
  const shape = LOOPS[name]
  if (!shape || first?.op !== 'id' || bodies.length === 0) return undefined
  const inner = new Map([...names, [first.args, iterated(target)]])
  const parts = bodies.map((body) => estimate(body, inner))
  const cost = target.cost + target.size * (shape.round + total(parts)) + shape.end
  const last = parts.at(-1)
  if (name === 'map') return { cost, size: target.size, ...(last ? { item: last } : {}) }
  return name === 'filter' ? { ...target, cost } : flat(cost)
}

const LINEAR = new Set(['isSorted', 'sum', 'max', 'min', 'indexOf', 'lastIndexOf'])
const TEXTUAL = new Set([
  ...['url', 'isURL', 'lowerAscii', 'upperAscii', 'substring', 'trim', 'replace', 'split', 'join', 'quantity', 'isQuantity'],
  ...['cidr', 'isIP', 'isCIDR', 'ip', 'validate', 'format', 'reverse', 'semver', 'isSemver', 'int', 'double'],
])

function call(name: string, target: Estimate | undefined, args: readonly Estimate[]): Estimate {
  const parts = target ? [target, ...args] : args
  const [main = flat(0), other = flat(0)] = parts
  const cost = total(parts)
  if (name === 'size' || name === 'has') return flat(cost + 1)
  if (name === 'contains') return flat(cost + scanned(main.size) * scanned(other.size))
  if (name === 'startsWith' || name === 'endsWith') return flat(cost + scanned(other.size))
  if (name === 'matches' || name === 'find' || name === 'findAll')
    return flat(cost + scanned(main.size + 1) * Math.max(1, scanned(other.size, REGEX)), main.size)
  if (LINEAR.has(name)) return flat(cost + main.size)
  if (TEXTUAL.has(name)) return flat(cost + scanned(main.size), main.size)
  return flat(cost + 1, Math.max(main.size, other.size))
}

function binary(op: string, left: Estimate, right: Estimate): Estimate {
  const cost = left.cost + right.cost
  switch (op) {
    case '&&':
    case '||':
      return flat(cost)
    case '==':
    case '!=':
      return flat(cost + scanned(Math.min(left.size, right.size)))
    case 'in':
      return flat(cost + (right.schema?.type === 'object' ? 1 : right.size))
    case '+':
      return { ...left, cost: cost + Math.max(1, scanned(left.size + right.size)), size: left.size + right.size }
    default:
      return flat(cost + 1)
  }
}

/** Presence tests cost only their way there. */
function presence(node: ASTNode | undefined, names: Names): Estimate {
  return node?.op === '.' || node?.op === '.?' ? flat(estimate(node.args[0], names).cost) : flat(0)
}

function estimate(node: ASTNode, names: Names): Estimate {
  switch (node.op) {
    case 'value':
      return flat(0, typeof node.args === 'string' ? node.args.length : 1)
    case 'id':
      return { ...(names.get(node.args) ?? flat(1)), cost: 1 }
    case '.':
    case '.?': {
      const of = estimate(node.args[0], names)
      return ofSchema(of.cost + 1, field(of.schema, node.args[1]))
    }
    case '[]':
    case '[?]': {
      const [of, index] = [estimate(node.args[0], names), estimate(node.args[1], names)]
      return { ...element(of), cost: of.cost + index.cost + 1 }
    }
    case 'call':
      if (node.args[0] === 'has') return presence(node.args[1][0], names)
      return call(
        node.args[0],
        undefined,
        node.args[1].map((arg) => estimate(arg, names)),
      )
    case 'rcall': {
      const target = estimate(node.args[1], names)
      const looped = loop(node.args[0], target, node.args[2], names)
      if (looped) return looped
      const args = node.args[2].map((arg) => estimate(arg, names))
      return call(node.args[0], target, args)
    }
    case 'list': {
      const parts = node.args.map((arg) => estimate(arg, names))
      return { cost: total(parts) + 10, size: parts.length, item: flat(0, Math.max(0, ...parts.map(({ size }) => size))) }
    }
    case 'map':
      return flat(total(node.args.flat().map((arg) => estimate(arg, names))) + 30, node.args.length)
    case '?:': {
      const [condition, yes, no] = node.args
      const [a, b] = [estimate(yes, names), estimate(no, names)]
      return { ...(a.size > b.size ? a : b), cost: estimate(condition, names).cost + Math.max(a.cost, b.cost) }
    }
    case '!_':
    case '-_':
      return flat(estimate(node.args, names).cost + 1)
    default:
      return binary(node.op, estimate(node.args[0], names), estimate(node.args[1], names))
  }
}

/** The most that a rule at this place of a schema costs each time it runs; undefined for one that cannot be read. */
export function ruleCost(rule: string, schema: JSONSchemaProps): number | undefined {
  const self = ofSchema(1, schema)
  const names = new Map([
    ['self', self],
    ['oldSelf', self],
  ])
  try {
    return estimate(baseEnvironment().parse(withoutSugar(rule)).ast, names).cost
  } catch (error) {
    if (error instanceof ParseError) return undefined
    throw error
  }
}

/** How many values of the schema a request can hold. */
export const mostInRequest = (schema: JSONSchemaProps): number => Math.floor(MAX_REQUEST_BYTES / (smallest(schema) + 1))

/** By which factor lists and maps multiply what is in them; undefined: nothing limits it. */
export function factorOf(schema: JSONSchemaProps): number | undefined {
  if (schema.type === 'array') return schema.maxItems
  return schema.type === 'object' && isSchema(schema.additionalProperties) ? schema.maxProperties : 1
}

/** k8s 1.36: getCostErrorMessage. */
export function costProblem(what: string, cost: number, limit: number): string {
  const factor = cost / limit
  const text = factor > 100 ? 'more than 100x' : factor < 1.5 ? `${factor.toFixed(6)}x` : `${factor.toFixed(1)}x`
  return `${what} exceeds budget by factor of ${text} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`
}
