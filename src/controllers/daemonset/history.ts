import { isAlreadyExists } from '../../apimachinery/errors.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import { controllerrevisions, daemonsets, pods } from '../../apimachinery/generated/resources.ts'
import type { ControllerRevision, DaemonSet, Pod } from '../../apimachinery/generated/types.ts'
import type { Client } from '../../client/client.ts'
import { Requeue } from '../../client/controller.ts'
import type { Task } from '../../sim/task.ts'
import { podTemplateHash } from '../shared/hash.ts'
import { newControllerRef } from '../shared/owners.ts'
import { quote } from '../shared/text.ts'
import { revisionHash, withRevisionHash } from './pod-template.ts'

/** A DaemonSet's revisions: the one of its present template, and the others. */
export interface History {
  readonly current: ControllerRevision
  readonly old: readonly ControllerRevision[]
}

/** What a revision stores: a patch that brings the template back. k8s 1.36: daemon getPatch. */
const snapshotOf = (ds: DaemonSet) => ({ spec: { template: { ...ds.spec?.template, $patch: 'replace' } } })

const isCurrent = (ds: DaemonSet, revision: ControllerRevision) => jsonEqual(snapshotOf(ds), revision.data)

/**
 * Finds or makes the revision of the present template and gives it the highest number. k8s 1.36: daemon
 * constructHistory.
 */
export function* constructHistory(
  client: Client,
  ds: DaemonSet,
  owned: readonly ControllerRevision[],
  claimPods: () => Task<Pod[]>,
): Task<History> {
  const current: ControllerRevision[] = []
  const old: ControllerRevision[] = []
  for (const found of owned) {
    const revision = revisionHash(found) === '' ? yield* label(client, found) : found
    if (isCurrent(ds, revision)) current.push(revision)
    else old.push(revision)
  }
  const number = Math.max(0, ...old.map(({ revision }) => revision)) + 1
  if (current.length === 0) return { current: yield* snapshot(client, ds, number), old }
  const kept = yield* withoutDuplicates(client, current, claimPods)
  if (kept.revision < number) yield* client.update(controllerrevisions, { ...kept, revision: number })
  return { current: kept, old }
}

function* label(client: Client, revision: ControllerRevision): Task<ControllerRevision> {
  const { metadata } = revision
  const labels = withRevisionHash(metadata.labels, metadata.name ?? '')
  return yield* client.update(controllerrevisions, { ...revision, metadata: { ...metadata, labels } })
}

/** Keeps the newest of equal revisions; its label goes to all pods. k8s 1.36: daemon dedupCurHistories. */
function* withoutDuplicates(
  client: Client,
  equal: readonly ControllerRevision[],
  claimPods: () => Task<Pod[]>,
): Task<ControllerRevision> {
  const kept = equal.reduce((newest, candidate) => (candidate.revision >= newest.revision ? candidate : newest))
  if (equal.length === 1) return kept
  for (const pod of yield* claimPods()) {
    if (revisionHash(pod) === revisionHash(kept)) continue
    const { namespace = '', name = '' } = pod.metadata
    yield* client.patch(pods, namespace, name, { metadata: { labels: withRevisionHash({}, revisionHash(kept)) } }, 'merge')
  }
  for (const { metadata } of equal)
    if (metadata.name !== kept.metadata.name)
      yield* client.delete(controllerrevisions, metadata.namespace ?? '', metadata.name ?? '')
  return kept
}

/** k8s 1.36: daemon snapshot. */
function* snapshot(client: Client, ds: DaemonSet, revision: number): Task<ControllerRevision> {
  const { name = '', namespace = '', annotations } = ds.metadata
  const { template = {} } = ds.spec ?? {}
  const hash = podTemplateHash(template, ds.status?.collisionCount)
  try {
    return yield* client.create(controllerrevisions, {
      apiVersion: 'apps/v1',
      kind: 'ControllerRevision',
      metadata: {
        name: `${name}-${hash}`,
        namespace,
        labels: withRevisionHash(template.metadata?.labels, hash),
        ...(annotations ? { annotations } : {}),
        ownerReferences: [newControllerRef(ds, daemonsets)],
      },
      data: snapshotOf(ds) as unknown as NonNullable<ControllerRevision['data']>,
      revision,
    })
  } catch (error) {
    if (!isAlreadyExists(error)) throw error
    const existing = yield* client.get(controllerrevisions, namespace, `${name}-${hash}`)
    if (isCurrent(ds, existing)) return existing
    yield* countCollision(client, ds)
    throw error
  }
}

/** Another template has the same hash: the next try adds a count to it. */
function* countCollision(client: Client, ds: DaemonSet): Task {
  const { name = '', namespace = '' } = ds.metadata
  const fresh = yield* client.get(daemonsets, namespace, name)
  const now = fresh.status?.collisionCount
  const seen = ds.status?.collisionCount
  if (now !== seen)
    throw new Requeue(
      `found a stale collision count (${seen ?? 0}, expected ${now ?? 0}) of DaemonSet ${quote(name)} while processing; will retry until it is updated`,
    )
  if (fresh.status)
    yield* client.updateStatus(daemonsets, { ...fresh, status: { ...fresh.status, collisionCount: (now ?? 0) + 1 } })
}

/** Old revisions beyond the limit that no pod is of, oldest first. k8s 1.36: daemon cleanupHistory. */
export function surplusRevisions(
  ds: DaemonSet,
  old: readonly ControllerRevision[],
  claimed: readonly Pod[],
): ControllerRevision[] {
  const surplus = old.length - (ds.spec?.revisionHistoryLimit ?? 10)
  if (surplus <= 0) return []
  const live = new Set(claimed.map(revisionHash))
  return old
    .toSorted((a, b) => a.revision - b.revision)
    .filter((revision) => !live.has(revisionHash(revision)) || revisionHash(revision) === '')
    .slice(0, surplus)
}
