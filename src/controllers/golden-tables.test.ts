import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { runTable } from './golden-tables.ts'

interface Table {
  readonly topic: string
  readonly rows: readonly { readonly input: unknown; readonly expect: Record<string, unknown> }[]
}
const folder = new URL('testdata/', import.meta.url)

describe('tables recorded from Kubernetes 1.36.2', () => {
  for (const file of readdirSync(folder)) {
    const table = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Table
    test(table.topic, () => {
      const failures: unknown[] = []
      for (const { input, expect: wanted } of table.rows) {
        const { hashedText: _, ...expected } = wanted
        const got = JSON.parse(JSON.stringify(runTable(table.topic, input) ?? null)) as unknown
        try {
          expect(got).toEqual(expected)
        } catch {
          failures.push({ input, expected, got })
        }
      }
      const first = JSON.stringify(failures[0], null, 1)?.slice(0, 4000)
      expect(failures.length, `${failures.length} of ${table.rows.length} rows fail, first: ${first}`).toBe(0)
    })
  }
})
