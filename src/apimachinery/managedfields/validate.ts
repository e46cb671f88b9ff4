/** Checks an applied configuration against its schema. Source: structured-merge-diff typed, validate. */
import type { ListType, ScalarName, Type } from '../schema/schema.ts'
import { entriesOf, fieldType, isMap, itemElement } from './elements.ts'
import { formatFieldPath } from './fieldset.ts'

const STRINGS = new Set<ScalarName>(['string', 'byte', 'date-time', 'micro-time'])

/** A value as Go's %v prints it behind a pointer. */
const show = (value: unknown) => `&{${isMap(value) || Array.isArray(value) ? JSON.stringify(value) : String(value)}}`

function goTypeOf(value: unknown): string {
  if (Array.isArray(value)) return '[]interface {}'
  if (isMap(value)) return 'map[string]interface {}'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64'
  return 'string'
}

function scalarError(scalar: ScalarName, value: unknown): string {
  const simple = !isMap(value) && !Array.isArray(value)
  if (scalar === 'int-or-string' || scalar === 'quantity') return simple ? '' : `expected any scalar, got ${show(value)}`
  if (scalar === 'bool') return typeof value === 'boolean' ? '' : `expected boolean, got ${show(value)}`
  if (STRINGS.has(scalar)) {
    if (typeof value === 'string') return ''
    return `expected string, got &value.valueUnstructured{Value:${simple ? String(value) : `${goTypeOf(value)}{}`}}`
  }
  return typeof value === 'number' ? '' : `expected numeric (int or float), got ${goTypeOf(value)}`
}

function check(errors: string[], path: readonly string[], type: Type, value: unknown): void {
  const fail = (message: string, at: readonly string[] = path) => {
    errors.push(at.length === 0 ? message : `${formatFieldPath(at)}: ${message}`)
  }
  if (value === null || value === undefined || type.kind === 'any') return
  if (type.kind === 'scalar') {
    const error = scalarError(type.scalar, value)
    if (error !== '') fail(error)
  } else if (type.kind === 'list') {
    if (Array.isArray(value)) checkItems(errors, path, type, value, fail)
    else fail(`expected list, got ${show(value)}`)
  } else if (!isMap(value)) {
    fail(`expected map, got ${show(value)}`)
  } else {
    for (const [key, member] of entriesOf(value)) {
      const field = fieldType(type, key)
      if (type.kind === 'struct' && !field.declared && !type.model.open) {
        fail('field not declared in schema', [...path, `f:${key}`])
        return
      }
      check(errors, [...path, `f:${key}`], field.type, member)
    }
  }
}

function checkItems(
  errors: string[],
  path: readonly string[],
  type: ListType,
  list: readonly unknown[],
  fail: (message: string) => void,
): void {
  const seen = new Set<string>()
  for (const [i, item] of list.entries()) {
    const element = type.listType === 'atomic' ? `i:${i}` : itemElement(type, item)
    if (typeof element !== 'string') {
      fail(`element ${i}: ${element.message}`)
      return
    }
    if (seen.has(element)) fail(`duplicate entries for key ${formatFieldPath([element])}`)
    seen.add(element)
    check(errors, [...path, element], type.items, item)
  }
}

/** What is wrong with a configuration, as one text; '' if nothing is. */
export function validateConfiguration(type: Type, value: unknown): string {
  const errors: string[] = []
  check(errors, [], type, value)
  return errors.length <= 1 ? (errors[0] ?? '') : ['errors:', ...errors.map((e) => `  ${e}`)].join('\n')
}
