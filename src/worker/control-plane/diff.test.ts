import { expect, test } from 'vitest'
import { diffObjects } from './diff.ts'
import { newestEntries, type TraceEntry } from './protocol.ts'

const pod = (image: string, ready?: string) => ({
  kind: 'Pod',
  metadata: { name: 'a', resourceVersion: image, labels: { 'app.kubernetes.io/name': 'web' } },
  spec: { containers: [{ name: 'sidecar' }, { name: 'web', image }], tolerations: [{ key: 'x' }, { key: 'x' }] },
  status: { conditions: ready === undefined ? [] : [{ type: 'Ready', status: ready }] },
})

test('list items are matched by what names them', () => {
  const before = pod('nginx:1', 'False')
  const after = pod('nginx:2', 'True')
  expect(diffObjects(before, { ...after, spec: { ...after.spec, containers: after.spec.containers.toReversed() } })).toEqual([
    { path: '.spec.containers[web].image', before: '"nginx:1"', after: '"nginx:2"' },
    { path: '.status.conditions[Ready].status', before: '"False"', after: '"True"' },
  ])
})

test('items that come and go, odd keys, lists without names', () => {
  expect(diffObjects(pod('n'), pod('n', 'True'))).toEqual([
    { path: '.status.conditions[Ready]', before: null, after: '{"type":"Ready","status":"True"}' },
  ])
  const labelled = { ...pod('n'), metadata: { labels: { 'app.kubernetes.io/name': 'db' } } }
  expect(diffObjects(pod('n'), labelled)).toContainEqual({
    path: '.metadata.labels["app.kubernetes.io/name"]',
    before: '"web"',
    after: '"db"',
  })
  expect(diffObjects({ args: ['a', 'b'] }, { args: ['a', 'c', 'd'] })).toEqual([
    { path: '.args[1]', before: '"b"', after: '"c"' },
    { path: '.args[2]', before: null, after: '"d"' },
  ])
})

test('what is new or gone is told whole', () => {
  expect(diffObjects(undefined, { a: 1 })).toEqual([{ path: '.', before: null, after: '{"a":1}' }])
  expect(diffObjects({ a: 1 }, undefined)).toEqual([{ path: '.', before: '{"a":1}', after: null }])
  expect(diffObjects({ a: 'x'.repeat(1000) }, {})[0]?.before?.length).toBe(401)
})

test('Event objects do not drive out what they are about', () => {
  const entry = (id: number, resource: string) => ({ id, object: { resource } }) as unknown as TraceEntry
  const list = [entry(1, 'pods'), ...Array.from({ length: 20 }, (_, i) => entry(i + 2, 'events'))]
  expect(newestEntries(list, 8).map(({ id }) => id)).toEqual([1, 20, 21])
  expect(newestEntries(list.slice(0, 1), 8)).toHaveLength(1)
})
