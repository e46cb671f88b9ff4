import { failure } from '../../apimachinery/errors.ts'
import type { ApiRequest, ApiResult, WatchHandle, WatchSink } from '../../apiserver/api.ts'
import type { LeaseHeartbeats } from '../../apiserver/heartbeats.ts'
import type { ApiObserver } from '../../apiserver/observer.ts'
import type { ApiServer } from '../../apiserver/server.ts'
import type { ApiEndpoint } from '../../client/client.ts'

/**
 * The API server as one machine's programs reach it. While the way is cut requests fail and watches hear nothing; then
 * they go on where they were. SIMPLIFIED: lists, which watches begin with, get through a cut.
 */
export class NodeEndpoint implements ApiEndpoint {
  private readonly api: ApiServer
  private held: (() => void)[] | null = null

  constructor(api: ApiServer) {
    this.api = api
  }

  get isCut(): boolean {
    return this.held !== null
  }

  /** The way is cut. */
  cut(): void {
    this.held ??= []
  }

  /** The way is whole again: what watches missed arrives. */
  mend(): void {
    const missed = this.held ?? []
    this.held = null
    for (const deliver of missed) deliver()
  }

  handle(request: ApiRequest): ApiResult {
    if (this.held && request.verb !== 'list')
      throw failure(
        0,
        '',
        'Get "https://10.0.0.11:6443": dial tcp 10.0.0.11:6443: i/o timeout (Client.Timeout exceeded while awaiting headers)',
      )
    return this.api.handle(request)
  }

  watch(request: ApiRequest, sink: WatchSink): WatchHandle {
    let isOver = false
    const handle = this.api.watch(request, (events) => {
      if (!this.held) sink(events)
      else this.held.push(() => !isOver && sink(events))
    })
    return {
      stop: () => {
        isOver = true
        handle.stop()
      },
    }
  }

  get heartbeats(): LeaseHeartbeats {
    return this.api.heartbeats
  }

  get observer(): ApiObserver | null | undefined {
    return this.api.observer
  }
}
