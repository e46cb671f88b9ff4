import { describe, expect, test } from 'vitest'
import type { EndpointSlice, Pod, Service } from '../../apimachinery/generated/types.ts'
import { Simulation } from '../../sim/simulation.ts'
import { SERVICE_NAME, type ClusterNames } from './cluster-names.ts'
import { parseCorefile } from './corefile.ts'
import type { DnsMessage, DnsType } from './message.ts'
import { askOutside } from './outside.ts'
import type { DnsWorld } from './plugins/plugin.ts'
import { DnsServer } from './server.ts'

const meta = (name: string, extra: object = {}) => ({ name, namespace: 'default', ...extra })
const service = (name: string, spec: object): Service => ({ metadata: meta(name), spec }) as Service
const slice = (name: string, owner: string, endpoints: object[], ports: object[]): EndpointSlice =>
  ({
    metadata: meta(name, { labels: { [SERVICE_NAME]: owner } }),
    addressType: 'IPv4',
    endpoints,
    ports,
  }) as unknown as EndpointSlice

const SERVICES = [
  service('web', {
    clusterIP: '10.96.0.20',
    clusterIPs: ['10.96.0.20', 'fd00::20'],
    ports: [
      { name: 'http', port: 80, protocol: 'TCP' },
      { name: 'dns', port: 53, protocol: 'UDP' },
    ],
  }),
  service('db', { clusterIP: 'None', ports: [{ name: 'mysql', port: 3306 }] }),
  service('empty', { clusterIP: 'None', ports: [{ port: 80 }] }),
  service('away', { type: 'ExternalName', externalName: 'example.com' }),
  service('inner', { type: 'ExternalName', externalName: 'web.default.svc.cluster.local' }),
]
const SLICES = [
  slice(
    'db-1',
    'db',
    [
      { addresses: ['10.244.1.5'], hostname: 'db-0', conditions: { ready: true }, targetRef: { kind: 'Pod', name: 'db-0' } },
      { addresses: ['10.244.1.6'], conditions: { ready: true }, targetRef: { kind: 'Pod', name: 'db-x' } },
      { addresses: ['10.244.1.7'], hostname: 'db-2', conditions: { ready: false } },
    ],
    [{ name: 'mysql', port: 3306, protocol: 'TCP' }],
  ),
]
const POD = { metadata: meta('db-0'), status: { podIP: '10.244.1.5' } } as Pod

const NAMES: ClusterNames = {
  service: (namespace, name) => SERVICES.find((one) => one.metadata.namespace === namespace && one.metadata.name === name),
  servicesByAddress: (address) => SERVICES.filter((one) => one.spec?.clusterIPs?.includes(address)),
  slicesOf: (_, name) => SLICES.filter((one) => one.metadata.labels?.[SERVICE_NAME] === name),
  slicesByAddress: (address) => SLICES.filter((one) => one.endpoints?.some((e) => e.addresses.includes(address))),
  podsByAddress: (address) => (address === '10.244.1.5' ? [POD] : []),
  namespace: (name) => (name === 'default' || name === 'kube-system' ? {} : undefined),
  synced: () => true,
}

const KUBERNETES =
  'kubernetes cluster.local in-addr.arpa ip6.arpa {\n pods insecure\n fallthrough in-addr.arpa ip6.arpa\n ttl 30\n }'
const DEFAULT = `.:53 {\n errors\n ${KUBERNETES}\n forward . 10.0.2.3\n cache 30\n}`

interface Asked {
  readonly asked: string[]
  readonly ask: (name: string, type?: DnsType) => DnsMessage | undefined
  readonly sim: Simulation
  readonly log: string[]
}

function serve(corefile: string): Asked {
  const sim = new Simulation({ seed: 1, startTimeMs: 1_767_603_600_000 })
  const asked: string[] = []
  const log: string[] = []
  const world: DnsWorld = {
    now: () => sim.now,
    random: () => sim.random('dns').next(),
    names: NAMES,
    *ask(_server, question) {
      asked.push(question.name)
      return askOutside(question)
    },
    readFile: (path) => (path === '/etc/hosts' ? '10.9.9.9 box.home\n' : undefined),
    log: (line) => log.push(line),
    address: '10.244.0.2',
  }
  const server = new DnsServer(corefile, 'Corefile', world)
  return {
    sim,
    asked,
    log,
    ask(name, type = 'A') {
      let answer: DnsMessage | undefined
      sim.spawn(server.answer({ name, type }, { address: '10.244.1.9', port: 40_000 }), (value) => (answer = value))
      return answer
    },
  }
}

