import type { PodTemplateSpec } from '../../apimachinery/generated/types.ts'
import { safeEncode } from '../../apimachinery/names.ts'
import { dumpPodTemplate } from './go-dump.ts'

const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193

/** One step of 32-bit FNV-1a (xor, then multiply). */
const fnvaStep = (hash: number, byte: number): number => Math.imul(hash ^ byte, FNV_PRIME)

/** Feeds a text's UTF-8 bytes to a running 32-bit FNV-1a sum. */
export function fnvaText(text: string, start = FNV_OFFSET): number {
  let hash = start
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0
    if (code < 0x80) hash = fnvaStep(hash, code)
    else if (code < 0x800) hash = fnvaStep(fnvaStep(hash, 0xc0 | (code >> 6)), 0x80 | (code & 63))
    else {
      hash =
        code < 0x10000
          ? fnvaStep(hash, 0xe0 | (code >> 12))
          : fnvaStep(fnvaStep(hash, 0xf0 | (code >> 18)), 0x80 | ((code >> 12) & 63))
      hash = fnvaStep(fnvaStep(hash, 0x80 | ((code >> 6) & 63)), 0x80 | (code & 63))
    }
  }
  return hash
}

const known = new WeakMap<object, number>()

/**
 * pod-template-hash of a defaulted template: the sum over its Go form and, once there was a collision, the count.
 * k8s 1.36: controller ComputeHash.
 */
export function podTemplateHash(template: PodTemplateSpec, collisionCount?: number): string {
  let hash = known.get(template)
  if (hash === undefined) known.set(template, (hash = fnvaText(dumpPodTemplate(template))))
  if (collisionCount !== undefined) {
    for (let i = 0; i < 4; i++) hash = fnvaStep(hash, (collisionCount >>> (8 * i)) & 255)
    for (let i = 0; i < 4; i++) hash = fnvaStep(hash, 0)
  }
  return safeEncode(String(hash >>> 0))
}
