import type { Cluster } from '../../cluster/cluster.ts'
import { switchPlugin } from '../../cluster/network/plugin-switch.ts'
import type { CommandOutput } from '../../network/commands/command.ts'
import type { FeedContext } from '../feeds/feed.ts'
import { LoadGenerator, refusalOf } from './load.ts'
import type { LoadSpec, NetworkAction, NodeOutput, PacketQuestion, RuleTables } from './protocol.ts'
import { ruleTables } from './rule-tables.ts'
import { commandFor, sendPacket } from './sender.ts'
import { openSockets } from './sockets.ts'
import { StoryRecorder } from './story.ts'
import { parseTarget } from './target.ts'

/** Stories that are kept. */
const KEPT = 30
const MOST_LOADS = 8

export interface ActionResult {
  readonly ok: boolean
  readonly message: string
}

/** What the view has a hand in, in one cluster: packets that were sent, faults, load, commands on nodes. */
export class NetworkDesk {
  private readonly cluster: Cluster
  private readonly stories = new Map<number, StoryRecorder>()
  private lastId = 0
  /** By id. */
  readonly loads = new Map<number, LoadGenerator>()
  private loadsVersion = 0
  /** Nodes whose table of connections was made too small. */
  private readonly full = new Set<string>()
  /** Of the newest 'command'; null while it runs. */
  private output: NodeOutput | null = null

  constructor(cluster: Cluster) {
    this.cluster = cluster
  }

  get nextId(): number {
    return this.lastId + 1
  }

  /** Differs whenever a generator has something new to tell. */
  get loadState(): string {
    return [this.loadsVersion, ...[...this.loads.values()].map(({ version }) => version)].join(' ')
  }

  story(id: number): StoryRecorder | undefined {
    return this.stories.get(id)
  }

  /** What the newest command on a node printed; null while it runs. */
  get commandOutput(): NodeOutput | null {
    return this.output
  }

  act(action: NetworkAction): ActionResult {
    const { faults, fabric } = this.cluster.network
    switch (action.act) {
      case 'send':
        return this.send(action.id, action.question)
      case 'command':
        return this.command(action.node, action.line)
      case 'link': {
        const { cut, delayMs, lossPercent } = action.fault
        fabric.links.set(action.a, action.b, { cut, extraUs: delayMs * 1000, lossPercent })
        return DONE
      }
      case 'partition':
        return faults.partition(action.groups.map((group) => group.map((name) => name || 'outside')))
      case 'mtu':
        return faults.setMtu(action.node, action.device, action.mtu)
      case 'flush':
        return faults.flushTable(action.node, action.table)
      case 'fill-conntrack':
        return this.fillConntrack(action.node)
      case 'heal':
        return this.heal()
      case 'plugin':
        return switchPlugin(this.cluster, action.to)
      case 'load-start':
        return this.startLoad(action.load)
      case 'load-stop':
        return this.stopLoad(action.id)
    }
  }

  ruleTables(context: FeedContext, node: string, service: string): RuleTables | null {
    return ruleTables(context, node, service)
  }

  private command(node: string, line: string): ActionResult {
    this.output = null
    const { network, sim } = this.cluster
    sim.spawn(network.shell(node, line), ({ stdout, stderr, exitCode }: CommandOutput) => {
      this.output = { stdout, stderr, exitCode }
    })
    return DONE
  }

  private startLoad(spec: LoadSpec): ActionResult {
    const refusal = refusalOf(spec)
    if (refusal !== '') return { ok: false, message: refusal }
    this.loads.get(spec.id)?.stop()
    const generator = new LoadGenerator(this.cluster, spec)
    this.loads.set(spec.id, generator)
    for (const [id, { running }] of this.loads) if (!running && this.loads.size > MOST_LOADS) this.loads.delete(id)
    this.loadsVersion++
    generator.start()
    return DONE
  }

  private stopLoad(id: number): ActionResult {
    const generator = this.loads.get(id)
    if (!generator) return { ok: false, message: `there is no load generator ${id}` }
    generator.stop()
    return DONE
  }

  private fillConntrack(node: string): ActionResult {
    const result = this.cluster.network.faults.fillConntrack(node)
    if (result.ok) this.full.add(node)
    return result
  }

  private heal(): ActionResult {
    const { network } = this.cluster
    for (const node of this.full) network.netnsOfNode(node)?.sysctls.delete('net.netfilter.nf_conntrack_max')
    this.full.clear()
    return network.faults.heal()
  }

  private send(id: number, question: PacketQuestion): ActionResult {
    const target = parseTarget(question)
    if (typeof target === 'string') return { ok: false, message: target }
    const { sim } = this.cluster
    const recorder = new StoryRecorder(id, question, commandFor(question.source, target, question), () => sim.now)
    const sockets = openSockets(this.cluster, question.source, (told) => recorder.tell(told))
    if (typeof sockets === 'string') return { ok: false, message: sockets }
    this.lastId = Math.max(this.lastId, id)
    this.stories.set(id, recorder)
    for (const old of this.stories.keys()) if (this.stories.size > KEPT) this.stories.delete(old)
    sim.spawn(sendPacket(sockets, target, question), (result) =>
      recorder.finish(result.kind === 'answered' ? { ...result, peer: recorder.peer } : result),
    )
    return DONE
  }
}

const DONE: ActionResult = { ok: true, message: '' }

const desks = new WeakMap<Cluster, NetworkDesk>()

/** The desk of a cluster, always the same one. */
export function deskOf(cluster: Cluster): NetworkDesk {
  let desk = desks.get(cluster)
  if (!desk) desks.set(cluster, (desk = new NetworkDesk(cluster)))
  return desk
}
