import { describe, expect, test } from 'vitest'
import {
  configmaps,
  deployments,
  leases,
  namespaces,
  nodes,
  pods,
  replicasets,
  serviceaccounts,
  events,
} from '../../apimachinery/generated/resources.ts'
import type { Deployment, Node } from '../../apimachinery/generated/types.ts'
import { formatMicroTime, formatTime } from '../../sim/time.ts'
import { CONTROLLERS } from '../registry.ts'
import { Harness } from './harness.ts'

function web(replicas: number): Deployment {
  return {
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: {
          containers: [{ name: 'c', image: 'web:v1' }],
          terminationGracePeriodSeconds: 1,
          tolerations: [{ operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }],
        },
      },
    },
  }
}
const count = (h: Harness) => [h.list(deployments).length, h.list(replicasets).length, h.list(pods).length]

describe('garbage collection', () => {
  test('background: dependents follow their owner', () => {
    const h = new Harness(CONTROLLERS)
    h.runPods()
    h.create(deployments, web(3))
    h.sim.runFor(10_000)
    expect(count(h)).toEqual([1, 1, 3])
    h.run(h.client.delete(deployments, 'default', 'web', { propagationPolicy: 'Background' }))
    expect(h.list(deployments).length).toBe(0)
    h.sim.runFor(10_000)
    expect(count(h)).toEqual([0, 0, 0])
  })

  test('foreground: the owner goes last', () => {
    const h = new Harness(CONTROLLERS)
    h.runPods()
    h.create(deployments, web(2))
    h.sim.runFor(10_000)
    h.record(pods, () => '')
    h.record(replicasets, () => '')
    h.record(deployments, () => '')
    h.log.length = 0
    h.run(h.client.delete(deployments, 'default', 'web', { propagationPolicy: 'Foreground' }))
    h.sim.runFor(10_000)
    expect(h.log.filter((line) => line.startsWith('-')).map((line) => line.split('/')[0])).toEqual([
      '- Pod',
      '- Pod',
      '- ReplicaSet',
      '- Deployment',
    ])
  })

  test('orphan: dependents stay and lose their owner', () => {
    const h = new Harness(CONTROLLERS)
    h.runPods()
    h.create(deployments, web(2))
    h.sim.runFor(10_000)
    h.run(h.client.delete(deployments, 'default', 'web', { propagationPolicy: 'Orphan' }))
    h.sim.runFor(10_000)
    expect(count(h)).toEqual([0, 1, 2])
    expect(h.list(replicasets)[0]?.metadata.ownerReferences ?? []).toEqual([])
  })
})

describe('namespaces', () => {
  test('get an account and the CA, and are emptied five seconds after their deletion', () => {
    const h = new Harness(CONTROLLERS)
    h.create(namespaces, { metadata: { name: 'a' } })
    h.sim.runFor(1000)
    expect(h.list(serviceaccounts).map((o) => o.metadata.name)).toEqual(['default'])
    expect(h.list(configmaps).map((o) => o.metadata.name)).toEqual(['kube-root-ca.crt'])
    h.run(h.client.delete(namespaces, '', 'a'))
    h.sim.runFor(4000)
    expect(h.list(serviceaccounts).length).toBe(1)
    h.sim.runFor(4000)
    expect([h.list(serviceaccounts).length, h.list(configmaps).length, h.list(namespaces).length]).toEqual([0, 0, 0])
  })
})

