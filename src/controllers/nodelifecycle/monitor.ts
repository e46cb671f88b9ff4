import { StatusError } from '../../apimachinery/errors.ts'
import { nodes as nodesRef } from '../../apimachinery/generated/resources.ts'
import type { Lease, Node, Pod } from '../../apimachinery/generated/types.ts'
import { keyOf } from '../../apimachinery/resource.ts'
import type { Client } from '../../client/client.ts'
import type { Informer } from '../../client/informer.ts'
import type { EventRecorder } from '../../client/recorder.ts'
import type { Simulation, Timer } from '../../sim/simulation.ts'
import { all, type Task } from '../../sim/task.ts'
import { parseTime } from '../../sim/time.ts'
import { hasTaint, nodeCondition, podsOnNode, swapTaints } from '../shared/nodes.ts'
import { ZoneEvictor } from './evictor.ts'
import { expiryMs, observe, silentConditions, type NodeHealth } from './health.ts'
import { markPodsNotReady } from './not-ready.ts'
import { NOT_READY, noExecuteFor, UNREACHABLE } from './taints.ts'
import { planDisruption, zoneOf, type ZoneState } from './zones.ts'

const PERIOD_MS = 5000
const LEASE_NAMESPACE = 'kube-node-lease'
const WORKERS = 8

interface MonitorParts {
  readonly sim: Simulation
  readonly client: Client
  readonly recorder: EventRecorder
  readonly nodes: Informer<Node>
  readonly pods: Informer<Pod>
  readonly leases: Informer<Lease>
}

/**
 * Looks at all nodes every five seconds; here only at those ticks at which something may have changed or come to its
 * end. k8s 1.36: nodelifecycle monitorNodeHealth.
 */
export class NodeMonitor {
  private readonly parts: MonitorParts
  private startMs = 0
  private running = false
  private busy = false
  private timer: { readonly timer: Timer; readonly atMs: number } | null = null
  private readonly known = new Map<string, Node>()
  private readonly health = new Map<string, NodeHealth>()
  private readonly evictors = new Map<string, ZoneEvictor>()
  /** Renewals of leases whose holder has fallen silent, by node. */
  private readonly lastRenewals = new Map<string, number>()
  /** Nodes whose pods could not all be marked. */
  private readonly retry = new Set<string>()
  private zones: ReadonlyMap<string, ZoneState> = new Map()

  constructor(parts: MonitorParts) {
    this.parts = parts
  }

  start(): void {
    this.startMs = this.parts.sim.now
    this.running = true
    this.plan(this.parts.sim.now)
  }

  stop(): void {
    this.running = false
    this.timer?.timer.cancel()
    this.timer = null
    for (const evictor of this.evictors.values()) evictor.stop()
    this.evictors.clear()
    this.known.clear()
    this.health.clear()
    this.zones = new Map()
  }

  /** Something has changed: look at the next tick. */
  wake(): void {
    this.plan(this.parts.sim.now + 1)
  }

  leaseChanged(lease: Lease): void {
    if (!this.parts.client.heartbeats.isLive(keyOf(lease))) this.wake()
  }

  /** Whether the monitor has looked at the node. */
  knows(node: Node): boolean {
    return this.health.has(node.metadata.name ?? '')
  }

  /** Sets the timer to the first tick at or after that time, unless an earlier one is set. */
  private plan(timeMs: number): void {
    if (!this.running) return
    const ticks = Math.ceil(Math.max(0, timeMs - this.startMs) / PERIOD_MS)
    const atMs = this.startMs + ticks * PERIOD_MS
    if (this.timer && this.timer.atMs <= atMs) return
    this.timer?.timer.cancel()
    const timer = this.parts.sim.scheduleAt(atMs, () => {
      this.timer = null
      if (this.busy) return this.wake()
      this.busy = true
      this.parts.sim.spawn(this.look(), () => {
        this.busy = false
      })
    })
    this.timer = { timer, atMs }
  }

