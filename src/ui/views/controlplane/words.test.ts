import { expect, it } from 'vitest'
import type { TFunction } from 'i18next'
import type { TraceEntry } from '../../../worker/control-plane/protocol.ts'
import { FIRST_FILTER, passes } from './filter.ts'
import { durationMs, objectText, refOf, resultText, whoText } from './words.ts'

const t = ((key: string, values?: object) =>
  `${key}${values ? JSON.stringify(values) : ''}`) as unknown as TFunction<'controlplane'>
const entry: TraceEntry = {
  id: 1,
  type: 'request',
  timeMs: 1001,
  station: 'controller:job-controller',
  user: 'system:serviceaccount:kube-system:job-controller',
  verb: 'update',
  object: { group: 'batch', version: 'v1', resource: 'jobs', kind: 'Job', namespace: 'default', name: 'a' },
  subresource: 'status',
  code: 409,
  message: 'conflict',
  startMs: 1000,
  heldMs: 0,
  transitMs: 1,
  writeMs: 2,
  revision: 0,
  writes: 0,
  cause: null,
}

it('says who did what, and what came of it', () => {
  expect(whoText(entry, t)).toBe('job-controller')
  expect(whoText({ station: 'user', user: 'jane' }, t)).toBe('jane')
  expect(objectText(entry)).toBe('Job/status default/a')
  expect(durationMs(entry)).toBe(4)
  expect(resultText(entry, t)).toBe('409 · conflict · result.ms{"ms":4}')
  expect(resultText({ ...entry, type: 'turn', code: 0, message: '' }, t)).toBe('result.ok · result.ms{"ms":1}')
  expect(refOf(entry.object)).toMatchObject({ kind: 'Job', name: 'a' })
  expect(refOf({ ...entry.object, resource: '' })).toBeNull()
})

it.each([
  ['', true],
  ['manager', true],
  ['apiserver', true],
  ['etcd', false],
  ['controller:job-controller', true],
  ['scheduler', false],
])('a request of a controller passes at %s: %s', (station, result) => {
  expect(passes({ ...FIRST_FILTER, station }, entry)).toBe(result)
})

it('Event objects are shown on demand', () => {
  const event = { ...entry, object: { ...entry.object, resource: 'events' } }
  expect(passes(FIRST_FILTER, event)).toBe(false)
  expect(passes({ ...FIRST_FILTER, classes: new Set([...FIRST_FILTER.classes, 'eventObjects']) }, event)).toBe(true)
})
