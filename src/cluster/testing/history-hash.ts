import type { Change } from '../../etcd/etcd.ts'

/** 64 bits for a whole history: every write with its time, author, cause and value, byte for byte. FNV-1a, two lanes. */
export function historyHash(history: readonly Change[]): string {
  let a = 0x811c9dc5
  let b = 0x9747b28c
  for (const { previous: _, ...change } of history) {
    const text = JSON.stringify(change)
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      a = Math.imul(a ^ code, 0x01000193)
      b = Math.imul(b ^ (code + i), 0x85ebca6b)
      b ^= b >>> 13
    }
  }
  return [a, b].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('')
}
