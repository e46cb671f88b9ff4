import { describe, expect, test } from 'vitest'
import type { Node, Pod } from '../../apimachinery/generated/types.ts'
import { Cluster } from '../cluster.ts'

function booted(): Cluster {
  const cluster = new Cluster({ seed: 5 })
  cluster.boot()
  return cluster
}

const podsOf = (cluster: Cluster, prefix: string) =>
  cluster.etcd
    .range('pods')
    .map(({ value }) => value as Pod)
    .filter((pod) => pod.metadata.name?.startsWith(prefix))

function readyOf(cluster: Cluster, name: string): string | undefined {
  const node = cluster.etcd.get('nodes', name)?.value as Node
  return node.status?.conditions?.find(({ type }) => type === 'Ready')?.status
}

const run = (cluster: Cluster, node: string, line: string) => {
  const { stdout, stderr } = cluster.network.command(node, line)
  return (stdout + stderr).trimEnd()
}

describe('the network of a cluster', () => {
  test('is flannel over vxlan, as a machine shows it', () => {
    const cluster = booted()
    expect(
      run(cluster, 'worker', 'ip route')
        .split('\n')
        .map((line) => line.trimEnd()),
    ).toEqual([
      'default via 10.0.0.1 dev eth0 proto dhcp src 10.0.0.12 metric 100',
      '10.0.0.0/16 dev eth0 proto kernel scope link src 10.0.0.12 metric 100',
      '10.244.0.0/24 via 10.244.0.0 dev flannel.1 onlink',
      '10.244.1.0/24 dev cni0 proto kernel scope link src 10.244.1.1',
      '10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink',
    ])
    expect(
      run(cluster, 'worker', "ip -br addr | grep -v veth | awk '{print $1}' ; bridge fdb show dev flannel.1 | wc -l"),
    ).toContain('2')
    expect(run(cluster, 'worker', 'ip route get 10.244.2.5')).toContain('10.244.2.5 via 10.244.2.0 dev flannel.1 src 10.244.1.0')
    const [a, b] = podsOf(cluster, 'coredns')
    expect(run(cluster, a?.spec?.nodeName ?? '', `ping -c 1 ${b?.status?.podIP}`)).toContain(
      '1 packets transmitted, 1 received, 0% packet loss',
    )
    expect(run(cluster, 'worker', 'ss -lntp | grep -c kubelet')).toBe('2')
    expect(
      run(cluster, 'worker', 'ip rout add 10.9.0.0/16 via 10.0.0.99; ip route del 10.9.0.0/16; ip route del 10.9.0.0/16'),
    ).toBe('RTNETLINK answers: No such process')
    expect(run(cluster, 'worker', 'ping -c 1 10.0.0.99')).toContain('From 10.0.0.12 icmp_seq=1 Destination Host Unreachable')
  })

  test('a machine that is cut off turns NotReady while its containers run, and comes back', () => {
    const cluster = booted()
    const { faults } = cluster.network
    expect(faults.partition([['worker']])).toEqual({ ok: true, message: 'worker: apart' })
    expect(run(cluster, 'worker', 'ping -c 1 10.0.0.11')).toContain('100% packet loss')
    cluster.sim.runFor(60_000)
    expect(readyOf(cluster, 'worker')).toBe('Unknown')
    const [pod] = podsOf(cluster, 'kube-proxy').filter(({ spec }) => spec?.nodeName === 'worker')
    expect(cluster.machine('worker')?.runtime?.pod(pod?.metadata.uid ?? '')?.containers[0]?.state).toBe('running')
    faults.heal()
    cluster.sim.runFor(30_000)
    expect(readyOf(cluster, 'worker')).toBe('True')
    cluster.sim.runFor(600_000)
    expect(readyOf(cluster, 'worker')).toBe('True')
  })
})

test('without a configuration in /etc/cni/net.d a machine is not ready', () => {
  const cluster = booted()
  expect(run(cluster, 'worker', 'cat /run/flannel/subnet.env')).toContain('FLANNEL_SUBNET=10.244.1.1/24')
  expect(run(cluster, 'worker', 'ls /etc/cni/net.d')).toBe('10-flannel.conflist')
  expect(run(cluster, 'worker', 'rm /etc/cni/net.d/10-flannel.conflist')).toBe('')
  cluster.sim.runFor(20_000)
  expect(readyOf(cluster, 'worker')).toBe('False')
})
