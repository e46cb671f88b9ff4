import { useFeedValue } from '../../engine/hooks.ts'
import type { ObjectRef } from '../../state/selection.ts'

/** Whether the selected node's machine has power. True for anything that is not a known node. */
export function useNodePowered(selected: ObjectRef): boolean {
  const isNode = selected.kind === 'Node' && selected.group === ''
  return useFeedValue(isNode ? { feed: 'map' } : null, (map) => {
    for (const node of map?.nodes.values() ?? []) if (node.name === selected.name) return node.powered
    return true
  })
}
