import type { CoreV1Event } from '../../apimachinery/generated/types.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import { bucketOf } from '../../apiserver/resources.ts'
import type { Cluster } from '../../cluster/cluster.ts'
import type { Change } from '../../etcd/etcd.ts'
import { toYaml, withoutManagedFields } from '../../kubectl/manifest.ts'
import { diffObjects } from './diff.ts'
import { ObjectNames } from './names.ts'
import {
  TRACE_SHOWN,
  type CauseLink,
  type ChangeStory,
  type ObjectName,
  type Story,
  type StoryQuestion,
  type TraceEntry,
} from './protocol.ts'
import { recorderOf, writeVerb } from './recorder.ts'
import { stationOf } from './stations.ts'

/** Links of a chain of causes; what nobody follows that far is cut. */
const MAX_CHAIN = 60
const MAX_EFFECTS = 20
/** Revisions behind a write among which its effects are looked for. */
const EFFECT_WINDOW = 50_000

/** Everything known of an object: writes out of history, and what has been recorded since somebody looks. */
export function storyOf(cluster: Cluster, question: StoryQuestion): Story {
  const { etcd } = cluster
  const recorder = recorderOf(cluster)
  const recorded = recorder.entries()
  const scope = new Scope(etcd.history(), question)
  const firstRecorded = recorded.length > 0 ? recorder.firstRevision : Infinity
  const entries: TraceEntry[] = []
  for (const change of etcd.history()) {
    if (change.revision > firstRecorded) break
    if (scope.hasChange(change)) entries.push({ id: change.revision - Number.MAX_SAFE_INTEGER, ...recorder.fromChange(change) })
  }
  for (const entry of recorded)
    if (entry.type !== 'write' || entry.revision > firstRecorded) if (scope.hasEntry(entry)) entries.push(entry)
  return { entries: entries.slice(-TRACE_SHOWN), omitted: Math.max(0, entries.length - TRACE_SHOWN) }
}

/** The objects of a story. */
class Scope {
  private readonly keys = new Set<string>()
  private readonly eventKeys = new Set<string>()

  constructor(history: readonly Change[], { group, resource, namespace, name, owned }: StoryQuestion) {
    const bucket = bucketOf(group, resource)
    this.keys.add(`${bucket}/${namespace}/${name}`)
    const uids = new Set<string>()
    for (const { bucket: where, value } of history) {
      const { uid = '', ownerReferences } = value.metadata
      if (where === bucket && value.metadata.name === name && (value.metadata.namespace ?? '') === namespace) uids.add(uid)
      else if (owned && ownerReferences?.some((owner) => uids.has(owner.uid))) {
        uids.add(uid)
        this.keys.add(keyOfObject(where, value))
      } else if (where === 'events' && uids.has((value as CoreV1Event).involvedObject.uid ?? ''))
        this.eventKeys.add(keyOfObject(where, value))
    }
  }

  hasChange({ bucket, value }: Change): boolean {
    const key = keyOfObject(bucket, value)
    return this.keys.has(key) || this.eventKeys.has(key)
  }

  hasEntry({ object }: TraceEntry): boolean {
    const key = `${bucketOf(object.group, object.resource)}/${object.namespace}/${object.name}`
    return this.keys.has(key) || this.eventKeys.has(key)
  }
}

function keyOfObject(bucket: string, { metadata }: KubeObject): string {
  return `${bucket}/${metadata.namespace ?? ''}/${metadata.name ?? ''}`
}

/** What a write changed, what led to it and what it led to; null when history does not know it (any more). */
export function changeStory(cluster: Cluster, revision: number): ChangeStory | null {
  const { etcd } = cluster
  const change = etcd.changeAt(revision)
  if (!change) return null
  const names = new ObjectNames(cluster.api)
  const link = (other: Change): CauseLink => linkOf(names, other)
  const chain: CauseLink[] = []
  let chainLost = false
  for (let at: Change | undefined = change; at;) {
    const before: number | undefined = causeRevision(at)
    if (before === undefined || chain.length >= MAX_CHAIN) break
    at = etcd.changeAt(before)
    if (at) chain.push(link(at))
    else chainLost = true
  }
  const effects = etcd
    .changesSince(revision)
    .slice(0, EFFECT_WINDOW)
    .filter((later) => later.cause?.trigger === 'watch' && later.cause.revision === revision)
  const yaml = (object: KubeObject) => yamlOf(link(change).object, object)
  return {
    ...link(change),
    paths: diffObjects(change.previous, change.type === 'delete' ? undefined : change.value),
    before: change.previous ? yaml(change.previous) : null,
    after: yaml(change.value),
    chain,
    chainLost,
    effects: effects.slice(0, MAX_EFFECTS).map(link),
    moreEffects: Math.max(0, effects.length - MAX_EFFECTS),
  }
}

/** The earlier write that a write goes back to. */
function causeRevision({ revision, cause }: Change): number | undefined {
  const before = cause?.revision
  return before !== undefined && before > 0 && before < revision ? before : undefined
}

function linkOf(names: ObjectNames, change: Change): CauseLink {
  return {
    revision: change.revision,
    timeMs: change.timeMs,
    user: change.actor,
    station: stationOf(change.actor),
    verb: writeVerb(change),
    object: names.ofChange(change),
    cause: change.cause,
  }
}

function yamlOf({ group, version, kind }: ObjectName, object: KubeObject): string {
  const apiVersion = object.apiVersion ?? (group === '' ? version : `${group}/${version}`)
  return toYaml(withoutManagedFields({ ...object, apiVersion, kind: object.kind ?? kind }))
}
