import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../apimachinery/resource.ts'
import { summarize } from './summary.ts'

const NOW = Date.parse('2026-01-01T09:05:00Z')
const metadata = { name: 'x', namespace: 'default', creationTimestamp: '2026-01-01T09:00:00Z', labels: { app: 'x' } }
const factsOf = (object: KubeObject) => Object.fromEntries(summarize(object, NOW).facts.map(({ name, value }) => [name, value]))

describe('summarize', () => {
  it('says where a pod is and how its containers are', () => {
    const pod = {
      kind: 'Pod',
      metadata,
      spec: {
        nodeName: 'n1',
        initContainers: [{ name: 'setup', image: 'busybox' }],
        containers: [{ name: 'app', image: 'nginx' }],
      },
      status: {
        phase: 'Running',
        podIP: '10.244.1.2',
        containerStatuses: [{ name: 'app', ready: false, restartCount: 4, state: { waiting: { reason: 'CrashLoopBackOff' } } }],
        conditions: [{ type: 'Ready', status: 'False', reason: 'ContainersNotReady' }],
      },
    }
    const summary = summarize(pod, NOW)
    expect(factsOf(pod)).toMatchObject({ Node: 'n1', IP: '10.244.1.2', Created: '2026-01-01T09:00:00Z (5m)' })
    expect(summary.containers).toEqual([
      { name: 'setup', image: 'busybox', state: '', ready: false, restarts: 0, init: true },
      { name: 'app', image: 'nginx', state: 'Waiting: CrashLoopBackOff', ready: false, restarts: 4, init: false },
    ])
    expect(summary.conditions).toEqual([{ type: 'Ready', status: 'False', reason: 'ContainersNotReady', message: '' }])
    expect(summary.labels).toEqual([['app', 'x']])
  })

  it("words a Deployment's replicas as kubectl describe does", () => {
    const deployment = {
      kind: 'Deployment',
      metadata,
      spec: { replicas: 3 },
      status: { replicas: 4, updatedReplicas: 2, availableReplicas: 3 },
    }
    expect(factsOf(deployment)).toMatchObject({ Replicas: '3 desired | 2 updated | 4 total | 3 available' })
  })

  it('never shows what a Secret holds, only how much', () => {
    const secret = { kind: 'Secret', metadata, data: { password: 'aHVudGVyMg==' } }
    const summary = summarize(secret, NOW)
    expect(summary.data).toEqual([{ key: 'password', bytes: 7 }])
    expect(JSON.stringify(summary)).not.toContain('aHVudGVyMg')
  })

  it('manages kinds it has never seen', () => {
    const summary = summarize({ kind: 'Widget', metadata: { name: 'w' } }, NOW)
    expect(summary.facts).toEqual([])
    expect(summary.containers).toEqual([])
  })
})
