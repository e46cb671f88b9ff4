import { describe, expect, test } from 'vitest'
import {
  controllerrevisions,
  events,
  persistentvolumeclaims,
  pods,
  statefulsets,
} from '../../apimachinery/generated/resources.ts'
import type { StatefulSet, StatefulSetSpec } from '../../apimachinery/generated/types.ts'
import { Harness } from '../testing/harness.ts'
import { statefulSetController } from './controller.ts'

function db(extra: Partial<StatefulSetSpec> = {}, image = 'db:v1'): StatefulSet {
  return {
    metadata: { name: 'db', namespace: 'default' },
    spec: {
      replicas: 3,
      serviceName: 'db',
      revisionHistoryLimit: 10,
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
      selector: { matchLabels: { app: 'db' } },
      template: {
        metadata: { labels: { app: 'db' } },
        spec: { containers: [{ name: 'c', image }], terminationGracePeriodSeconds: 1 },
      },
      volumeClaimTemplates: [
        { metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
      ],
      ...extra,
    },
  }
}
const settled = (h: Harness, replicas: number) => () => {
  const { status = { replicas: 0 }, metadata } = h.get(statefulsets, 'default/db') ?? db()
  return (
    status.observedGeneration === metadata.generation &&
    [status.replicas, status.availableReplicas, status.updatedReplicas].every((n) => n === replicas) &&
    status.currentRevision === status.updateRevision
  )
}
const messages = (h: Harness) => h.list(events).map((e) => e.message ?? '')

describe('stateful set controller', () => {
  test('starts pods one after another, each with its claim', () => {
    const h = new Harness([statefulSetController])
    h.runPods()
    h.create(statefulsets, db())
    expect(h.sim.runUntilTrue(settled(h, 3), 60_000)).toBe(true)
    expect(h.list(pods).map((pod) => pod.metadata.name)).toEqual(['db-0', 'db-1', 'db-2'])
    expect(h.list(persistentvolumeclaims).map((claim) => claim.metadata.name)).toEqual(['data-db-0', 'data-db-1', 'data-db-2'])
    expect(messages(h)).toEqual(
      ['db-0', 'db-1', 'db-2'].flatMap((name) => [
        `Create Claim data-${name} Pod ${name} in StatefulSet db success`,
        `Create Pod ${name} in StatefulSet db successful`,
      ]),
    )
    const executed = h.sim.executed
    h.sim.runFor(3_600_000)
    expect(h.sim.executed - executed).toBeLessThan(5)
  })

  test('updates from the last pod to the first and keeps one revision per template', () => {
    const h = new Harness([statefulSetController])
    h.runPods()
    const created = h.create(statefulsets, db())
    h.sim.runUntilTrue(settled(h, 3), 60_000)
    const before = messages(h).length
    const set = h.get(statefulsets, 'default/db') ?? created
    h.run(h.client.update(statefulsets, { ...set, spec: db({}, 'db:v2').spec }))
    expect(h.sim.runUntilTrue(settled(h, 3), 60_000)).toBe(true)
    expect(messages(h).slice(before)).toEqual(
      ['db-2', 'db-1', 'db-0'].map((name) => `Delete Pod ${name} in StatefulSet db successful`),
    )
    const creations = h.list(events).filter((e) => e.message?.startsWith('Create Pod'))
    expect(creations.map((e) => e.count)).toEqual([2, 2, 2])
    expect(
      h
        .list(controllerrevisions)
        .map((r) => r.revision)
        .toSorted(),
    ).toEqual([1, 2])
  })

  test('gives claims to the set and to pods that are scaled away, as the retention policy says', () => {
    const h = new Harness([statefulSetController])
    h.runPods()
    const created = h.create(
      statefulsets,
      db({ persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Delete' } }),
    )
    h.sim.runUntilTrue(settled(h, 3), 60_000)
    const owners = () =>
      h.list(persistentvolumeclaims).map((c) => c.metadata.ownerReferences?.map((o) => `${o.kind}/${o.name}`).join())
    expect(owners()).toEqual(['StatefulSet/db', 'StatefulSet/db', 'StatefulSet/db'])
    const set = h.get(statefulsets, 'default/db') ?? created
    h.run(h.client.update(statefulsets, { ...set, spec: { ...(set.spec ?? created.spec), replicas: 2 } as StatefulSetSpec }))
    h.sim.runFor(5000)
    expect(owners()).toEqual(['StatefulSet/db', 'StatefulSet/db', 'Pod/db-2'])
  })
})
