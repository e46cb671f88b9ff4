import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { KubeObject } from '../apimachinery/resource.ts'
import { Etcd } from './etcd.ts'

const info = { timeMs: 0, actor: 'test', cause: null }
const object = (name: string, revision: number, n = 0): KubeObject => ({
  metadata: { name, resourceVersion: String(revision), labels: { n: String(n) } },
})

describe('etcd', () => {
  test('a put with the wrong expected revision changes nothing', () => {
    const etcd = new Etcd()
    expect(etcd.put('pods', 'a', 0, (r) => object('a', r), info)).toEqual({ ok: true, revision: 2 })
    expect(etcd.put('pods', 'a', 0, (r) => object('a', r), info).ok).toBe(false)
    expect(etcd.put('pods', 'a', 7, (r) => object('a', r), info).ok).toBe(false)
    expect(etcd.revision).toBe(2)
    expect(etcd.put('pods', 'a', 2, (r) => object('a', r), info).ok).toBe(true)
    expect(etcd.get('pods', 'a')).toMatchObject({ createRevision: 2, modRevision: 3 })
  })

  test('equal to a naive store under random writes: range, prefix, past revisions, watch', () => {
    const operation = fc.record({
      key: fc.constantFrom('a/1', 'a/2', 'a-b/1', 'b/1', 'b/10', 'b/2', 'c/1'),
      remove: fc.boolean(),
      read: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const etcd = new Etcd()
        const naive = new Map<string, number>()
        const snapshots: { revision: number; state: [string, number][] }[] = []
        const watched = new Map<string, string>()
        etcd.watch('x', (change) =>
          change.type === 'put' ? watched.set(change.key, change.value.metadata.labels?.n ?? '') : watched.delete(change.key),
        )
        operations.forEach(({ key, remove, read }, n) => {
          if (remove) {
            if (etcd.delete('x', key, undefined, (r) => object(key, r), info).ok) naive.delete(key)
          } else {
            etcd.put('x', key, undefined, (r) => object(key, r, n), info)
            naive.set(key, n)
          }
          if (read) etcd.range('x')
          snapshots.push({ revision: etcd.revision, state: [...naive].sort((p, q) => (p[0] < q[0] ? -1 : 1)) })
        })
        const view = (entries: { key: string; value: KubeObject }[]) =>
          entries.map((e) => [e.key, Number(e.value.metadata.labels?.n)])
        expect(view(etcd.range('x'))).toEqual(snapshots.at(-1)?.state ?? [])
        expect(view(etcd.range('x', 'a/'))).toEqual((snapshots.at(-1)?.state ?? []).filter(([k]) => k.startsWith('a/')))
        for (const { revision, state } of snapshots) expect(view(etcd.rangeAt('x', '', revision))).toEqual(state)
        expect([...watched].sort()).toEqual([...naive].map(([k, v]) => [k, String(v)]).sort())
      }),
      { numRuns: 200 },
    )
  })

  test('compaction forgets old history and keeps the present', () => {
    const etcd = new Etcd(10)
    for (let i = 0; i < 50; i++) etcd.put('x', `k${i % 3}`, undefined, (r) => object('k', r, i), info)
    expect(etcd.history().length).toBeLessThanOrEqual(10)
    expect(etcd.range('x').length).toBe(3)
    expect(etcd.changesSince(etcd.revision - 2).map((change) => change.revision)).toEqual([etcd.revision - 1, etcd.revision])
    expect(() => etcd.rangeAt('x', '', 2)).toThrow(/compacted/)
  })
})
