import { beforeAll, describe, expect, test } from 'vitest'
import { clusterrolebindings, configmaps, events, pods } from '../../apimachinery/generated/resources.ts'
import type { Pod } from '../../apimachinery/generated/types.ts'
import type { Client } from '../../client/client.ts'
import type { CommandOutput } from '../../network/commands/command.ts'
import { netfilterOf } from '../../network/netfilter/install.ts'
import type { Task } from '../../sim/task.ts'
import { Cluster } from '../cluster.ts'
import { ADMIN } from '../identities.ts'

const NODE = 'worker'
const KUBERNETES = '10.96.0.1'

let cluster: Cluster
let admin: Client

beforeAll(() => {
  cluster = new Cluster({ workers: 1 })
  cluster.boot()
  admin = cluster.client(ADMIN, 'kubectl')
})

function wait<T>(task: Task<T>): T {
  let result: { readonly value: T } | undefined
  cluster.sim.spawn(task, (value) => (result = { value }))
  cluster.sim.runUntilTrue(() => result !== undefined, 120_000)
  if (!result) throw new Error('the task did not end')
  return result.value
}

const shell = (line: string, node = NODE): CommandOutput => wait(cluster.network.shell(node, line))

const proxyPods = (): readonly Pod[] =>
  wait(admin.list(pods, 'kube-system')).items.filter(({ metadata }) => metadata.name?.startsWith('kube-proxy'))

/** As in a course: edit the ConfigMap, delete the pods. */
function switchMode(mode: string): void {
  const map = wait(admin.get(configmaps, 'kube-system', 'kube-proxy'))
  const text = (map.data?.['config.conf'] ?? '').replace(/^mode: .*$/m, `mode: "${mode}"`)
  wait(admin.update(configmaps, { ...map, data: { ...map.data, 'config.conf': text } }))
  for (const { metadata } of proxyPods()) wait(admin.delete(pods, 'kube-system', metadata.name ?? ''))
  cluster.sim.runFor(45_000)
}

function logOf(node: string): string {
  const pod = proxyPods().find(({ spec }) => spec?.nodeName === node)
  const box = cluster.machine(node)?.runtime?.pod(pod?.metadata.uid ?? '')
  return (box?.containers ?? []).flatMap(({ log }) => log.all().map(({ text }) => text)).join('\n')
}

const natRules = (chain: string) => netfilterOf(cluster.machine(NODE)?.netns as never)?.iptables.chain('nat', chain)?.rules ?? []

