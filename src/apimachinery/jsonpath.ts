/** JSONPath templates as kubectl's -o jsonpath and printer columns take them. Source: k8s 1.36 client-go util/jsonpath. */
import { jsonEqual } from './equal.ts'
import type { Step, Steps, TemplateNode } from './jsonpath-parser.ts'
import { JsonPathError, parseTemplate } from './jsonpath-parser.ts'
import type { JsonObject } from './resource.ts'

export interface JsonPathOptions {
  /** A field that is absent gives nothing instead of an error. */
  readonly allowMissingKeys: boolean
}

const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

function typeName(value: unknown): string {
  if (isObject(value)) return 'map[string]interface {}'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64'
  return typeof value === 'boolean' ? 'bool' : typeof value
}

function childrenOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  return isObject(value) ? Object.values(value) : []
}

/** Every container from here down, itself first. */
function descend(value: unknown): unknown[] {
  const children = childrenOf(value)
  return children.length === 0 ? [] : [value, ...children.flatMap(descend)]
}

function slice(list: unknown, { start = 0, end, step = 1, single }: Extract<Step, { kind: 'slice' }>): unknown[] {
  if (list === null || list === undefined) return []
  if (!Array.isArray(list)) throw new JsonPathError(`${typeName(list)} is not array or slice`)
  const { length } = list
  const from = start < 0 ? start + length : start
  const wanted = single ? start + 1 : (end ?? length)
  const to = wanted < 0 || (wanted === 0 && single) ? wanted + length : wanted
  if (from === to) return []
  const outside = (index: number) => new JsonPathError(`array index out of bounds: index ${index}, length ${length}`)
  if (from >= length || from < 0) throw outside(from)
  if (to > length || to < 0) throw outside(to - 1)
  if (from > to) throw new JsonPathError(`starting index ${from} is greater than ending index ${to}`)
  if (step <= 0) throw new JsonPathError('step must be > 0')
  return list.slice(from, to).filter((_, i) => i % step === 0)
}

function holds(left: unknown, operator: string, right: unknown): boolean {
  if (left === null || right === null || typeof left === 'object' || typeof right === 'object') {
    throw new JsonPathError('invalid type for comparison')
  }
  if (typeof left !== typeof right) throw new JsonPathError('incompatible types for comparison')
  if (operator === '==') return left === right
  if (operator === '!=') return left !== right
  const [a, b] = [left as string | number, right as string | number]
  switch (operator) {
    case '<':
      return a < b
    case '<=':
      return a <= b
    case '>':
      return a > b
    case '>=':
      return a >= b
    default:
      throw new JsonPathError(`unrecognized filter operator ${operator}`)
  }
}

function filter(
  list: unknown,
  { left, operator, right }: Extract<Step, { kind: 'filter' }>,
  options: JsonPathOptions,
): unknown[] {
  if (!Array.isArray(list)) throw new JsonPathError(`${goText(list)} is not array or slice and cannot be filtered`)
  return list.filter((item) => {
    if (operator === 'exists') return run(left, [item], { allowMissingKeys: true }).length > 0
    const lefts = run(left, [item], options)
    if (lefts.length === 0) return false
    const rights = run(right, [item], options)
    if (lefts.length > 1 || rights.length > 1) throw new JsonPathError('can only compare one element at a time')
    return rights.length > 0 && holds(lefts[0], operator, rights[0])
  })
}

function runStep(step: Step, input: readonly unknown[], options: JsonPathOptions): readonly unknown[] {
  switch (step.kind) {
    case 'field': {
      if (input.length === 0) return []
      const found = input
        .filter((value) => isObject(value) && Object.hasOwn(value, step.name))
        .map((value) => (value as JsonObject)[step.name])
      if (found.length === 0 && !options.allowMissingKeys) throw new JsonPathError(`${step.name} is not found`)
      return found
    }
    case 'value':
      return typeof step.value === 'string' ? [step.value] : input.map(() => step.value)
    case 'wildcard':
      return input.flatMap(childrenOf)
    case 'recursive':
      return input.flatMap(descend)
    case 'slice':
      return input.flatMap((value) => slice(value, step))
    case 'union':
      return step.parts.flatMap((part) => run(part, input, options))
    case 'filter':
      return input.flatMap((value) => filter(value, step, options))
    case 'word':
      throw new JsonPathError(`unrecognized identifier ${step.word}`)
  }
}

function run(steps: Steps, input: readonly unknown[], options: JsonPathOptions): readonly unknown[] {
  return steps.reduce((values, step) => runStep(step, values, options), input)
}

function results(nodes: readonly TemplateNode[], data: unknown, options: JsonPathOptions): (readonly unknown[])[] {
  return nodes.flatMap((node) => {
    if ('text' in node) return [[node.text]]
    if ('steps' in node) return [run(node.steps, [data], options)]
    return run(node.range, [data], options).flatMap((item) => results(node.body, item, options))
  })
}

const templates = new Map<string, readonly TemplateNode[]>()

function compiled(template: string): readonly TemplateNode[] {
  const known = templates.get(template)
  if (known !== undefined) return known
  const nodes = parseTemplate(template)
  if (templates.size > 500) templates.clear()
  templates.set(template, nodes)
  return nodes
}

/** What each part of the template finds; texts find themselves. Throws JsonPathError. */
export function findResults(template: string, data: unknown, options: JsonPathOptions): readonly (readonly unknown[])[] {
  return results(compiled(template), data, options)
}

/** JSON as Go writes it: keys sorted, and <, >, & escaped. */
export function goJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goJson).join(',')}]`
  if (isObject(value)) {
    const keys = Object.keys(value).filter((key) => value[key] !== undefined)
    return `{${keys
      .toSorted()
      .map((key) => `${goJson(key)}:${goJson(value[key])}`)
      .join(',')}}`
  }
  return (JSON.stringify(value) ?? 'null').replace(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function goText(value: unknown): string {
  if (typeof value === 'object' && value !== null) return goJson(value)
  return value === undefined ? '<no value>' : String(value)
}

/** The text of a filled-in template. Throws JsonPathError. */
export function printTemplate(template: string, data: unknown, options: JsonPathOptions): string {
  return findResults(template, data, options)
    .map((values) => values.map(goText).join(' '))
    .join('')
}

/** Makes '{.metadata.name}' of 'metadata.name', '.metadata.name' or '{metadata.name}': custom columns, sort keys. */
export function relaxedTemplate(expression: string): string {
  if (expression === '') return ''
  const match = /^\{\.?([^{}]+)\}$|^\.?([^{}]+)$/.exec(expression)
  if (match === null) {
    throw new JsonPathError(
      "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'",
    )
  }
  return `{.${match[1] ?? match[2]}}`
}

/** True if the template finds exactly this value, as `kubectl wait --for=jsonpath=` asks. */
export function finds(template: string, data: unknown, wanted: unknown): boolean {
  return jsonEqual(findResults(template, data, { allowMissingKeys: true }).flat(), [wanted])
}
