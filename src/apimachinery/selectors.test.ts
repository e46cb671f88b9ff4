import { expect, test } from 'vitest'
import { exactField, fieldsMatch, formatFieldSelector, parseFieldSelector } from './fields.ts'
import {
  compileSelector,
  formatRequirements,
  formatSelector,
  mapSelects,
  nodeRequirementMatches,
  parseSelector,
  requirementsMatch,
  selectorMatches,
} from './selectors.ts'

const matches = (text: string, labels: { [key: string]: string }) => requirementsMatch(parseSelector(text), labels)

test.each([
  ['a=b', { a: 'b' }, true],
  ['a==b', { a: 'c' }, false],
  ['a!=b', {}, true],
  ['a in (x,y)', { a: 'y' }, true],
  ['a in (x,y)', {}, false],
  ['a notin (x,y)', {}, true],
  ['a', { a: '' }, true],
  ['!a', { a: '' }, false],
  ['n>5', { n: '6' }, true],
  ['n<5', { n: '6' }, false],
  ['n>5', { n: 'x' }, false],
  ['in in (in,notin)', { in: 'in' }, true],
  ['a=,b', { a: '', b: '1' }, true],
  ['x in (foo,,baz),y,z notin ()', { x: '', y: '1', z: '2' }, true],
  [' a = b , c ', { a: 'b', c: 'd' }, true],
])('%s on %j is %s', (text, labels, want) => {
  expect(matches(text, labels)).toBe(want)
})

test.each([
  ['a=b b=c', "found 'b', expected: ',' or 'end of string'"],
  ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
  [
    '-x=1',
    "unable to parse requirement: <nil>: Invalid value: \"-x\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
  ],
  ['a in x', "unable to parse requirement: found 'x' expected: '('"],
  ['a,', "found '', expected: identifier after ','"],
  ['=b', "found '=', expected: !, identifier, or 'end of string'"],
  ['n>x', "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer"],
])('%s is refused', (text, message) => {
  expect(() => parseSelector(text)).toThrow(expect.objectContaining({ message }))
})

test('text comes back sorted', () => {
  expect(formatRequirements(parseSelector('c in (y,x),!b,a=1,d notin (z),e,n>4'))).toBe('a=1,!b,c in (x,y),d notin (z),e,n>4')
})

test('selector objects', () => {
  expect(selectorMatches(undefined, { a: 'b' })).toBe(false)
  expect(selectorMatches({}, undefined)).toBe(true)
  const selector = { matchLabels: { app: 'web' }, matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['db'] }] }
  expect(selectorMatches(selector, { app: 'web' })).toBe(true)
  expect(selectorMatches(selector, { app: 'web', tier: 'db' })).toBe(false)
  expect(compileSelector(selector)).toBe(compileSelector(selector))
  expect(() => selectorMatches({ matchExpressions: [{ key: 'a', operator: 'Like' }] }, {})).toThrow(
    '"Like" is not a valid label selector operator',
  )
  expect(formatSelector(selector)).toBe('app=web,tier notin (db)')
  expect(formatSelector({})).toBe('<none>')
  expect(mapSelects({ a: '1' }, { a: '1', b: '2' })).toBe(true)
  expect(mapSelects({ a: '1' }, undefined)).toBe(false)
})

test('node requirements know Gt and Lt', () => {
  expect(nodeRequirementMatches({ key: 'cores', operator: 'Gt', values: ['4'] }, { cores: '8' })).toBe(true)
  expect(nodeRequirementMatches({ key: 'cores', operator: 'Lt', values: ['4'] }, { cores: '8' })).toBe(false)
})

test('field selectors', () => {
  const parsed = parseFieldSelector('status.phase!=Running,metadata.name==a\\,b,')
  expect(parsed).toEqual([
    { field: 'metadata.name', operator: '=', value: 'a,b' },
    { field: 'status.phase', operator: '!=', value: 'Running' },
  ])
  expect(formatFieldSelector(parsed)).toBe('metadata.name=a\\,b,status.phase!=Running')
  expect(exactField(parsed, 'metadata.name')).toBe('a,b')
  const object: { [field: string]: string } = { 'metadata.name': 'a,b', 'status.phase': 'Pending' }
  expect(fieldsMatch(parsed, (field) => object[field] ?? '')).toBe(true)
  expect(() => parseFieldSelector('metadata.name')).toThrow("invalid selector: 'metadata.name'; can't understand 'metadata.name'")
  expect(() => parseFieldSelector('a=b=c')).toThrow('invalid field selector: unescaped character in value: 61')
})
