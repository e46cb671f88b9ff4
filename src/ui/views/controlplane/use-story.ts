import { useCallback, useEffect, useRef, useState } from 'react'
import { TRACE_SHOWN, type Story, type TraceEntry } from '../../../worker/control-plane/protocol.ts'
import type { ControlPlaneState } from '../../engine/feed-state.ts'
import { useSession } from '../../engine/hooks.ts'
import type { ObjectRef } from '../../state/selection.ts'
import { reported } from '../../app/report.ts'

/** The story of an object is read again this often at most, and never so often that the engine is kept busy by it. */
const AGAIN_MS = 400
const COST_FACTOR = 20

/** What the list tells of: everything, or one object. */
export interface Scope {
  readonly object: ObjectRef
  readonly owned: boolean
}
export interface Entries {
  /** Oldest first. */
  readonly entries: readonly TraceEntry[]
  /** Goes up with every change. */
  readonly version: string
  /** Reads them anew: what there is at this moment. */
  readonly load: () => Promise<readonly TraceEntry[]>
}

const EMPTY: Story = { entries: [], omitted: 0 }

/** The entries in scope, kept up to date with the feed. */
export function useEntries(data: ControlPlaneState | undefined, version: number, scope: Scope | null): Entries {
  const { api, hub } = useSession()
  const key = scope && JSON.stringify([scope.object, scope.owned])
  const [story, setStory] = useState<{ readonly key: string; readonly story: Story; readonly version: number }>()
  const pause = useRef({ untilMs: 0, timer: undefined as ReturnType<typeof setTimeout> | undefined })

  const load = useCallback(async (): Promise<readonly TraceEntry[]> => {
    if (key === null) return (hub.read({ feed: 'controlplane' }).data as ControlPlaneState | undefined)?.entries ?? []
    const [{ group, resource, namespace, name }, owned] = JSON.parse(key) as [ObjectRef, boolean]
    const began = performance.now()
    const found = await api.story({ group, resource, namespace, name, owned })
    pause.current.untilMs = performance.now() + Math.max(AGAIN_MS, (performance.now() - began) * COST_FACTOR)
    setStory((old) => ({ key, story: found, version: (old?.version ?? 0) + 1 }))
    return found.entries
  }, [api, hub, key])

  useEffect(() => {
    pause.current.untilMs = 0
  }, [key])
  useEffect(() => {
    if (key === null || version === 0) return
    const waiting = pause.current
    waiting.timer ??= setTimeout(
      () => {
        waiting.timer = undefined
        reported(load())
      },
      Math.max(0, waiting.untilMs - performance.now()),
    )
  }, [key, version, load])
  useEffect(() => {
    const waiting = pause.current
    return () => {
      clearTimeout(waiting.timer)
      waiting.timer = undefined
    }
  }, [load])

  if (key === null) return { entries: data?.entries ?? [], version: `all ${version}`, load }
  const shown = story?.key === key ? story : undefined
  return { entries: (shown?.story ?? EMPTY).entries.slice(-TRACE_SHOWN), version: `${key} ${shown?.version ?? 0}`, load }
}
