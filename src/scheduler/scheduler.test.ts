import { describe, expect, test } from 'vitest'
import {
  events,
  nodes,
  persistentvolumeclaims,
  persistentvolumes,
  pods,
  storageclasses,
} from '../apimachinery/generated/resources.ts'
import type {
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodSpec,
  StorageClass,
} from '../apimachinery/generated/types.ts'
import { ApiServer } from '../apiserver/server.ts'
import { Client } from '../client/client.ts'
import { Etcd } from '../etcd/etcd.ts'
import { Simulation } from '../sim/simulation.ts'
import type { Task } from '../sim/task.ts'
import { Scheduler, type SchedulerOptions } from './scheduler.ts'

/** A cluster with nothing in it but an API server and the scheduler. */
class Cluster {
  readonly sim = new Simulation({ seed: 7, startTimeMs: Date.UTC(2026, 0, 1) })
  readonly client: Client
  readonly scheduler: Scheduler

  constructor(options: SchedulerOptions = {}) {
    const api = new ApiServer({ sim: this.sim, etcd: new Etcd(), strategies: [], admission: [] })
    this.client = new Client(api, this.sim, { user: { name: 'admin', groups: ['system:masters'] }, userAgent: 'kubectl' })
    const own = new Client(api, this.sim, {
      user: { name: 'system:kube-scheduler', groups: ['system:masters'] },
      userAgent: 'kube-scheduler',
    })
    this.scheduler = new Scheduler(own, options)
    this.scheduler.start()
  }

  do<T>(task: Task<T>): T {
    let outcome: { value: T } | undefined
    this.sim.spawn(task, (value) => (outcome = { value }))
    this.sim.runUntilTrue(() => outcome !== undefined, 60_000)
    if (!outcome) throw new Error('the task did not end')
    return outcome.value
  }

  node(name: string, cpu = '4', spec: Node['spec'] = {}): Node {
    const allocatable = { cpu, memory: '8Gi', pods: '110', 'ephemeral-storage': '100Gi' }
    return this.do(
      this.client.create(nodes, {
        metadata: { name, labels: { 'kubernetes.io/hostname': name } },
        spec,
        status: { allocatable, capacity: allocatable },
      }),
    )
  }

  pod(name: string, cpu: string, more: Partial<PodSpec> = {}): Pod {
    const containers = [{ name: 'app', image: 'nginx', resources: { requests: { cpu } } }]
    const spec = { schedulerName: 'default-scheduler', containers, ...more }
    return this.do(this.client.create(pods, { metadata: { name, namespace: 'default', labels: { app: name } }, spec }))
  }

  get(name: string): Pod | undefined {
    return this.do(this.client.list(pods, 'default')).items.find(({ metadata }) => metadata.name === name)
  }

  nodeOf(name: string): string | undefined {
    return this.get(name)?.spec?.nodeName
  }

  messages(name: string): string[] {
    return this.do(this.client.list(events, 'default'))
      .items.filter(({ involvedObject }) => involvedObject.name === name)
      .map(({ type, reason, message }) => `${type} ${reason} ${message}`)
  }

  wait(ms: number): void {
    this.sim.runFor(ms)
  }
}

const condition = (pod: Pod | undefined, type: string) => pod?.status?.conditions?.find((c) => c.type === type)