const brief = (message: DnsMessage | undefined) =>
  `${message?.code}${message?.answers.map(({ type, data }) => ` ${type} ${data}`).join(',') ?? ''}`

describe('names of a cluster', () => {
  test.each<[string, DnsType, string]>([
    ['web.default.svc.cluster.local', 'A', 'NOERROR A 10.96.0.20'],
    ['WEB.Default.svc.cluster.local.', 'A', 'NOERROR A 10.96.0.20'],
    ['web.default.svc.cluster.local', 'AAAA', 'NOERROR AAAA fd00::20'],
    ['db.default.svc.cluster.local', 'AAAA', 'NOERROR'],
    ['db.default.svc.cluster.local', 'A', 'NOERROR A 10.244.1.5, A 10.244.1.6'],
    ['db-0.db.default.svc.cluster.local', 'A', 'NOERROR A 10.244.1.5'],
    ['10-244-1-6.db.default.svc.cluster.local', 'A', 'NOERROR A 10.244.1.6'],
    ['db-2.db.default.svc.cluster.local', 'A', 'NXDOMAIN'],
    ['empty.default.svc.cluster.local', 'A', 'NXDOMAIN'],
    ['web', 'A', 'NXDOMAIN'],
    ['web.other.svc.cluster.local', 'A', 'NXDOMAIN'],
    ['default.svc.cluster.local', 'A', 'NOERROR'],
    ['svc.cluster.local', 'A', 'NOERROR'],
    ['example.com.default.svc.cluster.local', 'A', 'NXDOMAIN'],
    ['a.b.c.web.default.svc.cluster.local', 'A', 'NXDOMAIN'],
    ['_http._tcp.web.default.svc.cluster.local', 'SRV', 'NOERROR SRV 0 50 80 web.default.svc.cluster.local.'],
    ['_dns._udp.web.default.svc.cluster.local', 'A', 'NOERROR A 10.96.0.20'],
    ['_http._udp.web.default.svc.cluster.local', 'SRV', 'NXDOMAIN'],
    [
      '_mysql._tcp.db.default.svc.cluster.local',
      'SRV',
      'NOERROR SRV 0 50 3306 db-0.db.default.svc.cluster.local., SRV 0 50 3306 10-244-1-6.db.default.svc.cluster.local.',
    ],
    ['20.0.96.10.in-addr.arpa', 'PTR', 'NOERROR PTR web.default.svc.cluster.local.'],
    ['5.1.244.10.in-addr.arpa', 'PTR', 'NOERROR PTR db-0.db.default.svc.cluster.local.'],
    ['6.1.244.10.in-addr.arpa', 'PTR', 'NXDOMAIN'],
    ['10-244-1-9.default.pod.cluster.local', 'A', 'NOERROR A 10.244.1.9'],
    ['10-244-1-9.nowhere.pod.cluster.local', 'A', 'NXDOMAIN'],
    ['fd00--1.default.pod.cluster.local', 'AAAA', 'NOERROR AAAA fd00::1'],
    ['away.default.svc.cluster.local', 'A', 'NOERROR CNAME example.com., A 203.0.113.80'],
    ['inner.default.svc.cluster.local', 'A', 'NOERROR CNAME web.default.svc.cluster.local., A 10.96.0.20'],
    ['away.default.svc.cluster.local', 'SRV', 'NOERROR'],
    ['dns-version.cluster.local', 'TXT', 'NOERROR TXT "1.1.0"'],
    ['example.org', 'A', 'NOERROR A 203.0.113.81'],
    ['no-such-name.example', 'A', 'NXDOMAIN'],
  ])('%s %s', (name, type, expected) => {
    expect(brief(serve(DEFAULT).ask(name, type))).toBe(expected)
  })

  test('pods: disabled and verified; endpoints by pod name; none at all', () => {
    const pod = '10-244-1-5.default.pod.cluster.local'
    expect(brief(serve('cluster.local {\n kubernetes\n}').ask(pod))).toBe('NXDOMAIN')
    const verified = serve('cluster.local {\n kubernetes {\n pods verified\n endpoint_pod_names\n }\n}')
    expect(brief(verified.ask(pod))).toBe('NOERROR A 10.244.1.5')
    expect(brief(verified.ask('10-244-1-9.default.pod.cluster.local'))).toBe('NXDOMAIN')
    expect(brief(verified.ask('db-x.db.default.svc.cluster.local'))).toBe('NOERROR A 10.244.1.6')
    const bare = serve('cluster.local {\n kubernetes {\n noendpoints\n namespaces kube-system\n }\n}')
    expect(brief(bare.ask('web.default.svc.cluster.local'))).toBe('NXDOMAIN')
    expect(brief(bare.ask('example.org'))).toBe('REFUSED')
  })
})

