import { expect, test } from 'vitest'
import {
  byteLength,
  isConfigMapKey,
  isDns1123Label,
  isDns1123Subdomain,
  isValidLabelValue,
  isQualifiedName,
  isRelaxedEnvVarName,
  generateName,
  safeEncode,
} from './names.ts'
import { scaledIntOrPercent } from './intstr.ts'

test('valid names give no errors', () => {
  expect(isDns1123Label('web-1')).toEqual([])
  expect(isDns1123Subdomain('a.b-c.d')).toEqual([])
  expect(isQualifiedName('example.com/My_Name')).toEqual([])
  expect(isValidLabelValue('')).toEqual([])
  expect(isRelaxedEnvVarName('a b')).toEqual([])
})

test('texts of what is wrong', () => {
  expect(isDns1123Label('a.b')).toEqual(['must not contain dots'])
  expect(isDns1123Label('A')).toEqual([
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
  ])
  expect(isDns1123Subdomain('a'.repeat(254))).toEqual(['must be no more than 253 characters'])
  expect(isQualifiedName('/x')).toEqual(['prefix part must be non-empty'])
  expect(isConfigMapKey('..')).toEqual(["must not be '..'"])
  expect(isRelaxedEnvVarName('a=b')).toHaveLength(1)
})

test('made names', () => {
  expect(generateName('web-', () => 0)).toBe('web-bbbbb')
  expect(generateName('x'.repeat(70), (bound) => bound - 1)).toBe(`${'x'.repeat(58)}99999`)
  expect(safeEncode('58d6b5c9f')).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{9}$/)
  expect(byteLength('aé世😀')).toBe(10)
})

test('percentages', () => {
  expect(scaledIntOrPercent('25%', 10, 'up')).toBe(3)
  expect(scaledIntOrPercent('25%', 10, 'down')).toBe(2)
  expect(scaledIntOrPercent(4, 10, 'down')).toBe(4)
  expect(() => scaledIntOrPercent('4', 10, 'down')).toThrow(
    'invalid value for IntOrString: invalid type: string is not a percentage',
  )
})
