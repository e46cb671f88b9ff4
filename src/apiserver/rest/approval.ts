import type { CertificateSigningRequest, CertificateSigningRequestCondition } from '../../apimachinery/generated/types.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import { formatTime } from '../../sim/time.ts'
import type { RequestScope } from './context.ts'
import { changeFromRequest } from './patch.ts'
import { updateObject } from './update.ts'

/** PUT or PATCH of /approval: only metadata and conditions count. k8s 1.36: certificates csrApprovalStrategy. */
export function approveRequest(scope: RequestScope): KubeObject {
  const change = changeFromRequest(scope)
  return updateObject(scope, (current) => {
    const wanted = change(current) as CertificateSigningRequest
    const old = current as CertificateSigningRequest
    const conditions = wanted.status?.conditions?.map((c) => withTimes(c, old, scope.registry.sim.now))
    return {
      ...old,
      metadata: wanted.metadata,
      status: { ...old.status, conditions },
    } as KubeObject
  })
}

/** Conditions are stamped by the server. k8s 1.36: populateConditionTimestamps. */
function withTimes(
  condition: CertificateSigningRequestCondition,
  old: CertificateSigningRequest,
  nowMs: number,
): CertificateSigningRequestCondition {
  const before = old.status?.conditions?.find((c) => c.type === condition.type)
  const now = formatTime(nowMs)
  const lastUpdateTime = condition.lastUpdateTime ?? now
  const lastTransitionTime =
    condition.lastTransitionTime ?? (before?.status === condition.status ? before.lastTransitionTime : now)
  return { ...condition, lastUpdateTime, lastTransitionTime }
}
