/** Evaluation of the expressions of policies and webhooks. Source: k8s 1.36 admission/plugin/cel activation.go, condition.go. */
import { EvaluationError } from '@marcbachmann/cel-js'
import type { KubeObject } from '../../apimachinery/resource.ts'
import { admissionRuntime, type NamedExpression } from '../cel/admission-environment.ts'
import { programOf, type Outcome, type Program, type Variables } from '../cel/compile.ts'
import { AuthorizerValue, type Question } from '../cel/library/authorizer.ts'
import { withoutTypeNames } from '../cel/object-literals.ts'
import { celOfJson } from '../cel/values.ts'
import { admissionRequest, namespaceOf, shownAs, type Match, type Target } from './target.ts'

const programs = new Map<string, Program>()
const MAX_PROGRAMS = 2000

function admissionProgram(source: string): Program {
  let program = programs.get(source)
  if (!program) {
    if (programs.size >= MAX_PROGRAMS) programs.clear()
    programs.set(source, (program = programOf(withoutTypeNames(source), admissionRuntime())))
  }
  return program
}

const KEPT_META = ['name', 'generateName', 'namespace', 'labels', 'annotations', 'uid', 'creationTimestamp']

/** Which fields of a namespace are shown. k8s 1.36: CreateNamespaceObject. */
function namespaceView(namespace: KubeObject | undefined): unknown {
  if (!namespace) return null
  const { metadata, spec, status } = namespace as KubeObject & { spec?: object; status?: object }
  const meta: { [key: string]: unknown } = { ...metadata }
  const kept = Object.fromEntries(
    [...KEPT_META, 'deletionGracePeriodSeconds', 'deletionTimestamp', 'generation', 'resourceVersion', 'finalizers'].flatMap(
      (key) => (meta[key] === undefined ? [] : [[key === 'uid' ? 'UID' : key, meta[key]]]),
    ),
  )
  return celOfJson({ metadata: kept, ...(spec ? { spec } : {}), ...(status ? { status } : {}) })
}

function authorizerOf(target: Target): AuthorizerValue {
  const { attributes, resource, subresource, namespace, name } = target
  const { registry, request } = attributes.scope
  const ask = ({ serviceAccount: account, path, verb, ...part }: Question) => {
    const user = account
      ? {
          name: `system:serviceaccount:${account.namespace}:${account.name}`,
          groups: ['system:serviceaccounts', `system:serviceaccounts:${account.namespace}`, 'system:authenticated'],
        }
      : request.user
    const where = { group: '', resource: '', subresource: '', namespace: '', name: '', ...part }
    const {
      verdict,
      reason,
      error = '',
    } = registry.authorizer.authorize({ user, verb, ...where, ...(path === undefined ? {} : { path }) })
    return { allowed: verdict === 'allow', reason, error }
  }
  const { group } = resource
  return new AuthorizerValue(ask, {}, { group, resource: resource.resource, subresource, namespace, name })
}

const fromText = (error: string) => new EvaluationError(error)

/**
 * What an expression may refer to in one write. Each is worked out when first looked at, the variables of the policy
 * too: one that fails does so for those that use it.
 */
export function admissionVariables(
  target: Target,
  match: Match,
  params?: KubeObject | null,
  composed: readonly NamedExpression[] = [],
): Variables {
  const { object, old } = target.attributes
  const known = new Map<string, unknown>()
  const lazily = (make: () => unknown) => ({ enumerable: true, get: make })
  const once = (name: string, make: () => unknown) =>
    lazily(() => {
      if (!known.has(name)) known.set(name, make())
      return known.get(name)
    })
  const own: { [name: string]: unknown } = {}
  const all: { [name: string]: unknown } = Object.defineProperties(
    {},
    {
      object: once('object', () => (object ? celOfJson(shownAs(object, match)) : null)),
      oldObject: once('oldObject', () => (old ? celOfJson(shownAs(old, match)) : null)),
      request: once('request', () => celOfJson(admissionRequest(target, match))),
      namespaceObject: once('namespaceObject', () => namespaceView(namespaceOf(target))),
      params: once('params', () => (params ? celOfJson(params) : null)),
      authorizer: once('authorizer', () => authorizerOf(target)),
      variables: { enumerable: true, value: own },
    },
  )
  const outcomes = new Map<string, Outcome>()
  for (const { name = '', expression = '' } of composed)
    Object.defineProperty(
      own,
      name,
      lazily(() => {
        let outcome = outcomes.get(name)
        if (!outcome) outcomes.set(name, (outcome = admissionProgram(expression).run(all)))
        if ('error' in outcome) throw fromText(`composited variable "${name}" fails to evaluate: ${outcome.error}`)
        return outcome.value
      }),
    )
  return all
}

/** Evaluates one expression; the error is worded as policies report it. */
export function evaluated(source: string, variables: Variables): Outcome {
  const outcome = admissionProgram(source).run(variables)
  return 'error' in outcome ? { error: `expression '${source}' resulted in error: ${outcome.error}` } : outcome
}

/** Whether all conditions hold. One that is false decides, whatever errors others have. k8s 1.36: matchconditions Match. */
export function conditionsHold(
  conditions: readonly NamedExpression[] | undefined,
  variables: Variables,
): boolean | { error: string } {
  const errors: string[] = []
  for (const { expression = '' } of conditions ?? []) {
    const outcome = evaluated(expression, variables)
    if ('error' in outcome) errors.push(outcome.error)
    else if (outcome.value === false) return false
  }
  if (errors.length === 0) return true
  const distinct = [...new Set(errors)]
  return { error: distinct.length === 1 ? (distinct[0] ?? '') : `[${distinct.join(', ')}]` }
}
