import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CoreV1Event } from '../apimachinery/generated/types.ts'
import type { KubeObject } from '../apimachinery/resource.ts'
import { applyFile } from '../kubectl/apply.ts'
import { Cluster } from './cluster.ts'
import { ADMIN } from './identities.ts'

/** What is wrong, and what says so, at which object. */
interface Case {
  readonly name: string
  readonly objects: readonly object[]
  /** Done after the objects have settled for a while. */
  readonly then?: (world: World) => void
  readonly minutes?: number
  /** 'Kind/name Reason: part of the message' of an Event. */
  readonly event?: string
  /** 'Kind/name Type=Status Reason: part of the message' of a condition. */
  readonly condition?: string
  readonly check?: (world: World) => void
}

const NS = 'bad'
const CLIENT_LIMIT_PER_MINUTE = 120

class World {
  readonly cluster = new Cluster({ external: true, workers: 2 })

  constructor() {
    this.cluster.boot()
  }

  reset(): void {
    this.call('DELETE', `/api/v1/namespaces/${NS}`)
    this.cluster.sim.runUntilTrue(() => this.cluster.etcd.get('namespaces', NS) === undefined, 300_000)
    this.call('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NS } })
    this.cluster.sim.runFor(1000)
  }

  call(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: object) {
    return this.cluster.call({ method, path, ...(body ? { body } : {}) }, ADMIN)
  }

  apply(object: object): string {
    const findKind = (apiVersion: string, kind: string) => this.cluster.api.resources.findKind(apiVersion, kind)
    const door = { call: (request: Parameters<Cluster['call']>[0]) => this.cluster.call(request, ADMIN), findKind }
    return applyFile(door, JSON.stringify(object), { namespace: NS })
      .map(({ message }) => message)
      .join()
  }

  events(): string[] {
    return this.cluster.etcd
      .range('events', `${NS}/`)
      .map(({ value }) => value as CoreV1Event)
      .map(({ involvedObject: { kind, name }, reason, message }) => `${kind}/${name} ${reason}: ${message}`)
  }

  conditions(): string[] {
    return this.cluster.etcd.bucketNames().flatMap((bucket) =>
      this.cluster.etcd.range(bucket).flatMap(({ value }) => {
        const { kind, metadata, status } = value as KubeObject & { status?: { conditions?: readonly Condition[] } }
        if (metadata.namespace !== NS && metadata.name !== NS) return []
        return (status?.conditions ?? []).map(
          ({ type, status: is, reason, message }) => `${kind}/${metadata.name} ${type}=${is} ${reason ?? ''}: ${message ?? ''}`,
        )
      }),
    )
  }

  find<T>(bucket: string, name: string): T | undefined {
    return this.cluster.etcd.get(bucket, `${NS}/${name}`)?.value as T | undefined
  }
}

interface Condition {
  readonly type: string
  readonly status: string
  readonly reason?: string
  readonly message?: string
}

const pod = (name: string, spec: object = {}, labels: object = { app: name }) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels },
  spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'c', image: 'registry.k8s.io/pause:3.10' }], ...spec },
})
const deployment = (name: string, replicas: number, container: object = {}, labels: object = { app: name }) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    replicas,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'c', image: 'registry.k8s.io/pause:3.10', ...container }],
      },
    },
  },
})
const replicaSet = (name: string, replicas: number, labels: object) => ({
  ...deployment(name, replicas, {}, labels),
  kind: 'ReplicaSet',
})
const claim = (name: string, spec: object) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
})
const budget = (name: string, app: string) => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name },
  spec: { minAvailable: 1, selector: { matchLabels: { app } } },
})
const autoscaler = (name: string, target: string) => ({
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name },
  spec: {
    minReplicas: 1,
    maxReplicas: 3,
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: target },
    metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } }],
  },
})
const owned = (name: string, owner: string, uid: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: owner, uid }] },
})
const evict = (world: World, name: string) =>
  world.call('POST', `/api/v1/namespaces/${NS}/pods/${name}/eviction`, {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name, namespace: NS },
  })

