import { useState } from 'react'
import type { NodeRow, PodRow } from '../../../worker/protocol.ts'
import type { MapState } from '../../engine/feed-state.ts'
import { useFeedValue } from '../../engine/hooks.ts'
import type { ObjectRef } from '../../state/selection.ts'

const MAP = { feed: 'map' } as const

/** The selected pod as the map has it, with kubectl's word for its state; undefined for anything else. */
export function usePodRow(selected: ObjectRef): PodRow | undefined {
  const isPod = selected.kind === 'Pod' && selected.group === ''
  const [finder] = useState(() => new PodFinder())
  return useFeedValue(isPod ? MAP : null, (map) =>
    map === undefined ? undefined : finder.find(map, selected.namespace, selected.name),
  )
}

/** The selected node as the map has it, undefined for anything else. */
export function useNodeRow(selected: ObjectRef): NodeRow | undefined {
  const isNode = selected.kind === 'Node' && selected.group === ''
  return useFeedValue(isNode ? MAP : null, (map) => {
    for (const node of map?.nodes.values() ?? []) if (node.name === selected.name) return node
    return undefined
  })
}

/** Remembers the slot of the pod that was asked for last, so that only the first look is a search. */
class PodFinder {
  #slot = -1

  find(map: MapState, namespace: string, name: string): PodRow | undefined {
    const known = map.pods.get(this.#slot)
    if (known?.name === name && known.namespace === namespace) return known
    for (const pod of map.pods.values()) {
      if (pod.name !== name || pod.namespace !== namespace) continue
      this.#slot = pod.slot
      return pod
    }
    return undefined
  }
}
