import { describe, expect, test } from 'vitest'
import { controllerrevisions, daemonsets, events, nodes, pods } from '../../apimachinery/generated/resources.ts'
import type { DaemonSet, DaemonSetSpec, Node } from '../../apimachinery/generated/types.ts'
import { Harness } from '../testing/harness.ts'
import { daemonSetController } from './controller.ts'
import { targetNodeOf } from './pod-template.ts'

function agent(image = 'agent:v1', extra: Partial<DaemonSetSpec> = {}): DaemonSet {
  return {
    metadata: { name: 'agent', namespace: 'default' },
    spec: {
      revisionHistoryLimit: 1,
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
      selector: { matchLabels: { app: 'agent' } },
      template: {
        metadata: { labels: { app: 'agent' } },
        spec: { containers: [{ name: 'c', image }], terminationGracePeriodSeconds: 1 },
      },
      ...extra,
    },
  }
}

const status = (h: Harness) => h.get(daemonsets, 'default/agent')?.status
const ready = (h: Harness, count: number) => () => {
  const ds = h.get(daemonsets, 'default/agent')
  const { numberAvailable = 0, updatedNumberScheduled = 0, observedGeneration } = ds?.status ?? {}
  return observedGeneration === ds?.metadata.generation && numberAvailable === count && updatedNumberScheduled === count
}
const live = (h: Harness) => h.list(pods).filter((pod) => pod.metadata.deletionTimestamp === undefined)

describe('daemon set controller', () => {
  test('puts one pod on each node and follows nodes', () => {
    const h = new Harness([daemonSetController])
    h.runPods()
    h.create(daemonsets, agent())
    expect(h.sim.runUntilTrue(ready(h, 3), 60_000)).toBe(true)
    expect(live(h).map(targetNodeOf).toSorted()).toEqual(['node-1', 'node-2', 'node-3'])
    h.create(nodes, { metadata: { name: 'node-4' }, spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] } } as Node)
    h.sim.runFor(5000)
    expect(live(h)).toHaveLength(3)
    const node = h.get(nodes, 'node-4')
    if (node) h.run(h.client.update(nodes, { ...node, spec: {} }))
    h.sim.runFor(5000)
    expect(status(h)).toMatchObject({ desiredNumberScheduled: 4, numberAvailable: 4 })
    const executed = h.sim.executed
    h.sim.runFor(3_600_000)
    expect(h.sim.executed - executed).toBeLessThan(5)
  })

  test('replaces pods one node at a time and keeps the revisions it needs', () => {
    const h = new Harness([daemonSetController])
    h.runPods()
    const created = h.create(daemonsets, agent())
    h.sim.runUntilTrue(ready(h, 3), 60_000)
    for (const version of ['v2', 'v3']) {
      const ds = h.get(daemonsets, 'default/agent') ?? created
      h.run(h.client.update(daemonsets, { ...ds, spec: agent(`agent:${version}`).spec }))
      let fewest = 3
      const done = h.sim.runUntilTrue(() => {
        fewest = Math.min(fewest, live(h).filter((pod) => pod.status?.phase === 'Running').length)
        return ready(h, 3)()
      }, 60_000)
      expect([done, fewest]).toEqual([true, 2])
    }
    h.sim.runFor(5000)
    expect(
      h
        .list(controllerrevisions)
        .map((r) => r.revision)
        .toSorted(),
    ).toEqual([2, 3])
  })

  test('surges: the old pod goes when the new one is ready', () => {
    const h = new Harness([daemonSetController])
    h.runPods()
    const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } }
    const created = h.create(daemonsets, agent('agent:v1', { updateStrategy }))
    h.sim.runUntilTrue(ready(h, 3), 60_000)
    h.run(
      h.client.update(daemonsets, {
        ...(h.get(daemonsets, 'default/agent') ?? created),
        spec: agent('agent:v2', { updateStrategy }).spec,
      }),
    )
    let fewest = 3
    let most = 0
    const done = h.sim.runUntilTrue(() => {
      fewest = Math.min(fewest, live(h).filter((pod) => pod.status?.phase === 'Running').length)
      most = Math.max(most, live(h).length)
      return ready(h, 3)()
    }, 60_000)
    expect([done, fewest, most]).toEqual([true, 3, 4])
  })

  test('deletes a failed pod, and waits longer for the next', () => {
    const h = new Harness([daemonSetController])
    h.runPods(['node-1'])
    h.create(daemonsets, agent())
    for (let i = 0; i < 3; i++) {
      h.sim.runUntilTrue(() => live(h).some((pod) => pod.status?.phase === 'Running'), 60_000)
      const name = live(h)[0]?.metadata.name ?? ''
      h.run(h.client.patch(pods, 'default', name, { status: { phase: 'Failed' } }, 'merge', { subresource: 'status' }))
      h.sim.runFor(100)
    }
    h.sim.runFor(20_000)
    const failed = h.list(events).filter((e) => e.reason === 'FailedDaemonPod')
    expect(failed.map((e) => e.message)).toHaveLength(3)
    expect(status(h)).toMatchObject({ numberAvailable: 1 })
  })
})
