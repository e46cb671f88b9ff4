/** Admission webhooks. Source: k8s 1.36 plugin/webhook generic/webhook.go, mutating and validating dispatchers. */
import { forbidden, internal, StatusError } from '../../apimachinery/errors.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import { jsonPatch } from '../../apimachinery/patch/json-patch.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import { DecodeError } from '../../apimachinery/schema/decode.ts'
import { admissionVariables, conditionsHold } from './expressions.ts'
import { matchRules, namespaceSelected, objectSelected } from './matching.ts'
import { adopted } from './mutated.ts'
import { applyPolicies } from './mutating-admission-policy.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './plugin.ts'
import { everyOne } from './policies.ts'
import { isExempt, shownAs, targetOf, type Match, type Target } from './target.ts'
import { WebhookCallError, ask, closed, type Webhook } from './webhook-review.ts'

const MUTATING = 'mutatingwebhookconfigurations.admissionregistration.k8s.io'
const VALIDATING = 'validatingwebhookconfigurations.admissionregistration.k8s.io'

type Configuration = KubeObject & { readonly webhooks?: readonly Webhook[] }

/** The webhooks of all configurations in order of their names. */
function hooksOf(attributes: AdmissionAttributes, bucket: string): readonly Webhook[] {
  const { registry } = attributes.scope
  if (registry.etcd.count(bucket) === 0 || isExempt(attributes)) return []
  return everyOne<Configuration>(registry, bucket).flatMap(({ webhooks = [] }) => webhooks)
}

/** The version in which a webhook wants to see the write; undefined: it does not. */
function matchOf(hook: Webhook, target: Target): Match | undefined {
  const match = matchRules(hook.rules, hook.matchPolicy, target)
  if (!match || !objectSelected(hook.objectSelector, target) || !namespaceSelected(hook.namespaceSelector, target))
    return undefined
  if (!hook.matchConditions?.length) return match
  const holds = conditionsHold(hook.matchConditions, admissionVariables(target, match))
  if (holds === true) return match
  if (holds === false || hook.failurePolicy === 'Ignore') return undefined
  throw forbidden(target.attributes.scope.info, target.name, holds.error)
}

/** Asks one webhook; a failure to do so counts only when the webhook fails closed. */
function asked(hook: Webhook, target: Target, match: Match, mutating: boolean): readonly unknown[] | undefined {
  try {
    return ask(hook, target, match, mutating)
  } catch (error) {
    if (!(error instanceof WebhookCallError)) throw error
    if (hook.failurePolicy === 'Ignore') return undefined
    throw closed(error)
  }
}

/** The object after one webhook; the same when it changes nothing. */
function mutatedBy(hook: Webhook, attributes: AdmissionAttributes): KubeObject | undefined {
  const { object } = attributes
  const target = targetOf(attributes)
  const match = matchOf(hook, target)
  const patch = match && asked(hook, target, match, true)
  if (!match || !patch || patch.length === 0) return object
  if (!object)
    throw internal(
      `admission webhook ${JSON.stringify(hook.name)} attempted to modify the object, which is not supported for this operation`,
    )
  try {
    return adopted(jsonPatch(shownAs(object, match), patch), target, match)
  } catch (error) {
    if (error instanceof DecodeError || error instanceof StatusError) throw internal(error.message)
    throw error
  }
}

/** SIMPLIFIED: after a change, policies and webhooks that ask for it look again; the built-in plugins don't. */
function mutate(attributes: AdmissionAttributes): KubeObject | undefined {
  const hooks = hooksOf(attributes, MUTATING)
  if (hooks.length === 0) return undefined
  let object = attributes.object
  let lastChange = -1
  for (const [i, hook] of hooks.entries()) {
    const changed = mutatedBy(hook, { ...attributes, object })
    if (changed && object && !jsonEqual(changed, object)) lastChange = i
    object = changed
  }
  if (lastChange < 0 || !object) return object
  // What others have changed since is shown once more to those who ask for it.
  object = applyPolicies({ ...attributes, object }, true) ?? object
  for (const [i, hook] of hooks.entries())
    if (i < lastChange && hook.reinvocationPolicy === 'IfNeeded') object = mutatedBy(hook, { ...attributes, object }) ?? object
  return object
}

/** k8s 1.36: MutatingAdmissionWebhook. Writes without a new object are only refused. */
export const mutatingWebhooks: AdmissionPlugin = {
  name: 'MutatingAdmissionWebhook',
  admit: mutate,
  validate: (attributes) => {
    if (attributes.operation === 'DELETE') mutate(attributes)
  },
  connect: mutate,
}

function validate(attributes: AdmissionAttributes): void {
  const hooks = hooksOf(attributes, VALIDATING)
  if (hooks.length === 0) return
  const target = targetOf(attributes)
  for (const hook of hooks) {
    const match = matchOf(hook, target)
    if (match) asked(hook, target, match, false)
  }
}

/** k8s 1.36: ValidatingAdmissionWebhook. All are asked in turn, the first refusal counts. */
export const validatingWebhooks: AdmissionPlugin = { name: 'ValidatingAdmissionWebhook', validate, connect: validate }
