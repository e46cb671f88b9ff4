import type { Journey as WalkedJourney } from '../../network/trace.ts'
import type { Journey, PacketKind, PacketQuestion, PacketStep, PacketStory, StoryResult } from './protocol.ts'

/** What the sockets tell: one thing that was sent, and what came back. */
export interface Told {
  readonly what: string
  readonly result: string
  readonly journey: WalkedJourney
  readonly reply?: WalkedJourney
}

/** Writes a story down while it happens. */
export class StoryRecorder {
  readonly id: number
  /** Goes up with every change. */
  version = 0
  private readonly question: PacketQuestion
  private readonly startMs: number
  private readonly command: string
  private readonly now: () => number
  private steps: readonly PacketStep[] = []
  private result: StoryResult | null = null
  private endUs = 0
  private exchanges = 0
  /** Of the conversations that packets belong to, by their addresses and ports. */
  private readonly conversations = new Map<string, number>()
  private readonly sent = new Map<string, number>()

  constructor(id: number, question: PacketQuestion, command: string, now: () => number) {
    this.id = id
    this.question = question
    this.command = command
    this.now = now
    this.startMs = now()
  }

  get done(): boolean {
    return this.result !== null
  }

  get story(): PacketStory {
    const { id, question, startMs, command, steps, result } = this
    return { id, question, startMs, command, steps, result, tookUs: Math.max(this.endUs, this.result ? 0 : this.sinceUs()) }
  }

  /** Notes what was told at the moment at which its last packet arrived. */
  tell({ what, result, journey, reply }: Told): void {
    const took = journey.tookUs + (reply?.tookUs ?? 0)
    const atUs = Math.max(this.endUs, this.sinceUs() - took)
    const exchange = this.conversation(journey)
    const kind = kindOf(what, journey)
    const isDns = kind === 'dns-query'
    // A question that is asked again comes from another port.
    const key = isDns ? what : `${exchange} ${what}`
    const retry = this.sent.get(key) ?? 0
    this.sent.set(key, retry + 1)
    const there: PacketStep = {
      kind,
      direction: 'there',
      atUs,
      exchange,
      retry,
      summary: summaryOf(kind, what),
      journey: plain(journey),
    }
    const added = [there]
    if (reply) {
      const back = answerKind(kind, result)
      const summary = back === 'reset' || back === 'syn-ack' ? '' : result
      added.push({
        kind: back,
        direction: 'back',
        atUs: Math.max(atUs + journey.tookUs, this.sinceUs() - reply.tookUs),
        exchange,
        retry,
        summary,
        journey: plain(reply),
      })
    }
    this.steps = [...this.steps, ...added]
    const last = added.at(-1) ?? there
    this.endUs = Math.max(this.endUs, last.atUs + last.journey.tookUs)
    this.version++
  }

  finish(result: StoryResult): void {
    this.result = result
    this.endUs = Math.max(this.endUs, this.sinceUs())
    this.version++
  }

  /** 'namespace/name' of the pod, or the machine, that the newest packet but DNS questions came to. */
  get peer(): string {
    const last = this.steps.findLast(({ direction, kind, journey }) => {
      return direction === 'there' && kind !== 'dns-query' && journey.outcome.kind === 'delivered'
    })
    return last ? (last.journey.outcome.place.pod ?? last.journey.outcome.place.node) : ''
  }

  private sinceUs(): number {
    return (this.now() - this.startMs) * 1000
  }

  private conversation({ sent }: Journey): number {
    const key = `${sent.protocol} ${sent.source} ${sent.sourcePort} ${sent.destination} ${sent.destinationPort}`
    const known = this.conversations.get(key)
    if (known !== undefined) return known
    this.conversations.set(key, this.exchanges)
    return this.exchanges++
  }
}

/** Without the namespace at its end, which can't be sent to the page. */
function plain({ stations, outcome, tookUs, sent, arrived }: WalkedJourney): Journey {
  const omitted = stations.length - MOST_STATIONS
  if (omitted <= 0) return { stations, outcome, tookUs, sent, arrived }
  const kept = [...stations.slice(0, MOST_STATIONS - LAST_STATIONS), ...stations.slice(-LAST_STATIONS)]
  return { stations: kept, outcome, tookUs, sent, arrived, omitted }
}

/** More than the longest way that is no circle; and how many of them are the last ones. */
const MOST_STATIONS = 44
const LAST_STATIONS = 6

function kindOf(what: string, { sent }: Journey): PacketKind {
  if (sent.protocol === 'icmp' || sent.protocol === 'icmpv6') return 'echo'
  if (sent.protocol === 'udp') return /^[A-Z]+\? /.test(what) ? 'dns-query' : 'datagram'
  return sent.flags === 'S' ? 'syn' : 'request'
}

function answerKind(kind: PacketKind, result: string): PacketKind {
  switch (kind) {
    case 'dns-query':
      return 'dns-answer'
    case 'syn':
      return 'syn-ack'
    case 'echo':
      return 'echo-reply'
    case 'datagram':
      return 'answer'
    default:
      return result === 'reset' ? 'reset' : 'response'
  }
}

function summaryOf(kind: PacketKind, what: string): string {
  return kind === 'syn' || kind === 'echo' ? '' : what
}
