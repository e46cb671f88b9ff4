/** What the page and the engine say to each other about the network; no engine code may be reached from here. */
import type { Packet } from '../../network/packet.ts'
import type { Journey as WalkedJourney, Outcome, Place, RuleStep, Station, StationKind } from '../../network/trace.ts'

export type { Outcome, Packet, Place, RuleStep, Station, StationKind }

/** One packet's whole way, without the things of the engine that it led to. */
export type Journey = Omit<WalkedJourney, 'destination'> & {
  /** Stations that were left out of the middle: packets that go round in circles visit hundreds. */
  readonly omitted?: number
}

// ---------------------------------------------------------------- one packet

/** Who sends. */
export type PacketSource =
  | { readonly kind: 'pod'; readonly namespace: string; readonly name: string }
  | { readonly kind: 'node'; readonly name: string }
  /** A machine on the same wire that is not in the cluster. */
  | { readonly kind: 'outside' }

export const PACKET_PROTOCOLS = ['http', 'https', 'tcp', 'udp', 'dns', 'icmp'] as const
export type PacketProtocol = (typeof PACKET_PROTOCOLS)[number]

export interface PacketQuestion {
  readonly source: PacketSource
  /** A name ('web', 'web.shop.svc.cluster.local'), an address, or a URL, which wins over protocol, port and path. */
  readonly target: string
  readonly protocol: PacketProtocol
  /** 0: what is usual for the protocol. */
  readonly port: number
  readonly method: string
  readonly path: string
}

export type PacketKind =
  | 'dns-query'
  | 'dns-answer'
  | 'syn'
  | 'syn-ack'
  | 'ack'
  | 'request'
  | 'response'
  | 'fin'
  | 'datagram'
  | 'answer'
  | 'echo'
  | 'echo-reply'
  | 'reset'
  /** An ICMP error on its way back. */
  | 'error'

/** One packet of a story, in the order of time. */
export interface PacketStep {
  readonly kind: PacketKind
  readonly direction: 'there' | 'back'
  /** Microseconds since the story began. */
  readonly atUs: number
  /** From 0 up: which conversation it belongs to. Each DNS question is one, each connection is one. */
  readonly exchange: number
  /** How often the same has been sent before: a retransmission has 1 and more. */
  readonly retry: number
  /** In a few words: 'A? web.default.svc.cluster.local', 'GET /healthz', 'NXDOMAIN'. */
  readonly summary: string
  readonly journey: Journey
}

export interface StoryResult {
  /** Answered: something came back that the client understands, if only a 404. */
  readonly kind: 'answered' | 'name' | 'refused' | 'timeout' | 'unreachable' | 'reset' | 'invalid'
  /** HTTP status; 0 where there is none. */
  readonly status: number
  /** What the client's program prints: the start of the body, or curl's error line. */
  readonly text: string
  /** 'namespace/name' of the pod that answered, or ''. */
  readonly peer: string
}

/** All that was recorded of one question. */
export interface PacketStory {
  readonly id: number
  readonly question: PacketQuestion
  /** Simulated time at which it began. */
  readonly startMs: number
  /** The command that would do the same in the source. */
  readonly command: string
  readonly steps: readonly PacketStep[]
  /** Null while it is under way. */
  readonly result: StoryResult | null
  /** Until the result; so far, while it is under way. */
  readonly tookUs: number
}

// ---------------------------------------------------------------- rules

export type ProxyMode = 'iptables' | 'ipvs' | 'nftables'

export interface RuleRow {
  /** As iptables-save, or nft, prints it. */
  readonly text: string
  readonly packets: number
  readonly bytes: number
  /** The chain it jumps or goes to; '' if none. */
  readonly jump: string
  /** What it does at its end in a word or two: 'DNAT 10.244.1.5:8080', 'ACCEPT', 'mark 0x4000'. */
  readonly action: string
  /** Of a random choice; 1 otherwise. */
  readonly probability: number
  /** Text of --comment. */
  readonly comment: string
}
export interface ChainRow {
  readonly table: string
  readonly name: string
  /** The hook that it is called from by the kernel; '' for chains that are jumped to. */
  readonly hook: string
  /** Of a built-in chain; '' otherwise. */
  readonly policy: string
  readonly packets: number
  readonly bytes: number
  readonly rules: readonly RuleRow[]
}
/** A node's rules at this moment. */
export interface RuleTables {
  readonly node: string
  /** The mode in which its kube-proxy runs; null while none does. */
  readonly mode: ProxyMode | null
  readonly chains: readonly ChainRow[]
  /** Rules of all chains, also of those that `chains` leaves out because there are too many. */
  readonly rules: number
  /** What is really in the node's kernel now. */
  readonly texts: { readonly [engine in ProxyMode]: string }
  /** What each mode would write for the same Services, whatever mode runs. */
  readonly equivalents: { readonly [engine in ProxyMode]: string }
}