describe('scheduler', () => {
  test('binds a pod and says so', () => {
    const cluster = new Cluster()
    cluster.node('n1')
    cluster.pod('web', '100m')
    cluster.wait(100)
    expect(cluster.nodeOf('web')).toBe('n1')
    expect(condition(cluster.get('web'), 'PodScheduled')?.status).toBe('True')
    expect(cluster.messages('web')).toEqual(['Normal Scheduled Successfully assigned default/web to n1'])
  })

  test('spreads over equal nodes by chance, the same chance for the same seed', () => {
    const place = () => {
      const cluster = new Cluster()
      for (let i = 0; i < 8; i++) cluster.node(`n${i}`)
      for (let i = 0; i < 16; i++) cluster.pod(`p${i}`, '100m')
      cluster.wait(1000)
      return Array.from({ length: 16 }, (_, i) => cluster.nodeOf(`p${i}`) ?? '')
    }
    const nodesUsed = place()
    expect(new Set(nodesUsed).size).toBe(8)
    expect(place()).toEqual(nodesUsed)
  })

  test('a pod that fits nowhere gets a condition and an event, and a node as soon as one comes', () => {
    const cluster = new Cluster()
    cluster.node('small', '1')
    cluster.pod('big', '2')
    cluster.wait(100)
    const message =
      '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.'
    expect(condition(cluster.get('big'), 'PodScheduled')).toMatchObject({ status: 'False', reason: 'Unschedulable', message })
    expect(cluster.messages('big')).toEqual([`Warning FailedScheduling ${message}`])
    cluster.node('tiny', '1')
    cluster.wait(20_000)
    expect(cluster.messages('big')).toHaveLength(1)
    cluster.node('large', '4')
    cluster.wait(100)
    expect(cluster.nodeOf('big')).toBe('large')
  })

  test('without nodes the pod is tried again with growing pauses', () => {
    const cluster = new Cluster()
    cluster.pod('web', '1')
    cluster.wait(100)
    expect(condition(cluster.get('web'), 'PodScheduled')?.message).toBe('no nodes available to schedule pods')
    const attempts: number[] = []
    cluster.scheduler.onAttempt = () => attempts.push(cluster.sim.now)
    cluster.wait(60_000)
    const pauses = attempts.slice(1).map((t, i) => Math.round((t - (attempts[i] ?? 0)) / 1000))
    expect(pauses).toEqual([3, 5, 9, 11, 11, 11])
  })

  test('an unschedulable pod gets another try after five minutes', () => {
    const cluster = new Cluster()
    cluster.node('small', '1')
    cluster.pod('big', '2')
    cluster.wait(100)
    const attempts: number[] = []
    cluster.scheduler.onAttempt = () => attempts.push(cluster.sim.now)
    const began = cluster.sim.now
    cluster.wait(11 * 60_000)
    expect(attempts.map((t) => Math.round((t - began) / 1000))).toEqual([330, 660])
  })

  test('a gated pod waits until its gates are gone', () => {
    const cluster = new Cluster()
    cluster.node('n1')
    cluster.pod('gated', '1', { schedulingGates: [{ name: 'example.com/quota' }] })
    cluster.wait(1000)
    expect(cluster.nodeOf('gated')).toBeUndefined()
    expect(cluster.scheduler.pending().unschedulable.map((p) => p.gatedBy)).toEqual(['SchedulingGates'])
    cluster.do(cluster.client.patch(pods, 'default', 'gated', { spec: { schedulingGates: null } }, 'merge'))
    cluster.wait(100)
    expect(cluster.nodeOf('gated')).toBe('n1')
  })

  test('higher priority goes first', () => {
    const cluster = new Cluster()
    const order: string[] = []
    cluster.scheduler.onAttempt = (pod) => order.push(pod.name)
    cluster.pod('low', '1', { priority: 1 })
    cluster.pod('high', '1', { priority: 10 })
    cluster.pod('middle', '1', { priority: 5 })
    order.length = 0
    cluster.wait(2000)
    order.length = 0
    cluster.node('n1')
    cluster.wait(20_000)
    expect(order).toEqual(['high', 'middle', 'low'])
  })

  test('makes room for a more important pod', () => {
    const cluster = new Cluster()
    cluster.node('n1', '2')
    cluster.pod('victim', '1500m', { priority: 1 })
    cluster.wait(100)
    expect(cluster.nodeOf('victim')).toBe('n1')
    const vip = cluster.pod('vip', '1', { priority: 100 })
    cluster.wait(10)
    expect(cluster.messages('vip')).toContain('Warning FailedScheduling 0/1 nodes are available: 1 Insufficient cpu.')
    cluster.wait(60_000)
    expect(cluster.messages('victim')).toContain(`Normal Preempted Preempted by pod ${vip.metadata.uid} on node n1`)
    expect(cluster.get('victim')).toBeUndefined()
    expect(cluster.nodeOf('vip')).toBe('n1')
  })

  test('a static volume is bound to the claim of its first consumer', () => {
    const cluster = new Cluster()
    cluster.node('n1')
    cluster.node('n2')
    const spec = {
      capacity: { storage: '10Gi' },
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'local',
      hostPath: { path: '/d' },
    }
    const affinity = [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['n2'] }] }]
    const storage: StorageClass = {
      metadata: { name: 'local' },
      provisioner: 'kubernetes.io/no-provisioner',
      volumeBindingMode: 'WaitForFirstConsumer',
    }
    const volume: PersistentVolume = {
      metadata: { name: 'pv' },
      spec: { ...spec, nodeAffinity: { required: { nodeSelectorTerms: affinity } } },
      status: { phase: 'Available' },
    }
    const claim: PersistentVolumeClaim = {
      metadata: { name: 'data', namespace: 'default' },
      spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'local', resources: { requests: { storage: '5Gi' } } },
      status: { phase: 'Pending' },
    }
    cluster.do(cluster.client.create(storageclasses, storage))
    cluster.do(cluster.client.create(persistentvolumes, volume))
    cluster.do(cluster.client.create(persistentvolumeclaims, claim))
    cluster.pod('db', '1', { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] })
    cluster.wait(100)
    const written = cluster.do(cluster.client.get(persistentvolumes, '', 'pv'))
    expect(written.spec?.claimRef).toMatchObject({ namespace: 'default', name: 'data', kind: 'PersistentVolumeClaim' })
    expect(cluster.get('db')?.status?.nominatedNodeName).toBe('n2')
    // What the volume controller would do now.
    const bound = { metadata: { annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } }, spec: { volumeName: 'pv' } }
    cluster.do(cluster.client.patch(persistentvolumeclaims, 'default', 'data', bound, 'merge'))
    cluster.wait(2000)
    expect(cluster.nodeOf('db')).toBe('n2')
  })

  test('a provisioner is told the chosen node', () => {
    const cluster = new Cluster()
    cluster.node('n1')
    const storage: StorageClass = {
      metadata: { name: 'fast' },
      provisioner: 'ebs.csi.aws.com',
      volumeBindingMode: 'WaitForFirstConsumer',
    }
    cluster.do(cluster.client.create(storageclasses, storage))
    cluster.do(
      cluster.client.create(persistentvolumeclaims, {
        metadata: { name: 'data', namespace: 'default' },
        spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'fast', resources: { requests: { storage: '5Gi' } } },
      }),
    )
    cluster.pod('db', '1', { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] })
    cluster.wait(100)
    const claim = cluster.do(cluster.client.get(persistentvolumeclaims, 'default', 'data'))
    expect(claim.metadata.annotations).toMatchObject({ 'volume.kubernetes.io/selected-node': 'n1' })
    expect(cluster.nodeOf('db')).toBeUndefined()
  })

  test('each pod goes to the scheduler that it names', () => {
    const most = { scoringStrategy: { type: 'MostAllocated' } }
    const profiles = [
      { schedulerName: 'default-scheduler' },
      {
        schedulerName: 'packer',
        pluginConfig: [{ name: 'NodeResourcesFit', args: most }],
        plugins: { score: { disabled: [{ name: '*' }], enabled: [{ name: 'NodeResourcesFit' }] } },
      },
    ]
    const cluster = new Cluster({ config: { profiles } })
    cluster.node('n1')
    cluster.node('n2')
    cluster.pod('first', '1', { nodeSelector: { 'kubernetes.io/hostname': 'n1' } })
    for (let i = 0; i < 3; i++) cluster.pod(`packed${i}`, '500m', { schedulerName: 'packer' })
    cluster.pod('nobody', '1', { schedulerName: 'other' })
    cluster.wait(1000)
    expect([0, 1, 2].map((i) => cluster.nodeOf(`packed${i}`))).toEqual(['n1', 'n1', 'n1'])
    expect(cluster.nodeOf('nobody')).toBeUndefined()
  })

  test('explains every node', () => {
    const cluster = new Cluster()
    cluster.node('n1')
    cluster.node('tainted', '4', { taints: [{ key: 'a', effect: 'NoSchedule' }] })
    const pod = cluster.pod('web', '1')
    const explanation = cluster.scheduler.explain(pod)
    expect(explanation?.verdicts.get('tainted')?.reasons).toEqual(['node(s) had untolerated taint(s)'])
    expect(explanation?.best).toEqual(['n1'])
  })

  test('explains a placed pod as if it had to be placed again', () => {
    const cluster = new Cluster()
    cluster.node('n1', '1')
    cluster.pod('web', '1')
    cluster.wait(100)
    const placed = cluster.get('web')
    expect(placed?.spec?.nodeName).toBe('n1')
    expect(placed && cluster.scheduler.explain(placed)?.best).toEqual(['n1'])
    cluster.pod('other', '1')
    cluster.wait(100)
    expect(cluster.nodeOf('other')).toBeUndefined()
  })

  test('a stopped scheduler places nothing; started again, it takes up what waits', () => {
    const cluster = new Cluster()
    cluster.node('n1')
    cluster.scheduler.stop()
    cluster.pod('web', '1')
    cluster.wait(10_000)
    expect(cluster.nodeOf('web')).toBeUndefined()
    cluster.scheduler.start()
    cluster.wait(100)
    expect(cluster.nodeOf('web')).toBe('n1')
  })

  test('an idle scheduler does nothing', () => {
    const cluster = new Cluster()
    cluster.node('n1', '1')
    cluster.pod('web', '1')
    cluster.wait(1000)
    const before = cluster.sim.executed
    cluster.wait(3_600_000)
    expect(cluster.sim.executed - before).toBe(0)
  })
})
