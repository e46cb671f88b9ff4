/** Optional values beyond what the language has. Source: k8s 1.36 cel/environment (cel.OptionalTypes). */
import { Optional, type Environment } from '@marcbachmann/cel-js'
import { WITHOUT_ABSENT } from '../sugar.ts'
import { equals } from './compare.ts'
import { define } from './define.ts'

const ZERO_TIME_MS = -62_135_596_800_000

function isZero(value: unknown): boolean {
  if (value === null || value === 0 || value === 0n || value === '' || value === false) return true
  if (Array.isArray(value)) return value.length === 0
  if (typeof value !== 'object') return false
  if (value.constructor === Object) return Object.keys(value).length === 0
  const plain: unknown = value.valueOf()
  return plain === 0n || plain === ('toISOString' in value ? ZERO_TIME_MS : 0)
}

const present = (value: unknown) => !(value instanceof Optional) || value.hasValue()
const content = (value: unknown) => (value instanceof Optional ? value.value() : value)

function same(a: Optional, b: Optional): boolean {
  return a.hasValue() && b.hasValue() ? equals(a.value(), b.value()) : a.hasValue() === b.hasValue()
}

export function optionalLibrary(env: Environment): void {
  define(env, {
    'OptionalNamespace.ofNonZeroValue(A): optional<A>': (_: unknown, value: unknown) =>
      isZero(value) ? Optional.none() : Optional.of(value),
    [`${WITHOUT_ABSENT}(list): list`]: (list: readonly unknown[]) => list.filter(present).map(content),
    [`${WITHOUT_ABSENT}(map): map`]: (map: object) =>
      Object.fromEntries(
        Object.entries(map)
          .filter(([, value]) => present(value))
          .map(([key, value]) => [key, content(value)]),
      ),
  })
  env.registerOperator('optional == optional', same)
}
