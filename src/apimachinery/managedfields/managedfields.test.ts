import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { StatusError } from '../errors.ts'
import type { ManagedFieldsEntry } from '../generated/types.ts'
import { mergePatch } from '../patch/merge-patch.ts'
import type { JsonObject } from '../resource.ts'
import { normalize } from '../schema/decode.ts'
import { modelOf } from '../schema/schema.ts'
import type { Model } from '../schema/schema.ts'
import { applyConfiguration } from './apply.ts'
import type { ApplyRequest } from './apply.ts'
import { ManagedFieldsLog } from './log.ts'
import { NO_MANAGERS, decodeManagers, encodeManagers, managersOfRequest, resetFields, updateManagers } from './managers.ts'
import type { Managers } from './managers.ts'

const TIME = '2026-01-01T00:00:00Z'
const STATUS = resetFields('status')

function modelFor(apiVersion: string, kind: string): Model {
  const [group = '', version = ''] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion]
  const model = modelOf(group, version, kind)
  if (model === undefined) throw new Error(kind)
  return model
}

interface Body extends JsonObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: JsonObject & { readonly managedFields?: readonly ManagedFieldsEntry[] }
}
interface Call {
  readonly method?: string
  readonly path: string
  readonly body: Body
  readonly query?: { readonly fieldManager?: string; readonly force?: string }
  readonly headers?: { readonly 'Content-Type'?: string }
}
interface Recorded {
  readonly setup: readonly Call[]
  readonly request: Call
  readonly expect: { readonly code: number; readonly body: Body & { readonly message?: string } }
}
const read = (folder: string, name: string): Recorded =>
  JSON.parse(readFileSync(new URL(`../testdata/${folder}/${name}`, import.meta.url), 'utf8').replaceAll('"<time>"', `"${TIME}"`))
const list = (folder: string) => readdirSync(new URL(`../testdata/${folder}/`, import.meta.url))

interface State {
  readonly live?: JsonObject
  readonly managers: Managers
  readonly apiVersion: string
  readonly model: Model
}

/** Carries out one recorded request on one object, as an API server without defaults would. */
function carryOut(state: State, { path, body, query = {}, headers = {}, method }: Call): State {
  const subresource = /\/(status|scale)$/.exec(path)?.[1] ?? ''
  const { live, managers, apiVersion, model } = state
  const common = {
    manager: query.fieldManager ?? '',
    apiVersion,
    subresource,
    timeText: TIME,
    model,
    reset: subresource === '' ? STATUS : undefined,
  }
  if (headers['Content-Type']?.startsWith('application/apply-patch')) {
    const request: ApplyRequest = { ...common, live, config: body, managers, force: query.force === 'true', kind: model.goName }
    const applied = applyConfiguration(request)
    return { ...state, live: normalize(model, applied.object), managers: applied.managers }
  }
  const patched = method === 'POST' ? body : (mergePatch(live, body) as Body)
  const { managedFields, ...metadata } = patched.metadata
  const after = normalize(model, { ...patched, metadata })
  const before = managersOfRequest(managedFields, managers, subresource)
  return { ...state, live: after, managers: updateManagers(before, { ...common, before: live, after }) }
}

