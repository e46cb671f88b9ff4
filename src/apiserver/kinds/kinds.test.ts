/** Runs each recorded create through defaults, prepareForCreate and validate of its kind, without a server. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import generated from '../../apimachinery/generated/resources.json' with { type: 'json' }
import { causeReason, type FieldError } from '../../apimachinery/field-errors.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import { STRATEGIES } from './registry.ts'
import { validateMetadata } from './shared/metadata.ts'
import type { Strategy } from './strategy.ts'

type Json = { readonly [key: string]: unknown }

interface Case {
  readonly name: string
  readonly request: { readonly method: string; readonly path: string; readonly body?: Json; readonly rawBody?: string }
  readonly expect: { readonly code: number; readonly body: Json; readonly headers?: { readonly Warning?: readonly string[] } }
}

const NOW = 1_767_225_600_000
const UID = '00000000-0000-4000-8000-000000000001'
const context = { nowMs: NOW, subresource: '' }

/** {"$repeat": ["x", n]} stands for n times x. */
function expand(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(expand)
  if (typeof value !== 'object' || value === null) return value
  const repeat = (value as { $repeat?: [string, number] }).$repeat
  if (repeat) return repeat[0].repeat(repeat[1])
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, expand(v)]))
}

function load(folder: string, prefix: string): Case[] {
  const dir = new URL(`../testdata/${folder}/`, import.meta.url)
  return readdirSync(dir)
    .filter((file) => file.startsWith(prefix))
    .map((file) => expand(JSON.parse(readFileSync(new URL(file, dir), 'utf8'))) as Case)
}

function kindOf(path: string) {
  const parts = path.split('/').filter((p) => p !== '')
  const [group, version] = parts[0] === 'api' ? ['', parts[1]] : [parts[1], parts[2]]
  const rest = parts.slice(parts[0] === 'api' ? 2 : 3)
  const namespace = rest[0] === 'namespaces' && rest.length > 2 ? rest[1] : undefined
  const plural = namespace === undefined ? rest[0] : rest[2]
  const info = generated.find((r) => r.group === group && r.version === version && r.plural === plural)
  const strategy = STRATEGIES.find((s) => s.group === group && s.resource === plural)
  return { info, strategy, namespace, isCollection: rest.length === (namespace === undefined ? 1 : 3) }
}

/** The object as the registry hands it to the strategy. */
function stamped(body: Json, namespace: string | undefined): KubeObject {
  const meta = (body['metadata'] ?? {}) as Json
  const name = meta['name'] ?? (meta['generateName'] ? `${String(meta['generateName'])}<suffix>` : undefined)
  return { ...body, metadata: { ...meta, name, namespace, uid: UID } } as KubeObject
}

/** The least of what the allocator does: clusterIP is the first of clusterIPs. */
function allocated(object: KubeObject): KubeObject {
  const spec = (object as unknown as { spec?: { clusterIP?: string } }).spec
  return object.kind === 'Service' && spec?.clusterIP
    ? ({ ...object, spec: { ...spec, clusterIPs: [spec.clusterIP] } } as KubeObject)
    : object
}

interface Outcome {
  readonly object: KubeObject
  readonly errors: readonly FieldError[]
  readonly warnings: readonly string[]
}

function create(strategy: Strategy, body: Json, namespace: string | undefined, namespaced: boolean): Outcome {
  let object = strategy.defaults?.(body as unknown as KubeObject) ?? (body as unknown as KubeObject)
  object = allocated(stamped(object as unknown as Json, namespace))
  object = strategy.prepareForCreate?.(object, context) ?? object
  const nameRule = strategy.validateName
  const errors = [...validateMetadata(object, namespaced, nameRule), ...(strategy.validate?.(object, context) ?? [])]
  return { object, errors, warnings: errors.length > 0 ? [] : (strategy.warnings?.(object, undefined) ?? []) }
}

/** What admission, allocators and the registry add; `null` as Go prints it is absence to us. */
function comparable(value: unknown, path: string[] = []): unknown {
  if (typeof value === 'string') return value === UID ? '<uid-1>' : value
  if (Array.isArray(value)) {
    const items = value.filter((v) => !String((v as { name?: string } | null)?.name).startsWith('kube-api-access'))
    return items.length === 0 && value.length > 0 ? undefined : items.map((v) => comparable(v, [...path, '*']))
  }
  if (typeof value !== 'object' || value === null) return value ?? undefined
  const skipped = (key: string) => {
    const at = [...path, key].join('.')
    return (
      /^metadata\.(managedFields|resourceVersion|uid|creationTimestamp|namespace|selfLink|finalizers)$/.test(at) ||
      /^spec\.(clusterIPs?|ipFamil\w+|healthCheckNodePort|priority|preemptionPolicy|tolerations|serviceAccount(Name)?|username|groups|uid)$/.test(
        at,
      ) ||
      /^spec\.(ports\.\*\.nodePort|taints)$/.test(at) ||
      at.endsWith('lastPhaseTransitionTime')
    )
  }
  const entries = Object.entries(value)
    .filter(([key]) => !skipped(key))
    .map(([key, v]) => [key, comparable(v, [...path, key])] as const)
    .filter(([, v]) => v !== undefined)
  return Object.fromEntries(entries)
}

describe('objects that are accepted', () => {
  for (const c of load('defaulting', 'default-')) {
    const { info, strategy, namespace } = kindOf(c.request.path)
    const run = info === undefined || strategy === undefined ? test.skip : test
    run(c.name, () => {
      const outcome = create(strategy as Strategy, c.request.body as Json, namespace, info?.namespaced ?? false)
      expect(comparable(outcome.object)).toEqual(comparable(c.expect.body))
      if (info?.plural === 'endpoints') return
      expect(outcome.warnings.map((w) => `299 - ${JSON.stringify(w)}`)).toEqual(c.expect.headers?.Warning ?? [])
    })
  }
})

/** Refused by the decoder, admission or an allocator, or about custom resources. */
const ELSEWHERE = [
  'v-vap-bad-cel',
  'v-limitrange-default-vs-request',
  'v-svc-clusterip-out-of-range',
  'v-svc-nodeport-out-of-range',
  'v-svc-requiredualstack',
  'v-pod-priority-set-by-user',
]

describe('objects that are refused', () => {
  for (const c of load('validation', 'v-')) {
    const { info, strategy, namespace, isCollection } = kindOf(c.request.path)
    if (c.request.method !== 'POST' || c.expect.code !== 422 || !isCollection || c.request.body === undefined) continue
    const known = info !== undefined && strategy !== undefined && !ELSEWHERE.includes(c.name)
    const run = known ? test : test.skip
    run(c.name, () => {
      const { errors } = create(strategy as Strategy, c.request.body as Json, namespace, info?.namespaced ?? false)
      const details = c.expect.body['details'] as { readonly causes?: readonly Json[] }
      const causes = errors.map((e) => ({
        reason: causeReason(e.type),
        message: e.message.replaceAll(UID, '<uid-1>'),
        field: e.field,
      }))
      expect(causes).toEqual(details.causes)
    })
  }
})
