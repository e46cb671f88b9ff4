import type { OwnerReference } from '../../apimachinery/generated/types.ts'
import type { RequestScope } from './context.ts'

/** Drops repeated owner references and warns of them. k8s 1.36: handlers dedupOwnerReferencesAndAddWarning. */
export function dedupOwnerReferences(
  scope: RequestScope,
  owners: readonly OwnerReference[] | undefined,
): readonly OwnerReference[] | undefined {
  if (!owners || owners.length < 2) return owners
  const seen = new Set<string>()
  const doubles = new Set<string>()
  const kept = owners.filter((owner) => {
    const key = JSON.stringify([owner.uid, owner.apiVersion, owner.kind, owner.name, owner.controller, owner.blockOwnerDeletion])
    if (seen.has(key)) doubles.add(owner.uid)
    const fresh = !seen.has(key)
    seen.add(key)
    return fresh
  })
  if (kept.length === owners.length) return owners
  scope.warnings.push(
    `.metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${[...doubles].join(', ')}`,
  )
  return kept
}
