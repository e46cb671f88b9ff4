import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { ProxyCase } from '../golden.ts'
import { nftablesRules } from './golden.ts'

const FOLDER = new URL('../testdata/', import.meta.url)

interface Recorded {
  readonly name: string
  readonly input: ProxyCase
  readonly expect: { readonly nftables: { readonly list: readonly string[]; readonly dump: readonly string[] } }
}

const cases = readdirSync(FOLDER).map((file) => JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as Recorded)

describe('nftables rules as recorded from Kubernetes 1.36.2', () => {
  it.each(cases.map((recorded) => [recorded.name, recorded] as const))('%s', (_, recorded) => {
    const { list, dump } = nftablesRules(recorded.input)
    expect(dump).toEqual(recorded.expect.nftables.dump)
    expect(list).toEqual(recorded.expect.nftables.list)
  })
})
