import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { CustomResourceDefinition, ManagedFieldsEntry } from '../generated/types.ts'
import type { JsonObject } from '../resource.ts'
import { NO_MANAGERS, encodeManagers, resetFields, updateManagers } from '../managedfields/managers.ts'
import { decode } from './decode.ts'
import { customModel } from './structural.ts'

interface Recorded {
  readonly setup: readonly { readonly body?: CustomResourceDefinition }[]
  readonly request: { readonly body: JsonObject }
  readonly expect: {
    readonly body: JsonObject & {
      readonly message?: string
      readonly metadata: { readonly managedFields: readonly ManagedFieldsEntry[] }
    }
  }
}
const read = (name: string): Recorded =>
  JSON.parse(
    readFileSync(new URL(`../testdata/decoding/${name}.json`, import.meta.url), 'utf8').replaceAll(
      '<time>',
      '2026-01-01T00:00:00Z',
    ),
  )

function gadget({ setup }: Recorded) {
  const definition = setup.find((call) => call.body?.kind === 'CustomResourceDefinition')?.body
  return customModel('Gadget', definition?.spec.versions[0]?.schema?.openAPIV3Schema)
}

test('recorded: unknown fields of custom resources', () => {
  const recorded = read('v-crd-unknown-strict')
  const model = gadget(recorded)
  const { body } = recorded.request
  expect(() => decode(model, body, { strictness: 'Strict' })).toThrow('strict decoding error: unknown field "spec.junk"')
  const { object, warnings } = decode(model, body, { strictness: 'Warn' })
  expect(warnings).toEqual(['unknown field "spec.junk"'])
  expect(object).toMatchObject({ spec: { size: 3 } })
  expect(object.spec).not.toHaveProperty('junk')
})

test('recorded: managed fields of custom resources', () => {
  const recorded = read('custom-resource-full')
  const model = gadget(recorded)
  const { metadata, ...rest } = recorded.expect.body
  const after = { ...rest, metadata: { name: 'gad' } }
  const update = {
    before: undefined,
    after,
    manager: 'golden',
    apiVersion: 'g.example.com/v1',
    subresource: '',
    timeText: '2026-01-01T00:00:00Z',
    model,
  }
  expect(encodeManagers(updateManagers(NO_MANAGERS, { ...update, reset: resetFields('status') }))).toEqual(metadata.managedFields)
})

test('nothing but unknown fields is touched', () => {
  const model = customModel('T', {
    type: 'object',
    properties: {
      spec: {
        type: 'object',
        properties: {
          n: { type: 'integer' },
          free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
          list: { type: 'array', items: { type: 'object', properties: { a: { type: 'string' } } } },
          pod: { type: 'object', 'x-kubernetes-embedded-resource': true, properties: { spec: { type: 'object' } } },
        },
      },
    },
  })
  const body = {
    apiVersion: 'x/v1',
    kind: 'T',
    metadata: { name: 'a' },
    spec: { n: 'x', free: { any: [null] }, list: [{ a: '' }, null], pod: { kind: 'Pod', metadata: { name: 'p' } } },
  }
  expect(decode(model, body, { strictness: 'Strict' }).object).toBe(body)
  const messy = {
    ...body,
    metadata: { name: 'a', bogus: 1 },
    spec: { list: [{ a: 'b', c: 1 }], pod: { spec: { x: 1 } } },
    status: {},
  }
  const { object, warnings } = decode(model, messy, { strictness: 'Warn' })
  expect(object).toEqual({ ...body, spec: { list: [{ a: 'b' }], pod: { spec: {} } } })
  expect(warnings).toEqual(
    ['metadata.bogus', 'spec.list[0].c', 'spec.pod.spec.x', 'status'].map((path) => `unknown field "${path}"`),
  )
})

test('without a schema everything is kept', () => {
  const body = { kind: 'T', anything: { goes: [1, {}] } }
  expect(decode(customModel('T', undefined), body, { strictness: 'Strict' }).object).toBe(body)
})
