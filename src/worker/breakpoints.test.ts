import { expect, test } from 'vitest'
import { compare } from './breakpoints.ts'
import type { BreakOperator } from './protocol.ts'

test.each<[readonly unknown[], BreakOperator, string, boolean]>([
  [[1], '<', '2', true],
  [[10], '<', '2', false],
  [[], '<', '2', true],
  [[], '>=', '1', false],
  [['10'], '>', '9', true],
  [['b'], '>', 'a', true],
  [['True'], '==', 'True', true],
  [['True', 'False'], '==', 'False', true],
  [[], '==', '', true],
  [[], '!=', 'True', true],
  [[true], '==', 'true', true],
  [[{ a: 1 }], '==', '{"a":1}', true],
  [[0], 'exists', '', true],
  [[], 'exists', '', false],
  [[], 'missing', '', true],
])('%j %s %s: %s', (values, operator, wanted, holds) => {
  expect(compare(values, operator, wanted).holds).toBe(holds)
})
