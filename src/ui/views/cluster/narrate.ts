/** Puts the changes of a moment into a line of text: for those who cannot see, or do not want, the motion. */
import type { NodeRow } from '../../../worker/protocol.ts'
import { LANE, type Change } from './model.ts'

export interface Narration {
  readonly key: 'scheduled' | 'scheduledMany' | 'created' | 'createdMany' | 'left' | 'leftMany' | 'state' | 'stateMany'
  readonly values: { readonly [name: string]: string | number }
}

/** The most telling of the changes, or undefined when there are none. Many of one sort are counted. */
export function narrate(changes: readonly Change[], nodes: readonly (NodeRow | undefined)[]): Narration | undefined {
  const moved = changes.filter((change) => change.kind === 'move' && change.fromRoom === LANE)
  const states = changes.filter((change) => change.kind === 'state')
  const left = changes.filter((change) => change.kind === 'leave')
  const made = changes.filter((change) => change.kind === 'appear')
  // What went wrong comes first, then what happened to most.
  const broken = states.filter(({ pod }) => pod.state === 4 || pod.state === 5 || pod.state >= 8)
  const groups = [broken, moved, left, made, states] as const
  const group = groups.find((one) => one.length > 0)
  const pod = group?.[0]?.pod
  if (!group || !pod) return undefined
  const count = group.length
  const values = { pod: pod.name, count, status: pod.status, node: nodes[pod.node]?.name ?? '' }
  const name = group === moved ? 'scheduled' : group === left ? 'left' : group === made ? 'created' : 'state'
  return { key: count > 1 ? `${name}Many` : name, values }
}
