import { expect, test } from 'vitest'
import { poddisruptionbudgets, replicasets } from '../../apimachinery/generated/resources.ts'
import type { PodDisruptionBudgetSpec } from '../../apimachinery/generated/types.ts'
import { replicaSetController } from '../replicaset/controller.ts'
import { Harness } from '../testing/harness.ts'
import { disruptionController } from './controller.ts'

const selector = { matchLabels: { app: 'web' } }

function allowed(spec: PodDisruptionBudgetSpec): unknown {
  const h = new Harness([replicaSetController, disruptionController])
  h.runPods()
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'c' }] } }
  h.create(replicasets, { metadata: { name: 'web', namespace: 'default' }, spec: { replicas: 7, selector, template } })
  h.create(poddisruptionbudgets, { metadata: { name: 'web', namespace: 'default' }, spec: { selector, ...spec } })
  h.sim.runFor(10_000)
  const { disruptionsAllowed, desiredHealthy, expectedPods } = h.get(poddisruptionbudgets, 'default/web')?.status ?? {}
  return [disruptionsAllowed, desiredHealthy, expectedPods]
}

test('a budget counts from the size of the workload and rounds percentages up', () => {
  expect(allowed({ minAvailable: 5 })).toEqual([2, 5, 7])
  expect(allowed({ minAvailable: '50%' })).toEqual([3, 4, 7])
  expect(allowed({ maxUnavailable: 1 })).toEqual([1, 6, 7])
  expect(allowed({ maxUnavailable: '30%' })).toEqual([3, 4, 7])
  expect(allowed({ maxUnavailable: '100%' })).toEqual([7, 0, 7])
})
