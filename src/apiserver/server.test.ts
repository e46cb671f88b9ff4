import { beforeEach, describe, expect, test } from 'vitest'
import type { IPAddress, Lease, Pod, Service } from '../apimachinery/generated/types.ts'
import { StatusError } from '../apimachinery/errors.ts'
import type { KubeObject } from '../apimachinery/resource.ts'
import { Etcd } from '../etcd/etcd.ts'
import { Simulation } from '../sim/simulation.ts'
import { ADMISSION } from './admission/registry.ts'
import type { ApiRequest, UserInfo, WatchEvent } from './api.ts'
import { LOOPBACK, bootstrapObjects } from './bootstrap/bootstrap.ts'
import { STRATEGIES } from './kinds/registry.ts'
import { ApiServer } from './server.ts'

const JANE: UserInfo = { name: 'jane', groups: ['system:authenticated'] }
let api: ApiServer
let sim: Simulation

beforeEach(() => {
  sim = new Simulation({ seed: 1, startTimeMs: Date.UTC(2026, 0, 1) })
  api = new ApiServer({ sim, etcd: new Etcd(), strategies: STRATEGIES, admission: ADMISSION, authorization: true })
  bootstrapObjects(api)
  send({ verb: 'create', resource: 'serviceaccounts', body: { metadata: { name: 'default' } } })
})

function send<T extends KubeObject>(request: Partial<ApiRequest>): T {
  const base = {
    verb: 'get',
    user: LOOPBACK,
    userAgent: 'test',
    group: '',
    version: 'v1',
    resource: 'pods',
    namespace: 'default',
  } as const
  return api.handle({ ...base, ...request }).object as T
}

function refusal(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    if (error instanceof StatusError) return `${error.code} ${error.message}`
    throw error
  }
  return ''
}

const pod = (name: string): Pod => ({ metadata: { name }, spec: { containers: [{ name: 'c', image: 'nginx' }] } })
const service = (name: string, spec: Service['spec']): Service => ({ metadata: { name }, spec })
const bind = (name: string, node: string) =>
  send({ verb: 'create', name, subresource: 'binding', body: { metadata: { name }, target: { kind: 'Node', name: node } } })

describe('binding', () => {
  test('gives a pod its node once', () => {
    send({ verb: 'create', body: pod('a') })
    bind('a', 'n1')
    const bound = send<Pod>({ name: 'a' })
    expect(bound.spec?.nodeName).toBe('n1')
    expect(bound.status?.conditions).toMatchObject([{ type: 'PodScheduled', status: 'True' }])
    expect(refusal(() => bind('a', 'n2'))).toBe(
      '409 Operation cannot be fulfilled on pods/binding "a": pod a is already assigned to node "n1"',
    )
  })
})

describe('service addresses', () => {
  test('are drawn above the static band, recorded, and given back', () => {
    const made = send<Service>({
      verb: 'create',
      resource: 'services',
      body: service('s', { ports: [{ port: 80 }], type: 'NodePort' }),
    })
    const ip = made.spec?.clusterIP ?? ''
    expect(ip).toMatch(/^10\.(9[6-9]|10\d|11[01])\./)
    expect(made.spec?.ports?.[0]?.nodePort).toBeGreaterThanOrEqual(30086)
    const address = send<IPAddress>({ group: 'networking.k8s.io', resource: 'ipaddresses', namespace: '', name: ip })
    expect(address.spec?.parentRef).toEqual({ resource: 'services', namespace: 'default', name: 's' })
    send({ verb: 'delete', resource: 'services', name: 's' })
    expect(api.etcd.get('ipaddresses.networking.k8s.io', ip)).toBeUndefined()
    const again = service('t', {
      clusterIP: ip,
      ports: [{ port: 80, nodePort: made.spec?.ports?.[0]?.nodePort }],
      type: 'NodePort',
    })
    expect(send<Service>({ verb: 'create', resource: 'services', body: again }).spec?.clusterIP).toBe(ip)
  })

  test('a refused service leaves nothing behind', () => {
    const before = api.etcd.count('ipaddresses.networking.k8s.io')
    const bad = service('s', { ports: [{ port: 80, protocol: 'ICMP' }] })
    expect(refusal(() => send({ verb: 'create', resource: 'services', body: bad }))).toContain('spec.ports[0].protocol')
    expect(api.etcd.count('ipaddresses.networking.k8s.io')).toBe(before)
  })
})

describe('authorization', () => {
  test('follows role bindings as they come and go', () => {
    const list = () => send({ verb: 'list', user: JANE })
    const rbac = { group: 'rbac.authorization.k8s.io' }
    expect(refusal(list)).toBe(
      '403 pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default"',
    )
    const binding = {
      metadata: { name: 'b' },
      roleRef: { apiGroup: rbac.group, kind: 'ClusterRole', name: 'view' },
      subjects: [{ kind: 'User', name: 'jane', apiGroup: rbac.group }],
    }
    send({ ...rbac, verb: 'create', resource: 'rolebindings', body: binding })
    expect(refusal(list)).toBe('')
    send({ ...rbac, verb: 'delete', resource: 'rolebindings', name: 'b' })
    expect(refusal(list)).toContain('403')
  })

  test('kubelets write their own node only', () => {
    const kubelet: UserInfo = { name: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] }
    const create = (name: string) =>
      send({ verb: 'create', user: kubelet, resource: 'nodes', namespace: '', body: { metadata: { name } } })
    expect(refusal(() => create('n1'))).toBe('')
    expect(refusal(() => create('n2'))).toContain('node "n1" is not allowed to modify node "n2"')
  })
})

describe('lease heartbeats', () => {
  test('show in reads without being written', () => {
    const leases = { group: 'coordination.k8s.io', resource: 'leases', namespace: 'kube-node-lease' }
    send({ ...leases, verb: 'create', body: { metadata: { name: 'n1' }, spec: { holderIdentity: 'n1' } } })
    api.heartbeats.begin('kube-node-lease/n1', 10_000)
    const { revision } = api.etcd
    sim.runFor(25_000)
    expect(send<Lease>({ ...leases, name: 'n1' }).spec?.renewTime).toBe('2026-01-01T00:00:20.000000Z')
    expect(api.etcd.revision).toBe(revision)
    api.heartbeats.end('kube-node-lease/n1')
    const stored = api.etcd.get('leases.coordination.k8s.io', 'kube-node-lease/n1')?.value as Lease | undefined
    expect(stored?.spec?.renewTime).toBe('2026-01-01T00:00:20.000000Z')
  })
})

describe('watch', () => {
  test('starts where a list ended and goes on in order', () => {
    const seen: string[] = []
    const request: ApiRequest = { verb: 'watch', user: LOOPBACK, userAgent: 'test', group: '', version: 'v1', resource: 'pods' }
    const { revision } = api.etcd
    send({ verb: 'create', body: pod('a') })
    const note = (events: readonly WatchEvent[]) => seen.push(...events.map((e) => `${e.type} ${e.object.metadata.name ?? ''}`))
    api.watch({ ...request, options: { resourceVersion: String(revision) } }, note)
    send({ verb: 'create', body: pod('b') })
    send({ verb: 'delete', name: 'a', body: { gracePeriodSeconds: 0 } })
    sim.runFor(10)
    expect(seen).toEqual(['ADDED a', 'ADDED b', 'MODIFIED a', 'DELETED a'])
  })
})
