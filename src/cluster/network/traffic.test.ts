import { beforeAll, describe, expect, test } from 'vitest'
import type { ConfigMap, Pod } from '../../apimachinery/generated/types.ts'
import { ADMIN } from '../identities.ts'
import { Lab } from '../testing/lab.ts'

const AGNHOST = 'registry.k8s.io/e2e-test-images/agnhost:2.56'
const SLEEP = { command: ['sleep', '100000'] }

let lab: Lab

beforeAll(() => {
  lab = new Lab()
  lab.pod('debian', 'debian:12', {}, SLEEP)
  lab.pod('busybox', 'busybox:1.36', {}, SLEEP)
  lab.pod('web', 'nginx')
  lab.pod('echo', AGNHOST, {}, { args: ['netexec', '--http-port=80'] })
  lab.service('web', 'web')
  lab.service('echo', 'echo', {
    ports: [
      { name: 'http', port: 80 },
      { name: 'udp', port: 8081, protocol: 'UDP' },
    ],
  })
  lab.service('pods', 'web', { clusterIP: 'None' })
  lab.service('nobody', 'nobody')
  lab.service('away', '', { type: 'ExternalName', externalName: 'example.com', selector: undefined, ports: [] })
  lab.seconds(40)
})

const said = (pod: string, line: string) => lab.run(pod, line).output.trim()

describe('names', () => {
  test.each([
    ['debian', 'dig +short +search web | wc -l', '1'],
    ['debian', 'dig +short 20.0.96.10.in-addr.arpa PTR', ''],
    ['debian', 'dig -x 10.96.0.10 +short', 'kube-dns.kube-system.svc.cluster.local.'],
    ['debian', 'dig +short away.default.svc.cluster.local', 'example.com.\n203.0.113.80'],
    [
      'debian',
      'dig +tcp +short _dns._udp.kube-dns.kube-system.svc.cluster.local SRV',
      '0 100 53 kube-dns.kube-system.svc.cluster.local.',
    ],
    ['debian', 'getent hosts nowhere.example; echo $?', '2'],
    ['busybox', 'nslookup kubernetes.default.svc.cluster.local | tail -3 | head -1', 'Address: 10.96.0.1'],
    ['busybox', 'wget -T 5 nowhere.example', "wget: bad address 'nowhere.example'"],
  ])('%s: %s', (pod, line, expected) => {
    expect(said(pod, line)).toBe(expected)
  })

  test('a headless service has the addresses of its pods', () => {
    expect(said('debian', 'dig +short pods.default.svc.cluster.local')).toBe(lab.podOf('web')?.status?.podIP)
  })

  test('without CoreDNS names fail after two tries of five seconds', () => {
    const cut = new Lab()
    cut.pod('debian', 'debian:12', {}, SLEEP)
    cut.seconds(20)
    cut.cluster.network.command('worker', 'iptables -I FORWARD -p udp --dport 53 -j DROP')
    cut.cluster.network.command('worker2', 'iptables -I FORWARD -p udp --dport 53 -j DROP')
    const { output, tookMs } = cut.run('debian', 'curl -sS http://web')
    expect(output).toBe('curl: (6) Could not resolve host: web\n')
    expect(Math.round(tookMs / 1000)).toBe(10)
  })
})

