import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { runIptables, runIpvs, type ProxyCase } from './golden.ts'

interface Recorded {
  readonly title: string
  readonly input: ProxyCase
  readonly expect: { readonly iptables: Record<string, unknown>; readonly ipvs: Record<string, unknown> }
}

const folder = new URL('./testdata/', import.meta.url)
const recorded = readdirSync(folder).map(
  (file) => [file, JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Recorded] as const,
)

describe('as recorded from Kubernetes 1.36.2', () => {
  test.each(recorded)('%s in iptables mode', (_file, { input, expect: { iptables } }) => {
    expect(runIptables(input)).toEqual(iptables)
  })

  test.each(recorded)('%s in IPVS mode', (_file, { input, expect: { ipvs } }) => {
    expect(JSON.parse(JSON.stringify(runIpvs(input)))).toMatchObject(ipvs)
  })
})
