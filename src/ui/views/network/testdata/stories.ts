/** Hand-made stories of packets on a cluster of three machines with flannel (vxlan): what views are tested against. */
import type {
  Packet,
  PacketKind,
  PacketStep,
  PacketStory,
  Place,
  RuleStep,
  Station,
  StationKind,
} from '../../../../worker/network/protocol.ts'

const CLIENT: Place = { node: 'worker', pod: 'default/client' }
const WEB: Place = { node: 'worker2', pod: 'default/web-7d4b9c6f5-x2x8p' }
const DNS: Place = { node: 'worker', pod: 'kube-system/coredns-76f75df574-4k2jm' }
const WORKER: Place = { node: 'worker' }
const WORKER2: Place = { node: 'worker2' }
const WIRE: Place = { node: '' }

const VIRTUAL = '10.96.120.7'
const SERVICE_CHAIN = 'KUBE-SVC-LOLE4ISW44XBNF3G'
const ENDPOINT_CHAIN = 'KUBE-SEP-7XQ6R2DTWLT4LKRZ'

/** Collects stations: each begins where the last one ended. */
class Way {
  readonly stations: Station[] = []
  packet: Packet
  atUs = 0

  constructor(packet: Packet) {
    this.packet = packet
  }

  at(kind: StationKind, place: Place, name: string, detail: string, tookUs: number, more: Partial<Station> = {}): this {
    const after = more.after ?? this.packet
    this.stations.push({
      kind,
      place,
      name,
      detail,
      atUs: this.atUs,
      tookUs,
      before: this.packet,
      after,
      rules: [],
      looked: 0,
      ...more,
    })
    this.atUs += tookUs
    this.packet = after
    return this
  }
}

const SYN: Packet = {
  source: '10.244.1.5',
  destination: VIRTUAL,
  protocol: 'tcp',
  sourcePort: 40312,
  destinationPort: 80,
  flags: 'S',
  ttl: 64,
  length: 60,
  mark: 0,
}

function rule(
  chain: string,
  index: number,
  text: string,
  outcome: RuleStep['outcome'],
  why: string,
  more: Partial<RuleStep> = {},
): RuleStep {
  return { engine: 'iptables', table: 'nat', chain, index, text: `-A ${chain} ${text}`, outcome, why, depth: 0, ...more }
}

const DNAT_RULES: readonly RuleStep[] = [
  rule('PREROUTING', 0, '-m comment --comment "kubernetes service portals" -j KUBE-SERVICES', 'matched', 'jump KUBE-SERVICES'),
  rule('KUBE-SERVICES', 0, '-d 10.96.0.10/32 -p udp -m udp --dport 53 -j KUBE-SVC-TCOU7JCQXEZGVUNU', 'skipped', '-d 10.96.0.10/32', {
    depth: 1,
    count: 4,
  }),
  rule('KUBE-SERVICES', 4, `-d ${VIRTUAL}/32 -p tcp -m tcp --dport 80 -j ${SERVICE_CHAIN}`, 'matched', `jump ${SERVICE_CHAIN}`, {
    depth: 1,
  }),
  rule(SERVICE_CHAIN, 0, `! -s 10.244.0.0/16 -d ${VIRTUAL}/32 -p tcp -j KUBE-MARK-MASQ`, 'skipped', '! -s 10.244.0.0/16', {
    depth: 2,
  }),
  rule(SERVICE_CHAIN, 1, '-m statistic --mode random --probability 0.33333333349 -j KUBE-SEP-A', 'skipped', 'statistic', {
    depth: 2,
    dice: { probability: 0.33333333349, drawn: 0.71 },
  }),
  rule(
    SERVICE_CHAIN,
    2,
    `-m statistic --mode random --probability 0.50000000000 -j ${ENDPOINT_CHAIN}`,
    'matched',
    `jump ${ENDPOINT_CHAIN}`,
    { depth: 2, dice: { probability: 0.5, drawn: 0.22 } },
  ),
  rule(ENDPOINT_CHAIN, 0, '-s 10.244.2.8/32 -j KUBE-MARK-MASQ', 'skipped', '-s 10.244.2.8/32', { depth: 3 }),
  rule(ENDPOINT_CHAIN, 1, '-p tcp -m tcp -j DNAT --to-destination 10.244.2.8:8080', 'matched', 'DNAT 10.244.2.8:8080', {
    depth: 3,
  }),
]

function synStep(): PacketStep {
  const way = new Way(SYN)
  const translated: Packet = { ...SYN, destination: '10.244.2.8', destinationPort: 8080 }
  const forwarded: Packet = { ...translated, ttl: 63 }
  const inTunnel: Packet = {
    ...forwarded,
    outer: { kind: 'vxlan', source: '10.0.0.11', destination: '10.0.0.12', vni: 1, port: 8472 },
  }
  const arrived: Packet = { ...forwarded, ttl: 62 }
  way
    .at('process', CLIENT, 'curl', 'curl http://web/', 20)
    .at('socket', CLIENT, 'connect', 'source port 40312 is chosen', 5)
    .at('route', CLIENT, 'default via 10.244.1.1', 'default via 10.244.1.1 dev eth0', 2)
    .at('device', { ...CLIENT, device: 'eth0' }, 'eth0', 'veth pair', 8)
    .at('device', { ...WORKER, device: 'cni0' }, 'cni0', 'bridge', 5)
    .at('hook', WORKER, 'PREROUTING', '', 30, { after: translated, rules: DNAT_RULES, looked: 11 })
    .at('route', WORKER, '10.244.2.0/24', '10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink', 2)
    .at('hook', WORKER, 'FORWARD', '', 12, { after: forwarded, looked: 6 })
    .at('hook', WORKER, 'POSTROUTING', '', 10, { looked: 4 })
    .at('encapsulate', { ...WORKER, device: 'flannel.1' }, 'flannel.1', 'vxlan id 1 to 10.0.0.12', 15, { after: inTunnel })
    .at('device', { ...WORKER, device: 'eth0' }, 'eth0', '', 5)
    .at('wire', WIRE, 'worker to worker2', '250 us', 250)
    .at('device', { ...WORKER2, device: 'eth0' }, 'eth0', '', 5)
    .at('decapsulate', { ...WORKER2, device: 'flannel.1' }, 'flannel.1', 'vxlan id 1', 15, { after: forwarded })
    .at('hook', WORKER2, 'PREROUTING', '', 25, { looked: 9 })
    .at('route', WORKER2, '10.244.2.0/24', '10.244.2.0/24 dev cni0', 2)
    .at('hook', WORKER2, 'FORWARD', '', 12, { after: arrived, looked: 6 })
    .at('hook', WORKER2, 'POSTROUTING', '', 10, { looked: 4 })
    .at('device', { ...WORKER2, device: 'cni0' }, 'cni0', 'bridge', 5)
    .at('device', { ...WEB, device: 'eth0' }, 'eth0', 'veth pair', 8)
    .at('delivered', WEB, 'nginx', 'nginx listens on :8080', 5)
  return step('syn', 'there', 1, 900, 'SYN', way, { kind: 'delivered', place: WEB })
}

