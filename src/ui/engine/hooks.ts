import { createContext, useCallback, useContext, useEffect, useEffectEvent, useMemo, useSyncExternalStore } from 'react'
import type { EngineApi, FeedData, FeedRequest } from '../../worker/protocol.ts'
import type { FeedStates } from './feed-state.ts'
import { feedKey } from './hub.ts'
import type { FeedSnapshot } from './hub.ts'
import type { EngineSession } from './session.ts'

export const SessionContext = createContext<EngineSession | null>(null)

export function useSession(): EngineSession {
  const session = useContext(SessionContext)
  if (session === null) throw new Error('useSession needs a SessionContext above it')
  return session
}

/** The engine's calls. The same object for the life of the page; calls reject with EngineGoneError when the engine dies. */
export function useEngine(): EngineApi {
  return useSession().api
}

const NOTHING: FeedSnapshot<never> = { data: undefined, version: 0, error: '' }

/**
 * What a feed shows now; renders again at most once per frame, when it changed. `null` asks for nothing. Equal
 * requests share a subscription, so an object literal is fine. The maps inside map, table and events feeds are
 * changed in place: memoise on the snapshot's `version`.
 */
export function useFeed<R extends FeedRequest>(request: R | null): FeedSnapshot<FeedStates[R['feed']]> {
  const { hub } = useSession()
  const stable = useStable(request)
  const watch = useCallback((listener: () => void) => (stable === null ? noop : hub.watch(stable, listener)), [hub, stable])
  const read = (): FeedSnapshot<unknown> => (stable === null ? NOTHING : hub.read(stable))
  // The hub keeps states by the request's feed name.
  return useSyncExternalStore(watch, read) as FeedSnapshot<FeedStates[R['feed']]>
}

/**
 * One value out of a feed; renders again only when that value changed (by Object.is, so select texts and numbers).
 * `select` sees undefined until the first message.
 */
export function useFeedValue<R extends FeedRequest, T>(
  request: R | null,
  select: (data: FeedStates[R['feed']] | undefined) => T,
): T {
  const { hub } = useSession()
  const stable = useStable(request)
  const watch = useCallback((listener: () => void) => (stable === null ? noop : hub.watch(stable, listener)), [hub, stable])
  const read = (): unknown => (stable === null ? undefined : hub.read(stable).data)
  return useSyncExternalStore(watch, () => select(read() as FeedStates[R['feed']] | undefined))
}

/** Several feeds at once, in the order of the requests, which must be the same list each time. */
export function useFeeds<R extends FeedRequest>(requests: readonly R[]): readonly FeedSnapshot<FeedStates[R['feed']]>[] {
  const { hub } = useSession()
  const watch = useCallback(
    (listener: () => void) => {
      const leave = requests.map((request) => hub.watch(request, listener))
      return () => leave.forEach((end) => end())
    },
    [hub, requests],
  )
  useSyncExternalStore(watch, () => requests.map((request) => hub.read(request).version).join())
  const snapshots: readonly FeedSnapshot<unknown>[] = requests.map((request) => hub.read(request))
  return snapshots as readonly FeedSnapshot<FeedStates[R['feed']]>[]
}

/**
 * Hands on every message of a feed without rendering: first a snapshot, then deltas, all messages of a frame one
 * after the other. For canvases that keep compact arrays of their own.
 */
export function useFeedDeltas(request: FeedRequest | null, onData: (data: FeedData) => void): void {
  const { hub } = useSession()
  const stable = useStable(request)
  const sink = useEffectEvent(onData)
  useEffect(() => (stable === null ? undefined : hub.pipe(stable, (data) => sink(data))), [hub, stable])
}

/** The same object as long as the request means the same. */
function useStable<R extends FeedRequest>(request: R | null): R | null {
  const key = request === null ? '' : feedKey(request)
  // eslint-disable-next-line react-hooks/exhaustive-deps -- the key says all that the request says
  return useMemo(() => request, [key])
}

function noop(): void {}
