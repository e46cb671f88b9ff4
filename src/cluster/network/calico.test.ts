import { describe, expect, test } from 'vitest'
import type { DaemonSet, Node, Pod } from '../../apimachinery/generated/types.ts'
import { Cluster } from '../cluster.ts'
import { ADMIN } from '../identities.ts'
import { switchPlugin } from './plugin-switch.ts'

function switched(prepare: (cluster: Cluster) => unknown = () => undefined): Cluster {
  const cluster = new Cluster({ seed: 11 })
  cluster.boot()
  prepare(cluster)
  expect(switchPlugin(cluster, 'calico')).toMatchObject({ ok: true })
  cluster.sim.runFor(120_000)
  return cluster
}

const podsOf = (cluster: Cluster, prefix: string) =>
  cluster.etcd
    .range('pods')
    .map(({ value }) => value as Pod)
    .filter((pod) => pod.metadata.name?.startsWith(prefix))
const isReady = (pod: Pod) => pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')
const run = (cluster: Cluster, node: string, line: string) => {
  const { stdout, stderr } = cluster.network.command(node, line)
  return (stdout + stderr).trimEnd()
}

function runPod(cluster: Cluster, name: string, nodeName: string): Pod {
  const body = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { nodeName, containers: [{ name: 'c', image: 'nginx' }] },
  }
  cluster.call({ method: 'POST', path: '/api/v1/namespaces/default/pods', body }, ADMIN)
  cluster.sim.runFor(20_000)
  return podsOf(cluster, name)[0] as Pod
}

function ping(cluster: Cluster, from: Pod, address: string): string {
  return run(cluster, from.spec?.nodeName ?? '', `ping -c 1 ${address} | grep received`)
}

describe('calico', () => {
  test('takes over: blocks, sessions, tunnels; new pods reach one another, old ones keep their addresses', () => {
    const cluster = switched()
    expect(podsOf(cluster, 'calico-node').map(isReady)).toEqual([true, true, true])
    const a = runPod(cluster, 'a', 'worker')
    const b = runPod(cluster, 'b', 'worker2')
    const [old] = podsOf(cluster, 'coredns')
    expect(old?.status?.podIP).toMatch(/^10\.244\.[012]\./)
    const routes = run(cluster, 'worker', 'ip route')
    expect(routes).toMatch(/10\.244\.\d+\.\d+\/26 via 10\.0\.0\.13 dev tunl0 proto bird onlink/)
    expect(routes).toMatch(/blackhole 10\.244\.\d+\.\d+\/26 proto bird/)
    expect(routes).toMatch(/dev cali[0-9a-f]{11} scope link/)
    expect(ping(cluster, a, b.status?.podIP ?? '')).toContain('1 received')
    expect(ping(cluster, a, old?.status?.podIP ?? '')).toContain('1 received')
    const journey = cluster.network.fabric.walk(
      cluster.network.netnsOf(a.metadata.uid ?? '') ?? cluster.network.outside,
      {
        source: a.status?.podIP ?? '',
        destination: b.status?.podIP ?? '',
        protocol: 'tcp',
        sourcePort: 40_000,
        destinationPort: 80,
        flags: 'S',
        ttl: 64,
        length: 60,
        mark: 0,
      },
      true,
    )
    expect(journey.outcome.kind).toBe('delivered')
    expect(journey.stations.find(({ kind }) => kind === 'wire')?.after.outer).toMatchObject({
      kind: 'ipip',
      destination: '10.0.0.13',
    })
    const node = cluster.etcd.get('nodes', 'worker')?.value as Node
    expect(node.metadata.annotations?.['projectcalico.org/IPv4Address']).toBe('10.0.0.12/16')
  })

  test('is not ready where the first interface found is the wrong one, and is mended by IP_AUTODETECTION_METHOD', () => {
    const cluster = switched(({ network }) => network.faults.addCard('worker', 'enp0s3', '10.0.2.15/24'))
    const [wrong] = podsOf(cluster, 'calico-node').filter(({ spec }) => spec?.nodeName === 'worker')
    expect(isReady(wrong as Pod)).toBeFalsy()
    const messages = cluster.etcd.range('events').map(({ value }) => (value as unknown as { message: string }).message)
    expect(messages.filter((text) => text?.includes('BIRD is not ready'))).toEqual(
      expect.arrayContaining([expect.stringContaining('BGP not established with 10.0.0.11,10.0.0.13')]),
    )
    const path = '/apis/apps/v1/namespaces/kube-system/daemonsets/calico-node'
    const daemon = cluster.etcd.get('daemonsets.apps', 'kube-system/calico-node')?.value as DaemonSet
    const [container] = daemon.spec?.template.spec?.containers ?? []
    const env = [...(container?.env ?? []), { name: 'IP_AUTODETECTION_METHOD', value: 'can-reach=114.114.114.114' }]
    const body = { spec: { template: { spec: { containers: [{ name: 'calico-node', env }] } } } }
    cluster.call({ method: 'PATCH', path, body }, ADMIN)
    cluster.sim.runFor(180_000)
    expect(podsOf(cluster, 'calico-node').map(isReady)).toEqual([true, true, true])
  })

  test('carries packets as the pool says, and gives way to flannel', () => {
    const cluster = switched()
    const a = runPod(cluster, 'a', 'worker')
    const b = runPod(cluster, 'b', 'worker2')
    const reached = () => ping(cluster, a, b.status?.podIP ?? '')
    const path = '/apis/crd.projectcalico.org/v1/ippools/default-ipv4-ippool'
    const modes: readonly (readonly [object, RegExp])[] = [
      [{ ipipMode: 'CrossSubnet', vxlanMode: 'Never' }, /\/26 via 10\.0\.0\.13 dev eth0 proto bird/],
      [{ ipipMode: 'Never', vxlanMode: 'Always' }, /\/26 via 10\.244\.\d+\.\d+ dev vxlan\.calico onlink/],
      [{ ipipMode: 'Always', vxlanMode: 'Never' }, /\/26 via 10\.0\.0\.13 dev tunl0 proto bird onlink/],
    ]
    for (const [spec, route] of modes) {
      const answer = cluster.call({ method: 'PATCH', path, body: { spec }, contentType: 'application/merge-patch+json' }, ADMIN)
      expect(answer.code).toBe(200)
      cluster.sim.runFor(5000)
      expect(run(cluster, 'worker', 'ip route')).toMatch(route)
      expect(reached()).toContain('1 received')
    }
    expect(run(cluster, 'worker', 'ping -c 1 8.8.8.8')).toContain('1 received')
    expect(switchPlugin(cluster, 'flannel')).toMatchObject({ ok: true })
    cluster.sim.runFor(90_000)
    const c = runPod(cluster, 'c', 'worker')
    expect(c.status?.podIP).toMatch(/^10\.244\.1\./)
    expect(switchPlugin(cluster, 'flannel')).toMatchObject({ ok: false })
  })
})
