import { describe, expect, test } from 'vitest'
import { Random } from '../sim/random.ts'
import { KeyedHeap } from './heap.ts'

describe('keyed heap', () => {
  test('pops in order, equal items as they came, whatever was changed or taken out in between', () => {
    const random = new Random(3, 'heap')
    const heap = new KeyedHeap<{ key: string; rank: number }>((a, b) => a.rank < b.rank)
    const naive = new Map<string, { key: string; rank: number }>()
    for (let i = 0; i < 500; i++) {
      const item = { key: `k${random.int(80)}`, rank: random.int(10) }
      if (random.int(4) === 0) {
        expect(heap.delete(item.key)).toEqual(naive.get(item.key))
        naive.delete(item.key)
      } else {
        heap.set(item.key, item)
        naive.set(item.key, item)
      }
      expect(heap.size).toBe(naive.size)
      expect(heap.get(item.key)).toEqual(naive.get(item.key))
    }
    const expected = [...naive.values()].toSorted((a, b) => a.rank - b.rank)
    const popped = Array.from({ length: naive.size }, () => heap.pop())
    expect(popped).toEqual(expected)
    expect(heap.pop()).toBeUndefined()
  })
})
