import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { base32, sha256 } from './sha256.ts'

test.each(['', 'abc', 'x'.repeat(55), 'y'.repeat(56), 'z'.repeat(200)])('digest of %j', (text) => {
  expect(Buffer.from(sha256(text)).toString('hex')).toBe(createHash('sha256').update(text).digest('hex'))
})

test('the name of a chain', () => {
  expect(base32(sha256('default/webtcp'), 16)).toBe('LOLE4ISW44XBNF3G')
})
