import type { KubeObject } from '../../apimachinery/resource.ts'
import type { ApiRequest, WatchEvent } from '../../apiserver/api.ts'
import type { ApiObserver, Outcome } from '../../apiserver/observer.ts'
import { bucketOf } from '../../apiserver/resources.ts'
import type { ControllerLoop, Turn } from '../../client/controller.ts'
import type { Cluster } from '../../cluster/cluster.ts'
import { PANEL } from '../../cluster/identities.ts'
import type { Change } from '../../etcd/etcd.ts'
import { ObjectNames } from './names.ts'
import { newestEntries, type FlowRow, type TraceEntry } from './protocol.ts'
import { loopBucket, stationOf } from './stations.ts'

/** Entries that are kept; a quarter goes when there are more. */
const MAX_ENTRIES = 20_000
/** Writes that history lends a trace at its start. */
const SEED = 500

type Flow = { -readonly [K in keyof FlowRow]: FlowRow[K] }
type Facts = Omit<TraceEntry, 'id'>

/**
 * What goes on in a control plane, as long as somebody wants to know: requests, watch events on arrival, turns of
 * controllers. It hooks itself into the API server and the loops with its first reader and leaves with the last one.
 */
export class TraceRecorder implements ApiObserver {
  private readonly cluster: Cluster
  private readonly names: ObjectNames
  private readers = 0
  private kept: TraceEntry[] = []
  private nextId = 1
  private flows = new Map<string, Flow>()
  private endWatch: (() => void) | null = null
  /** Writes up to here are told of. */
  private toldRevision = 0
  /** The first revision that was observed; what was written before is known from history only. */
  firstRevision = 0

  constructor(cluster: Cluster) {
    this.cluster = cluster
    this.names = new ObjectNames(cluster.api)
  }

  /** Begins to record, if nobody did. Gives the function that leaves. */
  join(): () => void {
    if (this.readers++ === 0) this.attach()
    let joined = true
    return () => {
      if (!joined) return
      joined = false
      if (--this.readers === 0) this.detach()
    }
  }

  /** Everything that is kept, oldest first. */
  entries(): readonly TraceEntry[] {
    return this.kept
  }

  /** The id that the next entry gets. */
  get next(): number {
    return this.nextId
  }

  /** Entries with ids from `id` on. */
  since(id: number): readonly TraceEntry[] {
    let first = this.kept.length
    while (first > 0 && (this.kept[first - 1]?.id ?? 0) >= id) first--
    return this.kept.slice(first)
  }

  /** What each station did since the last call. */
  takeFlows(): readonly FlowRow[] {
    if (this.flows.size === 0) return []
    const rows = [...this.flows.values()]
    this.flows = new Map()
    return rows
  }

  answered(request: ApiRequest, { code, message, revisionBefore, revisionAfter }: Outcome): void {
    if (request.user === PANEL) return
    const { sim, etcd } = this.cluster
    const writes = revisionAfter - revisionBefore
    this.toldRevision = revisionAfter
    const own = writes > 0 ? this.ownChange(request, revisionBefore) : undefined
    const station = stationOf(request.user.name)
    const travel = request.travel
    this.add({
      type: 'request',
      timeMs: sim.now,
      station,
      user: request.user.name,
      verb: request.verb,
      object: this.names.of(
        request.group,
        request.version,
        request.resource,
        request.namespace ?? '',
        request.name ?? own?.value.metadata.name ?? nameIn(request.body),
      ),
      subresource: request.subresource ?? '',
      code,
      message,
      startMs: travel?.sentMs ?? sim.now,
      heldMs: travel ? Math.max(0, sim.now - travel.sentMs - travel.transitMs) : 0,
      transitMs: travel?.transitMs ?? 0,
      writeMs: travel && isWrite(request.verb) ? travel.writeMs : 0,
      revision: own?.revision ?? (writes > 0 ? etcd.revision : 0),
      writes,
      cause: sim.cause,
    })
    const flow = this.flow(station)
    flow.requests++
    flow.writes += writes
    if (code >= 400) flow.refusals++
  }

  delivered(watcher: ApiRequest, events: readonly WatchEvent[]): void {
    if (watcher.user === PANEL) return
    const { sim, etcd } = this.cluster
    const station = stationOf(watcher.user.name)
    for (const { type, object, revision } of events) {
      if (type === 'BOOKMARK' || type === 'ERROR') continue
      const { namespace = '', name = '' } = object.metadata
      this.add({
        ...NOTHING,
        type: 'event',
        timeMs: sim.now,
        station,
        user: watcher.user.name,
        verb: type,
        object: this.names.of(watcher.group, watcher.version, watcher.resource, namespace, name),
        startMs: Math.min(sim.now, etcd.changeAt(revision)?.timeMs ?? sim.now),
        revision,
        cause: { trigger: 'watch', revision },
      })
      this.flow(station).events++
    }
  }

