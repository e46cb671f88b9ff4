import { StatusError, expired, unclassified } from '../../apimachinery/errors.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import type { WatchEvent, WatchHandle, WatchSink } from '../api.ts'
import { eventFor } from '../watch.ts'
import type { RequestScope } from './context.ts'
import { fromStorage } from './decode.ts'
import { checkListOptions, filterOf, listObjects } from './list.ts'

/**
 * Starts a watch from the requested resourceVersion; without one (or with '0') the present objects come first as
 * ADDED. With sendInitialEvents a bookmark says that they are complete. k8s 1.36: cacher Watch, WatchList.
 */
export function watchObjects(scope: RequestScope, sink: WatchSink): WatchHandle {
  const { info, registry, request } = scope
  const options = request.options ?? {}
  checkListOptions(options, true)
  const filter = filterOf(scope)
  const version = options.resourceVersion ?? ''
  const since = readWatchVersion(version)
  const initial: WatchEvent[] = []
  const fromNow = version === '' || version === '0'
  if (options.sendInitialEvents === true || (fromNow && options.sendInitialEvents === undefined)) {
    for (const item of listObjects({ ...scope, request: { ...request, options: selection(options) } }).items)
      initial.push({ type: 'ADDED', object: item, revision: Number(item.metadata.resourceVersion) })
    if (options.sendInitialEvents && options.allowWatchBookmarks) initial.push(initialEventsEnd(scope))
  } else if (!fromNow) {
    const oldest = Math.max(registry.startRevision, registry.etcd.compactedRevision)
    if (since < oldest) throw tooOld(since, oldest)
    for (const change of registry.etcd.changesSince(since, info.bucket)) {
      const event = eventFor(filter, change)
      if (event) initial.push(convertEvent(scope, event))
    }
  }
  const convert = info.convert
  return registry
    .watchCache(info)
    .add(
      filter,
      initial,
      convert ? (events) => sink(events.map((event) => (initial.includes(event) ? event : convertEvent(scope, event)))) : sink,
      since > registry.etcd.revision ? since : 0,
      request,
    )
}

function selection({ labelSelector, fieldSelector }: { labelSelector?: string; fieldSelector?: string }) {
  return { ...(labelSelector ? { labelSelector } : {}), ...(fieldSelector ? { fieldSelector } : {}) }
}

function readWatchVersion(text: string): number {
  if (text === '' || /^\d+$/.test(text)) return Number(text)
  const quoted = JSON.stringify(text)
  throw unclassified(`resourceVersion: Invalid value: ${quoted}: strconv.ParseUint: parsing ${quoted}: invalid syntax`)
}

/** A watch that starts before what history keeps. */
export function tooOld(since: number, oldest: number): StatusError {
  return expired(`too old resource version: ${since} (${oldest})`)
}

function convertEvent({ info }: RequestScope, event: WatchEvent): WatchEvent {
  if (!info.convert || event.type === 'BOOKMARK' || event.type === 'ERROR') return event
  return {
    ...event,
    object: fromStorage(info, event.object),
    ...(event.previous ? { previous: fromStorage(info, event.previous) } : {}),
  }
}

/** A bookmark: only kind and resourceVersion. */
export function bookmark(scope: RequestScope, annotations?: { readonly [key: string]: string }): WatchEvent {
  const { info, registry } = scope
  const object: KubeObject = {
    kind: info.kind,
    apiVersion: info.apiVersion,
    metadata: { resourceVersion: String(registry.etcd.revision), ...(annotations ? { annotations } : {}) },
  }
  return { type: 'BOOKMARK', object, revision: registry.etcd.revision }
}

function initialEventsEnd(scope: RequestScope): WatchEvent {
  return bookmark(scope, { 'k8s.io/initial-events-end': 'true' })
}
