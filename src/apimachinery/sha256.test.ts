import { expect, test } from 'vitest'
import { hmacSha256, sha256Hex, utf8 } from './sha256.ts'

test('digests are those of the standard', () => {
  expect(sha256Hex('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  expect(sha256Hex('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  const mac = hmacSha256(utf8('Jefe'), utf8('what do ya want for nothing?'))
  expect(Buffer.from(mac).toString('hex')).toBe('5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843')
})
