import { describe, expect, test } from 'vitest'
import type { DoorRequest } from '../../kubectl/door.ts'
import type { ConfigMap, Pod, Service } from '../../apimachinery/generated/types.ts'
import { Cluster } from '../cluster.ts'
import { ADMIN } from '../identities.ts'

const CORE = '/api/v1/namespaces'

/** A cluster with a web server on each worker behind a NodePort Service, and a client pod. */
class Lab {
  readonly cluster = new Cluster({ seed: 3 })

  constructor() {
    this.cluster.boot()
    const web = (name: string, nodeName: string) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, labels: { app: 'web' } },
      spec: { nodeName, containers: [{ name: 'c', image: 'nginx', ports: [{ containerPort: 80 }] }] },
    })
    for (const pod of [web('w1', 'worker'), web('w2', 'worker2')]) this.call('POST', `${CORE}/default/pods`, pod)
    const spec = { type: 'NodePort', selector: { app: 'web' }, ports: [{ port: 80, nodePort: 30080 }] }
    this.call('POST', `${CORE}/default/services`, { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec })
    this.run(30)
  }

  call(method: DoorRequest['method'], path: string, body?: object): void {
    const { code, body: answer } = this.cluster.call({ method, path, ...(body ? { body } : {}) }, ADMIN)
    expect(code, JSON.stringify(answer)).toBeLessThan(300)
  }

  run(seconds: number): void {
    this.cluster.sim.runFor(seconds * 1000)
  }

  get clusterIP(): string {
    return (this.cluster.etcd.get('services', 'default/web')?.value as Service | undefined)?.spec?.clusterIP ?? ''
  }

  pod(name: string): Pod {
    return this.cluster.etcd.get('pods', `default/${name}`)?.value as Pod
  }

  /** How a command line ends, run where it takes the time that it takes. */
  on(node: string, line: string, seconds = 20): string {
    let result = 'still runs'
    this.cluster.sim.spawn(this.cluster.network.shell(node, line), ({ stdout, stderr }) => (result = (stdout + stderr).trim()))
    this.run(seconds)
    return result
  }

  /** Connects from inside a pod: 'ok', or errno. */
  from(pod: string, address: string, port: number): string {
    let result = 'still tries'
    const sockets = this.cluster.network.sockets(this.pod(pod).metadata.uid ?? '')
    if (!sockets) return 'no pod'
    this.cluster.sim.spawn(sockets.connect({ address, port }, { timeoutMs: 3000 }), (answer) => {
      result = 'failure' in answer ? answer.failure : 'ok'
    })
    this.run(10)
    return result
  }

  /** Another mode of kube-proxy, as a person sets it: the ConfigMap is edited, the pods are deleted. */
  switchTo(mode: string): void {
    const path = `${CORE}/kube-system/configmaps/kube-proxy`
    const map = this.cluster.etcd.get('configmaps', 'kube-system/kube-proxy')?.value as ConfigMap | undefined
    const config = map?.data?.['config.conf'] ?? ''
    this.call('PATCH', path, { data: { 'config.conf': config.replace(/^mode: .*$/m, `mode: "${mode}"`) } })
    this.restart('kube-system', 'kube-proxy')
  }

  restart(namespace: string, prefix: string): void {
    for (const { value } of this.cluster.etcd.range('pods')) {
      const { name = '', namespace: home } = value.metadata
      if (home === namespace && name.startsWith(prefix)) this.call('DELETE', `${CORE}/${namespace}/pods/${name}`)
    }
    this.run(60)
  }
}

const CODE = 'curl -s -m 3 -o /dev/null -w "%{http_code}"'

describe('ways through the network', () => {
  test.each(['iptables', 'ipvs', 'nftables'])('of Services in %s mode', (mode) => {
    const lab = new Lab()
    if (mode !== 'iptables') lab.switchTo(mode)
    const { clusterIP } = lab
    for (let i = 0; i < 6; i++) expect(lab.from('w1', clusterIP, 80)).toBe('ok')
    expect(lab.from('w1', clusterIP, 81)).not.toBe('ok')
    expect(lab.on('worker', `${CODE} http://${clusterIP}`)).toBe('200')
    for (const node of ['10.0.0.11', '10.0.0.12', '10.0.0.13'])
      expect(lab.on('outside', `${CODE} http://${node}:30080`), node).toBe('200')
    expect(lab.on('worker', `${CODE} -k https://10.96.0.1/version`)).toBe('200')
    const ping = () => lab.on('worker', `ping -c 1 -W 1 ${clusterIP}`)
    if (mode !== 'ipvs') return expect(ping()).not.toContain('1 received')
    // The address is the machine's own, on kube-ipvs0; since 1.27 a rule keeps strangers off it.
    expect(ping()).toContain('Destination Port Unreachable')
    lab.on('worker', 'iptables -F KUBE-IPVS-FILTER', 0)
    expect(ping()).toContain('1 received')
  })

  test('under faults', () => {
    const lab = new Lab()
    const { faults } = lab.cluster.network
    const { podIP: other = '' } = lab.pod('w2').status ?? {}
    expect(lab.from('w1', other, 80)).toBe('ok')
    faults.cutLink('worker', 'worker2')
    expect(lab.from('w1', other, 80)).toBe('ETIMEDOUT')
    faults.heal()
    expect(lab.from('w1', other, 80)).toBe('ok')
    faults.setMtu('worker2', 'eth0', 1400)
    const big = (bytes: number) => lab.on('worker', `ping -c 1 -M do -s ${bytes} ${other} | grep -c "1 received"`)
    expect([big(1200), big(1400)]).toEqual(['1', '0'])
    faults.heal()
    expect(big(1400)).toBe('1')
    lab.cluster.powerOff('worker2')
    expect(lab.on('worker', 'ping -c 1 10.0.0.13')).toContain('Destination Host Unreachable')
  })

  test('of flannel with another backend, and without its daemon', () => {
    const lab = new Lab()
    const other = lab.pod('w2').status?.podIP ?? ''
    for (const type of ['host-gw', 'udp']) {
      const conf = `{"Network": "10.244.0.0/16", "Backend": {"Type": "${type}"}}`
      lab.call('PATCH', `${CORE}/kube-flannel/configmaps/kube-flannel-cfg`, { data: { 'net-conf.json': conf } })
      lab.restart('kube-flannel', 'kube-flannel')
      const routes = lab.on('worker', 'ip route')
      expect(routes).toContain(type === 'udp' ? '10.244.0.0/16 dev flannel0' : '10.244.2.0/24 via 10.0.0.13 dev eth0')
      expect(lab.from('w1', other, 80), type).toBe('ok')
    }
    const path = '/apis/apps/v1/namespaces/kube-flannel/daemonsets/kube-flannel-ds'
    const conf = '{"Network": "10.244.0.0/16", "Backend": {"Type": "vxlan"}}'
    lab.call('PATCH', `${CORE}/kube-flannel/configmaps/kube-flannel-cfg`, { data: { 'net-conf.json': conf } })
    lab.restart('kube-flannel', 'kube-flannel')
    lab.call('DELETE', path)
    lab.run(60)
    expect(lab.on('worker', 'ip route')).toContain('10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink')
    expect(lab.from('w1', other, 80)).toBe('ok')
  })
})
