import type { Pod } from '../../apimachinery/generated/types.ts'
import { keyOf, type KubeObject } from '../../apimachinery/resource.ts'
import type { TableColumnDefinition } from '../../apiserver/kinds/strategy.ts'
import type { ResourceInfo } from '../../apiserver/resources.ts'
import type { FeedData, TableRow } from '../protocol.ts'
import { KeyedChanges } from './changes.ts'
import type { Feed, FeedContext } from './feed.ts'
import { PodViewer } from './pod-view.ts'

/** Above this many rows ages are only renewed with the row. */
const AGING_ROWS = 2000
/** Wall-clock pace of renewed ages is the caller's frame; simulated pace at most once a second. */
const AGING_MS = 1000

/** Rows of one kind as the API server prints them (kubectl get). */
export class TableFeed implements Feed {
  private readonly context: FeedContext
  private readonly changes: KeyedChanges<KubeObject>
  private readonly columns: readonly TableColumnDefinition<KubeObject>[]
  private readonly pods: PodViewer | null
  private readonly info: ResourceInfo
  private readonly sent = new Map<string, { readonly object: KubeObject; readonly text: string }>()
  private agedMs = 0

  constructor(context: FeedContext, info: ResourceInfo, namespace = '') {
    this.context = context
    this.info = info
    this.columns = info.strategy.columns ?? DEFAULT_COLUMNS
    this.pods = info.bucket === 'pods' ? new PodViewer(context.cluster.api) : null
    this.changes = new KeyedChanges(
      context.informers.for(info),
      (object) => namespace === '' || object.metadata.namespace === namespace,
    )
  }

  flush(): readonly FeedData[] {
    const taken = this.changes.take()
    const rows: TableRow[] = []
    const removed: string[] = []
    for (const object of taken?.removed ?? []) {
      const key = keyOf(object)
      if (this.sent.get(key)?.object.metadata.uid !== object.metadata.uid) continue
      this.sent.delete(key)
      removed.push(key)
    }
    for (const object of taken?.upserts ?? []) this.offer(object, rows)
    if (taken?.reset) this.agedMs = this.context.cluster.sim.now
    this.age(rows)
    if (!taken?.reset && rows.length + removed.length === 0) return []
    const columns = taken?.reset
      ? this.columns.map(({ name, type, description, priority }) => ({ name, type, description, priority }))
      : []
    return [{ feed: 'table', table: { reset: taken?.reset ?? false, columns, rows, removed } }]
  }

  stop(): void {
    this.changes.stop()
    this.sent.clear()
  }

  private age(rows: TableRow[]): void {
    const { now } = this.context.cluster.sim
    if (now - this.agedMs < AGING_MS || this.sent.size > AGING_ROWS) return
    this.agedMs = now
    for (const { object } of this.sent.values()) this.offer(object, rows)
  }

  private offer(object: KubeObject, rows: TableRow[]): void {
    const { now } = this.context.cluster.sim
    const cells = this.columns.map((column) => column.cell(object, now))
    const state = this.pods?.view(object as Pod).state
    const text = `${JSON.stringify(cells)}${state ?? ''}`
    const key = keyOf(object)
    const known = this.sent.get(key)
    this.sent.set(key, { object, text })
    if (known?.text === text && known.object.metadata.uid === object.metadata.uid) return
    const { namespace = '', name = '', uid = '' } = object.metadata
    rows.push({ key, namespace, name, uid, cells, ...(state === undefined ? {} : { state }) })
  }
}

const DEFAULT_COLUMNS: readonly TableColumnDefinition<KubeObject>[] = [
  { name: 'Name', type: 'string', format: 'name', priority: 0, description: '', cell: (object) => object.metadata.name ?? '' },
  { name: 'Created At', type: 'date', priority: 0, description: '', cell: (object) => object.metadata.creationTimestamp ?? '' },
]
