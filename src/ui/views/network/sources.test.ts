import { describe, expect, it } from 'vitest'
import type { NetTopology } from '../../../worker/network/protocol.ts'
import { likelySource, parseSource, presetsOf, questionOf, sourceId, targetSuggestions } from './sources.ts'
import { EMPTY_DRAFT } from './store.ts'

const pod = (namespace: string, name: string, node: string, ip: string) => {
  return { namespace, name, node, ip, hostNetwork: false, ready: true, owner: '' }
}
const TOPOLOGY: NetTopology = {
  cni: 'flannel',
  cniMode: 'vxlan',
  configuredMode: 'iptables',
  outside: '10.0.255.10',
  nodes: [
    {
      name: 'worker',
      address: '10.0.0.12',
      podCidr: '',
      powered: true,
      proxy: 'iptables',
      devices: [],
      conntrack: { count: 0, max: 0 },
    },
  ],
  moreNodes: 0,
  pods: [
    pod('default', 'web-1', 'worker', '10.244.1.2'),
    pod('default', 'client', 'worker', '10.244.1.3'),
    pod('kube-system', 'coredns', 'worker2', '10.244.2.2'),
  ],
  morePods: 0,
  services: [
    {
      namespace: 'default',
      name: 'web',
      type: 'NodePort',
      clusterIP: '10.96.7.7',
      external: [],
      ports: [{ name: '', protocol: 'TCP', port: 8080, nodePort: 30_080 }],
      endpoints: 1,
    },
  ],
  links: [],
  partition: [],
}

describe('sources', () => {
  it.each(['pod:default/web', 'node:worker', 'outside'])('%s reads as it was written', (id) => {
    const source = parseSource(id)
    expect(source && sourceId(source)).toBe(id)
  })
  it.each(['', 'pod:', 'pod:web', 'pod:/web', 'pod:default/', 'node:', 'elsewhere'])('%j is none', (id) => {
    expect(parseSource(id)).toBeNull()
  })
  it('a client pod sends unless somebody else is chosen', () => {
    expect(likelySource(TOPOLOGY)).toBe('pod:default/client')
  })
})

it('asks only when there is a source and a target', () => {
  expect(questionOf(EMPTY_DRAFT)).toBeNull()
  expect(questionOf({ ...EMPTY_DRAFT, from: 'outside', to: ' web ', port: '99999', path: 'x' })).toMatchObject({
    target: 'web',
    port: 0,
    path: '/x',
  })
})

it('suggests names from pods, addresses from anywhere', () => {
  const values = (from: string): string[] => targetSuggestions(TOPOLOGY, from).map(({ value }) => value)
  expect(values('pod:default/client')).toContain('http://web:8080/')
  expect(values('pod:other/client')).toContain('http://web.default:8080/')
  expect(values('outside')).not.toContain('http://web:8080/')
  expect(values('outside')).toContain('http://10.0.0.12:30080/')
})

it('has a few packets ready', () => {
  expect(presetsOf(TOPOLOGY).map(({ id, draft: { to } }) => `${id} ${to}`)).toEqual([
    'service http://web:8080/',
    'address 10.96.7.7',
    'name kubernetes.default',
    'world example.com',
    'ping 10.244.2.2',
    'nodePort http://10.0.0.12:30080/',
    'nobody 10.0.99.99',
  ])
})