const CASES: readonly Case[] = [
  {
    name: 'a quota that is used up',
    objects: [
      { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'q' }, spec: { hard: { pods: '1' } } },
      deployment('web', 3),
    ],
    event: 'ReplicaSet/web- FailedCreate: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1',
    condition: 'Deployment/web ReplicaFailure=True FailedCreate: exceeded quota',
  },
  {
    name: 'a claim of a class that does not exist',
    objects: [claim('data', { storageClassName: 'none-such' })],
    event: 'PersistentVolumeClaim/data ProvisioningFailed: storageclass.storage.k8s.io "none-such" not found',
  },
  {
    name: 'a claim without a class, and no volume',
    objects: [
      claim('data', { storageClassName: '' }),
      pod('user', { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] }),
    ],
    event: 'PersistentVolumeClaim/data FailedBinding: no persistent volumes available for this claim and no storage class is set',
    condition:
      'Pod/user PodScheduled=False Unschedulable: 0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims',
  },
  {
    name: 'a claim that is not there',
    objects: [pod('user', { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'ghost' } }] })],
    event: 'Pod/user FailedScheduling: 0/2 nodes are available: persistentvolumeclaim "ghost" not found',
  },
  {
    name: 'a pod too large for any node',
    objects: [pod('big', { containers: [{ name: 'c', image: 'nginx:1.27', resources: { requests: { cpu: '100' } } }] })],
    condition: 'Pod/big PodScheduled=False Unschedulable: 0/2 nodes are available: 2 Insufficient cpu',
  },
  {
    name: 'a node selector that nothing has',
    objects: [pod('picky', { nodeSelector: { disk: 'ssd' } })],
    event: "Pod/picky FailedScheduling: 0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector",
  },
  {
    name: 'a scheduler that nobody runs',
    objects: [pod('waiting', { schedulerName: 'mine' })],
    check: (world) => expect(world.find<{ status: object }>('pods', 'waiting')?.status).toMatchObject({ phase: 'Pending' }),
  },
  {
    name: 'a node that does not exist',
    objects: [pod('lost', { nodeName: 'nowhere' })],
    minutes: 5,
    check: (world) => expect(world.find('pods', 'lost')).toBeUndefined(),
  },
  {
    name: 'two sets of the same labels each have their own pods',
    objects: [replicaSet('one', 2, { app: 'x' }), replicaSet('two', 2, { app: 'x' })],
    check: (world) =>
      expect(
        world.cluster.etcd
          .range('pods', `${NS}/`)
          .map(({ value }) => value.metadata.ownerReferences?.[0]?.name)
          .sort(),
      ).toEqual(['one', 'one', 'two', 'two']),
  },
  {
    name: 'a pod that two sets would take',
    objects: [replicaSet('one', 1, { app: 'x' }), replicaSet('two', 1, { app: 'x' }), pod('stray', {}, { app: 'x' })],
    check: (world) => {
      const owners = world.cluster.etcd.range('pods', `${NS}/`).map(({ value }) => value.metadata.ownerReferences?.[0]?.name)
      expect(owners.sort()).toEqual(['one', 'two'])
    },
  },
  {
    name: 'an autoscaler without metrics',
    objects: [deployment('web', 1), autoscaler('scale', 'web')],
    event: 'HorizontalPodAutoscaler/scale FailedGetResourceMetric: ',
    condition:
      'HorizontalPodAutoscaler/scale ScalingActive=False FailedGetResourceMetric: the HPA was unable to compute the replica count',
  },
  {
    name: 'an autoscaler without a target',
    objects: [autoscaler('scale', 'nobody')],
    event: 'HorizontalPodAutoscaler/scale FailedGetScale: deployments.apps "nobody" not found',
    condition:
      "HorizontalPodAutoscaler/scale AbleToScale=False FailedGetScale: the HPA controller was unable to get the target's current scale",
  },
  {
    name: 'two autoscalers of one Deployment',
    objects: [deployment('web', 1), autoscaler('one', 'web'), autoscaler('two', 'web')],
    event:
      'HorizontalPodAutoscaler/two AmbiguousSelector: pods by selector app=web are controlled by multiple HPAs: [{one bad} {two bad}]',
    condition: 'HorizontalPodAutoscaler/one ScalingActive=False AmbiguousSelector: ',
  },
  {
    name: 'a budget that blocks a drain for ever',
    objects: [deployment('web', 1), budget('b', 'web')],
    condition: 'PodDisruptionBudget/b DisruptionAllowed=False InsufficientPods: ',
    check: (world) => {
      const name = world.cluster.etcd.range('pods', `${NS}/`)[0]?.value.metadata.name ?? ''
      const { code, body } = evict(world, name)
      expect(code).toBe(429)
      expect(JSON.stringify(body)).toContain("Cannot evict pod as it would violate the pod's disruption budget.")
      expect(JSON.stringify(body)).toContain('The disruption budget b needs 1 healthy pods and has 1 currently')
    },
  },
  {
    name: 'two budgets of one pod',
    objects: [pod('p'), budget('one', 'p'), budget('two', 'p')],
    check: (world) => {
      const { code, body } = evict(world, 'p')
      expect(code).toBe(500)
      expect(JSON.stringify(body)).toContain(
        'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
      )
    },
  },
  {
    name: 'a budget of pods that nobody controls',
    objects: [pod('p'), { ...budget('b', 'p'), spec: { maxUnavailable: '50%', selector: { matchLabels: { app: 'p' } } } }],
    event: 'PodDisruptionBudget/b UnmanagedPods: Pods selected by this PodDisruptionBudget',
  },
  {
    name: 'a schedule that never comes',
    objects: [
      {
        apiVersion: 'batch/v1',
        kind: 'CronJob',
        metadata: { name: 'never' },
        spec: {
          schedule: '59 23 31 2 *',
          jobTemplate: {
            spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'busybox:1.37' }] } } },
          },
        },
      },
    ],
    event:
      'CronJob/never InvalidSchedule: invalid schedule: 59 23 31 2 * : time difference between two schedules is less than 1 second',
  },
  {
    name: 'an image that does not exist',
    objects: [pod('p', { containers: [{ name: 'c', image: 'nginx:no-such-tag' }] })],
    event: 'Pod/p Failed: Failed to pull image "nginx:no-such-tag"',
    condition: 'Pod/p Ready=False ContainersNotReady: containers with unready status: [c]',
  },
  {
    name: 'a configuration that is missing',
    objects: [
      pod('p', {
        containers: [{ name: 'c', image: 'registry.k8s.io/pause:3.10', envFrom: [{ configMapRef: { name: 'ghost' } }] }],
      }),
      pod('q', { volumes: [{ name: 'v', secret: { secretName: 'ghost' } }] }),
    ],
    minutes: 3,
    event: 'Pod/q FailedMount: MountVolume.SetUp failed for volume "v" : secret "ghost" not found',
    check: (world) => {
      expect(world.events().join('\n')).toContain('Pod/p Failed: Error: configmap "ghost" not found')
      expect(world.events().join('\n')).toContain('Pod/q FailedMount: Unable to attach or mount volumes: unmounted volumes=[v]')
    },
  },
  {
    name: 'a program that ends at once',
    objects: [pod('p', { containers: [{ name: 'c', image: 'busybox:1.37', command: ['false'] }] })],
    minutes: 5,
    event: 'Pod/p BackOff: Back-off restarting failed container c in pod p_bad',
  },
  {
    name: 'a daemon that always fails',
    objects: [
      {
        apiVersion: 'apps/v1',
        kind: 'DaemonSet',
        metadata: { name: 'ds' },
        spec: {
          selector: { matchLabels: { app: 'ds' } },
          template: {
            metadata: { labels: { app: 'ds' } },
            spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'c', image: 'busybox:1.37', command: ['false'] }] },
          },
        },
      },
    ],
    minutes: 5,
    event: 'Pod/ds- BackOff: Back-off restarting failed container c',
  },
  {
    name: 'a job that fails for good',
    objects: [
      {
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: { name: 'job' },
        spec: {
          backoffLimit: 1,
          template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'busybox:1.37', command: ['false'] }] } },
        },
      },
    ],
    minutes: 5,
    event: 'Job/job BackoffLimitExceeded: Job has reached the specified backoff limit',
    condition: 'Job/job Failed=True BackoffLimitExceeded: Job has reached the specified backoff limit',
  },
  {
    name: 'a rollout that gets nowhere',
    objects: [
      {
        ...deployment('web', 1, { image: 'nginx:no-such-tag' }),
        spec: { ...deployment('web', 1, { image: 'nginx:no-such-tag' }).spec, progressDeadlineSeconds: 60 },
      },
    ],
    minutes: 3,
    condition: 'Deployment/web Progressing=False ProgressDeadlineExceeded: ReplicaSet "web-',
  },
  {
    name: 'a finished rollout that loses its pods later',
    objects: [deployment('web', 1)],
    minutes: 11,
    check(world) {
      const { cluster } = world
      world.call('PATCH', `/api/v1/namespaces/${NS}/pods/${firstPod(world)}`, {
        spec: { containers: [{ name: 'c', image: 'nginx:no-such-tag' }] },
      })
      cluster.sim.runFor(5 * 60_000)
      const before = cluster.sim.executed
      cluster.sim.runFor(5 * 60_000)
      expect((cluster.sim.executed - before) / 5).toBeLessThan(1000)
    },
  },
  {
    name: 'an orphan goes',
    objects: [owned('child', 'gone', '11111111-1111-4111-8111-111111111111')],
    check: (world) => expect(world.find('configmaps', 'child')).toBeUndefined(),
  },
  {
    name: 'owners in a circle stay',
    objects: [
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } },
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'b' } },
    ],
    then(world) {
      const uid = (name: string) => world.find<KubeObject>('configmaps', name)?.metadata.uid ?? ''
      const [a, b] = [uid('a'), uid('b')]
      world.apply(owned('a', 'b', b))
      world.apply(owned('b', 'a', a))
    },
    check: (world) => expect(world.find('configmaps', 'a') && world.find('configmaps', 'b')).toBeTruthy(),
  },
  {
    name: 'an owner in another namespace',
    objects: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'other', namespace: 'default' } }],
    then(world) {
      const uid = world.cluster.etcd.get('configmaps', 'default/other')?.value.metadata.uid ?? ''
      world.apply(owned('child', 'other', uid))
    },
    event: 'ConfigMap/child OwnerRefInvalidNamespace: ownerRef [v1/ConfigMap, namespace: bad, name: other, uid: ',
    check(world) {
      expect(world.find('configmaps', 'child')).toBeUndefined()
      expect(world.cluster.etcd.get('configmaps', 'default/other')).toBeDefined()
    },
  },
  {
    name: 'a namespace that something holds',
    objects: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'held', finalizers: ['example.com/hold'] } }],
    then: (world) => world.call('DELETE', `/api/v1/namespaces/${NS}`),
    condition:
      'Namespace/bad NamespaceFinalizersRemaining=True SomeFinalizersRemain: Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
    check(world) {
      const path = `/api/v1/namespaces/${NS}/configmaps/held`
      world.call('PATCH', path, { metadata: { finalizers: null } })
    },
  },
  {
    name: 'a Service account that is missing',
    objects: [deployment('web', 1, {}, { app: 'web' })].map((object) => ({
      ...object,
      spec: {
        ...object.spec,
        template: { ...object.spec.template, spec: { ...object.spec.template.spec, serviceAccountName: 'ghost' } },
      },
    })),
    event: 'ReplicaSet/web- FailedCreate: Error creating: pods "web-',
    condition: 'Deployment/web ReplicaFailure=True FailedCreate: pods "web-',
  },
  {
    name: 'a controller with an owner that is another controller',
    objects: [replicaSet('one', 1, { app: 'x' })],
    then: (world) =>
      world.call('PATCH', `/api/v1/namespaces/${NS}/pods/${firstPod(world)}`, { metadata: { labels: { app: 'y' } } }),
    check: (world) => expect(world.cluster.etcd.range('pods', `${NS}/`)).toHaveLength(2),
  },
]

