import { describe, expect, test } from 'vitest'
import { deployments, events, pods, replicasets } from '../../apimachinery/generated/resources.ts'
import type { Deployment } from '../../apimachinery/generated/types.ts'
import { replicaSetController } from '../replicaset/controller.ts'
import { Harness } from '../testing/harness.ts'
import { deploymentController } from './controller.ts'

function web(replicas: number, image = 'web:v1'): Deployment {
  return {
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      replicas,
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'c', image }], terminationGracePeriodSeconds: 1 },
      },
    },
  }
}
const complete = (h: Harness, replicas: number) => () => {
  const d = h.get(deployments, 'default/web')
  const { updatedReplicas, availableReplicas, observedGeneration, replicas: all } = d?.status ?? {}
  return observedGeneration === d?.metadata.generation && [updatedReplicas, availableReplicas, all].every((n) => n === replicas)
}

describe('deployment and replica set controllers', () => {
  test('create pods and report what the recorded clusters report, in their order', () => {
    const h = new Harness([replicaSetController, deploymentController])
    h.runPods()
    h.record(deployments, (d) => {
      const { conditions = [], ...numbers } = d.status ?? {}
      return `${d.metadata.annotations?.['deployment.kubernetes.io/revision'] ?? '-'} ${JSON.stringify(numbers)} ${conditions.map((c) => `${c.type} ${c.status} ${c.reason}`).join(', ')}`
    })
    h.create(deployments, web(3))
    expect(h.sim.runUntilTrue(complete(h, 3), 60_000)).toBe(true)
    h.sim.runFor(2000)
    expect(h.log.slice(0, 3)).toEqual([
      '+ Deployment/web - {}',
      '~ Deployment/web 1 {} Progressing True NewReplicaSetCreated',
      '~ Deployment/web 1 {"observedGeneration":1,"unavailableReplicas":3,"terminatingReplicas":0} Progressing True NewReplicaSetCreated, Available False MinimumReplicasUnavailable',
    ])
    expect(h.log.at(-1)).toBe(
      '~ Deployment/web 1 {"observedGeneration":1,"replicas":3,"updatedReplicas":3,"readyReplicas":3,"availableReplicas":3,"terminatingReplicas":0} Available True MinimumReplicasAvailable, Progressing True NewReplicaSetAvailable',
    )
    expect(
      h
        .list(events)
        .filter((e) => e.source?.component === 'deployment-controller')
        .map((e) => e.message),
    ).toEqual([expect.stringMatching(/^Scaled up replica set web-[0-9a-z]+ from 0 to 3$/)])
  })

  test('roll over to a new template within the budget and keep the old set', () => {
    const h = new Harness([replicaSetController, deploymentController])
    h.runPods()
    const created = h.create(deployments, web(3))
    h.sim.runUntilTrue(complete(h, 3), 60_000)
    const d = h.get(deployments, 'default/web') ?? created
    h.run(h.client.update(deployments, { ...d, spec: web(3, 'web:v2').spec }))
    let most = 0
    const done = h.sim.runUntilTrue(() => {
      most = Math.max(most, h.list(pods).filter((p) => p.metadata.deletionTimestamp === undefined).length)
      return complete(h, 3)()
    }, 60_000)
    expect(done).toBe(true)
    expect(most).toBe(4)
    h.sim.runFor(5000)
    expect(h.list(replicasets).map((rs) => rs.spec?.replicas)).toEqual(
      [0, 3].toSorted(() => (h.list(replicasets)[0]?.spec?.replicas === 3 ? 1 : 0)),
    )
    const messages = h
      .list(events)
      .filter((e) => e.reason === 'ScalingReplicaSet')
      .map((e) => e.message?.replace(/web-\S+/, 'web'))
    expect(messages.toSorted()).toEqual(
      [
        'Scaled up replica set web from 0 to 3',
        'Scaled up replica set web from 0 to 1',
        'Scaled down replica set web from 3 to 2',
        'Scaled up replica set web from 1 to 2',
        'Scaled down replica set web from 2 to 1',
        'Scaled up replica set web from 2 to 3',
        'Scaled down replica set web from 1 to 0',
      ].toSorted(),
    )
  })

  test('scale a large deployment cheaply', () => {
    const h = new Harness([replicaSetController, deploymentController])
    h.runPods()
    h.create(deployments, web(300))
    expect(h.sim.runUntilTrue(complete(h, 300), 300_000)).toBe(true)
    const executed = h.sim.executed
    h.sim.runFor(600_000)
    expect(h.sim.executed - executed).toBeLessThan(500)
  })
})