describe('recorded requests', () => {
  test.each(list('apply'))('%s', (name) => {
    const { setup, request, expect: want } = read('apply', name)
    const calls = setup.filter((call) => call.method !== 'GET' && !call.path.endsWith('/namespaces'))
    const all = [...calls, request]
    const main = request.path.replace(/\/(status|scale)$/, '')
    const [, , version = '', , third = ''] = main.split('/')
    const apiVersion = main.startsWith('/api/') ? version : `${version}/${main.split('/')[3] ?? third}`
    const kind = all.map((call) => call.body?.kind).find((k) => k !== undefined) ?? 'ConfigMap'
    let state: State = { managers: NO_MANAGERS, apiVersion, model: modelFor(apiVersion, kind) }
    try {
      for (const call of all) state = carryOut(state, call)
      expect(want.code).toBeLessThan(300)
      expect(encodeManagers(state.managers)).toEqual(want.body.metadata.managedFields)
      expect(want.body).toMatchObject(pick(state.live ?? {}))
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      expect(error.status).toEqual(want.body)
    }
  })

  /** The parts that need no defaults. */
  const pick = ({ data, metadata }: JsonObject) => ({ ...(data === undefined ? {} : { data }), metadata })

  test.each(list('managed'))('%s', (name) => {
    const { body } = read('managed', name).expect
    const { managedFields, uid: _, creationTimestamp: __, resourceVersion: ___, generation: ____, ...metadata } = body.metadata
    const model = modelFor(body.apiVersion, body.kind)
    const after = normalize(model, { ...body, metadata })
    const update = {
      before: undefined,
      after,
      manager: 'golden',
      apiVersion: body.apiVersion,
      subresource: '',
      timeText: TIME,
      model,
    }
    expect(encodeManagers(updateManagers(NO_MANAGERS, { ...update, reset: STATUS }))).toEqual(managedFields)
  })
})

const deployment = modelFor('apps/v1', 'Deployment')
const base = { apiVersion: 'apps/v1', subresource: '', timeText: TIME, model: deployment }
const make = (spec: JsonObject): JsonObject => ({ metadata: { name: 'web' }, spec })

describe('updates', () => {
  const before = make({ replicas: 1, template: { spec: { containers: [{ name: 'a', image: 'x' }] } } })
  const created = updateManagers(NO_MANAGERS, { ...base, before: undefined, after: before, manager: 'kubectl' })

  test('who changes a field owns it', () => {
    const after = make({ replicas: 2, template: { spec: { containers: [{ name: 'a', image: 'y' }, { name: 'b' }] } } })
    const entries = encodeManagers(updateManagers(created, { ...base, before, after, manager: 'other' }))
    expect(entries?.map((e) => [e.manager, e.fieldsV1])).toEqual([
      [
        'kubectl',
        {
          'f:spec': { 'f:template': { 'f:spec': { 'f:containers': { 'k:{"name":"a"}': { '.': {}, 'f:name': {} } } } } },
        },
      ],
      [
        'other',
        {
          'f:spec': {
            'f:replicas': {},
            'f:template': {
              'f:spec': {
                'f:containers': { 'k:{"name":"a"}': { 'f:image': {} }, 'k:{"name":"b"}': { '.': {}, 'f:name': {} } },
              },
            },
          },
        },
      ],
    ])
  })

  test('nothing changed, nobody is told', () => {
    expect(updateManagers(created, { ...base, before, after: before, manager: 'other' })).toBe(created)
  })

  test('status through the main resource is not owned', () => {
    const after = { ...before, status: { replicas: 1 } }
    expect(updateManagers(created, { ...base, before, after, manager: 'other', reset: STATUS })).toBe(created)
  })

  test('the eleventh updater merges the oldest', () => {
    let managers: Managers = NO_MANAGERS
    let previous: JsonObject | undefined
    for (let i = 0; i <= 11; i++) {
      const labels = Object.fromEntries(Array.from({ length: i + 1 }, (_, n) => [`l${n}`, 'x']))
      const after = { metadata: { labels } }
      const timeText = `2026-01-01T00:00:${String(i).padStart(2, '0')}Z`
      managers = updateManagers(managers, { ...base, before: previous, after, manager: `m${i}`, timeText })
      previous = after
    }
    const names = encodeManagers(managers)?.map((e) => e.manager)
    expect(names).toEqual(['ancient-changes', 'm3', 'm4', 'm5', 'm6', 'm7', 'm8', 'm9', 'm10', 'm11'])
  })

  test('a log gives what updates one by one give', () => {
    let log = ManagedFieldsLog.EMPTY
    let managers: Managers = NO_MANAGERS
    let live: JsonObject | undefined
    for (let i = 0; i < 70; i++) {
      const after = make({ replicas: i % 7, paused: i % 2 === 0 })
      const update = { ...base, before: live, after, manager: `m${i % 3}` }
      managers = updateManagers(managers, update)
      log = log.append(update)
      live = after
    }
    expect(log.entries()).toEqual(encodeManagers(managers))
    expect(encodeManagers(decodeManagers(log.entries()) ?? NO_MANAGERS)).toEqual(log.entries())
  })
})

