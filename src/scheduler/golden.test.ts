import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { runSchedulerCase, type SchedulerCase } from './golden.ts'

// Scheduling cycles recorded from Kubernetes 1.36.2.
const folder = new URL('testdata/', import.meta.url)
const cases = readdirSync(folder).map(
  (file) =>
    JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as {
      name: string
      feature: string
      title: string
      input: SchedulerCase
      expect: object
    },
)

/** Ties and reasons have no order; everything else must be equal. */
function unordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.every((v) => typeof v === 'string') ? value.toSorted() : value.map(unordered)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, v]) => [key, key === 'victims' || key === 'feasible' ? v : unordered(v)]),
  )
}

describe('recorded scheduling cycles', () => {
  for (const { name, feature, title, input, expect: expected } of cases)
    test(`${feature}: ${title} (${name})`, () => {
      expect(unordered(runSchedulerCase(input))).toEqual(unordered(expected))
    })
})
