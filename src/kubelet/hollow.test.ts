import { describe, expect, test } from 'vitest'
import { nodes, pods } from '../apimachinery/generated/resources.ts'
import type { Pod } from '../apimachinery/generated/types.ts'
import { STRATEGIES } from '../apiserver/kinds/registry.ts'
import { ApiServer } from '../apiserver/server.ts'
import { Client } from '../client/client.ts'
import { Informer } from '../client/informer.ts'
import { Etcd } from '../etcd/etcd.ts'
import { Simulation } from '../sim/simulation.ts'
import { Kubelet } from './kubelet.ts'

function setup(writes: 'all' | 'few' = 'all') {
  const sim = new Simulation({ seed: 1, startTimeMs: Date.UTC(2026, 0, 1) })
  const api = new ApiServer({ sim, etcd: new Etcd(), strategies: STRATEGIES, admission: [] })
  const client = new Client(api, sim, { user: { name: 'admin', groups: ['system:masters'] }, userAgent: 'test' })
  const kubelet = new Kubelet({
    nodeName: 'n1',
    client,
    machine: { cpuMilli: 1000, memoryBytes: 3840 * 1024 ** 2, ephemeralStorageBytes: 0, address: '10.0.0.1' },
    hollow: { writes, podIP: '10.244.0.2' },
  })
  const log: string[] = []
  const seen = new Informer(client, pods)
  seen.addHandler({
    onUpdate: (pod) =>
      log.push(`${pod.status?.phase} ${pod.status?.conditions?.find((c) => c.type === 'PodReadyToStartContainers')?.status}`),
    onDelete: () => log.push('gone'),
  })
  seen.start()
  return { sim, api, client, kubelet, log }
}

const pod = (name: string): Pod => ({
  metadata: { name, namespace: 'default', generation: 1 },
  spec: { nodeName: 'n1', containers: [{ name: 'c', image: 'registry.k8s.io/pause:3.9' }], restartPolicy: 'Always' },
  status: { phase: 'Pending' },
})

describe('hollow node', () => {
  test('registers, runs pods in a second and lets them go', () => {
    const { sim, client, kubelet, log } = setup()
    kubelet.start()
    sim.runFor(100)
    const node = client.listNow(nodes, '', {}).items[0]
    expect(node?.status?.capacity).toEqual({ cpu: '1', 'ephemeral-storage': '0', memory: '3840Mi', pods: '110' })
    expect(node?.status?.conditions?.map((c) => `${c.type}=${c.status}`)).toEqual([
      'MemoryPressure=False',
      'DiskPressure=False',
      'PIDPressure=False',
      'Ready=True',
    ])
    expect(client.heartbeats.isLive('kube-node-lease/n1')).toBe(true)
    sim.spawn(client.create(pods, pod('a')))
    sim.runFor(1500)
    expect(log).toEqual(['Pending False', 'Pending True', 'Running True'])
    const running = client.listNow(pods, '', {}).items[0]
    expect(running?.status?.containerStatuses?.[0]?.state?.running).toBeDefined()
    expect(running?.status?.podIP).toBe('10.244.0.2')
    sim.spawn(client.delete(pods, 'default', 'a', { gracePeriodSeconds: 1 }))
    sim.runFor(2000)
    expect(log.at(-1)).toBe('gone')
    expect(log).toContain('Succeeded False')
    expect(sim.pending).toBe(0)
    kubelet.stop()
    expect(client.heartbeats.isLive('kube-node-lease/n1')).toBe(false)
  })

  test('readiness gates', () => {
    const { sim, client, kubelet } = setup()
    kubelet.start()
    sim.runFor(100)
    const base = pod('gated')
    const gates = [{ conditionType: 'x.io/gate' }]
    sim.spawn(
      client.create(pods, { ...base, spec: { ...base.spec, containers: base.spec?.containers ?? [], readinessGates: gates } }),
    )
    sim.runFor(2000)
    const ready = () => client.listNow(pods, '', {}).items[0]?.status?.conditions?.find((c) => c.type === 'Ready')
    expect(ready()?.message).toBe('corresponding condition of pod readiness gate "x.io/gate" does not exist.')
    const patch = { status: { conditions: [{ type: 'x.io/gate', status: 'True' }] } }
    sim.spawn(client.patch(pods, 'default', 'gated', patch, 'strategic', { subresource: 'status' }))
    sim.runFor(100)
    expect(ready()).toMatchObject({ status: 'True' })
  })

  test('one write per pod for scale', () => {
    const { sim, client, kubelet, log } = setup('few')
    kubelet.start()
    sim.runFor(100)
    for (let i = 0; i < 100; i++) sim.spawn(client.create(pods, pod(`p${i}`)))
    sim.runFor(1500)
    expect(log.length).toBe(100)
    expect(log.every((line) => line === 'Running True')).toBe(true)
  })
})
