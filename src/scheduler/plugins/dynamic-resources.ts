import type { NodeSelectorTerm, Pod, ResourceV1ResourceClaim as ResourceClaim } from '../../apimachinery/generated/types.ts'
import { Action, hint } from '../events.ts'
import type { Handle, Plugin } from '../framework.ts'
import type { Listers } from '../listers.ts'
import { compileNodeSelector } from '../node-affinity.ts'
import { failure, unresolvable, unschedulable, type Status } from '../status.ts'

const NAME = 'DynamicResources'
const ELSEWHERE = unresolvable(NAME, 'resourceclaim not available on the node')
const UNALLOCATED = unresolvable(NAME, 'cannot allocate all claims')
const NOTHING_TO_DEALLOCATE = unschedulable(NAME, 'no new claims to deallocate')
/** What the real plugin says when it is asked without having been prepared. */
const NOT_PREPARED = failure(NAME, 'not found')
const MAX_CONSUMERS = 256

/** The pod's claims, or why one of them can't be had. */
function podClaims({ metadata, spec, status }: Pod, listers: Listers): ResourceClaim[] | string {
  const claims: ResourceClaim[] = []
  for (const { name, resourceClaimName } of spec?.resourceClaims ?? []) {
    const generated = status?.resourceClaimStatuses?.find((s) => s.name === name)
    if (resourceClaimName === undefined && !generated)
      return `pod "${metadata.namespace}/${metadata.name}": ResourceClaim not created yet`
    const claimName = resourceClaimName ?? generated?.resourceClaimName
    if (claimName === undefined) continue
    const claim = listers.resourceClaim(metadata.namespace ?? '', claimName)
    if (!claim) return `resourceclaim.resource.k8s.io "${claimName}" not found`
    if (claim.metadata.deletionTimestamp !== undefined) return `resourceclaim "${claimName}" is being deleted`
    claims.push(claim)
  }
  return claims
}

/** Why the claim keeps the pod from every node. */
function claimTrouble(claim: ResourceClaim, pod: Pod, listers: Listers): string | null {
  const { allocation, reservedFor = [] } = claim.status ?? {}
  if (allocation) {
    const ours = reservedFor.some(({ uid }) => uid === pod.metadata.uid)
    return ours || reservedFor.length < MAX_CONSUMERS ? null : 'resourceclaim in use'
  }
  for (const { name, exactly, firstAvailable = [] } of claim.spec?.devices?.requests ?? [])
    for (const deviceClass of exactly ? [exactly.deviceClassName] : firstAvailable.map((r) => r.deviceClassName))
      if (!listers.deviceClass(deviceClass)) return `request ${name}: device class ${deviceClass} does not exist`
  return null
}

/**
 * Claims for devices. k8s 1.36: plugins/dynamicresources.
 * SIMPLIFIED: there are no device drivers in the simulation, so the scheduler allocates nothing itself: a claim counts
 * where its allocation (written through the API) says it is available, and one without allocation fits nowhere.
 */
export function dynamicResources({ listers }: Handle): Plugin {
  const uses = (pod: Pod, claim: ResourceClaim | undefined) => {
    const claims = podClaims(pod, listers)
    return typeof claims === 'string' || claims.some((c) => c.metadata.uid === claim?.metadata.uid)
  }
  return {
    name: NAME,
    events: [
      hint<ResourceClaim>('ResourceClaim', Action.Add | Action.Update, ({ pod }, { new: claim }) => uses(pod, claim)),
      hint<Pod>('Pod', Action.UpdatePodResourceClaim, (pod, { new: changed }) => changed?.metadata.uid === pod.pod.metadata.uid),
      hint('Node', Action.Add | Action.UpdateNodeLabel | Action.UpdateNodeTaint),
      hint('DeviceClass', Action.Add | Action.Update),
    ],
    preEnqueue(pod) {
      if (!pod.spec?.resourceClaims?.length) return null
      const claims = podClaims(pod, listers)
      return typeof claims === 'string' ? unresolvable(NAME, claims) : null
    },
    preFilter({ pod: { pod } }) {
      if (!pod.spec?.resourceClaims?.length) return null
      const claims = podClaims(pod, listers)
      if (typeof claims === 'string') return unresolvable(NAME, claims)
      for (const claim of claims) {
        const trouble = claimTrouble(claim, pod, listers)
        if (trouble) return unresolvable(NAME, trouble)
      }
      const reachable = claims.flatMap(({ status }) => {
        const terms: readonly NodeSelectorTerm[] | undefined = status?.allocation?.nodeSelector?.nodeSelectorTerms
        return terms ? [compileNodeSelector(terms)] : []
      })
      const unallocated = claims.some(({ status }) => !status?.allocation)
      return {
        filter({ node }): Status | null {
          if (reachable.some((test) => !test(node))) return ELSEWHERE
          return unallocated ? UNALLOCATED : null
        },
      }
    },
    postFilter: (_cycle, { hasRun }) => ({ status: hasRun(NAME) ? NOTHING_TO_DEALLOCATE : NOT_PREPARED }),
    preScore: () => ({ shareKey: '', score: () => 0 }),
  }
}
