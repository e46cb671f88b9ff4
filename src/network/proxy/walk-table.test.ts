/** A connection to every kind of Service, in every mode: where it ends, as Services promise it. */
import { describe, expect, test } from 'vitest'
import type { EndpointSlice, Service } from '../../apimachinery/generated/types.ts'
import type { Packet } from '../packet.ts'
import type { ProxyMode } from './config.ts'
import { parseProxyConfig } from './config.ts'
import { makeProxier } from './make-proxier.ts'
import { makeTestNode, NODE_IP, walkNode, type TestNode } from './testing/node-walk.ts'
import { expectation, type ModelClient, type ModelEndpoint, type ModelService, type Target } from './testing/semantics.ts'

const CLUSTER_IP = '10.96.0.50'
const EXTERNAL_IP = '198.51.100.50'
const BALANCER_IP = '203.0.113.50'
const NODE_PORT = 30_080
/** Connections until every end has been met: at least, at most. */
const TRIES = { least: 5, most: 40 }

const local: ModelEndpoint = { ip: '10.244.0.10', isLocal: true, state: 'ready' }
const remote: ModelEndpoint = { ip: '10.244.1.11', isLocal: false, state: 'ready' }
const other: ModelEndpoint = { ip: '10.244.2.12', isLocal: false, state: 'ready' }

const SCENES: { readonly [name: string]: readonly ModelEndpoint[] } = {
  'here and elsewhere': [local, remote, other],
  'elsewhere only': [remote, other],
  'one, here': [local],
  none: [],
  'none is ready': [
    { ...local, state: 'not ready' },
    { ...remote, state: 'not ready' },
  ],
  'the local one ends': [{ ...local, state: 'terminating' }, remote],
  'all end': [
    { ...local, state: 'terminating' },
    { ...remote, state: 'terminating' },
  ],
  'hints of zones': [
    { ...local, zone: 'zone-b' },
    { ...remote, zone: 'zone-a' },
    { ...other, zone: 'zone-b' },
  ],
  'hints of nodes': [
    { ...local, zone: 'zone-a', node: 'node-1' },
    { ...remote, zone: 'zone-a', node: 'node-2' },
  ],
  'a hint is missing': [{ ...local, zone: 'zone-b' }, { ...remote, zone: 'zone-a' }, other],
}

const CLIENTS: readonly ModelClient[] = [
  { kind: 'pod', address: '10.244.0.77' },
  { kind: 'pod', address: local.ip },
  { kind: 'node', address: NODE_IP },
  { kind: 'outside', address: '192.0.2.9' },
  { kind: 'outside', address: '198.18.0.9' },
]

/** Differs from the other one only by source ranges. */
const SECOND = CLIENTS[4]

const ADDRESS: Readonly<Record<Target, string>> = {
  clusterIP: CLUSTER_IP,
  nodePort: NODE_IP,
  localhost: '127.0.0.1',
  externalIP: EXTERNAL_IP,
  loadBalancer: BALANCER_IP,
}

interface Kind {
  readonly type: 'ClusterIP' | 'LoadBalancer'
  readonly sticky: boolean
  readonly protocol: 'TCP' | 'UDP'
  readonly service: Omit<ModelService, 'endpoints' | 'isExternal'>
}

const policies = [false, true]
const KINDS: readonly Kind[] = [
  ...policies.map((internalLocal): Kind => ({
    type: 'ClusterIP',
    sticky: false,
    protocol: 'TCP',
    service: { internalLocal, externalLocal: false, sourceRanges: [] },
  })),
  ...policies.flatMap((externalLocal) =>
    [[], ['192.0.2.0/24']].map((sourceRanges): Kind => ({
      type: 'LoadBalancer',
      sticky: false,
      protocol: 'TCP',
      service: { internalLocal: false, externalLocal, sourceRanges },
    })),
  ),
  {
    type: 'LoadBalancer',
    sticky: true,
    protocol: 'TCP',
    service: { internalLocal: false, externalLocal: false, sourceRanges: [] },
  },
  {
    type: 'LoadBalancer',
    sticky: false,
    protocol: 'UDP',
    service: { internalLocal: true, externalLocal: true, sourceRanges: [] },
  },
]

