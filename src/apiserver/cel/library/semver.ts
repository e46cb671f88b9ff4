/** Versions. Source: k8s 1.36 cel/library/semverlib.go (version 1), semver.org. */
import type { Environment } from '@marcbachmann/cel-js'
import { define, failure } from './define.ts'

class SemverValue {
  readonly numbers: readonly bigint[]
  readonly prerelease: readonly string[]
  constructor(numbers: readonly bigint[], prerelease: readonly string[]) {
    this.numbers = numbers
    this.prerelease = prerelease
  }
}

const NUMBER = '0|[1-9]\\d*'
const WORDS = '[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*'
const STRICT = new RegExp(`^(${NUMBER})\\.(${NUMBER})\\.(${NUMBER})(?:-(${WORDS}))?(?:\\+${WORDS})?$`)

function readSemver(text: string): SemverValue | undefined {
  const [match, major = '', minor = '', patch = '', pre = ''] = STRICT.exec(text) ?? []
  if (match === undefined) return undefined
  const words = pre === '' ? [] : pre.split('.')
  if (words.some((word) => /^0\d+$/.test(word))) return undefined
  return new SemverValue([BigInt(major), BigInt(minor), BigInt(patch)], words)
}

/** Without a leading v and leading zeros, with the numbers that are missing. */
function normalized(text: string): string {
  const [, numbers = '', rest = ''] = /^v?([\d.]*)(.*)$/.exec(text.trim()) ?? []
  const parts = numbers.split('.').map((part) => part.replace(/^0+(?=\d)/, ''))
  while (parts.length < 3) parts.push('0')
  return parts.join('.') + rest
}

const read = (text: string, normalize = false) => readSemver(normalize ? normalized(text) : text)

function compareWords(a: string, b: string): number {
  const [x, y] = [/^\d+$/.test(a), /^\d+$/.test(b)]
  if (x && y) return Math.sign(Number(BigInt(a) - BigInt(b)))
  if (x !== y) return x ? -1 : 1
  return a < b ? -1 : a > b ? 1 : 0
}

function compare(a: SemverValue, b: SemverValue): number {
  for (const [i, number] of a.numbers.entries()) {
    const other = b.numbers[i] ?? 0n
    if (number !== other) return number < other ? -1 : 1
  }
  const [x, y] = [a.prerelease, b.prerelease]
  if (x.length === 0 || y.length === 0) return Math.sign(y.length - x.length)
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    const order = compareWords(x[i] ?? '', y[i] ?? '')
    if (order !== 0) return order
  }
  return Math.sign(x.length - y.length)
}

export function semverLibrary(env: Environment): void {
  const T = 'kubernetes.Semver'
  env.registerType(T, SemverValue)
  const semver = (text: string, normalize = false) => {
    const version = read(text, normalize)
    if (!version) throw failure('No Major.Minor.Patch elements found')
    return version
  }
  define(env, {
    [`semver(string): ${T}`]: (text: string) => semver(text),
    [`semver(string, bool): ${T}`]: semver,
    'isSemver(string): bool': (text: string) => read(text) !== undefined,
    'isSemver(string, bool): bool': (text: string, normalize: boolean) => read(text, normalize) !== undefined,
    [`${T}.major(): int`]: ({ numbers }: SemverValue) => numbers[0] ?? 0n,
    [`${T}.minor(): int`]: ({ numbers }: SemverValue) => numbers[1] ?? 0n,
    [`${T}.patch(): int`]: ({ numbers }: SemverValue) => numbers[2] ?? 0n,
    [`${T}.compareTo(${T}): int`]: (a: SemverValue, b: SemverValue) => BigInt(compare(a, b)),
    [`${T}.isGreaterThan(${T}): bool`]: (a: SemverValue, b: SemverValue) => compare(a, b) > 0,
    [`${T}.isLessThan(${T}): bool`]: (a: SemverValue, b: SemverValue) => compare(a, b) < 0,
  })
  env.registerOperator(`${T} == ${T}`, (a: SemverValue, b: SemverValue) => compare(a, b) === 0)
}