const firstPod = (world: World) => world.cluster.etcd.range('pods', `${NS}/`)[0]?.value.metadata.name ?? ''

/** Whether a line begins with what stands before the message and has the rest somewhere. */
function holds(lines: readonly string[], wanted: string): boolean {
  const [head = '', part = ''] = split(wanted)
  const [object = '', ...rest] = head.split(' ')
  return lines.some((line) => {
    const [lineHead = '', message = ''] = split(line)
    const [lineObject = '', ...lineRest] = lineHead.split(' ')
    const same = object.endsWith('-') ? lineObject.startsWith(object) : lineObject === object
    return same && lineRest.join(' ') === rest.join(' ') && message.includes(part)
  })
}

function split(line: string): [string, string] {
  const at = line.indexOf(': ')
  return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 2)]
}

describe('what can not be satisfied says why, at the object, and costs little', () => {
  let world: World
  beforeAll(() => {
    world = new World()
  })
  afterAll(() => world.cluster.controllers.stop())

  test.each(CASES.map((row) => [row.name, row] as const))(
    '%s',
    (_name, { objects, then, minutes = 2, event, condition, check }) => {
      world.reset()
      const { sim, etcd } = world.cluster
      for (const object of objects) expect(world.apply(object)).toMatch(/created|configured/)
      sim.runFor(10_000)
      then?.(world)
      sim.runFor(minutes * 60_000)
      if (event) expect(holds(world.events(), event), `${event}\n\n${world.events().join('\n')}`).toBe(true)
      if (condition) expect(holds(world.conditions(), condition), `${condition}\n\n${world.conditions().join('\n')}`).toBe(true)
      const before = { revision: etcd.revision, executed: sim.executed }
      sim.runFor(10 * 60_000)
      expect((etcd.revision - before.revision) / 10).toBeLessThan(CLIENT_LIMIT_PER_MINUTE)
      expect((sim.executed - before.executed) / 10).toBeLessThan(6000)
      check?.(world)
    },
  )
})
