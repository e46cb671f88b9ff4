import { describe, expect, it } from 'vitest'
import { commandTo } from '../inputs.ts'
import { World } from '../world.ts'
import { recorderOf } from './recorder.ts'
import { etcdRow } from './stations.ts'

describe('etcd with members', () => {
  const world = new World({ workers: 1 })
  const { cluster } = world
  const call = (method: 'GET' | 'POST' | 'PATCH', path: string, body?: object) => world.door.call({ method, path, body })
  const namespace = (name: string) =>
    call('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  const roles = () => etcdRow(cluster).members.map(({ role }) => role)

  it('begins with one that costs nothing', () => {
    expect(cluster.etcd.raft).toBeNull()
    expect(roles()).toEqual(['leader'])
    expect(commandTo(cluster, { type: 'etcd-resize', members: 4 }).ok).toBe(false)
    expect(commandTo(cluster, { type: 'etcd-resize', members: 3 })).toEqual({ ok: true, message: 'etcd has 3 members' })
    expect(namespace('a').code).toBe(201)
  })

  it('takes no writes without a quorum, but reads', () => {
    commandTo(cluster, { type: 'etcd-stop', member: 'etcd-2' })
    expect(namespace('b').code).toBe(201)
    expect(commandTo(cluster, { type: 'etcd-stop', member: 'etcd-3' }).message).toContain('takes no writes')
    expect(namespace('c')).toMatchObject({ code: 500, body: { status: 'Failure', message: 'etcdserver: request timed out' } })
    expect(call('GET', '/api/v1/namespaces/b').code).toBe(200)
    const replace = [{ op: 'replace', path: '/spec/replicas', value: 5 }]
    const scaled = world.door.call({
      method: 'PATCH',
      path: '/apis/apps/v1/namespaces/kube-system/deployments/coredns',
      contentType: 'application/json-patch+json',
      body: replace,
    })
    expect(scaled.code).toBe(500)
  })

  it('controllers try again until it is back, and nothing is lost', () => {
    const leave = recorderOf(cluster).join()
    const { revision } = cluster.etcd
    cluster.powerOff('worker')
    cluster.sim.runFor(300_000)
    const refused = recorderOf(cluster)
      .entries()
      .filter(({ type, code }) => type === 'request' && code === 500)
    expect(refused.length).toBeGreaterThan(0)
    expect(refused.every(({ writes, object }) => writes === 0 && object.kind !== '')).toBe(true)
    expect(commandTo(cluster, { type: 'etcd-resize', members: 5 }).ok).toBe(false)
    commandTo(cluster, { type: 'etcd-start', member: 'etcd-3' })
    cluster.sim.runFor(5000)
    expect(roles().toSorted()).toEqual(['follower', 'leader', 'stopped'])
    cluster.sim.runFor(120_000)
    expect(cluster.etcd.revision).toBeGreaterThan(revision)
    const worker = call('GET', '/api/v1/nodes/worker').body as { status: { conditions: { type: string; status: string }[] } }
    expect(worker.status.conditions.find(({ type }) => type === 'Ready')?.status).toBe('Unknown')
    leave()
  })
})
