import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { StatusError } from '../errors.ts'
import type { JsonObject } from '../resource.ts'
import { normalize } from '../schema/decode.ts'
import { modelOf } from '../schema/schema.ts'
import type { Model } from '../schema/schema.ts'
import { jsonPatch } from './json-patch.ts'
import { createMergePatch, mergePatch, threeWayJsonMergePatch } from './merge-patch.ts'
import { threeWayMergePatch, twoWayMergePatch } from './strategic-diff.ts'
import { strategicMergePatch } from './strategic.ts'

interface Call {
  readonly method: string
  readonly path: string
  readonly body: { readonly apiVersion: string; readonly kind: string }
  readonly headers: { readonly 'Content-Type': string }
}
interface Recorded {
  readonly setup: readonly Call[]
  readonly request: Call
  readonly expect: { readonly code: number; readonly body: JsonObject }
}

function model(apiVersion: string, kind: string): Model {
  const found = apiVersion.includes('/')
    ? modelOf(...(apiVersion.split('/') as [string, string]), kind)
    : modelOf('', apiVersion, kind)
  if (found === undefined) throw new Error(kind)
  return found
}

function patchWith({ headers, body: patch }: Call, current: unknown, of: Model): unknown {
  if (headers['Content-Type'].startsWith('application/json-patch')) return jsonPatch(current, patch)
  if (headers['Content-Type'].startsWith('application/merge-patch')) return mergePatch(current, patch)
  return strategicMergePatch(current, patch, of)
}

describe('recorded patches', () => {
  const folder = new URL('../testdata/patches/', import.meta.url)
  test.each(readdirSync(folder))('%s', (name) => {
    const { setup, request, expect: want }: Recorded = JSON.parse(readFileSync(new URL(name, folder), 'utf8'))
    const parent = request.path.slice(0, request.path.lastIndexOf('/'))
    const created = setup.find((call) => call.method === 'POST' && call.path === parent)!
    const of = model(created.body.apiVersion, created.body.kind)
    const frozen = JSON.stringify(created.body)
    try {
      const patched = patchWith(request, created.body, of) as JsonObject
      expect(want.code).toBe(200)
      // Ours lacks the defaults that the server adds.
      const { status: _, ...body } = normalize(of, patched)
      const seen = JSON.parse(JSON.stringify(body).replaceAll(/,"(resources":\{\}|targetPort":0)/g, ''))
      delete seen.spec?.strategy
      expect(want.body).toMatchObject(seen)
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      expect(error.status).toEqual(want.body)
    }
    expect(JSON.stringify(created.body)).toBe(frozen)
  })
})

const deployment = model('apps/v1', 'Deployment')
const smp = (original: JsonObject, patch: JsonObject) => strategicMergePatch(original, patch, deployment)
const pod = (spec: JsonObject): JsonObject => ({ spec: { template: { spec } } })

describe('strategic merge patch', () => {
  test('new elements come first, known ones keep their place', () => {
    const before = pod({ containers: [{ name: 'a' }, { name: 'b' }] })
    const after = pod({ containers: [{ name: 'c' }, { name: 'a' }, { name: 'b', image: 'x' }] })
    expect(smp(before, pod({ containers: [{ name: 'c' }, { name: 'b', image: 'x' }] }))).toEqual(after)
  })

  test('$patch in a list and in a map', () => {
    const before = pod({ containers: [{ name: 'a', env: [{ name: 'X', value: '1' }] }], nodeSelector: { a: 'b' } })
    expect(smp(before, pod({ containers: [{ $patch: 'replace' }, { name: 'z' }] }))).toEqual(
      pod({ containers: [{ name: 'z' }], nodeSelector: { a: 'b' } }),
    )
    expect(smp(before, pod({ nodeSelector: { $patch: 'delete' } }))).toEqual(
      pod({ containers: [{ name: 'a', env: [{ name: 'X', value: '1' }] }], nodeSelector: {} }),
    )
    expect(() => smp(before, { spec: { $patch: 'frob' } })).toThrow('unknown patch type: frob in map: map[$patch:frob]')
  })

  test('$retainKeys must name what the patch sets', () => {
    const before: JsonObject = { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } } }
    expect(smp(before, { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } })).toEqual({
      spec: { strategy: { type: 'Recreate' } },
    })
    expect(() => smp(before, { spec: { strategy: { $retainKeys: ['x'], type: 'Recreate' } } })).toThrow(
      'invalid patch format of retainKeys',
    )
  })

  test('nulls in new values are dropped', () => {
    expect(smp({}, { metadata: { labels: { a: null, b: 'c' } } })).toEqual({ metadata: { labels: { b: 'c' } } })
  })
})

