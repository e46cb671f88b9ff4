import { readFileSync } from 'node:fs'
import { beforeAll, expect, it } from 'vitest'
import type { CoreV1Event, Service } from '../../apimachinery/generated/types.ts'
import { Cluster } from '../cluster.ts'
import { ADMIN } from '../identities.ts'
import { applyManifest } from '../testing/apply.ts'

let cluster: Cluster

const apply = (id: string) => applyManifest(cluster, readFileSync(`src/ui/gallery/manifests/${id}.yaml`, 'utf8'))
const address = () => {
  const service = cluster.etcd.get('services', 'default/hello')?.value as Service | undefined
  return service?.status?.loadBalancer?.ingress?.[0]?.ip ?? ''
}
const events = () =>
  cluster.etcd
    .range('events', 'default/')
    .map(({ value }) => value as CoreV1Event)
    .filter(({ involvedObject }) => involvedObject.name === 'hello' && involvedObject.kind === 'Service')
    .map(({ reason, message }) => `${reason}: ${message}`)

function* get(path: string) {
  const sockets = cluster.network.sockets('outside')
  if (!sockets) throw new Error('no outside')
  const connection = yield* sockets.connect({ address: address(), port: 80 }, { timeoutMs: 3000 })
  if ('failure' in connection) return connection.failure
  const answer = yield* connection.http({ method: 'GET', path, headers: {}, body: '' })
  return 'failure' in answer ? answer.failure : answer.status
}
function fetch(): unknown {
  let result: unknown
  cluster.sim.spawn(get('/'), (value) => (result = value))
  cluster.sim.runFor(5000)
  return result
}

beforeAll(() => {
  cluster = new Cluster()
  cluster.boot()
  apply('load-balancer')
  cluster.sim.runFor(30_000)
  apply('load-balancer-pool')
  cluster.sim.runFor(30_000)
})

it('a Service gets an address from the pool, and a machine answers for it', () => {
  expect(address()).toBe('10.0.200.1')
  expect(events()).toContain('IPAllocated: Assigned IP ["10.0.200.1"]')
  const node = cluster.network.loadBalancers.nodeFor('10.0.200.1')
  expect(events()).toContain(`nodeAssigned: announcing from node "${node}" with protocol "layer2"`)
})

it('is reached from outside, also after the machine that answered is gone', () => {
  expect(fetch()).toBe(200)
  const node = cluster.network.loadBalancers.nodeFor('10.0.200.1') ?? ''
  cluster.powerOff(node)
  cluster.sim.runFor(120_000)
  expect(cluster.network.loadBalancers.nodeFor('10.0.200.1')).not.toBe(node)
  expect(fetch()).toBe(200)
  cluster.powerOn(node)
})

it('without pods nobody answers', () => {
  const scale = { spec: { replicas: 0 } }
  cluster.call({ method: 'PATCH', path: '/apis/apps/v1/namespaces/default/deployments/hello', body: scale }, ADMIN)
  cluster.sim.runFor(60_000)
  expect(cluster.network.loadBalancers.nodeFor('10.0.200.1')).toBeUndefined()
  expect(fetch()).not.toBe(200)
})
