import type { Cluster } from '../../cluster/cluster.ts'
import type { ModeComparison, ModeQuestion, NetworkAction, NodeOutput, PacketQuestion, RuleTables } from './protocol.ts'
import { commandFor, sendPacket } from './sender.ts'
import { openSockets } from './sockets.ts'
import { StoryRecorder } from './story.ts'
import { parseTarget } from './target.ts'

/** Stories that are kept. */
const KEPT = 30

export interface ActionResult {
  readonly ok: boolean
  readonly message: string
}

/** What the view has a hand in, in one cluster: packets that were sent, faults, load, commands on nodes. */
export class NetworkDesk {
  private readonly cluster: Cluster
  private readonly stories = new Map<number, StoryRecorder>()
  private lastId = 0
  /** Of the newest 'command'. */
  output: NodeOutput = { stdout: '', stderr: '', exitCode: 0 }

  constructor(cluster: Cluster) {
    this.cluster = cluster
  }

  get nextId(): number {
    return this.lastId + 1
  }

  story(id: number): StoryRecorder | undefined {
    return this.stories.get(id)
  }

  act(action: NetworkAction): ActionResult {
    const { links } = this.cluster.network.fabric
    switch (action.act) {
      case 'send':
        return this.send(action.id, action.question)
      case 'link': {
        const { cut, delayMs, lossPercent } = action.fault
        links.set(action.a, action.b, { cut, extraUs: delayMs * 1000, lossPercent })
        return DONE
      }
      case 'partition':
        links.partition(action.groups)
        return DONE
      case 'heal':
        links.heal()
        return DONE
      default:
        return { ok: false, message: `${action.act} is not possible yet` }
    }
  }

  ruleTables(_node: string): RuleTables | null {
    return null
  }

  *compareModes({ connections }: ModeQuestion): Generator<void, ModeComparison> {
    return { growth: [], service: '', connections, traffic: [] }
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
