import { expect, test } from 'vitest'
import type { Node } from '../../../apimachinery/generated/types.ts'
import { ProxyHealth, serviceHealthAnswer } from './proxy-health.ts'

const node = (spec: Node['spec'] = {}): Node => ({ metadata: { name: 'node-1' }, spec })

test('is unhealthy while a change waits too long', () => {
  const clock = { ms: 0 }
  const health = new ProxyHealth(() => clock.ms, 60_000)
  health.setUpdated('IPv4')
  health.setQueued('IPv4')
  clock.ms = 59_999
  expect(health.healthz(node()).status).toBe(200)
  clock.ms = 60_000
  expect(health.healthz(node()).status).toBe(503)
  expect(health.livez().status).toBe(503)
  health.setUpdated('IPv4')
  expect(health.healthz(node()).status).toBe(200)
})

test('sends traffic away from a node that is about to go, but lives', () => {
  const health = new ProxyHealth(() => 0, 60_000)
  health.setUpdated('IPv4')
  const going = node({ taints: [{ key: 'ToBeDeletedByClusterAutoscaler', effect: 'NoSchedule' }] })
  expect(health.healthz(going).status).toBe(503)
  expect(JSON.parse(health.healthz(going).body)).toMatchObject({ nodeEligible: false, healthy: true })
  expect(health.livez().status).toBe(200)
})

test('tells load balancers how many endpoints are here', () => {
  expect(serviceHealthAnswer('default/web', { port: 32_000, localEndpoints: 0 }, true).status).toBe(503)
  const { status, headers, body } = serviceHealthAnswer('default/web', { port: 32_000, localEndpoints: 2 }, true)
  expect([status, headers['X-Load-Balancing-Endpoint-Weight']]).toEqual([200, '2'])
  expect(body).toContain('\t"localEndpoints": 2,')
})
