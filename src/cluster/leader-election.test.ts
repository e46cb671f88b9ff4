import { beforeAll, expect, it } from 'vitest'
import type { CoreV1Event, Lease, Pod } from '../apimachinery/generated/types.ts'
import { Cluster } from './cluster.ts'
import { ADMIN } from './identities.ts'

let cluster: Cluster

const lease = () => cluster.etcd.get('leases.coordination.k8s.io', 'kube-system/kube-scheduler')?.value as Lease
const holder = () => lease().spec?.holderIdentity?.split('_')[0]
const phaseOf = (name: string) => (cluster.etcd.get('pods', `default/${name}`)?.value as Pod | undefined)?.status?.phase

function createPod(name: string): void {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { containers: [{ name: 'c', image: 'registry.k8s.io/pause:3.10.1' }] },
  }
  expect(cluster.call({ method: 'POST', path: '/api/v1/namespaces/default/pods', body: pod }, ADMIN).code).toBe(201)
}

beforeAll(() => {
  cluster = new Cluster({ controlPlanes: 3, workers: 1 })
  cluster.boot()
})

it('three control-plane nodes have a scheduler each, and one of them leads', () => {
  expect(cluster.ready).toBe(true)
  const schedulers = cluster.etcd.range('pods', 'kube-system/kube-scheduler-').map(({ key }) => key)
  expect(schedulers).toHaveLength(3)
  expect(cluster.scheduler.election.leader).toBe(holder())
  const events = cluster.etcd.range('events', 'kube-system/').map(({ value }) => value as CoreV1Event)
  expect(events.map(({ reason, message }) => `${reason}: ${message}`)).toContain(
    `LeaderElection: ${lease().spec?.holderIdentity} became leader`,
  )
})

it('when the leader dies nothing is scheduled until the lease has run out; then another leads', () => {
  const before = holder() ?? ''
  cluster.powerOff(before)
  // Its etcd member went as well: the others elect a leader first.
  cluster.sim.runFor(3000)
  createPod('waits')
  cluster.sim.runFor(7000)
  expect(cluster.scheduler.running).toBe(false)
  expect(phaseOf('waits')).toBe('Pending')
  cluster.sim.runFor(20_000)
  expect(holder()).not.toBe(before)
  expect(cluster.scheduler.running).toBe(true)
  expect(lease().spec?.leaseTransitions).toBe(1)
  expect(phaseOf('waits')).toBe('Running')
})

it('the machine that comes back stands by', () => {
  const now = holder()
  for (const { name, powered } of cluster.machines()) if (!powered) cluster.powerOn(name)
  cluster.sim.runFor(120_000)
  expect(holder()).toBe(now)
})

it('each of the machines has a member of etcd: one may fail, two may not', () => {
  const configMap = (name: string) => {
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } }
    return cluster.call({ method: 'POST', path: '/api/v1/namespaces/default/configmaps', body }, ADMIN).code
  }
  cluster.powerOff('control-plane')
  cluster.sim.runFor(5000)
  expect(configMap('two-of-three')).toBe(201)
  cluster.powerOff('control-plane3')
  cluster.sim.runFor(5000)
  expect(configMap('one-of-three')).toBe(500)
  cluster.powerOn('control-plane')
  cluster.powerOn('control-plane3')
  cluster.sim.runFor(180_000)
  expect(configMap('three-again')).toBe(201)
})
