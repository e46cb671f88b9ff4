import type { Deployment, ReplicaSet } from '../../apimachinery/generated/types.ts'
import { desiredReplicas, maxSurge } from './fenceposts.ts'

export const REVISION = 'deployment.kubernetes.io/revision'
const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history'
export const DESIRED_REPLICAS = 'deployment.kubernetes.io/desired-replicas'
export const MAX_REPLICAS = 'deployment.kubernetes.io/max-replicas'
const ROLLBACK_TO = 'deprecated.deployment.rollback.to'

type Annotations = { readonly [key: string]: string }

const NOT_COPIED = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
  ROLLBACK_TO,
])
const MAX_HISTORY_CHARS = 2000

/** A whole number as Go's ParseInt reads it, or undefined. Revisions have 64 bits. */
function parseInteger(text: string | undefined): bigint | undefined {
  return text !== undefined && /^[-+]?[0-9]+$/.test(text) ? BigInt(text.replace('+', '')) : undefined
}

/** The ReplicaSet's revision; 0 without one. */
export function revisionOf(rs: ReplicaSet): bigint {
  return parseInteger(rs.metadata.annotations?.[REVISION]) ?? 0n
}

export function maxRevision(sets: readonly ReplicaSet[]): bigint {
  let highest = 0n
  for (const rs of sets) if (revisionOf(rs) > highest) highest = revisionOf(rs)
  return highest
}

/** A non-negative number that an annotation holds, or undefined. */
export function countAnnotation(rs: ReplicaSet, key: string): number | undefined {
  const text = rs.metadata.annotations?.[key]
  return text !== undefined && /^[0-9]+$/.test(text) && Number(text) <= 0x7fffffff ? Number(text) : undefined
}

/** What a ReplicaSet of the Deployment's present size is marked with. */
export function replicasAnnotations(deployment: Deployment): Annotations {
  const desired = desiredReplicas(deployment)
  return { [DESIRED_REPLICAS]: String(desired), [MAX_REPLICAS]: String(desired + maxSurge(deployment)) }
}

/**
 * The new ReplicaSet's annotations: the Deployment's own but for bookkeeping, and the revision, if that rises. A
 * ReplicaSet that becomes the newest again keeps its former revisions as history. `existing` is false for one about
 * to be created. k8s 1.36: deployment util SetNewReplicaSetAnnotations.
 */
export function newReplicaSetAnnotations(
  deployment: Deployment,
  annotations: Annotations | undefined,
  revision: bigint,
  existing: boolean,
): Annotations {
  const result: Record<string, string> = { ...annotations }
  for (const [key, value] of Object.entries(deployment.metadata.annotations ?? {})) if (!NOT_COPIED.has(key)) result[key] = value
  const before = result[REVISION]
  const beforeNumber = before === undefined || before === '' ? 0n : parseInteger(before)
  if (beforeNumber === undefined) return result
  if (beforeNumber < revision) {
    result[REVISION] = String(revision)
    if (before !== undefined) appendHistory(result, before)
  }
  return existing ? result : { ...result, ...replicasAnnotations(deployment) }
}

function appendHistory(annotations: Record<string, string>, revision: string): void {
  const history = annotations[REVISION_HISTORY] ?? ''
  let past = history.split(',')
  if (history === '') {
    annotations[REVISION_HISTORY] = revision
    return
  }
  let length = history.length + revision.length + 1
  while (length > MAX_HISTORY_CHARS && past.length > 0) {
    length -= (past[0] ?? '').length + 1
    past = past.slice(1)
  }
  if (length <= MAX_HISTORY_CHARS) annotations[REVISION_HISTORY] = [...past, revision].join(',')
}
