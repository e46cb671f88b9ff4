import { StatusError } from '../../apimachinery/errors.ts'
import type {
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  Validation,
} from '../../apimachinery/generated/types.ts'
import type { Variables } from '../cel/compile.ts'
import { deny } from './forbid.ts'
import { admissionVariables, conditionsHold, evaluated } from './expressions.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './plugin.ts'
import { everyOne, invocationsOf, type Invocation } from './policies.ts'
import { isExempt, targetOf, type Target } from './target.ts'

const POLICIES = 'validatingadmissionpolicies.admissionregistration.k8s.io'
const BINDINGS = 'validatingadmissionpolicybindings.admissionregistration.k8s.io'
const MAX_MESSAGE_BYTES = 5 * 1024
const CODES: { readonly [reason: string]: number } = {
  Forbidden: 403,
  Unauthorized: 401,
  RequestEntityTooLarge: 413,
  Invalid: 422,
}

type Asked = Invocation<ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding>

/** Why a policy refuses. `always`: whatever the binding's actions are. */
interface Denial {
  readonly message: string
  readonly reason: string
  readonly always?: boolean
}

function validate(attributes: AdmissionAttributes): void {
  const { registry, warnings } = attributes.scope
  if (registry.etcd.count(POLICIES) === 0 || registry.etcd.count(BINDINGS) === 0 || isExempt(attributes)) return
  const target = targetOf(attributes)
  const refusals: { asked: Asked; denial: Denial }[] = []
  for (const asked of invocationsOf<ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding>(
    everyOne(registry, POLICIES),
    everyOne(registry, BINDINGS),
    target,
  )) {
    const actions: readonly string[] = asked.binding?.spec?.validationActions ?? ['Deny']
    for (const denial of denialsOf(asked, target)) {
      if (denial.always || actions.includes('Deny')) refusals.push({ asked, denial })
      // SIMPLIFIED: there is no audit log, so the action Audit and audit annotations leave no trace.
      if (actions.includes('Warn') && !denial.always)
        warnings.push(
          `Validation failed for ValidatingAdmissionPolicy '${policyName(asked)}' with binding '${asked.binding?.metadata.name ?? ''}': ${denial.message}`,
        )
    }
  }
  const [first] = refusals
  if (first) throw refusal(attributes, first.asked, first.denial)
}

const policyName = ({ policy }: Asked) => policy.metadata.name ?? ''

function refusal(attributes: AdmissionAttributes, asked: Asked, { message: why, reason }: Denial): StatusError {
  const by = asked.binding ? ` with binding '${asked.binding.metadata.name ?? ''}'` : ''
  const cause = `ValidatingAdmissionPolicy '${policyName(asked)}'${by} denied request: ${why}`
  const { status } = deny(attributes, cause)
  return new StatusError({
    ...status,
    reason,
    code: CODES[reason] ?? 422,
    details: { ...status.details, causes: [{ message: cause }] },
  } as typeof status)
}

/** k8s 1.36: policy/validating validator.Validate. */
function denialsOf(asked: Asked, target: Target): Denial[] {
  const { spec = {} } = asked.policy
  const onError = (message: string): Denial[] => (spec.failurePolicy === 'Ignore' ? [] : [{ message, reason: 'Invalid' }])
  if (asked.problem !== undefined) return onError(asked.problem).map((denial) => ({ ...denial, always: true }))
  const variables = admissionVariables(target, asked.match, asked.params, spec.variables)
  const holds = conditionsHold(spec.matchConditions, variables)
  if (holds === false) return []
  if (holds !== true) return onError(holds.error)
  const denials = (spec.validations ?? []).flatMap((validation) => {
    const outcome = evaluated(validation.expression, variables)
    if ('error' in outcome) return onError(outcome.error)
    return outcome.value === true ? [] : [{ message: messageOf(validation, variables), reason: validation.reason ?? 'Invalid' }]
  })
  const audits = (spec.auditAnnotations ?? []).flatMap(({ valueExpression }) => {
    const outcome = evaluated(valueExpression.trim(), variables)
    return 'error' in outcome ? onError(outcome.error).map((denial) => ({ ...denial, always: true })) : []
  })
  return [...denials, ...audits]
}

function messageOf({ expression, message = '', messageExpression }: Validation, variables: Variables): string {
  const outcome = messageExpression ? evaluated(messageExpression, variables) : undefined
  const text = outcome && 'value' in outcome && typeof outcome.value === 'string' ? outcome.value.trim() : ''
  if (text !== '' && text.length <= MAX_MESSAGE_BYTES && !text.includes('\n')) return text
  return message.trim() || `failed expression: ${expression.trim()}`
}

/** Asks the policies whether a write may be. k8s 1.36: plugin/policy/validating. */
export const validatingAdmissionPolicy: AdmissionPlugin = { name: 'ValidatingAdmissionPolicy', validate, connect: validate }
