import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../resource.ts'
import { DecodeError, decode, findProblems, normalize } from './decode.ts'
import { JsonSyntaxError, parseJson } from './json-text.ts'
import { nearestField, nearestKind } from './kinds.ts'
import { fieldsOf, modelOf, typeAt } from './schema.ts'
import type { Model } from './schema.ts'

interface Recorded {
  readonly request: { readonly body?: unknown; readonly rawBody?: string; readonly query?: { readonly fieldValidation?: string } }
  readonly expect: {
    readonly code: number
    readonly headers?: { readonly Warning?: readonly string[] }
    readonly body: { readonly kind?: string; readonly apiVersion?: string; readonly message?: string }
  }
}

const folder = new URL('../testdata/decoding/', import.meta.url)
const recorded = (name: string): Recorded => JSON.parse(readFileSync(new URL(name, folder), 'utf8'))
const names = readdirSync(folder)

function modelOfBody(body: { readonly kind?: string; readonly apiVersion?: string }): Model {
  const parts = (body.apiVersion ?? '').split('/')
  const model = modelOf(parts.length === 2 ? (parts[0] ?? '') : '', parts.at(-1) ?? '', body.kind ?? '')
  if (model === undefined) throw new Error(`no model for ${body.kind}`)
  return model
}

/** Recorded bodies hide what differs between runs. */
const unmask = (text: string) => text.replaceAll('"<time>"', '"2026-01-01T00:00:00Z"')

function run({ request, expect: want }: Recorded): { readonly message?: string; readonly warnings?: readonly string[] } {
  const text = request.rawBody ?? JSON.stringify(request.body)
  const { value, duplicates } = parseJson(text)
  const strictness = request.query?.fieldValidation ?? 'Ignore'
  if (strictness !== 'Strict' && strictness !== 'Warn' && strictness !== 'Ignore') throw new Error(strictness)
  const body = value as { readonly kind: string; readonly apiVersion: string }
  try {
    return { warnings: decode(modelOfBody(body), value, { strictness, duplicates }).warnings }
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    const version = body.apiVersion.split('/').at(-1)
    expect(want.code).toBe(400)
    return { message: `${body.kind} in version "${version}" cannot be handled as a ${body.kind}: ${error.message}` }
  }
}

describe('recorded bodies', () => {
  test.each(names.filter((n) => /^v-(type|unknown|duplicate|pod)/.test(n)))('%s', (name) => {
    const golden = recorded(name)
    const { message, warnings } = run(golden)
    const masked = message?.replace('2006-01-02T15:04:05.000000Z', '<microtime>')
    expect(masked).toBe(golden.expect.body.message)
    if (warnings) expect(warnings.map((w) => `299 - ${JSON.stringify(w)}`)).toEqual(golden.expect.headers?.Warning ?? [])
  })

  test.each(names.filter((n) => n.startsWith('default-')))('%s answers are left as they are', (name) => {
    const body = JSON.parse(unmask(JSON.stringify(recorded(name).expect.body)))
    expect(normalize(modelOfBody(body), body)).toBe(body)
  })
})

const pod = modelOf('', 'v1', 'Pod')!
const lenient = { strictness: 'Ignore' } as const
const object = (model: Model, body: JsonObject) => decode(model, body, lenient).object

test('zeros stay where they differ from absence', () => {
  const deployment = modelOf('apps', 'v1', 'Deployment')!
  expect(object(deployment, { spec: { replicas: 0, minReadySeconds: 0, paused: false, selector: null } })).toEqual({
    metadata: {},
    spec: { replicas: 0, selector: null, strategy: {}, template: { metadata: {}, spec: { containers: null } } },
    status: {},
  })
})

test('nulls, empty lists and unknown fields go, quantities become canonical', () => {
  const container = { name: 'c', resources: { requests: { cpu: '0.5', memory: 1024 } }, env: [], stdin: false, junk: 1 }
  expect(object(pod, { metadata: { name: 'p', labels: {} }, spec: { containers: [container], volumes: null } })).toEqual({
    metadata: { name: 'p' },
    spec: { containers: [{ name: 'c', resources: { requests: { cpu: '500m', memory: '1024' } } }] },
    status: {},
  })
})

