import { StatusError } from '../../apimachinery/errors.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import type { MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding, Mutation } from '../../apimachinery/generated/types.ts'
import { typeOfModel } from '../../apimachinery/managedfields/managers.ts'
import { merge } from '../../apimachinery/managedfields/merge.ts'
import { validateConfiguration } from '../../apimachinery/managedfields/validate.ts'
import { jsonPatch } from '../../apimachinery/patch/json-patch.ts'
import type { JsonObject, KubeObject } from '../../apimachinery/resource.ts'
import { DecodeError } from '../../apimachinery/schema/decode.ts'
import type { Type } from '../../apimachinery/schema/schema.ts'
import type { Variables } from '../cel/compile.ts'
import { jsonOfCel } from '../cel/values.ts'
import { bodyKindOf } from '../rest/decode.ts'
import { deny } from './forbid.ts'
import { admissionVariables, conditionsHold, evaluated } from './expressions.ts'
import { adopted } from './mutated.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './plugin.ts'
import { everyOne, invocationsOf, type Invocation } from './policies.ts'
import { isExempt, shownAs, targetOf } from './target.ts'

const POLICIES = 'mutatingadmissionpolicies.admissionregistration.k8s.io'
const BINDINGS = 'mutatingadmissionpolicybindings.admissionregistration.k8s.io'

type Asked = Invocation<MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding>

/** A mutation that cannot be carried out. */
class MutationProblem extends Error {}

/** Runs the policies once; `again`: only those that ask to see what others have changed since. */
export function applyPolicies(attributes: AdmissionAttributes, again: boolean): KubeObject | undefined {
  const { registry } = attributes.scope
  if (registry.etcd.count(POLICIES) === 0 || registry.etcd.count(BINDINGS) === 0 || isExempt(attributes)) return undefined
  if (attributes.object === undefined) return undefined
  const asked = invocationsOf<MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding>(
    everyOne(registry, POLICIES),
    everyOne(registry, BINDINGS),
    targetOf(attributes),
  )
  const round = (input: KubeObject, list: readonly Asked[]) => {
    let object = input
    let lastChange = -1
    for (const [i, invocation] of list.entries()) {
      const changed = mutatedBy(invocation, { ...attributes, object })
      if (!jsonEqual(changed, object)) lastChange = i
      object = changed
    }
    return { object, lastChange }
  }
  const eager = asked.filter(({ policy }) => policy.spec?.reinvocationPolicy === 'IfNeeded')
  if (again) return round(attributes.object, eager).object
  const first = round(attributes.object, asked)
  // Those that another one has changed something after get a second look.
  const needed = eager.filter((invocation) => asked.indexOf(invocation) < first.lastChange)
  return needed.length > 0 ? round(first.object, needed).object : first.object
}

function mutatedBy(invocation: Asked, attributes: AdmissionAttributes): KubeObject {
  const { policy, match, params, problem } = invocation
  const { spec = {} } = policy
  const object = attributes.object as KubeObject
  const refuse = (why: string): KubeObject => {
    if (spec.failurePolicy === 'Ignore') return object
    throw refusal(attributes, invocation, why)
  }
  if (problem !== undefined) return refuse(problem)
  const start = targetOf(attributes)
  const holds = conditionsHold(spec.matchConditions, admissionVariables(start, match, params, spec.variables))
  if (holds === false) return object
  if (holds !== true) return refuse(holds.error)
  let current = object
  for (const mutation of spec.mutations ?? []) {
    const target = targetOf({ ...attributes, object: current })
    const variables = admissionVariables(target, match, params, spec.variables)
    try {
      const shown = shownAs(current, match)
      const changed =
        mutation.patchType === 'JSONPatch'
          ? patched(mutation, shown, variables)
          : merged(mutation, shown, variables, typeOfModel(bodyKindOf(match.info, target.subresource).model))
      current = adopted(changed, target, match)
    } catch (error) {
      if (error instanceof MutationProblem || error instanceof DecodeError) return refuse(error.message)
      throw error
    }
  }
  return current
}

function refusal(attributes: AdmissionAttributes, { policy, binding }: Asked, why: string): StatusError {
  const name = policy.metadata.name ?? ''
  const message = binding
    ? `policy '${name}' with binding '${binding.metadata.name ?? ''}' denied request: ${why}`
    : `policy ${JSON.stringify(name)} denied request: ${why}`
  const { status } = deny(attributes, 'admission request denied by policy')
  return new StatusError({
    ...status,
    message,
    ...(binding ? { reason: 'Invalid' } : {}),
    details: { ...status.details, causes: [{ message }] },
  } as typeof status)
}

function valueOf(source: string | undefined, variables: Variables): unknown {
  const outcome = evaluated(source ?? '', variables)
  if ('error' in outcome) throw new MutationProblem(outcome.error)
  return jsonOfCel(outcome.value)
}

function patched(mutation: Mutation, shown: KubeObject, variables: Variables): unknown {
  const patch = valueOf(mutation.jsonPatch?.expression, variables)
  if (!Array.isArray(patch)) throw new MutationProblem('type mismatch: JSONPatchType.expression should evaluate to array')
  try {
    return jsonPatch(shown, patch)
  } catch (error) {
    if (error instanceof StatusError) throw new MutationProblem(`JSON Patch: ${error.message}`)
    throw error
  }
}

/** k8s 1.36: mutating/patch ApplyStructuredMergeDiff. */
function merged(mutation: Mutation, shown: KubeObject, variables: Variables, type: Type): unknown {
  const value = valueOf(mutation.applyConfiguration?.expression, variables)
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new MutationProblem('unsupported return type from ApplyConfiguration expression')
  const config: JsonObject = { ...value, apiVersion: shown.apiVersion, kind: shown.kind }
  const wrong = validateConfiguration(type, config)
  if (wrong !== '') throw new MutationProblem(`error applying patch: failed to convert patch object to typed object: ${wrong}`)
  const atomics = atomicPaths(type, config, '')
  if (atomics.length > 0)
    throw new MutationProblem(
      `error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ${atomics.join(', ')}`,
    )
  return merge(type, shown, config)
}

function atomicPaths(type: Type, value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) return type.kind === 'list' && type.listType === 'atomic' ? [path] : []
  if (type.kind !== 'struct' && type.kind !== 'map') return []
  const inside = Object.entries(value).flatMap(([key, item]) => {
    const of = type.kind === 'map' ? type.values : type.model.fields.get(key)?.type
    return of ? atomicPaths(of, item, `${path}.${key}`) : []
  })
  return type.atomic ? [path, ...inside] : inside
}

/** Lets the policies change what is written. k8s 1.36: plugin/policy/mutating. */
export const mutatingAdmissionPolicy: AdmissionPlugin = {
  name: 'MutatingAdmissionPolicy',
  admit: (attributes) => applyPolicies(attributes, false),
}