describe('plugins', () => {
  test('cache answers without asking again until the TTL is over', () => {
    const server = serve(DEFAULT)
    server.ask('example.org')
    server.sim.runFor(10_000)
    expect(server.ask('example.org')?.answers[0]?.ttl).toBe(20)
    expect(server.asked).toHaveLength(1)
    server.sim.runFor(21_000)
    server.ask('example.org')
    expect(server.asked).toHaveLength(2)
  })

  test('hosts, rewrite and template', () => {
    const server = serve(`. {
      hosts { 10.1.1.1 gate.corp
        fallthrough
      }
      rewrite name shop.corp web.default.svc.cluster.local
      rewrite name suffix .old.corp .default.svc.cluster.local answer auto
      template IN A dyn.corp {
        match "^host-(?P<n>[0-9]+)\\.dyn\\.corp\\.$"
        answer "{{ .Name }} 60 IN A 10.7.0.{{ .Group.n }}"
        fallthrough
      }
      ${KUBERNETES}
      forward . 10.0.2.3
    }`)
    expect(brief(server.ask('gate.corp'))).toBe('NOERROR A 10.1.1.1')
    expect(brief(server.ask('box.home'))).toBe('NOERROR A 10.9.9.9')
    const shop = server.ask('shop.corp')
    expect(shop?.answers[0]).toMatchObject({ name: 'shop.corp.', data: '10.96.0.20' })
    expect(server.ask('web.old.corp')?.answers[0]).toMatchObject({ name: 'web.old.corp.', data: '10.96.0.20' })
    expect(brief(server.ask('host-7.dyn.corp'))).toBe('NOERROR A 10.7.0.7')
  })

  test('log', () => {
    const server = serve('. {\n log\n whoami\n}')
    server.ask('a.b')
    expect(server.log[0]).toMatch(
      /^\[INFO\] 10\.244\.1\.9:40000 - \d+ "A IN a\.b\. udp \d+ false 512" NOERROR qr,aa,rd \d+ 0\.\d+s$/,
    )
  })
})

describe('Corefile', () => {
  test.each([
    ['.:53 {\n errors\n health\n ready\n foo\n}', "Corefile:5 - Error during parsing: Unknown directive 'foo'"],
    ['.:53 {\n errors', 'Corefile:2 - Error during parsing: Unexpected EOF'],
    [
      '. {\n kubernetes {\n  pods maybe\n }\n}',
      'plugin/kubernetes: Corefile:3 - Error during parsing: wrong value for pods: maybe,  must be one of: disabled, verified, insecure',
    ],
    [
      '. {\n kubernetes {\n  nonsense\n }\n}',
      "plugin/kubernetes: Corefile:3 - Error during parsing: unknown property 'nonsense'",
    ],
    ['. {\n forward . here\n}', 'plugin/forward: not an IP address or file: "here"'],
    [
      '. {\n forward .\n}',
      "plugin/forward: Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after '.'",
    ],
    ['. {\n errors\n}\n.:53 {\n log\n}', 'cannot serve dns://.:53 - it is already defined'],
  ])('refuses %j', (text, message) => {
    expect(() => serve(text)).toThrow(message)
  })

  test('several zones, ports, snippets, comments', () => {
    const blocks = parseCorefile(
      '(common) {\n errors\n}\nexample.org:1053, 10.0.0.0/8 {\n import common # here\n}\nfoo.bar {\n whoami\n}',
    )
    expect(blocks.map(({ keys }) => keys.map(({ zone, port }) => `${zone}:${port}`))).toEqual([
      ['example.org.:1053', '10.in-addr.arpa.:53'],
      ['foo.bar.:53'],
    ])
    expect(blocks[0]?.directives.map(({ name }) => name)).toEqual(['errors'])
  })
})
