import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compare, fieldsOfObject } from './managedfields/compare.ts'
import type { FieldSet } from './managedfields/fieldset.ts'
import {
  FieldSetBuilder,
  deepDifference,
  difference,
  formatFieldPath,
  intersection,
  paths,
  union,
} from './managedfields/fieldset.ts'
import { applyConfiguration } from './managedfields/apply.ts'
import { NO_MANAGERS, encodeManagers, typeOfModel } from './managedfields/managers.ts'
import { jsonPatch } from './patch/json-patch.ts'
import { createMergePatch, mergePatch } from './patch/merge-patch.ts'
import { threeWayMergePatch, twoWayMergePatch } from './patch/strategic-diff.ts'
import { strategicMergePatch } from './patch/strategic.ts'
import { addQuantities, compareQuantities, formatQuantity, parseQuantity } from './quantity.ts'
import type { JsonObject } from './resource.ts'
import { normalize } from './schema/decode.ts'
import { parseJson } from './schema/json-text.ts'

const RUNS = { seed: 20260101, numRuns: 60 }

/** A quantity as a whole number of nanos, by the book. */
function nanos(text: string): bigint {
  const [, sign, whole = '', , fraction = '', suffix = ''] = /^(-?)([0-9]*)(\.([0-9]*))?(.*)$/.exec(text) ?? []
  const powers: { [suffix: string]: bigint } = {
    n: 1n,
    u: 10n ** 3n,
    m: 10n ** 6n,
    '': 10n ** 9n,
    k: 10n ** 12n,
    M: 10n ** 15n,
    G: 10n ** 18n,
  }
  const binary: { [suffix: string]: bigint } = { Ki: 2n ** 10n, Mi: 2n ** 20n, Gi: 2n ** 30n }
  const unit = binary[suffix] !== undefined ? binary[suffix] * 10n ** 9n : (powers[suffix] ?? 0n)
  const scaled = BigInt(whole + fraction) * unit
  const divisor = 10n ** BigInt(fraction.length)
  const up = (scaled + divisor - 1n) / divisor
  return sign === '-' ? -up : up
}

const quantityText = fc
  .tuple(
    fc.boolean(),
    fc.nat(99999999),
    fc.stringMatching(/^[0-9]{0,6}$/),
    fc.constantFrom('n', 'u', 'm', '', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi'),
  )
  .map(([negative, whole, fraction, suffix]) => `${negative ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}${suffix}`)

test('quantities are exact', () => {
  fc.assert(
    fc.property(quantityText, quantityText, (a, b) => {
      const [x, y] = [parseQuantity(a), parseQuantity(b)]
      expect(nanos(formatQuantity(x))).toBe(nanos(a))
      expect(formatQuantity(parseQuantity(formatQuantity(x)))).toBe(formatQuantity(x))
      expect(nanos(formatQuantity(addQuantities(x, y)))).toBe(nanos(a) + nanos(b))
      expect(Math.sign(compareQuantities(x, y))).toBe(nanos(a) < nanos(b) ? -1 : nanos(a) > nanos(b) ? 1 : 0)
    }),
    RUNS,
  )
})

test('JSON is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.json({ noUnicodeString: false }), (text) => {
      expect(parseJson(text).value).toEqual(JSON.parse(text))
    }),
    RUNS,
  )
})

const pathArbitrary = fc.array(fc.constantFrom('f:a', 'f:b', 'k:{"name":"x"}', 'v:1'), { minLength: 1, maxLength: 4 })
const setArbitrary = fc.array(pathArbitrary, { maxLength: 8 }).map((list) => {
  const builder = new FieldSetBuilder()
  for (const path of list) builder.insert(path)
  return builder.build()
})
const members = (set: FieldSet) => new Set(paths(set).map((path) => path.join('|')))

test('field sets are sets', () => {
  fc.assert(
    fc.property(setArbitrary, setArbitrary, (a, b) => {
      const [x, y] = [members(a), members(b)]
      expect(members(union(a, b))).toEqual(new Set([...x, ...y]))
      expect(members(intersection(a, b))).toEqual(new Set([...x].filter((p) => y.has(p))))
      expect(members(difference(a, b))).toEqual(new Set([...x].filter((p) => !y.has(p))))
      const covered = (p: string) => [...y].some((q) => p === q || p.startsWith(`${q}|`))
      expect(members(deepDifference(a, b))).toEqual(new Set([...x].filter((p) => !covered(p))))
      expect(paths(a).map(formatFieldPath).length).toBe(x.size)
    }),
    RUNS,
  )
})

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
const compact = (object: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))
const name = fc.constantFrom('a', 'b', 'c', 'd')
const named = (more: { [field: string]: fc.Arbitrary<unknown> }) =>
  fc.uniqueArray(fc.record({ name, ...more }).map(compact), { selector: (item) => item.name, maxLength: 4 })