describe('three-way patch', () => {
  const container = (name: string, more: JsonObject = {}) => ({ name, image: `${name}:1`, ...more })

  test('the live object keeps what others set', () => {
    const original = pod({ containers: [container('a'), container('b')], nodeSelector: { x: '1' } })
    const modified = pod({ containers: [container('a', { image: 'a:2' })] })
    const current = pod({
      containers: [container('a', { imagePullPolicy: 'Always' }), container('b'), container('sidecar')],
      nodeSelector: { x: '1', y: '2' },
    })
    const patch = threeWayMergePatch(original, modified, current, deployment)
    expect(patch).toEqual(
      pod({
        '$setElementOrder/containers': [{ name: 'a' }],
        containers: [
          { name: 'a', image: 'a:2' },
          { name: 'b', $patch: 'delete' },
        ],
        nodeSelector: null,
      }),
    )
    expect(smp(current, patch)).toEqual(
      pod({ containers: [container('a', { image: 'a:2', imagePullPolicy: 'Always' }), container('sidecar')] }),
    )
  })

  test('nothing changed, nothing to send', () => {
    const file = pod({ containers: [container('a')] })
    expect(
      threeWayMergePatch(file, file, pod({ containers: [container('a', { stdin: true })], dnsPolicy: 'Default' }), deployment),
    ).toEqual({})
  })

  test('a changed volume source clears the old one', () => {
    const original = pod({ volumes: [{ name: 'v', emptyDir: {} }] })
    const modified = pod({ volumes: [{ name: 'v', hostPath: { path: '/x' } }] })
    const patch = threeWayMergePatch(original, modified, original, deployment)
    expect(patch).toEqual(
      pod({
        '$setElementOrder/volumes': [{ name: 'v' }],
        volumes: [{ name: 'v', $retainKeys: ['hostPath', 'name'], emptyDir: null, hostPath: { path: '/x' } }],
      }),
    )
    expect(smp(original, patch)).toEqual(modified)
  })

  test('scalar lists that merge', () => {
    const before = { metadata: { finalizers: ['a', 'b'] } }
    const after = { metadata: { finalizers: ['c', 'b'] } }
    const patch = twoWayMergePatch(before, after, deployment)
    expect(patch).toEqual({
      metadata: {
        finalizers: ['c'],
        '$deleteFromPrimitiveList/finalizers': ['a'],
        '$setElementOrder/finalizers': ['c', 'b'],
      },
    })
    expect(smp(before, patch)).toEqual(after)
  })

  test('kinds without merge rules', () => {
    expect(threeWayJsonMergePatch({ a: 1, b: { c: 1 } }, { b: { d: 2 } }, { a: 1, b: { c: 1, e: 5 } })).toEqual({
      a: null,
      b: { c: null, d: 2 },
    })
    expect(createMergePatch({ a: [1], b: 1 }, { a: [1], c: {} })).toEqual({ b: null, c: {} })
  })
})

test('JSON patch corner cases', () => {
  const document = { a: [1, 2], b: { c: 1 } }
  expect(jsonPatch(document, [{ op: 'replace', path: '/b/new', value: 2 }])).toEqual({ a: [1, 2], b: { c: 1, new: 2 } })
  expect(jsonPatch(document, [{ op: 'remove', path: '/a/-1' }])).toEqual({ a: [1], b: { c: 1 } })
  expect(jsonPatch(document, [{ op: 'test', path: '/b/none', value: null }])).toBe(document)
  expect(() => jsonPatch(document, [{ op: 'add', path: '/a/5', value: 1 }])).toThrow(StatusError)
  expect(() => jsonPatch(document, { op: 'add' })).toThrow('json: cannot unmarshal object into Go value of type jsonpatch.Patch')
})
