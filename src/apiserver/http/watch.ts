import { StatusError } from '../../apimachinery/errors.ts'
import type { JsonObject, KubeObject } from '../../apimachinery/resource.ts'
import type { ApiRequest, WatchEvent, WatchHandle } from '../api.ts'
import type { ResourceInfo } from '../resources.ts'
import type { Registry } from '../rest/context.ts'
import { bookmark } from '../rest/watch.ts'
import type { Wanted } from './negotiate.ts'
import type { Query } from './query.ts'
import { outside } from './render.ts'
import { includeObject, partialObject, tableOf } from './table.ts'
import type { HttpStream, StreamSink } from './types.ts'

/** Milliseconds between bookmarks. k8s 1.36: cacher bookmarkFrequency. */
const BOOKMARK_MS = 60_000
/** A bookmark also comes this long before the watch times out. */
const BOOKMARK_BEFORE_END_MS = 2_000
const DEFAULT_TIMEOUT_MS = 1_800_000

interface Api extends Registry {
  watch(request: ApiRequest, sink: (events: readonly WatchEvent[]) => void): WatchHandle
}

/** A watch as a stream of JSON lines. Refusals that come late are ERROR events. k8s 1.36: handlers/watch.go. */
export function watchStream(
  api: Api,
  info: ResourceInfo,
  request: ApiRequest,
  wanted: Wanted,
  query: Query,
  headers: HttpStream['headers'],
): HttpStream {
  const include = wanted.as === 'Table' ? includeObject(query.get('includeObject')) : 'None'
  const pending: string[] = []
  let sink: StreamSink | undefined
  let first = true
  const write = (event: WatchEvent) => {
    const object = eventObject(api, info, event, wanted, include, first)
    if (event.type !== 'BOOKMARK') first = false
    const line = `${JSON.stringify({ type: event.type, object })}\n`
    if (sink) sink.write(line)
    else pending.push(line)
  }
  // Opened now: a refusal is the answer itself, and no event is missed until the listener is ready.
  const handle = open(api, request, (events) => events.forEach(write), write)
  return {
    kind: 'stream',
    code: 200,
    headers: { 'content-type': wanted.media === 'yaml' ? 'application/yaml;stream=watch' : 'application/json', ...headers },
    open: (to) => {
      sink = to
      for (const line of pending) to.write(line)
      return limitTime(api, request, handle, write, to)
    },
  }
}

function open(
  api: Api,
  request: ApiRequest,
  sink: (events: readonly WatchEvent[]) => void,
  write: (event: WatchEvent) => void,
): WatchHandle | undefined {
  try {
    return api.watch(request, sink)
  } catch (error) {
    if (!(error instanceof StatusError) || error.code !== 410) throw error
    write({ type: 'ERROR', object: error.status as unknown as KubeObject, revision: api.etcd.revision })
    return undefined
  }
}

/** Ends the watch when its time is up, and sends bookmarks on the way. */
function limitTime(
  api: Api,
  request: ApiRequest,
  handle: WatchHandle | undefined,
  write: (e: WatchEvent) => void,
  sink: StreamSink,
) {
  const { sim } = api
  const { timeoutSeconds, allowWatchBookmarks } = request.options ?? {}
  const timeoutMs = timeoutSeconds
    ? timeoutSeconds * 1000
    : DEFAULT_TIMEOUT_MS + sim.random('apiserver/watch').int(DEFAULT_TIMEOUT_MS)
  const timers = [
    sim.schedule(handle ? timeoutMs : 0, () => {
      stop()
      sink.end()
    }),
  ]
  const mark = () => {
    const info = api.resources.find(request.group, request.version, request.resource)
    if (info) write(bookmark({ registry: api, request, info, warnings: [] }))
  }
  const every = () => {
    mark()
    timers.push(sim.schedule(BOOKMARK_MS, every))
  }
  if (allowWatchBookmarks && handle) {
    timers.push(sim.schedule(BOOKMARK_MS, every))
    if (timeoutMs > BOOKMARK_BEFORE_END_MS) timers.push(sim.schedule(timeoutMs - BOOKMARK_BEFORE_END_MS, mark))
  }
  const stop = () => {
    handle?.stop()
    for (const timer of timers) timer.cancel()
  }
  return { stop }
}

function eventObject(
  api: Api,
  info: ResourceInfo,
  event: WatchEvent,
  wanted: Wanted,
  include: ReturnType<typeof includeObject>,
  first: boolean,
): unknown {
  if (event.type === 'ERROR') return event.object
  if (event.type === 'DELETED' && event.previous && !api.managed.entriesOf(event.object))
    api.managed.carry(event.object, event.previous)
  const object = event.type === 'BOOKMARK' ? event.object : outside(api, info, event.object)
  if (wanted.as === 'PartialObjectMetadata') return partialObject(object, wanted.version)
  if (wanted.as === 'Table') return tableOf(info, object, include, api.sim.now, wanted.version, first)
  return object as unknown as JsonObject
}
