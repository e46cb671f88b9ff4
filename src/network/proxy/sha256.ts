/** SHA-256 and base32, for the names of iptables chains. FIPS 180-4; RFC 4648. */

const primes = (count: number): readonly number[] => {
  const found: number[] = []
  for (let n = 2; found.length < count; n++) if (found.every((prime) => n % prime !== 0)) found.push(n)
  return found
}
const fraction = (value: number): number => Math.floor((value - Math.floor(value)) * 2 ** 32) | 0
const ROUND = Int32Array.from(primes(64), (prime) => fraction(Math.cbrt(prime)))
const START = Int32Array.from(primes(8), (prime) => fraction(Math.sqrt(prime)))

const rotate = (x: number, n: number) => (x >>> n) | (x << (32 - n))

/** The digest of an ASCII text, 32 bytes. */
export function sha256(text: string): Uint8Array {
  const blocks = Math.ceil((text.length + 9) / 64)
  const view = new DataView(new ArrayBuffer(blocks * 64))
  for (let i = 0; i < text.length; i++) view.setUint8(i, text.charCodeAt(i))
  view.setUint8(text.length, 0x80)
  view.setUint32(blocks * 64 - 4, text.length * 8)
  const state = Int32Array.from(START)
  const w = new Int32Array(64)
  for (let block = 0; block < blocks; block++) {
    for (let i = 0; i < 16; i++) w[i] = view.getInt32(block * 64 + i * 4)
    compress(state, w)
  }
  const out = new DataView(new ArrayBuffer(32))
  state.forEach((word, i) => out.setInt32(i * 4, word))
  return new Uint8Array(out.buffer)
}

function compress(state: Int32Array, w: Int32Array): void {
  const at = (i: number) => w[i] as number
  for (let i = 16; i < 64; i++) {
    const [x, y] = [at(i - 15), at(i - 2)]
    w[i] = at(i - 16) + (rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3)) + at(i - 7) + (rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10))
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state
  for (let i = 0; i < 64; i++) {
    const t1 = (h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + (ROUND[i] as number) + at(i)) | 0
    const t2 = ((rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0
    ;[h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0]
  }
  for (const [i, add] of [a, b, c, d, e, f, g, h].entries()) state[i] = (state[i] as number) + add
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** The first characters of the base32 form. */
export function base32(bytes: Uint8Array, characters: number): string {
  let text = ''
  for (let i = 0; i < characters; i++) {
    const bit = i * 5
    const pair = ((bytes[bit >> 3] ?? 0) << 8) | (bytes[(bit >> 3) + 1] ?? 0)
    text += BASE32[(pair >> (11 - (bit & 7))) & 31]
  }
  return text
}
