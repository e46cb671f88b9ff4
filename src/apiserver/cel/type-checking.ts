/** Expressions of policies against the types of what they match. Source: k8s 1.36 policy/validating typechecking.go. */
import type { Environment } from '@marcbachmann/cel-js'
import type { ExpressionWarning, JSONSchemaProps, ValidatingAdmissionPolicy } from '../../apimachinery/generated/types.ts'
import { modelByName } from '../../apimachinery/schema/schema.ts'
import { admissionChecker } from './admission-environment.ts'
import { registerModel, registerSchema } from './schema-types.ts'

/** A kind whose type is known: a built-in model, or the schema of a custom resource. */
export interface TypedKind {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly model?: string
  readonly schema?: JSONSchemaProps
}

/** How kinds are found. */
export interface KindFinder {
  ofResource(group: string, version: string, resource: string): TypedKind | undefined
  ofKind(apiVersion: string, kind: string): TypedKind | undefined
}

/** Most kinds that one policy is checked against. k8s 1.36: maxTypesToCheck. */
const MAX_TYPES = 10

function kindsOf({ spec }: ValidatingAdmissionPolicy, finder: KindFinder): TypedKind[] {
  const found = new Map<string, TypedKind>()
  for (const { apiGroups = [], apiVersions = [], resources = [] } of spec?.matchConstraints?.resourceRules ?? []) {
    if ([...apiGroups, ...apiVersions].some((word) => word.includes('*'))) continue
    for (const group of apiGroups.toSorted())
      for (const version of apiVersions.toSorted())
        for (const resource of resources.toSorted()) {
          const kind = /[*/]/.test(resource) ? undefined : finder.ofResource(group, version, resource)
          if (kind && found.size < MAX_TYPES) found.set(`${group}/${version}/${kind.kind}`, kind)
        }
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, kind]) => kind)
}

/** How the type of an object is called, and how it comes into an environment. */
function typeOf({ kind, model, schema }: TypedKind): { readonly name: string; readonly register: (env: Environment) => void } {
  if (model) return { name: model, register: (env) => void registerModel(env, modelByName(model)) }
  return { name: kind, register: (env) => void registerSchema(env, kind, schema ?? { type: 'object' }, true) }
}

function paramsOf(params: TypedKind | undefined, object: TypedKind) {
  if (!params) return { name: 'dyn', register: () => undefined }
  // Both may be of one kind.
  const same = params.model !== undefined ? params.model === object.model : params.kind === object.kind
  const { name, register } = typeOf(params)
  return { name, register: same || params.model !== undefined ? () => undefined : register, model: params.model }
}

const gvk = ({ group, version, kind }: TypedKind) => `${group}/${version}, Kind=${kind}`

/** What the expressions of a policy get wrong about the objects they will see. */
export function expressionWarnings(policy: ValidatingAdmissionPolicy, finder: KindFinder): ExpressionWarning[] {
  const { validations = [], variables = [], paramKind } = policy.spec ?? {}
  const params = paramKind && finder.ofKind(paramKind.apiVersion ?? '', paramKind.kind ?? '')
  const checkers = kindsOf(policy, finder).map((kind) => {
    const type = typeOf(kind)
    const ofParams = paramsOf(params, kind)
    const register = (env: Environment) => {
      const known = new Set<string>()
      if (kind.model) registerModel(env, modelByName(kind.model), known)
      else type.register(env)
      if (ofParams.model) registerModel(env, modelByName(ofParams.model), known)
      else ofParams.register(env)
    }
    const objectType = { name: type.name, register }
    const scope = { hasParams: paramKind !== undefined, hasAuthorizer: true, variables, objectType, paramsType: ofParams.name }
    return { kind, checker: admissionChecker(scope) }
  })
  const warn = (fieldRef: string, expression: string | undefined): ExpressionWarning[] => {
    if (!expression) return []
    const texts = checkers.flatMap(({ kind, checker }) => {
      const checked = checker.check(expression)
      return 'issues' in checked ? [`${gvk(kind)}: compilation failed: ${checked.issues}\n`] : []
    })
    return texts.length > 0 ? [{ fieldRef, warning: texts.join('\n') }] : []
  }
  return validations.flatMap(({ expression, messageExpression }, i) => [
    ...warn(`spec.validations[${i}].expression`, expression),
    ...warn(`spec.validations[${i}].messageExpression`, messageExpression),
  ])
}