  private *look(): Task {
    const { sim } = this.parts
    const list = [...this.parts.nodes.list()]
    yield* this.noteArrivals(list)
    const tasks = list.flatMap((node) => this.examine(node))
    for (let i = 0; i < tasks.length; i += WORKERS) yield* all(tasks.slice(i, i + WORKERS))
    if (!this.running) return
    yield* this.handleDisruption(list)
    let next = Infinity
    for (const { metadata } of list) {
      const name = metadata.name ?? ''
      const health = this.health.get(name)
      if (health && !this.isAlive(name) && health.ready?.status !== 'Unknown') next = Math.min(next, expiryMs(health))
    }
    if (next < Infinity) this.plan(Math.max(next, sim.now + 1))
  }

  private *noteArrivals(list: readonly Node[]): Task {
    const { recorder } = this.parts
    const record = (node: Node, reason: string, text: string) => {
      const { name = '', uid } = node.metadata
      const about = { apiVersion: 'v1', kind: 'Node', name, uid }
      recorder.record(about, 'Normal', reason, `Node ${name} event: ${text}`)
    }
    const present = new Set(list.map((node) => node.metadata.name ?? ''))
    for (const node of list) {
      const name = node.metadata.name ?? ''
      if (this.known.has(name)) continue
      this.known.set(name, node)
      record(node, 'RegisteredNode', `Registered Node ${name} in Controller`)
      yield* this.tryMarkReachable(node)
    }
    for (const [name, node] of this.known) {
      if (present.has(name)) continue
      this.known.delete(name)
      record(node, 'RemovingNode', `Removing Node ${name} from Controller`)
    }
  }

  /** Whether somebody renews the node's lease now. */
  private isAlive(name: string): boolean {
    return this.parts.client.heartbeats.isLive(`${LEASE_NAMESPACE}/${name}`)
  }

  private renewMs(name: string): number | undefined {
    const key = `${LEASE_NAMESPACE}/${name}`
    const live = this.parts.client.heartbeats.renewMs(key)
    if (live !== undefined) return live
    const text = this.parts.leases.getByKey(key)?.spec?.renewTime
    return text === undefined ? undefined : parseTime(text)
  }

  /** Takes note of a node's state; gives what there is to do about it. */
  private examine(node: Node): Task[] {
    const { sim } = this.parts
    const name = node.metadata.name ?? ''
    let health = observe(this.health.get(name), node, this.renewMs(name), sim.now)
    if (!this.isAlive(name)) health = this.sinceLastRenewal(name, health)
    this.health.set(name, health)
    const silent = sim.now >= expiryMs(health) && !this.isAlive(name) ? silentConditions(node, sim.now) : null
    const status = nodeCondition(node, 'Ready')?.status
    const settled = status === 'True' ? !hasTaint(node, NOT_READY) && !hasTaint(node, UNREACHABLE) : status === undefined
    if (!silent && settled && !this.retry.has(name)) return []
    return [this.act(node, silent)]
  }

  /** A renewal counts from the tick that noticed it, also if nobody looked then. */
  private sinceLastRenewal(name: string, health: NodeHealth): NodeHealth {
    const { renewMs } = health
    if (renewMs === -Infinity || this.lastRenewals.get(name) === renewMs) return health
    this.lastRenewals.set(name, renewMs)
    const noticed = this.startMs + Math.ceil((renewMs - this.startMs) / PERIOD_MS) * PERIOD_MS
    return noticed < health.probeMs ? { ...health, probeMs: noticed } : health
  }

  private *act(node: Node, silent: ReturnType<typeof silentConditions>): Task {
    const { client, recorder, pods } = this.parts
    const name = node.metadata.name ?? ''
    let current = node
    try {
      if (silent) {
        current = yield* client.updateStatus(nodesRef, { ...node, status: { ...node.status, conditions: silent } })
        const health = this.health.get(name)
        if (health) this.health.set(name, { ...health, ready: nodeCondition(current, 'Ready') })
      }
      const now = nodeCondition(current, 'Ready')
      if (!now) return
      yield* this.taintForEviction(current, now.status)
      const wasReady = nodeCondition(node, 'Ready')?.status === 'True'
      if (now.status === 'True' || !(wasReady || this.retry.has(name))) return void this.retry.delete(name)
      const { uid } = node.metadata
      if (wasReady)
        recorder.record(
          { apiVersion: 'v1', kind: 'Node', name, uid },
          'Normal',
          'NodeNotReady',
          `Node ${name} status is now: NodeNotReady`,
        )
      this.retry.delete(name)
      yield* markPodsNotReady(client, recorder, podsOnNode(pods, name))
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      this.retry.add(name)
      this.wake()
    }
  }

