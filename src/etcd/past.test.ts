import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Etcd, type StoreState } from './etcd.ts'
import { indexAfterTime, PastStates } from './past.ts'

interface Step {
  readonly bucket: string
  readonly key: string
  readonly remove: boolean
}

function write(etcd: Etcd, { bucket, key, remove }: Step, timeMs: number): void {
  const make = (revision: number) => ({ metadata: { name: key, resourceVersion: String(revision) } })
  const info = { timeMs, actor: 'test', cause: null }
  if (remove) etcd.delete(bucket, key, undefined, make, info)
  else etcd.put(bucket, key, undefined, make, info)
}

const plain = (state: StoreState) =>
  [...state]
    .map(([bucket, values]) => [bucket, [...values.values()].map(({ key, modRevision }) => [key, modRevision]).sort()] as const)
    .filter(([, values]) => values.length > 0)
    .sort()

const steps = fc.array(
  fc.record({ bucket: fc.constantFrom('pods', 'nodes'), key: fc.constantFrom('a', 'b', 'c', 'd'), remove: fc.boolean() }),
  { minLength: 1, maxLength: 60 },
)

describe('PastStates', () => {
  it('gives at every revision what the store held then, in any order of looking', () => {
    fc.assert(
      fc.property(steps, fc.array(fc.nat(100), { minLength: 1, maxLength: 20 }), (list, looks) => {
        const etcd = new Etcd()
        const seen = new Map([[etcd.revision, plain(etcd.state())]])
        list.forEach((step, i) => {
          write(etcd, step, i)
          seen.set(etcd.revision, plain(etcd.state()))
        })
        const past = new PastStates(etcd)
        const revisions = [...seen.keys()]
        for (const look of looks) {
          const revision = revisions[look % revisions.length] ?? 1
          const then = past.at(revision)
          expect(plain(then.state())).toEqual(seen.get(revision))
          expect(then.revision).toBe(revision)
          expect(then.history()).toEqual(etcd.history().filter((change) => change.revision <= revision))
        }
        expect(plain(etcd.state())).toEqual(seen.get(etcd.revision))
      }),
    )
  })

  it('keeps marks on long ways, which stay right', () => {
    const etcd = new Etcd()
    for (let i = 0; i < 9000; i++) write(etcd, { bucket: 'pods', key: `p${i % 700}`, remove: i % 3 === 2 }, i)
    const past = new PastStates(etcd)
    const naive = (revision: number) => etcd.rangeAt('pods', '', revision).map(({ key, modRevision }) => [key, modRevision])
    for (const revision of [10, 4000, 4100, 8000, 2500, 11])
      expect(
        past
          .at(revision)
          .range('pods')
          .map(({ key, modRevision }) => [key, modRevision]),
      ).toEqual(naive(revision))
  })

  it('refuses what has been compacted', () => {
    const etcd = new Etcd()
    for (let i = 0; i < 10; i++) write(etcd, { bucket: 'pods', key: 'a', remove: false }, i)
    const past = new PastStates(etcd)
    past.at(3)
    etcd.compact(6)
    expect(() => past.at(3)).toThrow('not in the kept history')
    expect(past.at(6).get('pods', 'a')?.modRevision).toBe(6)
  })
})

it('finds the end of an instant', () => {
  const etcd = new Etcd()
  for (const timeMs of [5, 5, 7]) write(etcd, { bucket: 'pods', key: 'a', remove: false }, timeMs)
  expect([4, 5, 6, 7, 8].map((timeMs) => indexAfterTime(etcd.history(), timeMs))).toEqual([0, 2, 2, 3, 3])
})
