import { expect, test } from 'vitest'
import { digest32 } from './base32.ts'

test('the name of a chain', () => {
  expect(digest32('default/webtcp', 16)).toBe('LOLE4ISW44XBNF3G')
})