describe('HTTP', () => {
  test('by name, with the status and the headers', () => {
    expect(said('debian', "curl -s -o /dev/null -w '%{http_code} %{size_download}' http://web/")).toBe('200 615')
    expect(said('debian', 'curl -sI http://web/x | head -2')).toMatch(/^HTTP\/1\.1 404 Not Found\r\nServer: nginx/)
    expect(lab.run('debian', 'curl -sf http://web/x').exitCode).toBe(22)
    expect(said('busybox', 'wget -q -O- http://web/x')).toBe('wget: server returned error: HTTP/1.1 404 Not Found')
    expect(lab.log('web')).toMatch(
      /10\.244\.\d\.\d+ - - \[05\/Jan\/2026:09:\d\d:\d\d \+0000\] "GET \/ HTTP\/1\.1" 200 615 "-" "curl/,
    )
  })

  test('what fails says how', () => {
    expect(said('debian', 'curl -sS http://nobody')).toMatch(
      /^curl: \(7\) Failed to connect to nobody port 80 after \d+ ms: Could not connect to server$/,
    )
    expect(said('debian', 'curl -sS -m 2 "http://echo/dial?host=10.244.1.250&port=80&request=x"')).toBe(
      'curl: (28) Operation timed out after 2000 milliseconds with 0 bytes received',
    )
    expect(said('debian', 'curl -sS https://kubernetes.default')).toMatch(/^curl: \(60\) SSL certificate problem/)
    expect(said('debian', "curl -sk -o /dev/null -w '%{http_code}' https://kubernetes.default/api/v1/pods")).toBe('403')
    expect(said('debian', 'nc -zv web 80; nc -zv echo 81 >/dev/null 2>&1 || echo closed')).toMatch(/succeeded!\nclosed$/)
  })

  test('a client is seen by its own address, and redirections are followed', () => {
    expect(said('debian', 'curl -s http://echo/clientip')).toMatch(new RegExp(`^${lab.podOf('debian')?.status?.podIP}:\\d+$`))
    expect(said('debian', 'curl -sL "http://echo/redirect?location=/hostname"')).toBe('echo')
    expect(said('busybox', 'echo hostname | nc -u -w 2 echo 8081')).toBe('echo')
  })

  test('traffic uses the processors of those who answer', () => {
    lab.run('debian', 'hey -z 40s -c 5 -q 6 http://web/')
    const pod = lab.podOf('web')
    const stats = lab.cluster.machine(pod?.spec?.nodeName ?? '')?.kubelet.podStats(pod?.metadata.uid ?? '') ?? []
    expect(stats[0]?.usage.cpuMilli).toBeGreaterThanOrEqual(9)
    expect(stats[0]?.usage.cpuMilli).toBeLessThan(15)
  })
})

describe('CoreDNS', () => {
  const edit = (change: (corefile: string) => string) => {
    const map = lab.cluster.etcd.get('configmaps', 'kube-system/coredns')?.value as ConfigMap
    const body = { ...map, data: { Corefile: change(map.data?.['Corefile'] ?? '') } }
    lab.cluster.api.handle({
      verb: 'update',
      user: ADMIN,
      userAgent: 'lab',
      group: '',
      version: 'v1',
      resource: 'configmaps',
      namespace: 'kube-system',
      name: 'coredns',
      body,
      options: {},
    })
  }
  const logs = () =>
    lab.cluster.etcd
      .range('pods', 'kube-system/coredns')
      .map(({ value }) => lab.log((value as Pod).metadata.name ?? '', 'kube-system'))
      .join('\n')

  test('takes an edited Corefile up after a while, and keeps the old one when the new one is wrong', () => {
    edit((text) => text.replace('    errors\n', '    errors\n    foo\n'))
    lab.seconds(200)
    expect(logs()).toContain("[ERROR] Restart failed: /etc/coredns/Corefile:3 - Error during parsing: Unknown directive 'foo'")
    expect(said('debian', 'dig +short +search kubernetes.default')).toBe('10.96.0.1')
    edit((text) => text.replace('    foo\n', '    log\n    hosts {\n      10.1.2.3 printer.corp\n      fallthrough\n    }\n'))
    lab.seconds(200)
    expect(logs()).toContain('[INFO] Reloading complete')
    expect(said('debian', 'getent hosts printer.corp')).toBe('10.1.2.3        printer.corp')
    expect(logs()).toMatch(/\[INFO\] 10\.244\.\d\.\d+:\d+ - \d+ "A IN printer\.corp\. udp \d+ false 512" NOERROR/)
  })
})
