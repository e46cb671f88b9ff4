/** Text to base64 and back, in UTF-8, for the data of Secrets. */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

function utf8(text: string): number[] {
  const bytes: number[] = []
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0
    if (code < 0x80) bytes.push(code)
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63))
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63))
    else bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63))
  }
  return bytes
}

export function encodeBase64(text: string): string {
  const bytes = utf8(text)
  let out = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const [a = 0, b, c] = bytes.slice(i, i + 3)
    const word = (a << 16) | ((b ?? 0) << 8) | (c ?? 0)
    out += `${ALPHABET[word >> 18]}${ALPHABET[(word >> 12) & 63]}`
    out += b === undefined ? '==' : `${ALPHABET[(word >> 6) & 63]}${c === undefined ? '=' : ALPHABET[word & 63]}`
  }
  return out
}

/** The bytes as one character each (Latin-1): enough to look at ASCII formats such as PEM and JSON. */
export function decodeBase64(text: string): string {
  let out = ''
  let bits = 0
  let count = 0
  for (const char of text) {
    const value = ALPHABET.indexOf(char)
    if (value < 0) continue
    bits = ((bits << 6) | value) & 0xffffff
    count += 6
    if (count >= 8) {
      count -= 8
      out += String.fromCharCode((bits >> count) & 0xff)
    }
  }
  return out
}