describe('kube-proxy in a cluster', () => {
  test('starts in iptables mode', () => {
    expect([...cluster.network.proxies.keys()].toSorted()).toEqual(['control-plane', 'worker'])
    expect(logOf(NODE)).toContain('"Using iptables Proxier"')
    expect(shell('curl -s localhost:10249/proxyMode').stdout).toBe('iptables')
    expect(shell('curl -s localhost:10256/healthz').stdout).toContain('"healthy":true')
    expect(shell(`curl -sk https://${KUBERNETES}/healthz`).stdout).toBe('ok')
  })

  test('a flushed nat table stays broken; without its chains it comes back within a sync period', () => {
    shell('iptables -t nat -F')
    expect(shell(`curl -sk --max-time 3 https://${KUBERNETES}/healthz`).exitCode).not.toBe(0)
    cluster.sim.runFor(120_000)
    expect(natRules('PREROUTING')).toEqual([])
    // A firewall reload takes the chains as well.
    for (const table of ['nat', 'filter', 'mangle']) shell(`iptables -t ${table} -F; iptables -t ${table} -X`)
    cluster.sim.runFor(31_000)
    expect(natRules('KUBE-SERVICES').length).toBeGreaterThan(3)
    expect(shell(`curl -sk https://${KUBERNETES}/healthz`).stdout).toBe('ok')
  })

  test('changes to IPVS as the course does it', () => {
    switchMode('ipvs')
    expect(logOf(NODE)).toContain('"Using ipvs Proxier"')
    expect(logOf(NODE)).toContain('The ipvs proxier is now deprecated')
    expect(wait(admin.list(events, 'default')).items.some(({ reason }) => reason === 'IPVSDeprecation')).toBe(true)
    expect(shell('ip addr show kube-ipvs0').stdout).toContain(`inet ${KUBERNETES}/32 scope global kube-ipvs0`)
    expect(shell('ipvsadm -Ln').stdout).toContain(`TCP  ${KUBERNETES}:443 rr`)
    // Rules of iptables mode are left behind.
    expect(natRules('KUBE-SVC-NPX46M4PTMTKRN6Y').length).toBeGreaterThan(0)
    shell('iptables -F -t nat; iptables -F')
    expect(natRules('KUBE-SVC-NPX46M4PTMTKRN6Y')).toEqual([])
    // The node's own packets bear the service's address until they are masqueraded again.
    expect(shell(`curl -sk --max-time 2 https://${KUBERNETES}/healthz`).exitCode).toBe(28)
    cluster.sim.runFor(31_000)
    expect(natRules('KUBE-SERVICES').length).toBeGreaterThan(2)
    expect(shell(`curl -sk https://${KUBERNETES}/healthz`).stdout).toBe('ok')
    expect(shell('ipvsadm -Lnc').stdout).toMatch(/TCP \d\d:\d\d\s+\w+\s+\S+\s+10\.96\.0\.1:443\s+\S+:6443/)
  })

  test('IPVS comes back when it was cleared', () => {
    shell('ipvsadm -C')
    expect(shell('ipvsadm -Ln').stdout).not.toContain(KUBERNETES)
    cluster.sim.runFor(31_000)
    expect(shell('ipvsadm -Ln').stdout).toContain(`TCP  ${KUBERNETES}:443 rr`)
  })

  test('does nothing while nothing changes, whoever looks', () => {
    cluster.sim.runFor(120_000)
    const syncs = () => [...cluster.network.proxies.values()].flatMap(({ proxies }) => proxies.map((family) => family.syncs))
    const before = syncs()
    for (let i = 0; i < 5; i++) {
      shell('ipvsadm -Ln; iptables-save')
      cluster.sim.runFor(60_000)
    }
    expect(syncs()).toEqual(before)
  })

  test('nftables mode takes away what the others left', () => {
    switchMode('nftables')
    expect(logOf(NODE)).toContain('"Using nftables Proxier"')
    expect(shell('ip addr show kube-ipvs0').exitCode).toBe(1)
    expect(natRules('KUBE-SERVICES')).toEqual([])
    expect(shell('curl -s localhost:10249/proxyMode').stdout).toBe('nftables')
  })

  test('waits for the right to list', () => {
    const binding = wait(admin.get(clusterrolebindings, '', 'kubeadm:node-proxier'))
    wait(admin.delete(clusterrolebindings, '', 'kubeadm:node-proxier'))
    switchMode('iptables')
    expect(cluster.network.proxies.size).toBe(0)
    expect(logOf(NODE)).toMatch(/"Failed to watch" err="failed to list: .*forbidden/)
    wait(admin.create(clusterrolebindings, { ...binding, metadata: { name: 'kubeadm:node-proxier' } }))
    cluster.sim.runFor(31_000)
    expect(cluster.network.proxies.size).toBe(2)
  })

  test('an unknown mode is refused', () => {
    switchMode('userspace')
    expect(cluster.network.proxies.size).toBe(0)
    expect(logOf(NODE)).toContain(
      'failed validate: KubeProxyConfiguration.Mode.ProxyMode: Invalid value: \\"userspace\\": must be iptables, ipvs, nftables or blank',
    )
    switchMode('')
    cluster.sim.runFor(120_000)
    expect(cluster.network.proxies.size).toBe(2)
    expect(shell(`curl -sk https://${KUBERNETES}/healthz`).stdout).toBe('ok')
  })
})
