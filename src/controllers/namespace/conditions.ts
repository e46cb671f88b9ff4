import type { Namespace, NamespaceCondition } from '../../apimachinery/generated/types.ts'
import { formatTime } from '../../sim/time.ts'

/** What is left of one resource in a namespace that is being deleted. */
export interface Remaining {
  readonly group: string
  readonly resource: string
  readonly count: number
  /** How many of them each finalizer holds. */
  readonly finalizers: ReadonlyMap<string, number>
}

/** What deleting a namespace's content came to. */
export interface DeletionReport {
  readonly errors: readonly string[]
  /** Null while pods are still there: then the other resources have not been looked at. */
  readonly remaining: readonly Remaining[] | null
}

type Found = Pick<NamespaceCondition, 'type' | 'status' | 'reason' | 'message'>

const FINE: readonly Found[] = [
  ['NamespaceDeletionDiscoveryFailure', 'ResourcesDiscovered', 'All resources successfully discovered'],
  ['NamespaceDeletionGroupVersionParsingFailure', 'ParsedGroupVersions', 'All legacy kube types successfully parsed'],
  ['NamespaceDeletionContentFailure', 'ContentDeleted', 'All content successfully deleted, may be waiting on finalization'],
  ['NamespaceContentRemaining', 'ContentRemoved', 'All content successfully removed'],
  ['NamespaceFinalizersRemaining', 'ContentHasNoFinalizers', 'All content-preserving finalizers finished'],
].map(([type = '', reason = '', message = '']) => ({ type, status: 'False', reason, message }))

function problems({ errors, remaining }: DeletionReport): Found[] {
  const found: Found[] = []
  if (errors.length > 0) {
    const message = `Failed to delete all resource types, ${errors.length} remaining: ${errors.toSorted().join(', ')}`
    found.push({ type: 'NamespaceDeletionContentFailure', status: 'True', reason: 'ContentDeletionFailed', message })
  }
  const left = (remaining ?? []).filter(({ count }) => count > 0)
  if (left.length > 0) {
    const list = left.map(({ group, resource, count }) => `${resource}.${group} has ${count} resource instances`).toSorted()
    const message = `Some resources are remaining: ${list.join(', ')}`
    found.push({ type: 'NamespaceContentRemaining', status: 'True', reason: 'SomeResourcesRemain', message })
  }
  const holders = new Map<string, number>()
  for (const { finalizers } of left) for (const [name, count] of finalizers) holders.set(name, (holders.get(name) ?? 0) + count)
  if (holders.size > 0) {
    const list = [...holders].map(([name, count]) => `${name} in ${count} resource instances`).toSorted()
    const message = `Some content in the namespace has finalizers remaining: ${list.join(', ')}`
    found.push({ type: 'NamespaceFinalizersRemaining', status: 'True', reason: 'SomeFinalizersRemain', message })
  }
  return found
}

/** The namespace's conditions after an attempt, or null when nothing changes. k8s 1.36: namespace updateConditions. */
export function nextConditions(namespace: Namespace, report: DeletionReport, nowMs: number): NamespaceCondition[] | null {
  const conditions = [...(namespace.status?.conditions ?? [])]
  const found = problems(report)
  let changed = false
  for (const fine of FINE) {
    const wanted = found.find((condition) => condition.type === fine.type) ?? fine
    const at = conditions.findIndex((condition) => condition.type === fine.type)
    const old = conditions[at]
    const lastTransitionTime = old?.status === wanted.status ? old.lastTransitionTime : formatTime(nowMs)
    if (!old) conditions.push({ ...wanted, lastTransitionTime })
    else if (old.status === wanted.status && old.reason === wanted.reason && old.message === wanted.message) continue
    else conditions[at] = { ...wanted, lastTransitionTime }
    changed = true
  }
  return changed ? conditions : null
}

/** Counts what is left of a resource, and by what it is held. */
export function countRemaining(
  ref: { readonly group: string; readonly resource: string },
  objects: readonly { readonly metadata: { readonly finalizers?: readonly string[] } }[],
): Remaining {
  const finalizers = new Map<string, number>()
  for (const { metadata } of objects)
    for (const finalizer of metadata.finalizers ?? []) finalizers.set(finalizer, (finalizers.get(finalizer) ?? 0) + 1)
  return { group: ref.group, resource: ref.resource, count: objects.length, finalizers }
}
