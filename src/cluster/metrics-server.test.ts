import { beforeAll, expect, it } from 'vitest'
import type { CoreV1Event, Deployment, V2HorizontalPodAutoscaler as Autoscaler } from '../apimachinery/generated/types.ts'
import { applyFile } from '../kubectl/apply.ts'
import type { DoorRequest } from '../kubectl/door.ts'
import { Cluster } from './cluster.ts'
import { ADMIN } from './identities.ts'

const MINUTE = 60_000
const WEB = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        containers: [{ name: 'c', image: 'nginx:1.27', resources: { requests: { cpu: '100m' }, limits: { cpu: '500m' } } }],
      },
    },
  },
}
const SCALER = {
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'web' },
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
    minReplicas: 1,
    maxReplicas: 5,
    metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } }],
  },
}

let cluster: Cluster

function get(path: string): { code: number; body: Record<string, unknown> } {
  const { code, body } = cluster.call({ method: 'GET', path }, ADMIN)
  return { code, body: body as Record<string, unknown> }
}

function apply(object: object): void {
  const call = (request: DoorRequest) => cluster.call(request, ADMIN)
  const findKind = (apiVersion: string, kind: string) => cluster.api.resources.findKind(apiVersion, kind)
  applyFile({ call, findKind }, JSON.stringify(object))
}

const scaler = () =>
  cluster.etcd.get('horizontalpodautoscalers.autoscaling', 'default/web')?.value as unknown as Autoscaler | undefined
const replicas = () => (cluster.etcd.get('deployments.apps', 'default/web')?.value as Deployment | undefined)?.spec?.replicas
const condition = (type: string) => {
  const found = scaler()?.status?.conditions?.find((candidate) => candidate.type === type)
  return found && `${found.status} ${found.reason}`
}
const eventsAbout = (kind: string) =>
  cluster.etcd
    .range('events', 'default/')
    .map(({ value }) => value as CoreV1Event)
    .filter(({ involvedObject }) => involvedObject.kind === kind)
    .map(({ reason, message }) => `${reason}: ${message}`)

beforeAll(() => {
  cluster = new Cluster()
  cluster.boot()
  apply(WEB)
  cluster.sim.runFor(MINUTE)
})

it('an autoscaler follows the load, up at once and down after five minutes', () => {
  apply(SCALER)
  cluster.sim.runFor(MINUTE)
  expect(condition('ScalingActive')).toBe('True ValidMetricFound')
  expect(replicas()).toBe(1)
  cluster.setLoad('default', 'web', 180, 'shared')
  cluster.sim.runFor(2 * MINUTE)
  expect(replicas()).toBe(4)
  expect(scaler()?.status?.currentMetrics?.[0]?.resource?.current.averageUtilization).toBeLessThanOrEqual(55)
  expect(eventsAbout('HorizontalPodAutoscaler')).toContain(
    'SuccessfulRescale: New size: 4; reason: cpu resource utilization (percentage of request) above target',
  )
  cluster.setLoad('default', 'web', 0)
  cluster.sim.runFor(4 * MINUTE)
  expect(replicas()).toBe(4)
  expect(condition('AbleToScale')).toBe('True ScaleDownStabilized')
  cluster.sim.runFor(3 * MINUTE)
  expect(replicas()).toBe(1)
  expect(eventsAbout('HorizontalPodAutoscaler')).toContain('SuccessfulRescale: New size: 1; reason: All metrics below target')
})

it('a container uses no more than its limit', () => {
  cluster.setLoad('default', 'web', 2000)
  const { body } = get('/apis/metrics.k8s.io/v1beta1/namespaces/default/pods?labelSelector=app%3Dweb')
  cluster.setLoad('default', 'web', 0)
  expect(body).toMatchObject({ kind: 'PodMetricsList', items: [{ containers: [{ name: 'c', usage: { cpu: '500000000n' } }] }] })
})

it('serves metrics of nodes and pods as metrics.k8s.io', () => {
  expect(get('/apis/metrics.k8s.io/v1beta1').body['resources']).toEqual([
    { name: 'nodes', singularName: '', namespaced: false, kind: 'NodeMetrics', verbs: ['get', 'list'] },
    { name: 'pods', singularName: '', namespaced: true, kind: 'PodMetrics', verbs: ['get', 'list'] },
  ])
  const { items } = get('/apis/metrics.k8s.io/v1beta1/nodes').body as { items: { metadata: { name: string } }[] }
  expect(items.map(({ metadata }) => metadata.name)).toEqual(['control-plane', 'worker', 'worker2'])
  expect(get('/apis/metrics.k8s.io/v1beta1/nodes/worker')).toMatchObject({
    code: 200,
    body: { kind: 'NodeMetrics', window: '15s' },
  })
  expect(get('/apis/metrics.k8s.io/v1beta1/namespaces/default/pods/none').body).toMatchObject({
    code: 404,
    message: 'pods.metrics.k8s.io "none" not found',
  })
})

it('an unplugged machine is not measured', () => {
  cluster.powerOff('worker2')
  expect(get('/apis/metrics.k8s.io/v1beta1/nodes/worker2').code).toBe(404)
  cluster.powerOn('worker2')
  cluster.sim.runFor(2 * MINUTE)
})

it('without its APIService there is no metrics API, and the autoscaler says so', () => {
  cluster.call({ method: 'DELETE', path: '/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io' }, ADMIN)
  cluster.sim.runFor(MINUTE)
  expect(get('/apis/metrics.k8s.io/v1beta1/nodes').code).toBe(404)
  expect(condition('ScalingActive')).toBe('False FailedGetResourceMetric')
})

it('a hollow cluster has none', () => {
  const hollow = new Cluster({ hollow: { writes: 'few' }, workers: 1 })
  hollow.boot()
  expect(hollow.metrics).toBeUndefined()
  expect(hollow.etcd.get('apiservices.apiregistration.k8s.io', 'v1beta1.metrics.k8s.io')).toBeUndefined()
})
