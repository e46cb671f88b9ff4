import fc from 'fast-check'
import { expect, it } from 'vitest'
import { SharedMap } from './shared-map.ts'

const keys = Array.from({ length: 300 }, (_, i) => `10.96.${i % 7}.${i} . tcp . 80`)
const values = Array.from({ length: 5 }, (_, i) => ({ value: i }))

const steps = fc.array(
  fc.record({ key: fc.constantFrom(...keys), value: fc.option(fc.constantFrom(...values), { nil: undefined }) }),
  { maxLength: 200 },
)

it('holds what an ordinary map holds, and leaves older versions as they were', () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 6 }), (rounds) => {
      const model = new Map<string, object>()
      let map = SharedMap.empty<object>()
      const history: [SharedMap<object>, ReadonlyMap<string, object>][] = []
      for (const round of rounds) {
        const edit = map.edit()
        for (const { key, value } of round)
          if (value) {
            edit.set(key, value)
            model.set(key, value)
          } else expect(edit.delete(key)).toBe(model.delete(key))
        map = edit.done()
        history.push([map, new Map(model)])
      }
      for (const [version, wanted] of history) {
        expect(version.size).toBe(wanted.size)
        expect(new Map(version.entries())).toEqual(wanted)
        for (const key of keys) expect(version.get(key)).toBe(wanted.get(key))
      }
    }),
    { numRuns: 60, seed: 3 },
  )
})

it('keeps what an edit does not touch', () => {
  const edit = SharedMap.empty<object>().edit()
  keys.forEach((key, i) => edit.set(key, values[i % values.length] as object))
  const before = edit.done()
  const after = before.with(keys[0] ?? '', { value: 'new' })
  expect(before.get(keys[0] ?? '')).toBe(values[0])
  expect(after.size).toBe(before.size)
  expect(keys.slice(1).every((key) => after.get(key) === before.get(key))).toBe(true)
})