test('times become UTC', () => {
  const model = modelOf('', 'v1', 'ConfigMap')!
  expect(object(model, { metadata: { creationTimestamp: '2026-01-01T02:00:00.5+02:00' } })).toEqual({
    metadata: { creationTimestamp: '2026-01-01T00:00:00Z' },
  })
  expect(() => object(model, { metadata: { creationTimestamp: '2026-13-01T00:00:00Z' } })).toThrow(
    'parsing time "2026-13-01T00:00:00Z": month out of range',
  )
})

test('problems have paths', () => {
  const body = { spec: { containers: [{ name: 'c', imagePullPolice: 'Always', stdin: 'x' }] } }
  expect(findProblems(pod, body)).toEqual([
    {
      kind: 'unknown',
      path: ['spec', 'containers', 0, 'imagePullPolice'],
      message: 'unknown field "spec.containers[0].imagePullPolice"',
    },
    {
      kind: 'type',
      path: ['spec', 'containers', 0, 'stdin'],
      message: 'json: cannot unmarshal string into Go struct field Container.spec.containers.stdin of type bool',
    },
  ])
  expect(nearestField('V1Container', 'imagePullPolice')).toBe('imagePullPolicy')
  expect(nearestKind('Deplyment')).toEqual({ apiVersion: 'apps/v1', kind: 'Deployment' })
  expect(nearestKind('Qwertyuiop')).toBeUndefined()
})

test('named Go types', () => {
  expect(findProblems(pod, { spec: { restartPolicy: 1, nodeSelector: [] } }).map((p) => p.message)).toEqual([
    'json: cannot unmarshal number into Go struct field PodSpec.spec.restartPolicy of type v1.RestartPolicy',
    'json: cannot unmarshal array into Go struct field PodSpec.spec.nodeSelector of type map[string]string',
  ])
})

test('paths lead to types', () => {
  expect(typeAt(pod, ['spec', 'containers', 0, 'resources', 'limits', 'cpu'])).toEqual({ kind: 'scalar', scalar: 'quantity' })
  expect(typeAt(pod, ['spec', 'nope'])).toBeUndefined()
  expect(fieldsOf('V1ObjectMeta').map((f) => f.name)).toContain('ownerReferences')
})

test.each([
  ['', 'unexpected end of JSON input'],
  ['{', 'unexpected end of JSON input'],
  ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
  ['[1 2]', "invalid character '2' after array element"],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['nul', 'unexpected end of JSON input'],
  ['tree', "invalid character 'e' in literal true (expecting 'u')"],
  ['{} x', "invalid character 'x' after top-level value"],
  ['apiVersion: v1', "invalid character 'a' looking for beginning of value"],
])('%j is no JSON', (text, message) => {
  expect(() => parseJson(text)).toThrow(new JsonSyntaxError(message))
})

test('JSON is read as JSON.parse does', () => {
  const text = '{"a":[1,-2.5e3,"x\\u0041\\n",true,null,{}],"b":{"c":"\u{1F600}"}}'
  expect(parseJson(text).value).toEqual(JSON.parse(text))
})

test.each([
  [{ replicas: 'x' }, 'unrecognized type: int32'],
  [{ replicas: 1.5 }, 'cannot convert float64 to int32'],
  [{ paused: 1 }, 'unrecognized type: bool'],
  [{ strategy: { type: 5 } }, 'cannot convert int64 to v1.DeploymentStrategyType'],
  [{ template: [] }, 'cannot restore struct from: slice'],
  [{ template: { spec: { containers: {} } } }, 'cannot restore slice from map'],
  [{ template: { spec: { nodeSelector: 'x' } } }, 'cannot restore map from string'],
])('%j out of a patch is refused in other words', (spec, message) => {
  expect(() => decode('V1Deployment', { spec }, { strictness: 'Warn', source: 'map' })).toThrow(new DecodeError(message))
})
