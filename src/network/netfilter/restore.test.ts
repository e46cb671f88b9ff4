import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { restore } from './restore.ts'
import { saveTable } from './save.ts'
import { IptablesTables } from './tables.ts'

interface Recorded {
  readonly cases: readonly {
    readonly name: string
    readonly restore: readonly string[]
    readonly save: readonly string[]
    readonly ipvsSave: readonly string[]
  }[]
}
const recorded = JSON.parse(readFileSync(new URL('testdata/kube-proxy.json', import.meta.url), 'utf8')) as Recorded

function reloaded(lines: readonly string[]): string[] {
  const tables = new IptablesTables(4)
  restore(tables, lines)
  return [...saveTable(tables, 'nat'), ...saveTable(tables, 'filter')]
}

describe('rules of kube-proxy, recorded from Kubernetes 1.36.2 and iptables 1.8.9', () => {
  test.each(recorded.cases)('$name', (each) => {
    expect(reloaded(each.restore)).toEqual(each.save)
    expect(reloaded(each.save)).toEqual(each.save)
    if (each.ipvsSave.length > 0) expect(reloaded(each.ipvsSave)).toEqual(each.ipvsSave)
  })
})
