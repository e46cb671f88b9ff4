import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lineDiff } from './line-diff.ts'

test('folds what is equal and far away', () => {
  const before = [...'abcdefghij', 'x', ...'klmnop'].join('\n')
  const after = [...'abcdefghij', 'y', ...'klmnop'].join('\n')
  expect(lineDiff(before, after)).toEqual([
    { type: 'gap', lines: 7 },
    ...[...'hij'].map((text) => ({ type: 'same', text })),
    { type: 'removed', text: 'x' },
    { type: 'added', text: 'y' },
    ...[...'klm'].map((text) => ({ type: 'same', text })),
    { type: 'gap', lines: 3 },
  ])
  expect(lineDiff('a\nb', 'a\nb')).toEqual([{ type: 'gap', lines: 2 }])
})

test('both texts can be read from it', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 5 }).map((lines) => lines.join('\n'))
  fc.assert(
    fc.property(text, text, (before, after) => {
      const lines = lineDiff(before, after)
      // Texts this short are folded only when nothing differs.
      if (before === after) return
      const read = (without: string) =>
        lines.flatMap((line) => (line.type === 'gap' || line.type === without ? [] : [line.text])).join('\n')
      if (lines.some((line) => line.type === 'gap')) return
      expect(read('added')).toBe(before)
      expect(read('removed')).toBe(after)
    }),
  )
})
