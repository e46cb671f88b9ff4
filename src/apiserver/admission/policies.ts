/** What validating and mutating policies share: bindings and parameters. Source: k8s 1.36 policy/generic. */
import type { MatchResources, ParamKind, ParamRef } from '../../apimachinery/generated/types.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import { compileSelector } from '../../apimachinery/selectors.ts'
import type { Registry } from '../rest/context.ts'
import { storageKey } from '../rest/context.ts'
import { fromStorage } from '../rest/decode.ts'
import type { ResourceInfo } from '../resources.ts'
import { matchResources } from './matching.ts'
import type { Match, Target } from './target.ts'

interface Policy extends KubeObject {
  readonly spec?: { readonly paramKind?: ParamKind; readonly matchConstraints?: MatchResources; readonly failurePolicy?: string }
}
interface Binding extends KubeObject {
  readonly spec?: { readonly policyName?: string; readonly paramRef?: ParamRef; readonly matchResources?: MatchResources }
}

/** A policy that is for this write by one of its bindings, with one of its parameters; or why it cannot be asked. */
export interface Invocation<P, B> {
  readonly policy: P
  /** Undefined when the policy itself is wrong. */
  readonly binding?: B
  readonly match: Match
  readonly params?: KubeObject | null
  readonly problem?: string
}

/** A parameter object that cannot be found as the binding says. */
class ParamProblem extends Error {}

const nameOf = (object: KubeObject) => object.metadata.name ?? ''

/** Every policy and binding that a write concerns, in order of their names. */
export function invocationsOf<P extends Policy, B extends Binding>(
  policies: readonly P[],
  bindings: readonly B[],
  target: Target,
): Invocation<P, B>[] {
  const { registry } = target.attributes.scope
  return policies.flatMap((policy) => {
    const own = bindings.filter(({ spec }) => spec?.policyName === nameOf(policy))
    const match = own.length > 0 ? matchResources(policy.spec?.matchConstraints, target) : undefined
    if (!match) return []
    const { paramKind } = policy.spec ?? {}
    const info = paramKind && registry.resources.findKind(paramKind.apiVersion ?? '', paramKind.kind ?? '')
    if (paramKind && !info) {
      const kind = `${paramKind.apiVersion ?? ''}, Kind=${paramKind.kind ?? ''}`
      return [
        { policy, match, problem: `failed to configure policy: failed to find resource referenced by paramKind: '${kind}'` },
      ]
    }
    return own
      .filter(({ spec }) => matchResources(spec?.matchResources, target) !== undefined)
      .flatMap((binding) => withParams(policy, binding, match, info, target))
  })
}

function withParams<P, B extends Binding>(
  policy: P,
  binding: B,
  match: Match,
  info: ResourceInfo | undefined,
  target: Target,
): Invocation<P, B>[] {
  const paramRef = binding.spec?.paramRef
  if (!info || !paramRef) return [{ policy, binding, match, params: null }]
  try {
    const found = collectParams(target.attributes.scope.registry, info, paramRef, target.namespace)
    return found.map((params) => ({ policy, binding, match, params }))
  } catch (error) {
    if (error instanceof ParamProblem)
      return [{ policy, binding, match, problem: `failed to configure binding: ${error.message}` }]
    throw error
  }
}

/** k8s 1.36: generic CollectParams. */
function collectParams(registry: Registry, info: ResourceInfo, ref: ParamRef, requestNamespace: string): KubeObject[] {
  if (ref.namespace && !info.namespaced)
    throw new ParamProblem('paramRef.namespace must not be provided for a cluster-scoped `paramKind`')
  const namespace = info.namespaced ? ref.namespace || requestNamespace : ''
  if (info.namespaced && namespace === '')
    throw new ParamProblem('cannot use namespaced paramRef in policy binding that matches cluster-scoped resources')
  const stored = ref.name
    ? [registry.etcd.get(info.bucket, storageKey(info, namespace, ref.name))?.value].filter((value) => value !== undefined)
    : registry.etcd
        .range(info.bucket, info.namespaced ? `${namespace}/` : '')
        .map(({ value }) => value)
        .filter((value) => compileSelector(ref.selector)(value.metadata.labels))
  if (stored.length === 0 && ref.parameterNotFoundAction === 'Deny')
    throw new ParamProblem('no params found for policy binding with `Deny` parameterNotFoundAction')
  return stored.map((object) => fromStorage(info, object))
}

/** All objects of a kind in order of their names. */
export function everyOne<T extends KubeObject>(registry: Registry, bucket: string): readonly T[] {
  return registry.etcd.count(bucket) === 0 ? [] : registry.etcd.range(bucket).map(({ value }) => value as T)
}
