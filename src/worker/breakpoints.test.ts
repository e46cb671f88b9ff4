import { expect, test } from 'vitest'
import type { KubeObject } from '../apimachinery/resource.ts'
import { Cluster } from '../cluster/cluster.ts'
import { ADMIN } from '../cluster/identities.ts'
import { Breakpoints, compare } from './breakpoints.ts'
import type { BreakCondition, BreakOperator } from './protocol.ts'

test.each<[readonly unknown[], BreakOperator, string, boolean]>([
  [[1], '<', '2', true],
  [[10], '<', '2', false],
  [[], '<', '2', true],
  [[], '>=', '1', false],
  [['10'], '>', '9', true],
  [['b'], '>', 'a', true],
  [['True'], '==', 'True', true],
  [['True', 'False'], '==', 'False', true],
  [[], '==', '', true],
  [[], '!=', 'True', true],
  [[true], '==', 'true', true],
  [[{ a: 1 }], '==', '{"a":1}', true],
  [[0], 'exists', '', true],
  [[], 'exists', '', false],
  [[], 'missing', '', true],
])('%j %s %s: %s', (values, operator, wanted, holds) => {
  expect(compare(values, operator, wanted).holds).toBe(holds)
})

const ANY = { group: '', version: '', resource: '', kind: '', namespace: '' }
const expression = (text: string, filter: object = {}): BreakCondition => ({
  ...{ id: 1, type: 'expression', expression: text, ...ANY },
  ...filter,
})

function watching(condition: BreakCondition) {
  const cluster = new Cluster({ hollow: { writes: 'few' }, workers: 0 })
  const breakpoints = new Breakpoints()
  breakpoints.attach(cluster, () => undefined)
  breakpoints.set([condition])
  const send = (verb: 'create' | 'update' | 'delete', body: KubeObject): string => {
    breakpoints.hit = null
    const base = { user: ADMIN, userAgent: 'test', group: '', version: 'v1', resource: 'namespaces' }
    cluster.api.handle({ ...base, verb, name: body.metadata.name, ...(verb === 'delete' ? {} : { body }) })
    cluster.sim.runFor(1)
    return (breakpoints.hit as { name: string } | null)?.name ?? ''
  }
  return { breakpoints, send }
}

const namespace = (name: string, labels: { [key: string]: string } = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels },
})

test('an expression stops the clock when it comes true', () => {
  const { send } = watching(expression("object.kind == 'Namespace' && object.metadata.labels.team == 'red'"))
  expect(send('create', namespace('a'))).toBe('')
  expect(send('update', namespace('a', { team: 'red' }))).toBe('a')
  expect(send('update', namespace('a', { team: 'red', x: 'y' }))).toBe('')
})

test('an expression can compare with what was before', () => {
  const { send } = watching(expression('oldObject != null && object.metadata.labels != oldObject.metadata.labels'))
  expect(send('create', namespace('a', { x: '1' }))).toBe('')
  expect(send('update', namespace('a', { x: '2' }))).toBe('a')
})

test('the kind of objects can be chosen', () => {
  const pods = { version: 'v1', resource: 'pods', kind: 'Pod' }
  expect(watching(expression('true', pods)).send('create', namespace('a'))).toBe('')
})

test('an expression that is wrong says where', () => {
  const { breakpoints } = watching(expression('true'))
  expect(() => breakpoints.set([expression('object.kind = 1')])).toThrow(/ERROR: <input>:1:13/)
  expect(() => breakpoints.set([expression('nothing == 1')])).toThrow("undeclared reference to 'nothing'")
  expect(() => breakpoints.set([expression('"text"')])).toThrow('gives string, not bool')
})
