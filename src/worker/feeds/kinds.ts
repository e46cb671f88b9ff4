import type { FeedData, KindCount } from '../protocol.ts'
import type { Feed, FeedContext } from './feed.ts'

/** How many objects of each listable kind there are. */
export class KindsFeed implements Feed {
  private readonly context: FeedContext
  private readonly end: () => void
  private dirty = true
  private last = ''

  constructor(context: FeedContext) {
    this.context = context
    this.end = context.cluster.etcd.watchAll((change) => {
      if (change.type === 'delete' || change.previous === undefined) this.dirty = true
    })
  }

  flush(): readonly FeedData[] {
    if (!this.dirty) return []
    this.dirty = false
    const { api, etcd } = this.context.cluster
    const kinds: KindCount[] = []
    const seen = new Set<string>()
    for (const info of api.resources.all()) {
      if (!info.verbs.includes('list') || info.computed || seen.has(info.bucket)) continue
      if (info.resource === 'horizontalpodautoscalers' && info.version === 'v1') continue
      seen.add(info.bucket)
      const { group, version, resource, kind, namespaced, strategy } = info
      kinds.push({
        group,
        version,
        resource,
        kind,
        namespaced,
        shortNames: strategy.shortNames ?? [],
        count: etcd.count(info.bucket),
      })
    }
    const text = JSON.stringify(kinds)
    if (text === this.last) return []
    this.last = text
    return [{ feed: 'kinds', kinds }]
  }

  stop(): void {
    this.end()
  }
}
