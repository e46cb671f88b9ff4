import { expect, test } from 'vitest'
import { events, services } from '../../apimachinery/generated/resources.ts'
import { Harness } from '../testing/harness.ts'
import { serviceLbController, type LoadBalancerProvider } from './controller.ts'

test('a LoadBalancer service gets its address from the provider and gives it back', () => {
  const held = new Set<string>()
  const provider: LoadBalancerProvider = {
    ensure(service) {
      held.add(service.metadata.name ?? '')
      return { ingress: [{ ip: '198.51.100.7', ipMode: 'VIP' }] }
    },
    release: (service) => void held.delete(service.metadata.name ?? ''),
  }
  const h = new Harness([serviceLbController(provider)])
  const service = h.create(services, {
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      type: 'LoadBalancer',
      clusterIP: '10.96.0.9',
      clusterIPs: ['10.96.0.9'],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      selector: { app: 'web' },
      ports: [{ port: 80, nodePort: 30080 }],
    },
  })
  h.sim.runFor(1000)
  expect(h.get(services, 'default/web')?.status?.loadBalancer?.ingress?.[0]?.ip).toBe('198.51.100.7')
  expect([...held]).toEqual(['web'])
  h.run(h.client.delete(services, 'default', service.metadata.name ?? ''))
  h.sim.runFor(1000)
  expect([h.list(services).length, held.size]).toEqual([0, 0])
  expect(h.list(events).map((e) => e.reason)).toEqual([
    'EnsuringLoadBalancer',
    'EnsuredLoadBalancer',
    'DeletingLoadBalancer',
    'DeletedLoadBalancer',
  ])
})
