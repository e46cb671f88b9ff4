import { parseTime } from '../../sim/time.ts'
import type { CoreV1Event, OwnerReference } from '../../apimachinery/generated/types.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import type { ResourceInfo } from '../../apiserver/resources.ts'
import type { Change } from '../../etcd/etcd.ts'
import { type FeedData } from '../protocol.ts'
import {
  TIMELINE_MARKS,
  type TimelineBand,
  type TimelineLane,
  type TimelineLaneDelta,
  type TimelineMark,
} from '../timeline/protocol.ts'
import type { Feed, FeedContext } from './feed.ts'
import { LifeReader } from './life.ts'

/** Lanes beyond these are only counted. */
const MAX_LANES = 20_000
/** Stretches that one lane keeps; the oldest go first. */
const MAX_BANDS = 400
const CHUNK = 4000

type Lane = { -readonly [K in keyof TimelineLane]: TimelineLane[K] } & { bands: TimelineBand[] }

/** Lives of pods and other objects, and the Events about them: first out of the kept history, then as it is written. */
export class TimelineFeed implements Feed {
  private readonly infos = new Map<string, ResourceInfo>()
  private readonly reader: LifeReader
  private readonly lanes = new Map<string, Lane>()
  /** The youngest lane of 'Kind/namespace/name', for Events that don't tell a uid. */
  private readonly byName = new Map<string, string>()
  /** Controllers of everything seen, by uid. */
  private readonly owners = new Map<string, OwnerReference>()
  private marks: TimelineMark[] = []
  private freshMarks: TimelineMark[] = []
  /** Lanes that changed since the last flush, with the first band that did. */
  private readonly dirty = new Map<string, number>()
  private omitted = 0
  private first = true
  private readonly end: () => void

  constructor({ cluster }: FeedContext) {
    this.reader = new LifeReader(cluster.api)
    for (const info of cluster.api.resources.all()) if (!this.infos.has(info.bucket)) this.infos.set(info.bucket, info)
    for (const change of cluster.etcd.history()) this.take(change)
    this.end = cluster.etcd.watchAll((change) => this.take(change))
  }

  flush(): readonly FeedData[] {
    if (this.first) return this.snapshot()
    if (this.dirty.size === 0 && this.freshMarks.length === 0) return []
    const lanes = [...this.dirty].map(([uid, from]) => this.delta(uid, from))
    const marks = this.freshMarks
    this.dirty.clear()
    this.freshMarks = []
    return [{ feed: 'timeline', timeline: { reset: false, lanes, marks, omitted: this.omitted } }]
  }

  stop(): void {
    this.end()
  }

  private snapshot(): readonly FeedData[] {
    this.first = false
    this.dirty.clear()
    this.freshMarks = []
    const lanes = [...this.lanes.keys()].map((uid) => this.delta(uid, 0))
    const { marks, omitted } = this
    const messages: FeedData[] = [
      { feed: 'timeline', timeline: { reset: true, lanes: lanes.slice(0, CHUNK), marks: [...marks], omitted } },
    ]
    for (let i = CHUNK; i < lanes.length; i += CHUNK)
      messages.push({ feed: 'timeline', timeline: { reset: false, lanes: lanes.slice(i, i + CHUNK), marks: [], omitted } })
    return messages
  }

  private delta(uid: string, from: number): TimelineLaneDelta {
    const lane = this.lanes.get(uid) as Lane
    return { ...lane, bands: lane.bands.slice(from), from }
  }

  private take(change: Change): void {
    if (change.bucket === 'events') return this.takeEvent(change)
    const { metadata } = change.value
    const uid = metadata.uid ?? ''
    const controller = metadata.ownerReferences?.find((reference) => reference.controller)
    if (controller && !this.owners.has(uid)) this.owners.set(uid, controller)
    if (this.reader.shows(change.bucket)) this.takeLife(change, uid)
  }

  private takeLife(change: Change, uid: string): void {
    const lane = this.lanes.get(uid) ?? this.begin(change, uid)
    if (!lane) return
    if (change.type === 'delete') {
      lane.endMs = change.timeMs
      this.touch(uid, lane.bands.length)
      return
    }
    const life = this.reader.read(change.bucket, change.value)
    const restarts = life.restarts ?? 0
    if (lane.restarts !== restarts || lane.node !== life.node) {
      lane.restarts = restarts
      lane.node = life.node
      this.touch(uid, lane.bands.length)
    }
    this.addBand(lane, { fromMs: change.timeMs, state: life.state, status: life.status })
  }

  private begin(change: Change, uid: string): Lane | null {
    const info = this.infos.get(change.bucket)
    if (!info) return null
    if (this.lanes.size >= MAX_LANES) {
      if (!change.previous) this.omitted++
      return null
    }
    const { group, version, resource, kind } = info
    const { name = '', namespace = '', creationTimestamp = '' } = change.value.metadata
    // What is older than the kept history began when it says it did.
    const startMs = change.previous ? Math.min(change.timeMs, parseTime(creationTimestamp) || change.timeMs) : change.timeMs
    const owner = this.topOwner(change.value)
    const lane: Lane = {
      uid,
      group,
      version,
      resource,
      kind,
      namespace,
      name,
      owner,
      node: '',
      restarts: 0,
      startMs,
      endMs: null,
      bands: [],
    }
    this.lanes.set(uid, lane)
    this.byName.set(`${kind}/${namespace}/${name}`, uid)
    this.touch(uid, 0)
    return lane
  }

  private addBand(lane: Lane, band: TimelineBand): void {
    const { bands } = lane
    const last = bands.at(-1)
    if (last && last.state === band.state && last.status === band.status) return
    // Of several states in one instant only the last was ever to be seen.
    if (last?.fromMs === band.fromMs) bands.pop()
    const before = bands.at(-1)
    if (before && before.state === band.state && before.status === band.status) {
      this.touch(lane.uid, bands.length)
      return
    }
    bands.push(band)
    this.touch(lane.uid, bands.length - 1)
    if (bands.length <= MAX_BANDS) return
    bands.splice(0, MAX_BANDS / 4)
    this.dirty.set(lane.uid, 0)
  }

  private takeEvent({ type, value, timeMs }: Change): void {
    if (type === 'delete') return
    const event = value as CoreV1Event
    const { uid = '', kind = '', namespace = '', name = '' } = event.involvedObject
    const lane = this.lanes.has(uid) ? uid : (this.byName.get(`${kind}/${namespace}/${name}`) ?? '')
    const { reason = '', message = '' } = event
    const mark: TimelineMark = { timeMs, warning: event.type === 'Warning', reason, message, lane, kind, namespace, name }
    this.marks.push(mark)
    if (this.marks.length > TIMELINE_MARKS) this.marks.shift()
    if (!this.first) this.freshMarks.push(mark)
  }

  private touch(uid: string, from: number): void {
    if (!this.first) this.dirty.set(uid, Math.min(from, this.dirty.get(uid) ?? from))
  }

  /** The controller at the top of the chain, also when those between are gone. */
  private topOwner(object: KubeObject): string {
    let owner = object.metadata.ownerReferences?.find((reference) => reference.controller)
    for (let above = owner; above; above = this.owners.get(above.uid)) owner = above
    return owner ? `${owner.kind}/${owner.name}` : ''
  }
}