/** Output of one command line on a node, as a terminal shows it. */
export interface NodeOutput {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

// ---------------------------------------------------------------- modes

/** How many rules or elements a mode looks at for the first packet of a connection. */
export interface GrowthPoint {
  readonly services: number
  /** Mean over all Services. */
  readonly looked: { readonly [mode in ProxyMode]: number }
  /** For the Service that comes last. */
  readonly last: { readonly [mode in ProxyMode]: number }
}
/** The same connections through one mode's rules. */
export interface ModeTraffic {
  readonly mode: ProxyMode
  /** Rules, or map elements and virtual servers, that the mode keeps for the cluster's Services. */
  readonly kept: number
  readonly looked: number
  readonly endpoints: readonly { readonly address: string; readonly pod: string; readonly hits: number }[]
}
export interface ModeComparison {
  readonly growth: readonly GrowthPoint[]
  /** 'namespace/name' of the Service that the traffic went to; '' when there was none to choose. */
  readonly service: string
  readonly connections: number
  readonly traffic: readonly ModeTraffic[]
}
export interface ModeQuestion {
  /** Whether to count for growing numbers of Services (takes seconds, once), or to send connections. */
  readonly what: 'growth' | 'traffic'
  /** 'namespace/name'; '' for the first Service with several endpoints. */
  readonly service: string
  readonly connections: number
  /** Of growth: up to how many Services. */
  readonly services: number
  /** Another number, other dice. */
  readonly round: number
}

// ---------------------------------------------------------------- acts on the world

/** What is wrong with the way between a machine and the wire, or between two machines. */
export interface LinkFault {
  readonly cut: boolean
  /** Added one way. */
  readonly delayMs: number
  readonly lossPercent: number
}

export interface LoadSpec {
  readonly id: number
  readonly source: PacketSource
  readonly url: string
  /** Requests a second, all clients together. */
  readonly rate: number
  readonly clients: number
  readonly keepAlive: boolean
}

/** All of these go into the input log. `''` as a machine's name is the machine outside. */
export type NetworkAction =
  | { readonly act: 'send'; readonly id: number; readonly question: PacketQuestion }
  | { readonly act: 'command'; readonly node: string; readonly line: string }
  | { readonly act: 'link'; readonly a: string; readonly b: string; readonly fault: LinkFault }
  /** Machines of different groups don't reach each other. */
  | { readonly act: 'partition'; readonly groups: readonly (readonly string[])[] }
  | { readonly act: 'mtu'; readonly node: string; readonly device: string; readonly mtu: number }
  | { readonly act: 'flush'; readonly node: string; readonly table: string }
  | { readonly act: 'fill-conntrack'; readonly node: string }
  /** Takes back cuts, delays, losses, partitions, MTUs and full tables. Rules come back with kube-proxy's next sync. */
  | { readonly act: 'heal' }
  /** Another network plug-in: the old daemon is deleted, the new manifest applied. */
  | { readonly act: 'plugin'; readonly to: 'flannel' | 'calico' }
  | { readonly act: 'load-start'; readonly load: LoadSpec }
  | { readonly act: 'load-stop'; readonly id: number }

// ---------------------------------------------------------------- the feed

export interface NetDevice {
  readonly name: string
  readonly kind: string
  readonly addresses: readonly string[]
  readonly mtu: number
  readonly up: boolean
}
export interface NetNode {
  readonly name: string
  readonly address: string
  readonly podCidr: string
  readonly powered: boolean
  /** Mode of the kube-proxy that runs there; null while none does. */
  readonly proxy: ProxyMode | null
  readonly devices: readonly NetDevice[]
  readonly conntrack: { readonly count: number; readonly max: number }
}
export interface NetPod {
  readonly namespace: string
  readonly name: string
  readonly node: string
  readonly ip: string
  readonly hostNetwork: boolean
  readonly ready: boolean
  /** Name of the workload it belongs to, for colouring and grouping; or its own. */
  readonly owner: string
}
export interface NetServicePort {
  readonly name: string
  readonly protocol: string
  readonly port: number
  readonly nodePort: number
}
export interface NetService {
  readonly namespace: string
  readonly name: string
  readonly type: string
  /** 'None' for headless ones, '' for ExternalName. */
  readonly clusterIP: string
  readonly external: readonly string[]
  readonly ports: readonly NetServicePort[]
  /** Addresses of ready endpoints. */
  readonly endpoints: number
}
/** A way between machines that is not as it should be. */
export interface NetLink extends LinkFault {
  readonly a: string
  readonly b: string
}
export interface NetTopology {
  /** 'flannel', 'calico', or '' while there is none; and how it tunnels: 'vxlan', 'host-gw', 'udp', 'ipip', 'bgp'. */
  readonly cni: string
  readonly cniMode: string
  /** What kube-proxy's ConfigMap says now; a running kube-proxy has read it when it started. */
  readonly configuredMode: string
  readonly outside: string
  readonly nodes: readonly NetNode[]
  /** Nodes, pods beyond what the lists show. */
  readonly moreNodes: number
  readonly pods: readonly NetPod[]
  readonly morePods: number
  readonly services: readonly NetService[]
  readonly links: readonly NetLink[]
  readonly partition: readonly (readonly string[])[]
}

/** Requests between two ends since the last message. Ends are 'pod:ns/name', 'node:name' or 'outside'. */
export interface FlowRate {
  readonly from: string
  readonly to: string
  readonly count: number
  readonly failed: number
  /** Where failed ones were lost: 'node:name', 'link:a|b', or '' when at the end. */
  readonly lostAt: string
}
/** What came of a generator's requests in one second of simulated time. */
export interface LoadBin {
  readonly timeMs: number
  readonly sent: number
  /** '200', '503', 'timed out', 'refused'... */
  readonly statuses: { readonly [status: string]: number }
  readonly p50Ms: number
  readonly p99Ms: number
}
export interface LoadRow extends LoadSpec {
  readonly running: boolean
  readonly total: number
  readonly failed: number
  /** The newest minute. */
  readonly bins: readonly LoadBin[]
  /** Answers by the pod that gave them, most first. */
  readonly endpoints: readonly { readonly name: string; readonly count: number }[]
}

export interface NetworkDelta {
  /** True in a snapshot. */
  readonly reset: boolean
  /** Whole, when it changed. */
  readonly topology?: NetTopology
  /** All generators, when one changed. */
  readonly loads?: readonly LoadRow[]
  readonly flows: readonly FlowRate[]
  /** Simulated time that the flows are of. */
  readonly spanMs: number
  readonly past: boolean
}
