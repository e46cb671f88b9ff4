import type { Pod } from '../../apimachinery/generated/types.ts'
import type { Cluster } from '../../cluster/cluster.ts'
import type { TrafficStep } from '../../network/traffic/types.ts'
import type { Endpoint, Sockets, TcpConnection } from '../../runtime/sockets.ts'
import { sleep, type Task } from '../../sim/task.ts'
import type { FlowRate, LoadBin, LoadRow, LoadSpec } from './protocol.ts'
import { openSockets } from './sockets.ts'
import { parseTarget, type Target } from './target.ts'

const PATIENCE_MS = 5000
const BIN_MS = 1000
const KEPT_BINS = 60
/** One of this many requests is written down in full, to tell where the lost ones fall. */
const LOOK_AT_EACH = 200
/** A client asks for a name's address again after this, the TTL that CoreDNS gives. */
const NAME_TTL_MS = 30_000
/** A client's sockets are opened anew after this: its pod may have gone. */
const SOCKETS_MS = 1000
/** And after one that failed the next is, at most this often. Milliseconds. */
const LOOK_PAUSE_MS = 100

interface Bin {
  readonly timeMs: number
  sent: number
  readonly statuses: Map<string, number>
  readonly latencies: number[]
}

/** What a client remembers of the target's name. */
interface ClientMemory {
  address: string
  untilMs: number
}

export const MOST_RATE = 5000
export const MOST_CLIENTS = 200

/** Why a generator can't be like this; '' if it can. */
export function refusalOf({ rate, clients, url }: LoadSpec): string {
  if (!Number.isFinite(rate) || rate <= 0 || rate > MOST_RATE)
    return `a rate is more than 0 and at most ${MOST_RATE} requests a second`
  if (!Number.isInteger(clients) || clients < 1 || clients > MOST_CLIENTS) return `clients are 1 to ${MOST_CLIENTS}`
  const target = targetOf(url)
  if (typeof target === 'string') return target
  return target.protocol === 'http' || target.protocol === 'https' ? '' : 'a generator sends HTTP'
}

function targetOf(url: string): Target | string {
  return parseTarget({ source: { kind: 'outside' }, target: url, protocol: 'http', port: 0, method: 'GET', path: '/' })
}

/** Clients that ask the same thing again and again, and what comes of it. */
export class LoadGenerator {
  readonly spec: LoadSpec
  /** Rises with every result. */
  version = 0
  running = true
  private readonly cluster: Cluster
  private readonly handles: { cancel(): void }[] = []
  private readonly bins: Bin[] = []
  private readonly byPod = new Map<string, number>()
  private readonly flows = new Map<string, { from: string; to: string; lostAt: string; count: number; failed: number }>()
  private total = 0
  private failed = 0
  private lostAt = ''
  private looksAgainMs = 0
  private suspicious = false

  constructor(cluster: Cluster, spec: LoadSpec) {
    this.cluster = cluster
    this.spec = spec
  }

  start(): void {
    const { sim } = this.cluster
    const { rate, clients } = this.spec
    const periodMs = (clients * 1000) / rate
    for (let i = 0; i < clients; i++) this.handles.push(sim.spawn(this.client((i * periodMs) / clients, periodMs)))
  }

  stop(): void {
    this.running = false
    this.version++
    for (const handle of this.handles) handle.cancel()
  }

  row(): LoadRow {
    const { spec, running, total, failed } = this
    const endpoints = [...this.byPod].map(([name, count]) => ({ name, count })).toSorted((a, b) => b.count - a.count)
    return { ...spec, running, total, failed, endpoints, bins: this.bins.map(binRow) }
  }

  /** What went where since the last call. */
  takeFlows(): readonly FlowRate[] {
    const out = [...this.flows.values()]
    this.flows.clear()
    return out
  }

  private *client(startMs: number, periodMs: number): Task {
    const target = targetOf(this.spec.url)
    const { sim } = this.cluster
    if (typeof target === 'string') return
    let dueMs = sim.now + startMs
    let open: TcpConnection | undefined
    const memory: ClientMemory = { address: '', untilMs: 0 }
    let plain: Sockets | string = ''
    let openedMs = -Infinity
    for (let n = 0; ; n++) {
      yield* sleep(Math.max(0, Math.floor(dueMs) - sim.now))
      // Who can't keep up asks as fast as answers come.
      dueMs = Math.max(dueMs + periodMs, sim.now)
      const isLookedAt = n % LOOK_AT_EACH === 0 || (this.suspicious && sim.now >= this.looksAgainMs)
      if (isLookedAt) {
        this.looksAgainMs = sim.now + LOOK_PAUSE_MS
        this.suspicious = false
      }
      if (sim.now - openedMs >= SOCKETS_MS) {
        plain = openSockets(this.cluster, this.spec.source)
        openedMs = sim.now
      }
      const sockets = isLookedAt ? openSockets(this.cluster, this.spec.source, (step) => this.look(step)) : plain
      open = yield* typeof sockets === 'string' ? this.cannot(sockets) : this.request(sockets, target, open, memory)
    }
  }

  private *cannot(why: string): Task<undefined> {
    this.note(why, 0, '')
    yield* sleep(BIN_MS)
    return undefined
  }

