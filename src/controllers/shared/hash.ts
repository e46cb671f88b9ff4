import type { PodTemplateSpec } from '../../apimachinery/generated/types.ts'
import { safeEncode } from '../../apimachinery/names.ts'
import { dumpPodTemplate } from './go-dump.ts'

const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193

/** One step of 32-bit FNV-1a (xor, then multiply). */
const fnvaStep = (hash: number, byte: number): number => Math.imul(hash ^ byte, FNV_PRIME)

/** One step of 32-bit FNV-1 (multiply, then xor). */
const fnv1Step = (hash: number, byte: number): number => Math.imul(hash, FNV_PRIME) ^ byte

/** 32-bit FNV-1 of a text's UTF-8 bytes. */
export const fnv1Text = (text: string): number => sum(text, fnv1Step)

/** Feeds a text's UTF-8 bytes to a sum. */
function sum(text: string, step: (hash: number, byte: number) => number): number {
  let hash = FNV_OFFSET
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0
    if (code < 0x80) hash = step(hash, code)
    else if (code < 0x800) hash = step(step(hash, 0xc0 | (code >> 6)), 0x80 | (code & 63))
    else {
      hash = code < 0x10000 ? step(hash, 0xe0 | (code >> 12)) : step(step(hash, 0xf0 | (code >> 18)), 0x80 | ((code >> 12) & 63))
      hash = step(step(hash, 0x80 | ((code >> 6) & 63)), 0x80 | (code & 63))
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
  if (hash === undefined) known.set(template, (hash = sum(dumpPodTemplate(template), fnvaStep)))
  if (collisionCount !== undefined) {
    for (let i = 0; i < 4; i++) hash = fnvaStep(hash, (collisionCount >>> (8 * i)) & 255)
    for (let i = 0; i < 4; i++) hash = fnvaStep(hash, 0)
  }
  return safeEncode(String(hash >>> 0))
}
