import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { runTable } from './golden-tables.ts'

const TOPICS = ['pod-phase', 'pod-conditions', 'pod-qos', 'crash-loop-backoff', 'image-pull-backoff']

// Tables recorded from Kubernetes 1.36.2.
test.each(TOPICS)('table %s', (topic) => {
  const file = new URL(`./testdata/${topic}.json`, import.meta.url)
  const { rows } = JSON.parse(readFileSync(file, 'utf8')) as { rows: { input: unknown; expect: unknown }[] }
  for (const row of rows) expect(runTable(topic, row.input), JSON.stringify(row.input)).toEqual(row.expect)
})
