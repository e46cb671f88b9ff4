/** Names of chains and tables' objects: the beginning of a digest, in base32 (RFC 4648). */
import { sha256Bytes, utf8 } from '../../apimachinery/sha256.ts'

/** The first characters of a text's SHA-256 in base32. */
export function digest32(text: string, characters: number): string {
  return base32(sha256Bytes(utf8(text)), characters)
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

function base32(bytes: Uint8Array, characters: number): string {
  let text = ''
  for (let i = 0; i < characters; i++) {
    const bit = i * 5
    const pair = ((bytes[bit >> 3] ?? 0) << 8) | (bytes[(bit >> 3) + 1] ?? 0)
    text += BASE32[(pair >> (11 - (bit & 7))) & 31]
  }
  return text
}
