import { TRACE_SHOWN, type ControlPlaneDelta, type TraceEntry } from '../control-plane/protocol.ts'
import { recorderOf, type TraceRecorder } from '../control-plane/recorder.ts'
import { etcdRow, queueRows, stationRows } from '../control-plane/stations.ts'
import type { FeedData } from '../protocol.ts'
import type { Feed, FeedContext } from './feed.ts'

/** Entries of one message, at most: nobody can read more of a frame. */
const MAX_ENTRIES = 300

/** Stations, queues and everything that happens between them. The recorder works only while such a feed runs. */
export class ControlPlaneFeed implements Feed {
  private readonly cluster: FeedContext['cluster']
  private readonly recorder: TraceRecorder
  private readonly leave: () => void
  private sent = 0
  private revision = -1
  private stations = ''
  private queues = ''
  private etcd = ''

  constructor({ cluster }: FeedContext) {
    this.cluster = cluster
    this.recorder = recorderOf(cluster)
    this.leave = this.recorder.join()
  }

  flush(): readonly FeedData[] {
    const { cluster, recorder } = this
    const reset = this.sent === 0
    const fresh = reset ? recorder.entries() : recorder.since(this.sent)
    const { rows, moreKubelets } = stationRows(cluster)
    const queues = queueRows(cluster)
    const etcd = etcdRow(cluster)
    const [stationText, queueText, etcdText] = [JSON.stringify(rows), JSON.stringify(queues), JSON.stringify(etcd)]
    const { revision } = cluster.etcd
    const changed =
      reset ||
      recorder.next !== this.sent ||
      revision !== this.revision ||
      stationText !== this.stations ||
      queueText !== this.queues ||
      etcdText !== this.etcd
    if (!changed) return []
    const entries: readonly TraceEntry[] = fresh.slice(reset ? -TRACE_SHOWN : -MAX_ENTRIES)
    const controlPlane: ControlPlaneDelta = {
      reset,
      ...(stationText === this.stations ? {} : { stations: rows }),
      ...(queueText === this.queues ? {} : { queues }),
      ...(etcdText === this.etcd ? {} : { etcd }),
      moreKubelets,
      revision,
      entries,
      skipped: reset ? 0 : recorder.next - this.sent - entries.length,
      flows: recorder.takeFlows(),
      past: cluster.past,
    }
    this.sent = recorder.next
    this.revision = revision
    this.stations = stationText
    this.queues = queueText
    this.etcd = etcdText
    return [{ feed: 'controlplane', controlPlane }]
  }

  stop(): void {
    this.leave()
  }
}
