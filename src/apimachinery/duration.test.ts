import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { formatGoDuration, humanDuration, parseGoDuration, shortHumanDuration } from './duration.ts'

interface Row {
  readonly input: { readonly seconds: number }
  readonly expect: { readonly human: string; readonly short: string }
}
const table: { readonly rows: readonly Row[] } = JSON.parse(
  readFileSync(new URL('testdata/human-duration.json', import.meta.url), 'utf8'),
)

test.each(table.rows)('recorded: $input.seconds s', ({ input, expect: want }) => {
  expect(humanDuration(input.seconds * 1000)).toBe(want.human)
  expect(shortHumanDuration(input.seconds * 1000)).toBe(want.short)
})

test.each([
  ['0s', 0],
  ['250ms', 250],
  ['1.5s', 1500],
  ['5m0s', 300_000],
  ['1h0m0s', 3_600_000],
  ['-1m1s', -61_000],
])('Go duration %s', (text, ms) => {
  expect(formatGoDuration(ms)).toBe(text)
  expect(parseGoDuration(text)).toBe(ms)
})

test('Go durations that are none', () => {
  expect(parseGoDuration('1h30m')).toBe(5_400_000)
  expect(parseGoDuration('5')).toBeNaN()
  expect(parseGoDuration('')).toBeNaN()
})
