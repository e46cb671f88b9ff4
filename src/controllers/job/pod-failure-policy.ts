import type {
  ContainerStatus,
  Pod,
  PodFailurePolicy,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyRule,
} from '../../apimachinery/generated/types.ts'

/** What a Job's failure policy says about a failed pod. */
export interface FailureVerdict {
  /** The action of the rule that matched. */
  readonly action?: string
  /** Whether the failure counts towards the back-off limits. */
  readonly counts: boolean
  /** Why the Job fails at once. */
  readonly failJob?: string
}

const COUNTS: FailureVerdict = { counts: true }

/** The first rule that matches decides. k8s 1.36: job matchPodFailurePolicy. */
export function judgeFailure(policy: PodFailurePolicy | undefined, pod: Pod): FailureVerdict {
  for (const [index, rule] of (policy?.rules ?? []).entries()) {
    const cause = matchRule(rule, pod)
    if (cause === null) continue
    const { action } = rule
    if (action === 'Ignore') return { action, counts: false }
    if (action === 'FailIndex' || action === 'Count') return { action, counts: true }
    if (action === 'FailJob') return { action, counts: true, failJob: `${cause} matching ${action} rule at index ${index}` }
  }
  return COUNTS
}

/** What matched, as the beginning of a message, or null. */
function matchRule({ onExitCodes, onPodConditions }: PodFailurePolicyRule, pod: Pod): string | null {
  const name = `${pod.metadata.namespace ?? ''}/${pod.metadata.name ?? ''}`
  if (onExitCodes) {
    const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {}
    const container = [...containerStatuses, ...initContainerStatuses].find((status) => exitMatches(status, onExitCodes))
    if (!container) return null
    return `Container ${container.name} for pod ${name} failed with exit code ${container.state?.terminated?.exitCode ?? 0}`
  }
  const condition = pod.status?.conditions?.find(({ type, status }) =>
    onPodConditions?.some((pattern) => pattern.type === type && pattern.status === status),
  )
  return condition ? `Pod ${name} has condition ${condition.type}` : null
}

function exitMatches({ name, state }: ContainerStatus, wanted: PodFailurePolicyOnExitCodesRequirement): boolean {
  const exitCode = state?.terminated?.exitCode ?? 0
  if (exitCode === 0 || (wanted.containerName !== undefined && wanted.containerName !== name)) return false
  const listed = wanted.values.includes(exitCode)
  return wanted.operator === 'In' ? listed : wanted.operator === 'NotIn' && !listed
}