  /** One request; gives the connection when it is kept. */
  private *request(
    sockets: Sockets,
    target: Target,
    kept: TcpConnection | undefined,
    memory: ClientMemory,
  ): Task<TcpConnection | undefined> {
    const { sim } = this.cluster
    const startMs = sim.now
    let connection = kept?.isOpen ? kept : undefined
    if (!connection) {
      if (sim.now >= memory.untilMs) {
        const found = yield* sockets.lookup(target.host, 4)
        if ('failure' in found) {
          this.note(found.failure === 'EAI_AGAIN' ? 'DNS timed out' : 'name not found', sim.now - startMs, '')
          return undefined
        }
        memory.address = found.addresses[0] ?? ''
        memory.untilMs = sim.now + NAME_TTL_MS
      }
      const made = yield* sockets.connect({ address: memory.address, port: target.port }, { timeoutMs: PATIENCE_MS })
      if ('failure' in made) {
        this.note(WORDS[made.failure] ?? made.failure, sim.now - startMs, '')
        return undefined
      }
      connection = made
    }
    const headers = { Host: target.host, 'User-Agent': 'load', Accept: '*/*' }
    const options = { timeoutMs: PATIENCE_MS, ...(target.protocol === 'https' ? { tls: target.host } : {}) }
    const answer = yield* connection.http({ method: 'GET', path: target.path, headers, body: '' }, options)
    const keeps = this.spec.keepAlive && !('failure' in answer)
    if (!keeps) connection.close()
    this.note(
      'failure' in answer ? (WORDS[answer.failure] ?? answer.failure) : String(answer.status),
      sim.now - startMs,
      this.peerOf(connection),
    )
    return keeps ? connection : undefined
  }

  private note(status: string, latencyMs: number, peer: string): void {
    const { now } = this.cluster.sim
    const bin = this.binAt(now)
    bin.sent++
    bin.statuses.set(status, (bin.statuses.get(status) ?? 0) + 1)
    bin.latencies.push(latencyMs)
    const isGood = /^[1-4]\d\d$/.test(status)
    this.total++
    this.version++
    const name = peer.replace(/^(pod|node):/, '')
    if (name !== '') this.byPod.set(name, (this.byPod.get(name) ?? 0) + 1)
    if (!isGood) {
      this.failed++
      this.suspicious = true
    }
    const lostAt = isGood ? '' : this.lostAt
    const key = `${peer} ${lostAt}`
    const flow = this.flows.get(key) ?? { from: this.from(), to: peer, lostAt, count: 0, failed: 0 }
    flow.count++
    if (!isGood) flow.failed++
    this.flows.set(key, flow)
  }

  private from(): string {
    const { source } = this.spec
    return source.kind === 'pod'
      ? `pod:${source.namespace}/${source.name}`
      : source.kind === 'node'
        ? `node:${source.name}`
        : 'outside'
  }

  private binAt(nowMs: number): Bin {
    const timeMs = nowMs - (nowMs % BIN_MS)
    const last = this.bins.at(-1)
    if (last?.timeMs === timeMs) return last
    const bin: Bin = { timeMs, sent: 0, statuses: new Map(), latencies: [] }
    this.bins.push(bin)
    if (this.bins.length > KEPT_BINS) this.bins.shift()
    return bin
  }

  /** Remembers where packets are lost. */
  private look({ journey, reply }: TrafficStep): void {
    for (const each of [journey, reply]) {
      const { outcome, stations = [] } = each ?? {}
      if (!outcome || outcome.kind === 'delivered') continue
      const last = stations.findLast(({ kind }) => kind !== 'dropped' && kind !== 'rejected')
      const { node, pod } = outcome.place
      this.lostAt =
        last?.kind === 'wire'
          ? `link:${last.detail}`
          : pod === undefined
            ? node === ''
              ? 'outside'
              : `node:${node}`
            : `pod:${pod}`
    }
  }

  /** Who is at the other end, after all translations: 'pod:ns/name', 'node:name', or '' for the world. */
  private peerOf(connection: TcpConnection): string {
    const { ends } = connection as { readonly ends?: { readonly server: Endpoint } }
    return ends ? (endsByAddress(this.cluster).get(ends.server.address) ?? '') : ''
  }
}

const WORDS: { readonly [code: string]: string } = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network unreachable',
  ETIMEDOUT: 'timed out',
  EPERM: 'not permitted',
  EADDRNOTAVAIL: 'no free port',
  EPROTO: 'no TLS',
}

function binRow({ timeMs, sent, statuses, latencies }: Bin): LoadBin {
  const sorted = latencies.toSorted((a, b) => a - b)
  const at = (part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
  return { timeMs, sent, statuses: Object.fromEntries(statuses), p50Ms: at(0.5), p99Ms: at(0.99) }
}

const names = new WeakMap<Cluster, { revision: number; byAddress: ReadonlyMap<string, string> }>()

/** Pods and machines by address; read again when something has been written. */
function endsByAddress(cluster: Cluster): ReadonlyMap<string, string> {
  const known = names.get(cluster)
  if (known?.revision === cluster.etcd.revision) return known.byAddress
  const byAddress = new Map<string, string>()
  for (const { value } of cluster.etcd.range('pods')) {
    const { metadata, spec, status } = value as Pod
    const isGone = status?.phase === 'Succeeded' || status?.phase === 'Failed'
    if (status?.podIP && !spec?.hostNetwork && !isGone) byAddress.set(status.podIP, `pod:${metadata.namespace}/${metadata.name}`)
  }
  for (const { name, spec } of cluster.machines()) byAddress.set(spec.address, `node:${name}`)
  names.set(cluster, { revision: cluster.etcd.revision, byAddress })
  return byAddress
}