describe('nodes', () => {
  function join(h: Harness, name: string): void {
    h.create<Node>(nodes, {
      metadata: { name, labels: { 'kubernetes.io/hostname': name } },
      spec: { taints: [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }] },
    })
    const time = formatTime(h.sim.now)
    const conditions = [
      { type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: time, lastTransitionTime: time },
    ]
    h.run(h.client.patch(nodes, '', name, { status: { conditions } }, 'merge', { subresource: 'status' }))
    h.create(leases, {
      metadata: { name, namespace: 'kube-node-lease' },
      spec: { renewTime: formatMicroTime(h.sim.now), holderIdentity: name },
    })
    h.api.heartbeats.begin(`kube-node-lease/${name}`, 10_000)
  }

  test('get a subnet, lose their taint, and are noticed when they fall silent', () => {
    const h = new Harness(CONTROLLERS)
    for (const name of ['node-1', 'node-2', 'node-3']) join(h, name)
    h.sim.runFor(6000)
    const node = () => h.get(nodes, 'node-3')
    expect(node()?.spec?.podCIDR).toBe('10.244.2.0/24')
    expect(node()?.spec?.taints).toBeUndefined()
    expect(node()?.metadata.annotations).toEqual({ 'node.alpha.kubernetes.io/ttl': '0' })
    const idle = h.sim.executed
    h.sim.runFor(3_600_000)
    expect(h.sim.executed - idle).toBeLessThan(20)
    const silentAt = h.sim.now
    h.api.heartbeats.end('kube-node-lease/node-3')
    expect(h.sim.runUntilTrue(() => node()?.status?.conditions?.some((c) => c.status === 'Unknown') === true, 100_000)).toBe(true)
    expect(h.sim.now - silentAt).toBeGreaterThan(39_000)
    expect(h.sim.now - silentAt).toBeLessThan(56_000)
    h.sim.runFor(1000)
    expect(
      node()
        ?.spec?.taints?.map((t) => `${t.key}:${t.effect}`)
        .toSorted(),
    ).toEqual(['node.kubernetes.io/unreachable:NoExecute', 'node.kubernetes.io/unreachable:NoSchedule'])
    expect(
      h
        .list(events)
        .filter((e) => e.reason === 'NodeNotReady')
        .map((e) => e.message),
    ).toEqual(['Node node-3 status is now: NodeNotReady'])
  })

  test('that are deleted leave pods for the pod collector', () => {
    const h = new Harness(CONTROLLERS)
    h.runPods()
    for (const name of ['node-1', 'node-2', 'node-3']) h.api.heartbeats.begin(`kube-node-lease/${name}`, 10_000)
    h.create(deployments, web(3))
    h.sim.runFor(10_000)
    const doomed = h.list(pods).find((p) => p.spec?.nodeName === 'node-3')
    h.run(h.client.delete(nodes, '', 'node-3'))
    const gone = () => h.list(pods).every((p) => p.metadata.uid !== doomed?.metadata.uid)
    const from = h.sim.now
    expect(h.sim.runUntilTrue(gone, 100_000)).toBe(true)
    expect(h.sim.now - from).toBeGreaterThan(40_000)
    expect(h.sim.now - from).toBeLessThan(62_000)
  })
})

describe('a controller manager that restarts', () => {
  test('goes on where it was: pods of a tainted node are still evicted, deleted owners still followed', () => {
    const h = new Harness(CONTROLLERS)
    h.runPods()
    for (const name of ['node-1', 'node-2', 'node-3']) h.api.heartbeats.begin(`kube-node-lease/${name}`, 10_000)
    h.create(deployments, web(3))
    h.sim.runFor(10_000)
    const doomed = h.list(pods).find((p) => p.spec?.nodeName === 'node-3')
    const taints = [{ key: 'example.com/broken', effect: 'NoExecute' }]
    h.run(h.client.patch(nodes, '', 'node-3', { spec: { taints } }, 'merge'))
    h.sim.runFor(100)
    h.restart(20_000)
    const gone = () => h.list(pods).every((p) => p.metadata.uid !== doomed?.metadata.uid)
    const from = h.sim.now
    expect(h.sim.runUntilTrue(gone, 400_000)).toBe(true)
    expect(h.sim.now - from).toBeGreaterThan(299_000)
    h.run(h.client.delete(deployments, 'default', 'web', { propagationPolicy: 'Background' }))
    h.restart(5000)
    h.sim.runFor(20_000)
    expect(count(h)).toEqual([0, 0, 0])
  })
})
