import type { Status } from './status.ts'

/** Verdicts by node: explicit ones, and one for all nodes that have none. k8s 1.36: framework NodeToStatus. */
export interface Diagnosis {
  readonly nodeCount: number
  readonly statuses: ReadonlyMap<string, Status>
  readonly absent: Status
  /** Set when the pod was rejected before any node was looked at. */
  readonly preFilterMessage?: string
  readonly postFilterMessage?: string
}

/** Go's order of strings, by bytes of UTF-8; for the texts here the same as by code units. */
const compareText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

/**
 * The text of FailedScheduling: '0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint(s). ...'
 * k8s 1.36: FitError.Error.
 */
export function fitMessage({ nodeCount, statuses, absent, preFilterMessage, postFilterMessage }: Diagnosis): string {
  let message = `0/${nodeCount} nodes are available:`
  if (preFilterMessage) message += ` ${preFilterMessage}.`
  else {
    const counts = new Map<string, number>()
    const count = (reasons: readonly string[], nodes: number) => {
      for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + nodes)
    }
    for (const { reasons } of statuses.values()) count(reasons, 1)
    if (statuses.size < nodeCount) count(absent.reasons, nodeCount - statuses.size)
    const reasons = [...counts].map(([reason, nodes]) => `${nodes} ${reason}`).toSorted(compareText)
    if (reasons.length > 0) message += ` ${reasons.join(', ')}.`
  }
  return postFilterMessage ? `${message} ${postFilterMessage}` : message
}
