import { describe, expect, test } from 'vitest'
import type { JSONSchemaProps } from '../../apimachinery/generated/types.ts'
import { brokenRules, ruleErrors } from './rules.ts'

const size: JSONSchemaProps = { type: 'integer' }
const spec = (rule: object, properties: object = { size, when: { type: 'string', format: 'date-time' } }): JSONSchemaProps =>
  ({
    type: 'object',
    properties: { spec: { type: 'object', properties, 'x-kubernetes-validations': [rule] } },
  }) as unknown as JSONSchemaProps

const messages = (schema: JSONSchemaProps, value: object, old?: object) =>
  brokenRules({ spec: value }, schema, '', old && { spec: old }).map((e) => `${e.field}: ${e.message}`)
const problems = (rule: object) => ruleErrors(spec(rule), 'schema').map((e) => e.message.replace(/^.*null\}: |^.*true\}: /, ''))

describe('rules that do not compile', () => {
  test.each([
    ['self.nope > 1', "undefined field 'nope'", 5],
    ["self.size > 'a'", "found no matching overload for '_>_' applied to '(int, string)'", 11],
    ['other == 1', "undeclared reference to 'other' (in container '')", 1],
    ['self.size.x == 1', "type 'int' does not support field selection", 10],
    ['self.size.startsWith("x")', `found no matching overload for 'startsWith' applied to 'int.(string)'`, 21],
    ['nothing(1)', "undeclared reference to 'nothing' (in container '')", 8],
    ['self.size > ', null, 0],
  ])('%s', (rule, message, column) => {
    const [problem = ''] = problems({ rule })
    if (message === null) expect(problem).toContain("Syntax error: mismatched input '<EOF>' expecting")
    else expect(problem.split('\n')[0]).toBe(`compilation failed: ERROR: <input>:1:${column}: ${message}`)
  })

  test('a rule is a bool, a message expression a string', () => {
    expect(problems({ rule: 'self.size' })).toEqual(['cel expression must evaluate to a bool'])
    expect(problems({ rule: 'self.size > 1', messageExpression: 'self.size' })[0]).toContain(
      'messageExpression must evaluate to a string',
    )
  })

  test('optionalOldSelf is for rules that use oldSelf', () => {
    expect(problems({ rule: 'self.size > 1', optionalOldSelf: true })[0]).toContain(
      'may not be set if oldSelf is not used in rule',
    )
    expect(problems({ rule: 'oldSelf.hasValue() || self.size > 1', optionalOldSelf: true })).toEqual([])
  })
})

describe('rules and objects', () => {
  test('a broken rule says so in its own words', () => {
    expect(messages(spec({ rule: 'self.size <= 3' }), { size: 4 })).toEqual(['spec: Invalid value: failed rule: self.size <= 3'])
    expect(messages(spec({ rule: 'self.size <= 3', message: 'too big', fieldPath: '.size' }), { size: 4 })).toEqual([
      'spec.size: Invalid value: too big',
    ])
    const told = {
      rule: 'self.size <= 3',
      messageExpression: "'no more than 3, not ' + string(self.size)",
      reason: 'FieldValueForbidden',
    }
    expect(messages(spec(told), { size: 4 })).toEqual(['spec: Forbidden: no more than 3, not 4'])
    expect(messages(spec(told), { size: 3 })).toEqual([])
  })

  test('what is missing is an error of the evaluation', () => {
    expect(messages(spec({ rule: 'self.size <= 3' }), {})).toEqual([
      'spec: Invalid value: "object": no such key: size evaluating rule: self.size <= 3',
    ])
  })

  test('transition rules wait for an old value', () => {
    const rule = { rule: 'self.size >= oldSelf.size', message: 'never smaller' }
    expect(messages(spec(rule), { size: 1 })).toEqual([])
    expect(messages(spec(rule), { size: 1 }, { size: 2 })).toEqual(['spec: Invalid value: never smaller'])
    const optional = { rule: 'oldSelf.hasValue() || self.size == 1', optionalOldSelf: true, message: 'starts at 1' }
    expect(messages(spec(optional), { size: 2 })).toEqual(['spec: Invalid value: starts at 1'])
    expect(messages(spec(optional), { size: 3 }, { size: 2 })).toEqual([])
  })

  test('what was broken before and stays as it was is let through', () => {
    expect(messages(spec({ rule: 'self.size <= 3' }), { size: 4 }, { size: 4 })).toEqual([])
    expect(messages(spec({ rule: 'self.size <= 3' }), { size: 5 }, { size: 4 })).toHaveLength(1)
  })

  test('times and names that are words of the language', () => {
    const rule = { rule: "self.when > timestamp('2020-01-01T00:00:00Z') && self.__namespace__ == 'x' && self.a__dash__b == 1" }
    const properties = {
      when: { type: 'string', format: 'date-time' },
      namespace: { type: 'string' },
      'a-b': size,
    }
    expect(ruleErrors(spec(rule, properties), '')).toEqual([])
    expect(messages(spec(rule, properties), { when: '2021-01-01T00:00:00Z', namespace: 'x', 'a-b': 1 })).toEqual([])
  })
})