  /** k8s 1.36: nodelifecycle processTaintBaseEviction. */
  private *taintForEviction(node: Node, status: string): Task {
    const taints = noExecuteFor(status)
    if (!taints) return yield* this.markReachable(node)
    if (hasTaint(node, taints.remove)) return yield* swapTaints(this.parts.client, node, [taints.add], [taints.remove])
    const evictor = this.evictorOf(node)
    const name = node.metadata.name ?? ''
    if (hasTaint(node, taints.add)) return
    evictor.remove(name)
    evictor.add(name)
  }

  private *markReachable(node: Node): Task {
    const { client } = this.parts
    yield* swapTaints(
      client,
      node,
      [],
      [UNREACHABLE].filter((taint) => hasTaint(node, taint)),
    )
    yield* swapTaints(
      client,
      node,
      [],
      [NOT_READY].filter((taint) => hasTaint(node, taint)),
    )
    this.evictorOf(node).remove(node.metadata.name ?? '')
  }

  private evictorOf(node: Node): ZoneEvictor {
    const zone = zoneOf(node)
    let evictor = this.evictors.get(zone)
    if (!evictor) this.evictors.set(zone, (evictor = new ZoneEvictor(this.parts.sim, (name, done) => this.evict(name, done))))
    return evictor
  }

  /** k8s 1.36: nodelifecycle doNoExecuteTaintingPass. */
  private evict(name: string, done: (ok: boolean) => void): void {
    const { sim, client, nodes } = this.parts
    const node = nodes.get('', name)
    const taints = node && noExecuteFor(nodeCondition(node, 'Ready')?.status)
    if (!node) return done(true)
    if (!taints) return done(nodeCondition(node, 'Ready') !== undefined && !this.isPending(name))
    sim.spawn(
      swapTaints(client, node, [taints.add], [taints.remove]),
      () => done(true),
      (error) => {
        if (!(error instanceof StatusError)) throw error
        done(false)
      },
    )
  }

  /** Whether the monitor has written Unknown and the cache does not show it yet. */
  private isPending(name: string): boolean {
    const node = this.parts.nodes.get('', name)
    const written = this.health.get(name)?.ready?.status
    return node !== undefined && written !== undefined && written !== nodeCondition(node, 'Ready')?.status
  }

  private *handleDisruption(list: readonly Node[]): Task {
    const counts = new Map<string, { ready: number; other: number }>()
    for (const node of list) {
      if (node.metadata.labels?.['node.kubernetes.io/exclude-disruption'] !== undefined) continue
      const zone = zoneOf(node)
      let count = counts.get(zone)
      if (!count) counts.set(zone, (count = { ready: 0, other: 0 }))
      if (this.health.get(node.metadata.name ?? '')?.ready?.status === 'True') count.ready++
      else count.other++
    }
    const plan = planDisruption(this.zones, counts)
    this.zones = plan.states
    for (const [zone, qps] of plan.rates) this.evictors.get(zone)?.setRate(qps)
    if (plan.leavesFull)
      for (const [name, health] of this.health) this.health.set(name, { ...health, probeMs: this.parts.sim.now })
    if (!plan.entersFull) return
    for (const node of list) yield* this.tryMarkReachable(this.parts.nodes.get('', node.metadata.name ?? '') ?? node)
  }

  /** Taints that can't be removed now go at the next look. */
  private *tryMarkReachable(node: Node): Task {
    try {
      yield* this.markReachable(node)
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
    }
  }
}