function synAckStep(): PacketStep {
  const sent: Packet = {
    ...SYN,
    source: '10.244.2.8',
    destination: '10.244.1.5',
    sourcePort: 8080,
    destinationPort: 40312,
    flags: 'S.',
  }
  const way = new Way(sent)
  const back: Packet = { ...sent, source: VIRTUAL, sourcePort: 80, ttl: 62 }
  way
    .at('socket', WEB, 'accept', '', 5)
    .at('device', { ...WEB, device: 'eth0' }, 'eth0', 'veth pair', 8)
    .at('device', { ...WORKER2, device: 'cni0' }, 'cni0', 'bridge', 5)
    .at('route', WORKER2, '10.244.1.0/24', '10.244.1.0/24 via 10.244.1.0 dev flannel.1 onlink', 2)
    .at('wire', WIRE, 'worker2 to worker', '250 us', 250)
    .at('conntrack', WORKER, 'conntrack', 'known: 10.244.1.5:40312 to 10.96.120.7:80', 4, { after: back })
    .at('device', { ...CLIENT, device: 'eth0' }, 'eth0', 'veth pair', 8)
    .at('delivered', CLIENT, 'curl', '', 5)
  return step('syn-ack', 'back', 1, 1400, 'SYN, ACK', way, { kind: 'delivered', place: CLIENT })
}

function dnsStep(): PacketStep {
  const way = new Way({ ...SYN, protocol: 'udp', flags: undefined, destination: '10.96.0.10', destinationPort: 53 })
  way
    .at('process', CLIENT, 'curl', 'getaddrinfo web', 20)
    .at('device', { ...CLIENT, device: 'eth0' }, 'eth0', 'veth pair', 8)
    .at('hook', WORKER, 'PREROUTING', '', 30, { after: { ...way.packet, destination: '10.244.1.2' }, looked: 5 })
    .at('device', { ...DNS, device: 'eth0' }, 'eth0', 'veth pair', 8)
    .at('delivered', DNS, 'coredns', '', 5)
  return step('dns-query', 'there', 0, 0, 'A? web.default.svc.cluster.local', way, { kind: 'delivered', place: DNS })
}

function droppedStep(): PacketStep {
  const way = new Way(SYN)
  way
    .at('process', CLIENT, 'curl', 'curl http://web/', 20)
    .at('device', { ...CLIENT, device: 'eth0' }, 'eth0', 'veth pair', 8)
    .at('hook', WORKER, 'PREROUTING', '', 30, { looked: 1 })
    .at('route', WORKER, 'default', 'default via 10.0.0.1 dev eth0', 2)
    .at('dropped', WORKER, 'default', 'no machine has 10.96.120.7', 0)
  return step('syn', 'there', 0, 0, 'SYN', way, { kind: 'dropped', place: WORKER, why: 'no machine has 10.96.120.7' })
}

function step(
  kind: PacketKind,
  direction: PacketStep['direction'],
  exchange: number,
  atUs: number,
  summary: string,
  way: Way,
  outcome: PacketStep['journey']['outcome'],
): PacketStep {
  const { stations, atUs: tookUs, packet } = way
  const sent = stations[0]?.before ?? packet
  return { kind, direction, exchange, retry: 0, atUs, summary, journey: { stations, outcome, tookUs, sent, arrived: packet } }
}

const QUESTION = {
  source: { kind: 'pod', namespace: 'default', name: 'client' },
  target: 'http://web/',
  protocol: 'http',
  port: 0,
  method: 'GET',
  path: '/',
} as const

/** A name is looked up, a connection opened across machines. */
export const ANSWERED: PacketStory = {
  id: 1,
  question: QUESTION,
  startMs: 1_767_603_600_000,
  command: 'kubectl exec client -- curl http://web/',
  steps: [dnsStep(), synStep(), synAckStep()],
  result: { kind: 'answered', status: 200, text: '<h1>Welcome to nginx!</h1>', peer: 'default/web-7d4b9c6f5-x2x8p' },
  tookUs: 2500,
}

/** No rule knows the Service any more. */
export const LOST: PacketStory = {
  ...ANSWERED,
  id: 2,
  steps: [droppedStep(), { ...droppedStep(), retry: 1, atUs: 1_000_000 }],
  result: { kind: 'timeout', status: 0, text: 'curl: (28) Connection timed out after 5001 milliseconds', peer: '' },
  tookUs: 5_001_000,
}
