import { pods } from '../../apimachinery/generated/resources.ts'
import type { Pod, ResourceV1ResourceClaim as ResourceClaim, ResourceClaimTemplate } from '../../apimachinery/generated/types.ts'
import { controllerOf, newControllerRef } from '../shared/owners.ts'
import { isPodTerminal } from '../shared/pods.ts'

const POD_CLAIM_NAME = 'resource.kubernetes.io/pod-claim-name'

/** The claims that a pod wants made from templates and that its status does not name yet. */
export function missingClaims(pod: Pod): { readonly name: string; readonly template: string }[] {
  const known = new Set(pod.status?.resourceClaimStatuses?.map((status) => status.name))
  return (pod.spec?.resourceClaims ?? []).flatMap(({ name, resourceClaimTemplateName: template }) =>
    template === undefined || known.has(name) ? [] : [{ name, template }],
  )
}

/** The claim made earlier for this pod under that name, if there is one. */
export function claimFor(pod: Pod, name: string, claims: readonly ResourceClaim[]): ResourceClaim | undefined {
  return claims.find(
    (claim) => controllerOf(claim)?.uid === pod.metadata.uid && claim.metadata.annotations?.[POD_CLAIM_NAME] === name,
  )
}

/** k8s 1.36: resourceclaim handleClaim. */
export function newClaim(pod: Pod, name: string, { spec: { metadata, spec } }: ResourceClaimTemplate): ResourceClaim {
  return {
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceClaim',
    metadata: {
      generateName: `${pod.metadata.name ?? ''}-${name}-`,
      namespace: pod.metadata.namespace,
      ...(metadata?.labels ? { labels: metadata.labels } : {}),
      annotations: { ...metadata?.annotations, [POD_CLAIM_NAME]: name },
      ownerReferences: [newControllerRef(pod, pods)],
    },
    spec,
  }
}

/**
 * The status of a claim without consumers that are done, or null when nothing changes. Without consumers, an
 * allocation ends. `podOf` gives a pod by name. k8s 1.36: resourceclaim syncClaim.
 */
export function releasedStatus(claim: ResourceClaim, podOf: (name: string) => Pod | undefined): ResourceClaim['status'] | null {
  const reserved = claim.status?.reservedFor ?? []
  const valid = reserved.filter(({ resource, name, uid }) => {
    if (resource !== 'pods') return true
    const pod = podOf(name)
    return pod?.metadata.uid === uid && pod !== undefined && !isPodTerminal(pod)
  })
  if (valid.length === reserved.length) return null
  const { reservedFor: _, allocation, ...rest } = claim.status ?? {}
  if (valid.length > 0) return { ...rest, ...(allocation ? { allocation } : {}), reservedFor: valid }
  return rest
}
