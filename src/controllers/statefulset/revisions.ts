import { isAlreadyExists, isNotFound } from '../../apimachinery/errors.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import { controllerrevisions, statefulsets } from '../../apimachinery/generated/resources.ts'
import type { ControllerRevision, PodTemplateSpec, StatefulSet } from '../../apimachinery/generated/types.ts'
import { safeEncode } from '../../apimachinery/names.ts'
import type { Client } from '../../client/client.ts'
import type { Task } from '../../sim/task.ts'
import { newControllerRef } from '../shared/owners.ts'
import { fnv1Text } from '../shared/hash.ts'
import { compareText } from '../shared/text.ts'

/** Saved templates of StatefulSets. k8s 1.36: pkg/controller/history. */

const MAX_PREFIX = 223

const HASH_LABEL = 'controller.kubernetes.io/hash'

/** The patch that brings the template back. */
function patchOf(template: PodTemplateSpec | undefined): object {
  return { spec: { template: { ...template, $patch: 'replace' } } }
}

/** The template that a revision holds. */
export function templateOf(revision: ControllerRevision): PodTemplateSpec {
  const { template } = (revision.data as { spec?: { template?: Record<string, unknown> } } | undefined)?.spec ?? {}
  const { $patch: _, ...rest } = template ?? {}
  return rest as PodTemplateSpec
}

const sameData = (a: ControllerRevision, b: ControllerRevision): boolean => jsonEqual(a.data, b.data)

/** By number, then by age and name. */
export function byRevision(a: ControllerRevision, b: ControllerRevision): number {
  return (
    a.revision - b.revision ||
    compareText(a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '') ||
    compareText(a.metadata.name ?? '', b.metadata.name ?? '')
  )
}

/** What revision a set's template is. */
export type RevisionChoice =
  | { readonly choice: 'present' | 'create'; readonly revision: ControllerRevision }
  /** An older one that is to get the next number. */
  | { readonly choice: 'renumber'; readonly revision: ControllerRevision; readonly number: number }

/** k8s 1.36: statefulset getStatefulSetRevisions. */
export function chooseRevision(set: StatefulSet, sorted: readonly ControllerRevision[]): RevisionChoice {
  const number = nextRevisionNumber(sorted)
  const wanted = newRevision(set, number, set.status?.collisionCount ?? 0)
  const last = sorted.at(-1)
  const equal = sorted.findLast((revision) => sameData(revision, wanted))
  if (!equal || !last) return { choice: 'create', revision: wanted }
  return sameData(last, equal) ? { choice: 'present', revision: last } : { choice: 'renumber', revision: equal, number }
}

/** The number after the last of these sorted revisions. */
const nextRevisionNumber = (sorted: readonly ControllerRevision[]): number => (sorted.at(-1)?.revision ?? 0) + 1

/** k8s 1.36: history NewControllerRevision, HashControllerRevision. */
export function newRevision(set: StatefulSet, revision: number, collisionCount: number): ControllerRevision {
  const { template } = set.spec ?? {}
  const { name = '', namespace, annotations } = set.metadata
  const data = patchOf(template)
  const hash = safeEncode(String(fnv1Text(canonicalJson(data) + collisionCount.toString()) >>> 0))
  return {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: `${name.slice(0, MAX_PREFIX)}-${hash}`,
      namespace,
      labels: { ...template?.metadata?.labels, [HASH_LABEL]: hash },
      ...(annotations && Object.keys(annotations).length > 0 ? { annotations } : {}),
      ownerReferences: [newControllerRef(set, statefulsets)],
    },
    data,
    revision,
  } as ControllerRevision
}

/** JSON with sorted keys and Go's escapes. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) {
    const text = JSON.stringify(value)
    return text.replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
  }
  const entries = Object.entries(value).filter(([, v]) => v !== undefined)
  return `{${entries
    .toSorted((a, b) => compareText(a[0], b[0]))
    .map(([k, v]) => `${JSON.stringify(k)}:${canonicalJson(v)}`)
    .join(',')}}`
}

/** Creates the revision; a name that is taken by other data is tried again with a higher collision count. */
export function* storeRevision(
  client: Client,
  set: StatefulSet,
  number: number,
): Task<{ readonly revision: ControllerRevision; readonly collisionCount: number }> {
  for (let collisionCount = set.status?.collisionCount ?? 0; ; collisionCount++) {
    const wanted = newRevision(set, number, collisionCount)
    try {
      return { revision: yield* client.create(controllerrevisions, wanted), collisionCount }
    } catch (error) {
      if (!isAlreadyExists(error)) throw error
    }
    const { namespace = '', name = '' } = wanted.metadata
    const existing = yield* client.get(controllerrevisions, namespace, name)
    if (sameData(existing, wanted)) return { revision: existing, collisionCount }
  }
}

/** Deletes revisions beyond the limit that nothing lives on, lowest first. */
export function* truncateHistory(
  client: Client,
  sorted: readonly ControllerRevision[],
  isLive: (revision: ControllerRevision) => boolean,
  limit: number,
): Task {
  const dead = sorted.filter((revision) => !isLive(revision))
  for (const { metadata } of dead.slice(0, Math.max(0, dead.length - limit))) {
    try {
      yield* client.delete(controllerrevisions, metadata.namespace ?? '', metadata.name ?? '')
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
}