  private attach(): void {
    const { cluster } = this
    this.firstRevision = this.toldRevision = cluster.etcd.revision
    const history = cluster.etcd.history()
    let first = history.length
    for (let wanted = SEED; first > 0 && wanted > 0; first--) if (history[first - 1]?.bucket !== 'events') wanted--
    const seed = history.slice(first).map((change, i): TraceEntry => ({ id: i + 1, ...this.fromChange(change) }))
    this.nextId = seed.length + 1
    this.kept = newestEntries(seed, MAX_ENTRIES / 2)
    this.flows.clear()
    if (cluster.past) return
    cluster.api.observer = this
    for (const { name, loops } of cluster.controllers.controllers)
      for (const loop of loops) loop.observer = (turn) => this.turned(`controller:${name}`, loop, turn)
    this.endWatch = cluster.etcd.watchAll((change) => this.written(change))
  }

  private detach(): void {
    const { cluster } = this
    this.kept = []
    this.flows.clear()
    this.endWatch?.()
    this.endWatch = null
    if (cluster.api.observer === this) cluster.api.observer = null
    if (!cluster.past) for (const { loops } of cluster.controllers.controllers) for (const loop of loops) loop.observer = null
  }

  /** A write that no request made: by a controller inside the API server, or of a lease that is renewed no more. */
  private written(change: Change): void {
    if (this.cluster.api.busy) return
    this.toldRevision = change.revision
    this.add(this.fromChange(change))
    this.flow(stationOf(change.actor)).writes++
  }

  private turned(station: string, loop: ControllerLoop, { key, startMs, cause, error }: Turn): void {
    const slash = key.indexOf('/')
    const object = this.names.ofBucket(loopBucket(loop.name), slash < 0 ? '' : key.slice(0, slash), key.slice(slash + 1))
    this.add({
      ...NOTHING,
      type: 'turn',
      timeMs: this.cluster.sim.now,
      station,
      user: '',
      verb: loop.name,
      object,
      message: error,
      startMs,
      cause,
    })
    this.flow(station)
  }

  /** The change that a request is about; requests may write others beside it. */
  private ownChange({ group, resource, name }: ApiRequest, revisionBefore: number): Change | undefined {
    const bucket = bucketOf(group, resource)
    const changes = this.cluster.etcd.changesSince(revisionBefore)
    const matches = changes.filter((change) => change.bucket === bucket && (!name || change.value.metadata.name === name))
    return matches.at(-1) ?? changes.at(-1)
  }

  fromChange(change: Change): Facts {
    return {
      ...NOTHING,
      type: 'write',
      timeMs: change.timeMs,
      station: stationOf(change.actor),
      user: change.actor,
      verb: writeVerb(change),
      object: this.names.ofChange(change),
      startMs: change.timeMs,
      revision: change.revision,
      writes: 1,
      cause: change.cause,
    }
  }

  private add(facts: Facts): void {
    this.kept.push({ id: this.nextId++, ...facts })
    if (this.kept.length > MAX_ENTRIES) this.kept = newestEntries(this.kept, (MAX_ENTRIES * 3) / 4)
  }

  private flow(station: string): Flow {
    let flow = this.flows.get(station)
    if (!flow) this.flows.set(station, (flow = { station, requests: 0, writes: 0, refusals: 0, events: 0 }))
    return flow
  }
}

/** 'create', 'update' or 'delete': what a write in history was. */
export function writeVerb({
  type,
  previous,
}: {
  readonly type: Change['type']
  readonly previous: KubeObject | undefined
}): string {
  if (type === 'delete') return 'delete'
  return previous ? 'update' : 'create'
}

function isWrite(verb: string): boolean {
  return verb !== 'get' && verb !== 'list' && verb !== 'watch'
}

/** What a creation wanted to be called. */
function nameIn(body: unknown): string {
  return (body as Partial<KubeObject> | undefined)?.metadata?.name ?? ''
}

const NOTHING = {
  subresource: '',
  code: 0,
  message: '',
  heldMs: 0,
  transitMs: 0,
  writeMs: 0,
  revision: 0,
  writes: 0,
  cause: null,
}

const recorders = new WeakMap<Cluster, TraceRecorder>()

/** The cluster's recorder; all readers share it. */
export function recorderOf(cluster: Cluster): TraceRecorder {
  let recorder = recorders.get(cluster)
  if (!recorder) recorders.set(cluster, (recorder = new TraceRecorder(cluster)))
  return recorder
}
