/** One field as it stands on the wire. */
export interface WireField {
  readonly number: number
  /** A varint or fixed number, or the bytes of a length-delimited field. */
  readonly value: bigint | Uint8Array
  /** True for a 64-bit fixed field (double). */
  readonly fixed64: boolean
}

/** The bytes are no protocol buffer. */
export class WireError extends Error {
  override readonly name = 'WireError'
}

/** Splits a message into its fields, in order. Source: the protocol buffer encoding. */
export function readFields(bytes: Uint8Array): WireField[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const fields: WireField[] = []
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]
      if (byte === undefined || shift > 63n) throw new WireError('unexpected end of a number')
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asIntN(64, value)
    }
  }
  const take = (length: number): number => {
    if (length < 0 || at + length > bytes.length) throw new WireError('unexpected end of a field')
    at += length
    return at - length
  }
  while (at < bytes.length) {
    const tag = Number(varint())
    const number = tag >>> 3
    switch (tag & 7) {
      case 0:
        fields.push({ number, value: varint(), fixed64: false })
        break
      case 1:
        fields.push({ number, value: view.getBigUint64(take(8), true), fixed64: true })
        break
      case 2: {
        const length = Number(varint())
        const start = take(length)
        fields.push({ number, value: bytes.subarray(start, start + length), fixed64: false })
        break
      }
      case 5:
        fields.push({ number, value: BigInt(view.getUint32(take(4), true)), fixed64: false })
        break
      default:
        throw new WireError(`unknown wire type ${tag & 7}`)
    }
  }
  return fields
}
