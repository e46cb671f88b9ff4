import { deskOf } from '../network/desk.ts'
import type { FeedData } from '../protocol.ts'
import type { Feed, FeedContext } from './feed.ts'

/** What was recorded of a packet that was sent. */
export class PacketFeed implements Feed {
  private readonly context: FeedContext
  private readonly id: number
  private version = -1

  constructor(context: FeedContext, id: number) {
    this.context = context
    this.id = id
  }

  flush(): readonly FeedData[] {
    const recorder = deskOf(this.context.cluster).story(this.id)
    const version = recorder?.version ?? 0
    if (version === this.version) return []
    this.version = version
    return [{ feed: 'packet', packet: recorder?.story ?? null }]
  }

  stop(): void {}
}