function serviceObject({ type, sticky, protocol, service }: Kind): Service {
  const isBalancer = type === 'LoadBalancer'
  return {
    metadata: { namespace: 'default', name: 'web' },
    spec: {
      type,
      clusterIP: CLUSTER_IP,
      clusterIPs: [CLUSTER_IP],
      ipFamilies: ['IPv4'],
      ports: [{ port: 80, protocol, nodePort: isBalancer ? NODE_PORT : undefined }],
      externalIPs: isBalancer ? [EXTERNAL_IP] : undefined,
      internalTrafficPolicy: service.internalLocal ? 'Local' : 'Cluster',
      externalTrafficPolicy: service.externalLocal ? 'Local' : 'Cluster',
      sessionAffinity: sticky ? 'ClientIP' : 'None',
      loadBalancerSourceRanges: service.sourceRanges,
    },
    status: isBalancer ? { loadBalancer: { ingress: [{ ip: BALANCER_IP }] } } : {},
  } as Service
}

function sliceObject(endpoints: readonly ModelEndpoint[], protocol: string): EndpointSlice {
  return {
    metadata: { namespace: 'default', name: 'web-1', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [{ name: '', port: 8080, protocol }],
    endpoints: endpoints.map(({ ip, isLocal, state, zone, node }) => ({
      addresses: [ip],
      nodeName: isLocal ? 'node-1' : 'node-2',
      conditions: { ready: state === 'ready', serving: state !== 'not ready', terminating: state === 'terminating' },
      hints: zone === undefined ? undefined : { forZones: [{ name: zone }], forNodes: node ? [{ name: node }] : undefined },
    })),
  }
}

const nodes = new Map<string, TestNode>()

/** A node with the rules for one Service. The same for all clients and targets. */
function nodeFor(mode: ProxyMode, kind: Kind, scene: string): TestNode {
  const key = `${mode} ${KINDS.indexOf(kind)} ${scene}`
  let node = nodes.get(key)
  if (!node) nodes.set(key, (node = nodeWith(mode, kind, SCENES[scene] ?? [])))
  return node
}

function nodeWith(mode: ProxyMode, kind: Kind, endpoints: readonly ModelEndpoint[]): TestNode {
  const node = makeTestNode(7)
  const config = parseProxyConfig(`kind: KubeProxyConfiguration\nmode: ${mode}\nclusterCIDR: 10.244.0.0/16`)
  const proxier = makeProxier(config, 'IPv4', {
    netns: node.netns,
    parts: node.parts,
    place: { nodeName: 'node-1', zone: 'zone-a' },
    nodeIPs: { IPv4: NODE_IP, IPv6: '' },
    podCIDRs: [],
    now: () => 0,
  })
  proxier.state.serviceChanged(serviceObject(kind))
  proxier.state.sliceChanged(sliceObject(endpoints, kind.protocol))
  proxier.sync()
  return node
}

function packetTo(target: Target, client: ModelClient, protocol: 'TCP' | 'UDP', sourcePort: number): Packet {
  const isNodePort = target === 'nodePort' || target === 'localhost'
  return {
    source: target === 'localhost' ? '127.0.0.1' : client.address,
    destination: ADDRESS[target],
    protocol: protocol === 'TCP' ? 'tcp' : 'udp',
    sourcePort,
    destinationPort: isNodePort ? NODE_PORT : 80,
    ...(protocol === 'TCP' && { flags: 'S' as const }),
    ttl: 64,
    length: 60,
    mark: 0,
  }
}

const DEVICE = { pod: 'cni0', node: 'node', outside: 'eth0' } as const

let nextPort = 1024

/** What becomes of a number of connections. */
function connections(node: TestNode, target: Target, client: ModelClient, protocol: 'TCP' | 'UDP', ends: number) {
  const found = new Set<string>()
  for (let i = 0; i < TRIES.most && (i < TRIES.least || found.size < ends); i++) {
    const sent = packetTo(target, client, protocol, nextPort++)
    const end = walkNode(node, sent, DEVICE[client.kind])
    if (end.kind !== 'passed') found.add(end.kind)
    else if (end.packet.destination === sent.destination) found.add('leaves')
    else found.add(`${end.packet.destination}:${end.packet.destinationPort} from ${end.packet.source}`)
  }
  return [...found].toSorted()
}

function rows() {
  return (['iptables', 'ipvs', 'nftables'] as const).flatMap((mode) =>
    KINDS.flatMap((kind) =>
      Object.entries(SCENES).flatMap(([scene, endpoints]) => {
        const targets: readonly Target[] =
          kind.type === 'ClusterIP' ? ['clusterIP'] : ['clusterIP', 'nodePort', 'localhost', 'externalIP', 'loadBalancer']
        return targets.flatMap((target) =>
          CLIENTS.filter((client) => isPossible(mode, kind, target, client)).map((client) => ({
            mode,
            kind,
            scene,
            endpoints,
            target,
            client,
          })),
        )
      }),
    ),
  )
}

/** Rows that say nothing about Services: node ports on 127.0.0.1 are iptables' own, and only for the node itself. */
function isPossible(mode: ProxyMode, kind: Kind, target: Target, client: ModelClient): boolean {
  if (client === SECOND && kind.service.sourceRanges.length === 0) return false
  if (target === 'localhost') return mode === 'iptables' && client.kind === 'node' && kind.protocol === 'TCP'
  // IPVS filters a node's own traffic by the address that it would choose, the balancer's.
  return !(mode === 'ipvs' && client.kind === 'node' && target === 'loadBalancer' && kind.service.sourceRanges.length > 0)
}

const table = rows()

test('there are enough rows', () => expect(table.length).toBeGreaterThan(3000))

type Row = (typeof table)[number]

function nameOf({ kind, scene }: Row): string {
  const { internalLocal, externalLocal, sourceRanges } = kind.service
  const marks = [
    internalLocal && 'internal Local',
    externalLocal && 'external Local',
    sourceRanges.length > 0 && 'ranges',
    kind.sticky && 'sticky',
  ]
  return `${kind.type} ${kind.protocol} ${marks.filter(Boolean).join(', ')} | ${scene}`
}

/** What is wrong about a row; undefined: nothing. */
function fault({ mode, kind, scene, endpoints, target, client }: Row): string | undefined {
  const node = nodeFor(mode, kind, scene)
  const model = { ...kind.service, isExternal: kind.type === 'LoadBalancer', endpoints }
  const expected = expectation(mode, model, client, target)
  const isSingle = typeof expected === 'string' || kind.sticky
  const ends = connections(node, target, client, kind.protocol, isSingle ? 1 : expected.ends.length)
  const own = target === 'localhost' ? '127.0.0.1' : client.address
  const wanted =
    typeof expected === 'string'
      ? [expected]
      : expected.ends.map((ip) => `${ip}:8080 from ${expected.masqueraded(ip) ? NODE_IP : own}`).toSorted()
  const isRight = isSingle ? ends.length === 1 && wanted.includes(ends[0] ?? '') : String(ends) === String(wanted)
  return isRight ? undefined : `${client.kind} ${client.address} to ${target}: ${ends.join('; ')}, not ${wanted.join('; ')}`
}

describe.each(['iptables', 'ipvs', 'nftables'] as const)('%s', (mode) => {
  const own = table.filter((row) => row.mode === mode)
  const names = [...new Set(own.map(nameOf))]
  test.each(names)('%s', (name) => {
    const rows = own.filter((row) => nameOf(row) === name)
    expect(rows.map(fault).filter((each) => each !== undefined)).toEqual([])
  })
})
