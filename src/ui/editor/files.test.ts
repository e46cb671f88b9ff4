import { describe, expect, it } from 'vitest'
import { documentLines, joinDocuments, MAX_BYTES, readManifests } from './files.ts'

const file = (name: string, text: string, size = text.length) => ({ name, size, text: async () => text })

describe('manifest files', () => {
  it('become one text of several documents', async () => {
    expect(await readManifests([file('a.yaml', 'a: 1\n'), file('b.yaml', '---\nb: 2'), file('c.yaml', 'c: 3\n\n')])).toEqual({
      ok: true,
      text: 'a: 1\n---\nb: 2\n---\nc: 3\n',
    })
    expect(joinDocuments(['', '\uFEFFa: 1'])).toBe('a: 1\n')
  })

  it('are refused when too large or not text', async () => {
    expect(await readManifests([file('big.yaml', '', MAX_BYTES + 1)])).toEqual({
      ok: false,
      reason: 'tooLarge',
      name: 'big.yaml',
    })
    expect(await readManifests([file('x.png', 'a\u0000b')])).toMatchObject({ ok: false, reason: 'notText' })
    expect(await readManifests([])).toMatchObject({ ok: false, reason: 'none' })
  })
})

describe('documents of a text', () => {
  it('begin at their first line with content', () => {
    expect(documentLines('# only a comment\n---\n\na: 1\nb: 2\n---\n# c\nc: 3\n---\n')).toEqual([4, 8])
    expect(documentLines('')).toEqual([])
  })
})
