/** What expressions of admission may refer to. Source: k8s 1.36 admission/plugin/cel/compile.go. */
import type { Environment } from '@marcbachmann/cel-js'
import { checkExpression, type Checked } from './compile.ts'
import { baseEnvironment } from './environment.ts'
import { authorizerLibrary } from './library/authorizer.ts'
import { withoutTypeNames } from './object-literals.ts'

const TIMESTAMP = 'google.protobuf.Timestamp'
const TEXTS = 'map<string, string>'
/** Innermost first. */
const TYPES: readonly (readonly [name: string, fields: { readonly [field: string]: string }])[] = [
  ['kubernetes.GroupVersionKind', { group: 'string', version: 'string', kind: 'string' }],
  ['kubernetes.GroupVersionResource', { group: 'string', version: 'string', resource: 'string' }],
  ['kubernetes.UserInfo', { username: 'string', uid: 'string', groups: 'list<string>', extra: 'map<string, list<string>>' }],
  [
    'kubernetes.AdmissionRequest',
    {
      kind: 'kubernetes.GroupVersionKind',
      resource: 'kubernetes.GroupVersionResource',
      subResource: 'string',
      requestKind: 'kubernetes.GroupVersionKind',
      requestResource: 'kubernetes.GroupVersionResource',
      requestSubResource: 'string',
      name: 'string',
      namespace: 'string',
      operation: 'string',
      userInfo: 'kubernetes.UserInfo',
      dryRun: 'bool',
      options: 'dyn',
    },
  ],
  ['kubernetes.NamespaceSpec', { finalizers: 'list<string>' }],
  [
    'kubernetes.NamespaceCondition',
    { status: 'string', type: 'string', lastTransitionTime: TIMESTAMP, message: 'string', reason: 'string' },
  ],
  ['kubernetes.NamespaceStatus', { conditions: 'list<kubernetes.NamespaceCondition>', phase: 'string' }],
  [
    'kubernetes.NamespaceMetadata',
    {
      name: 'string',
      generateName: 'string',
      namespace: 'string',
      labels: TEXTS,
      annotations: TEXTS,
      UID: 'string',
      creationTimestamp: TIMESTAMP,
      deletionGracePeriodSeconds: 'int',
      deletionTimestamp: TIMESTAMP,
      generation: 'int',
      resourceVersion: 'string',
      finalizers: 'list<string>',
    },
  ],
  [
    'kubernetes.Namespace',
    { metadata: 'kubernetes.NamespaceMetadata', spec: 'kubernetes.NamespaceSpec', status: 'kubernetes.NamespaceStatus' },
  ],
]

/** A named expression whose value others may use as variables.NAME. */
export interface NamedExpression {
  readonly name?: string
  readonly expression?: string
}

/** What there is beside object, oldObject, request and namespaceObject. */
export interface Scope {
  readonly hasParams?: boolean
  readonly hasAuthorizer?: boolean
  readonly variables?: readonly NamedExpression[]
  /** Literals of mutations: Object.spec{...}, JSONPatch{...}. */
  readonly hasPatchTypes?: boolean
  /** The type of object and oldObject; by default they may be anything. */
  readonly objectType?: { readonly name: string; readonly register: (env: Environment) => void }
  readonly paramsType?: string
}

let library: Environment | undefined

function admissionLibrary(): Environment {
  if (!library) {
    library = baseEnvironment().clone({ enableOptionalTypes: true })
    authorizerLibrary(library)
    jsonPatchLibrary(library)
    for (const [name, fields] of TYPES) library.registerType(name, { fields })
  }
  return library
}

function jsonPatchLibrary(env: Environment): void {
  class JsonPatchNamespace {}
  env.registerType('jsonpatchNamespace', JsonPatchNamespace)
  env.registerConstant('jsonpatch', 'jsonpatchNamespace', new JsonPatchNamespace())
  const escape = (_: unknown, key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1')
  env.registerFunction('jsonpatchNamespace.escapeKey(string): string', escape, { async: false })
}

let running: Environment | undefined

/** The environment in which admission expressions run: types have been checked before. */
export function admissionRuntime(): Environment {
  running ??= admissionLibrary().clone({
    enableOptionalTypes: true,
    unlistedVariablesAreDyn: true,
    homogeneousAggregateLiterals: false,
  })
  return running
}

function environmentOf(scope: Scope, types: ReadonlyMap<string, string>): Environment {
  const env = admissionLibrary().clone({ enableOptionalTypes: true, homogeneousAggregateLiterals: !scope.hasPatchTypes })
  scope.objectType?.register(env)
  const type = scope.objectType?.name ?? 'dyn'
  env.registerVariable('object', type).registerVariable('oldObject', type)
  env.registerVariable('request', 'kubernetes.AdmissionRequest')
  env.registerVariable('namespaceObject', 'kubernetes.Namespace')
  if (scope.hasParams) env.registerVariable('params', scope.paramsType ?? 'dyn')
  if (scope.hasAuthorizer) env.registerVariable('authorizer', 'kubernetes.authorization.Authorizer')
  if (scope.variables?.length) {
    env.registerType('kubernetes.variables', { fields: Object.fromEntries(types) })
    env.registerVariable('variables', 'kubernetes.variables')
  }
  return env
}

/** Checks the expressions of one policy or webhook. */
export interface AdmissionChecker {
  /** What is wrong with each variable, by its place. */
  readonly variableIssues: ReadonlyMap<number, string>
  /** Checks an expression; by default with the authorizer if the scope has it. */
  check(source: string, withAuthorizer?: boolean): Checked
}

/** Each variable may use those before it. */
export function admissionChecker(scope: Scope): AdmissionChecker {
  const types = new Map<string, string>()
  const issues = new Map<number, string>()
  const rewritten = (source: string) => (scope.hasPatchTypes ? withoutTypeNames(source) : source)
  for (const [i, { name = '', expression = '' }] of (scope.variables ?? []).entries()) {
    const checked = checkExpression(environmentOf(scope, types), rewritten(expression))
    if ('issues' in checked) issues.set(i, checked.issues)
    types.set(name, 'type' in checked ? checked.type : 'dyn')
  }
  const environments = new Map<boolean, Environment>()
  return {
    variableIssues: issues,
    check(source, withAuthorizer = true) {
      let env = environments.get(withAuthorizer)
      if (!env) {
        env = environmentOf({ ...scope, hasAuthorizer: (scope.hasAuthorizer ?? false) && withAuthorizer }, types)
        environments.set(withAuthorizer, env)
      }
      return checkExpression(env, rewritten(source))
    },
  }
}
