import { readFileSync } from 'node:fs'
import { beforeAll, expect, it } from 'vitest'
import type { Deployment, V2HorizontalPodAutoscaler as Autoscaler } from '../apimachinery/generated/types.ts'
import { Cluster } from './cluster.ts'
import { ADMIN } from './identities.ts'
import { applyManifest, applyObject } from './testing/apply.ts'

const MINUTE = 60_000
const container = { name: 'c', image: 'nginx:1.27' }
const WEB = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [container] } },
  },
}
const average = (averageValue: string) => ({ type: 'AverageValue', averageValue })
const scalerWith = (metric: object) => ({
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'web' },
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
    maxReplicas: 10,
    behavior: { scaleDown: { stabilizationWindowSeconds: 0 } },
    metrics: [metric],
  },
})

let cluster: Cluster

const get = (path: string) => cluster.call({ method: 'GET', path }, ADMIN)
const apply = (object: object) => applyObject(cluster, object)
const active = () => {
  const scaler = cluster.etcd.get('horizontalpodautoscalers.autoscaling', 'default/web')?.value as unknown as Autoscaler
  const found = scaler.status?.conditions?.find(({ type }) => type === 'ScalingActive')
  return `${found?.reason}: ${found?.message}`
}
const replicas = () => (cluster.etcd.get('deployments.apps', 'default/web')?.value as Deployment | undefined)?.spec?.replicas

beforeAll(() => {
  cluster = new Cluster()
  cluster.boot()
  apply(WEB)
  cluster.sim.runFor(MINUTE)
})

it('without an adapter there are no custom and no external metrics', () => {
  apply(scalerWith({ type: 'Pods', pods: { metric: { name: 'requests' }, target: average('10') } }))
  cluster.sim.runFor(MINUTE)
  expect(active()).toContain('no custom metrics API (custom.metrics.k8s.io) registered')
  applyManifest(cluster, readFileSync('src/ui/gallery/manifests/metrics-adapter.yaml', 'utf8'))
  cluster.sim.runFor(MINUTE)
  expect(active()).toContain(
    'unable to fetch metrics from custom metrics API: the server could not find the metric requests for pods',
  )
})

it('scales by a metric of the pods, shared between them', () => {
  const subject = { source: 'pods', workload: 'web', spread: 'shared' } as const
  cluster.setMetric({ namespace: 'default', metric: 'requests', subject }, 45_000)
  cluster.sim.runFor(MINUTE)
  expect(replicas()).toBe(5)
  cluster.setMetric({ namespace: 'default', metric: 'requests', subject }, null)
  cluster.sim.runFor(MINUTE)
  expect(active()).toContain('could not find the metric requests')
  expect(replicas()).toBe(5)
})

it('scales by a metric of an object', () => {
  const about = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', name: 'main' }
  apply(
    scalerWith({
      type: 'Object',
      object: { metric: { name: 'hits' }, describedObject: about, target: { type: 'Value', value: '100' } },
    }),
  )
  const subject = { source: 'object', kind: 'Ingress', name: 'main' } as const
  cluster.setMetric({ namespace: 'default', metric: 'hits', subject }, 120_000)
  cluster.sim.runFor(MINUTE)
  expect(active()).toContain('Ingress metric hits')
})

it('scales by an external metric, chosen by its labels, and serves it', () => {
  const metric = { name: 'queue', selector: { matchLabels: { name: 'mails' } } }
  apply(scalerWith({ type: 'External', external: { metric, target: average('5') } }))
  const about = (name: string) => ({
    namespace: 'default',
    metric: 'queue',
    subject: { source: 'external', labels: { name } } as const,
  })
  cluster.setMetric(about('mails'), 12_500)
  cluster.setMetric(about('other'), 1_000_000)
  cluster.sim.runFor(MINUTE)
  expect(replicas()).toBe(3)
  const { body } = get('/apis/external.metrics.k8s.io/v1beta1/namespaces/default/queue?labelSelector=name%3Dmails')
  expect(body).toMatchObject({ kind: 'ExternalMetricValueList', items: [{ metricName: 'queue', value: '12500m' }] })
  cluster.setMetric(about('mails'), null)
  cluster.setMetric(about('other'), null)
  expect(get('/apis/external.metrics.k8s.io/v1beta1/namespaces/default/queue').code).toBe(404)
})

it('refuses what is no metric', () => {
  const subject = { source: 'external' } as const
  expect(cluster.setMetric({ namespace: 'default', metric: '', subject }, 1).ok).toBe(false)
  expect(cluster.setMetric({ namespace: 'default', metric: 'x', subject }, Number.NaN).ok).toBe(false)
})
