import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import {
  addQuantities,
  approximateFloat,
  canonical,
  compareQuantities,
  formatQuantity,
  milliValue,
  parseQuantity,
  quantityOf,
  scaledInt64,
  subtractQuantities,
  value,
} from './quantity.ts'

interface Row {
  readonly input: { readonly text: string }
  readonly expect: {
    readonly error?: string
    readonly asFloat: number
    readonly canonical: string
    readonly format: string
    readonly milliValue: number | string
    readonly value: number | string
    readonly sign: number
  }
}
const table: { readonly rows: readonly Row[] } = JSON.parse(
  readFileSync(new URL('testdata/quantity.json', import.meta.url), 'utf8'),
)

test.each(table.rows)('recorded: $input.text', ({ input, expect: want }) => {
  if (want.error !== undefined) {
    expect(() => parseQuantity(input.text)).toThrow(want.error)
    return
  }
  const q = parseQuantity(input.text)
  expect(q.format).toBe(want.format)
  expect(formatQuantity(q)).toBe(want.canonical)
  expect(approximateFloat(q)).toBe(want.asFloat)
  expect(scaledInt64(q, 0)).toBe(BigInt(want.value))
  expect(scaledInt64(q, -3)).toBe(BigInt(want.milliValue))
  expect(compareQuantities(q, quantityOf(0))).toBe(want.sign)
  if (typeof want.value === 'number') expect(value(input.text)).toBe(want.value)
})

test('sums keep the format of the first that is not zero', () => {
  const sum = (a: string, b: string) => formatQuantity(addQuantities(parseQuantity(a), parseQuantity(b)))
  expect(sum('100m', '900m')).toBe('1')
  expect(sum('0', '1Gi')).toBe('1Gi')
  expect(sum('1Gi', '1G')).toBe('2073741824')
  expect(sum('1Gi', '512Mi')).toBe('1536Mi')
  expect(formatQuantity(subtractQuantities(parseQuantity('1'), parseQuantity('250m')))).toBe('750m')
})

test('order does not depend on the suffix', () => {
  expect(compareQuantities('1Gi', '1024Mi')).toBe(0)
  expect(compareQuantities('1G', '1Gi')).toBe(-1)
  expect(compareQuantities('1001m', '1')).toBe(1)
  expect(compareQuantities('9999999999999999999', '1Ei')).toBe(1)
})

test('less than the smallest unit rounds up', () => {
  expect(canonical('0.1n')).toBe('1n')
  expect(milliValue('1u')).toBe(1)
  expect(canonical('0.5Ki')).toBe('512')
  expect(canonical('0Mi')).toBe('0')
})