describe('apply', () => {
  const service = modelFor('v1', 'Service')
  const config = (ports: readonly JsonObject[], more: JsonObject = {}): JsonObject => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's', ...more },
    spec: { ports },
  })
  const apply = (live: JsonObject | undefined, managers: Managers, manager: string, body: JsonObject, force = false) =>
    applyConfiguration({
      live,
      managers,
      manager,
      force,
      config: body,
      kind: 'Service',
      ...base,
      apiVersion: 'v1',
      model: service,
    })

  test('elements that are no longer applied go, those of others stay', () => {
    const one = apply(undefined, NO_MANAGERS, 'a', config([{ port: 80 }, { port: 81 }]))
    const two = apply(one.object, one.managers, 'b', config([{ port: 82, protocol: 'UDP' }]))
    const three = apply(two.object, two.managers, 'a', config([{ port: 81 }]))
    expect(three.object).toMatchObject({ spec: { ports: [{ port: 81 }, { port: 82, protocol: 'UDP' }] } })
    const keys = encodeManagers(three.managers)?.map((e) => e.fieldsV1)
    expect(keys).toEqual([
      { 'f:spec': { 'f:ports': { 'k:{"port":81,"protocol":"TCP"}': { '.': {}, 'f:port': {} } } } },
      { 'f:spec': { 'f:ports': { 'k:{"port":82,"protocol":"UDP"}': { '.': {}, 'f:port': {}, 'f:protocol': {} } } } },
    ])
  })

  test('wrong types are told', () => {
    expect(() => apply(undefined, NO_MANAGERS, 'a', config([{ port: 'x' }]))).toThrow(
      'failed to create typed patch object (/s; /v1, Kind=Service): .spec.ports[port="x",protocol="TCP"].port: expected numeric (int or float), got string',
    )
    expect(() => apply(undefined, NO_MANAGERS, 'a', { ...config([]), spec: { type: 5 } })).toThrow(
      '.spec.type: expected string, got &value.valueUnstructured{Value:5}',
    )
  })

  test('objects from before tracking', () => {
    const live = normalize(service, { ...config([{ port: 80 }]) })
    expect(() => apply(live, NO_MANAGERS, 'a', config([{ port: 80, name: 'x' }]))).not.toThrow()
    const changed = { ...config([{ port: 80 }]), spec: { type: 'NodePort' } }
    expect(() => apply({ ...live, spec: { type: 'ClusterIP' } }, NO_MANAGERS, 'a', changed)).toThrow(
      'Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .spec.type',
    )
  })

  test('kubectl takes over from client-side apply', () => {
    const last = JSON.stringify({ ...config([]), spec: { type: 'ClusterIP', sessionAffinity: 'None' } })
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': last }
    const live = normalize(service, { ...config([], { annotations }), spec: { type: 'ClusterIP', sessionAffinity: 'None' } })
    const managers = updateManagers(NO_MANAGERS, {
      ...base,
      apiVersion: 'v1',
      model: service,
      before: undefined,
      after: live,
      manager: 'kubectl-client-side-apply',
    })
    const wanted = { ...config([]), spec: { type: 'NodePort' } }
    expect(() => apply(live, managers, 'other', wanted)).toThrow(StatusError)
    const { object } = apply(live, managers, 'kubectl', wanted)
    expect(object).toMatchObject({
      metadata: { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': `${JSON.stringify(wanted)}\n` } },
      spec: { type: 'NodePort' },
    })
  })
})
