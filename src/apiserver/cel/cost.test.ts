import { describe, expect, test } from 'vitest'
import type { JSONSchemaProps } from '../../apimachinery/generated/types.ts'
import { ruleErrors } from '../crd/rules.ts'
import { ruleCost } from './cost.ts'

const text: JSONSchemaProps = { type: 'string' }
const list = (items: JSONSchemaProps, more: object = {}) => ({ type: 'array', items, ...more }) as JSONSchemaProps
const object = (properties: { [name: string]: JSONSchemaProps }, rule?: string): JSONSchemaProps => ({
  type: 'object',
  properties,
  ...(rule ? { 'x-kubernetes-validations': [{ rule }] } : {}),
})

describe('costs of rules', () => {
  test.each([
    ['self.size > 1', object({ size: { type: 'integer' } }), 3],
    ['has(self.size)', object({ size: { type: 'integer' } }), 1],
    ["self.all(x, x == 'a')", list(text, { maxItems: 10 }), 1 + 10 * (3 + 2) + 1],
    ['self.a.contains(self.b)', object({ a: { ...text, maxLength: 10 }, b: { ...text, maxLength: 5 } }), 4 + 4 * 2],
  ])('%s', (rule, schema, cost) => {
    expect(ruleCost(rule, schema as JSONSchemaProps)).toBe(cost)
  })

  const problems = (schema: JSONSchemaProps) => ruleErrors(schema, 'schema').map(({ field, message }) => `${field}: ${message}`)

  test('a loop in each element of an endless list is too much', () => {
    const inner = { ...list(text), 'x-kubernetes-validations': [{ rule: "self.all(s, s == 'string constant')" }] }
    expect(problems(object({ spec: object({ x: list(inner) }) }))[0]).toBe(
      'schema.properties[spec].properties[x].items.x-kubernetes-validations[0].rule: Forbidden: estimated rule cost exceeds budget by factor of more than 100x (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)',
    )
    const limited = { ...inner, maxItems: 100 }
    expect(problems(object({ spec: object({ x: list(limited, { maxItems: 100 }) }) }))).toEqual([])
  })

  test('a loop over one endless list is not', () => {
    expect(problems(object({ x: list(text) }, "self.x.all(s, s == 'string constant')"))).toEqual([])
    expect(problems(object({ x: list(text) }, 'self.x.all(s, self.x.exists(t, t == s))'))).not.toEqual([])
  })
})