const container = {
  image: optional(fc.constantFrom('x', 'y')),
  args: optional(fc.array(name, { minLength: 1, maxLength: 2 })),
  env: optional(named({ value: optional(fc.constantFrom('1', '2')) }).filter((list) => list.length > 0)),
}
const deployment = fc
  .record({
    finalizers: optional(fc.uniqueArray(name, { minLength: 1, maxLength: 3 })),
    labels: optional(fc.dictionary(name, fc.constantFrom('1', '2'), { minKeys: 1, maxKeys: 3 })),
    replicas: optional(fc.nat(3)),
    containers: optional(named(container).filter((list) => list.length > 0)),
    volumes: optional(
      named({ emptyDir: optional(fc.constant({})), hostPath: optional(fc.constant({ path: '/' })) }).filter((l) => l.length > 0),
    ),
  })
  .map(({ finalizers, labels, replicas, containers, volumes }): JsonObject => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: compact({ name: 'web', finalizers, labels }),
    spec: compact({ replicas, template: { spec: compact({ containers, volumes }) } }),
  }))
const MODEL = 'V1Deployment'
const stored = (object: unknown) => normalize(MODEL, object as JsonObject)

describe('patches', () => {
  test('a two-way patch makes what it was made for', () => {
    fc.assert(
      fc.property(deployment, deployment, (before, after) => {
        expect(strategicMergePatch(before, twoWayMergePatch(before, after, MODEL), MODEL)).toEqual(after)
        expect(mergePatch(before, createMergePatch(before, after))).toEqual(after)
      }),
      RUNS,
    )
  })

  test('a three-way patch leaves nothing to do', () => {
    fc.assert(
      fc.property(deployment, deployment, deployment, (last, file, live) => {
        const once = stored(strategicMergePatch(live, threeWayMergePatch(last, file, live, MODEL), MODEL))
        expect(stored(strategicMergePatch(once, threeWayMergePatch(file, file, once, MODEL), MODEL))).toEqual(once)
      }),
      RUNS,
    )
  })

  test('without changes by others, three ways are two', () => {
    fc.assert(
      fc.property(deployment, deployment, (last, file) => {
        expect(strategicMergePatch(last, threeWayMergePatch(last, file, last, MODEL), MODEL)).toEqual(file)
      }),
      RUNS,
    )
  })

  test('a JSON patch can be undone', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), fc.nat(), (list, n) => {
        const path = `/a/${n % (list.length + 1)}`
        const added = jsonPatch({ a: list }, [{ op: 'add', path, value: 'x' }])
        expect(jsonPatch(added, [{ op: 'remove', path }])).toEqual({ a: list })
      }),
      RUNS,
    )
  })
})

describe('server-side apply', () => {
  const type = typeOfModel(MODEL)
  const request = {
    managers: NO_MANAGERS,
    force: true,
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    subresource: '',
    timeText: '2026-01-01T00:00:00Z',
    model: MODEL,
  }

  test('what is compared with itself does not differ, and what differs is told both ways', () => {
    fc.assert(
      fc.property(deployment, deployment, (a, b) => {
        expect(compare(type, a, structuredClone(a))).toEqual({ added: {}, modified: {}, removed: {} })
        const [there, back] = [compare(type, a, b), compare(type, b, a)]
        expect(members(there.added)).toEqual(members(back.removed))
        expect(members(there.modified)).toEqual(members(back.modified))
      }),
      RUNS,
    )
  })

  test('one manager gets exactly what it applies, whatever it applied before', () => {
    fc.assert(
      fc.property(deployment, deployment, (first, second) => {
        const one = applyConfiguration({ ...request, live: undefined, config: first, manager: 'm' })
        const two = applyConfiguration({
          ...request,
          live: stored(one.object),
          managers: one.managers,
          config: second,
          manager: 'm',
        })
        const fresh = applyConfiguration({ ...request, live: undefined, config: second, manager: 'm' })
        expect(encodeManagers(two.managers)).toEqual(encodeManagers(fresh.managers))
        const again = applyConfiguration({
          ...request,
          live: stored(two.object),
          managers: two.managers,
          config: second,
          manager: 'm',
        })
        expect(stored(again.object)).toEqual(stored(two.object))
        expect(encodeManagers(again.managers)).toEqual(encodeManagers(two.managers))
      }),
      RUNS,
    )
  })

  test('nobody loses what another still applies', () => {
    fc.assert(
      fc.property(deployment, deployment, deployment, (mine, theirs, next) => {
        const one = applyConfiguration({ ...request, live: undefined, config: mine, manager: 'm' })
        const two = applyConfiguration({
          ...request,
          live: stored(one.object),
          managers: one.managers,
          config: theirs,
          manager: 'n',
        })
        const three = applyConfiguration({
          ...request,
          live: stored(two.object),
          managers: two.managers,
          config: next,
          manager: 'm',
        })
        const kept = [...three.managers.values()].find((m) => m.manager === 'n')?.fields ?? {}
        const present = members(fieldsOfObject(type, three.object))
        expect([...members(kept)].filter((p) => !present.has(p) && !p.endsWith('f:spec'))).toEqual([])
      }),
      RUNS,
    )
  })
})
