/** Role, ClusterRole and their bindings. Source: k8s 1.36 rbac/validation and rbac/v1/defaults.go. */
import type { FieldError } from '../../apimachinery/field-errors.ts'
import { invalid, notSupported, required } from '../../apimachinery/field-errors.ts'
import type {
  ClusterRole,
  ClusterRoleBinding,
  LabelSelector,
  PolicyRule,
  RbacV1Subject as Subject,
  Role,
  RoleBinding,
} from '../../apimachinery/generated/types.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import { isPathSegmentName } from '../../apimachinery/names.ts'
import { defineStrategy, type TableColumnDefinition } from './strategy.ts'
import { checkSubdomain, each, invalids, nameIsPathSegment } from './shared/checks.ts'
import { ageColumn, column, nameColumn, wideColumn } from './shared/columns.ts'
import { omitZero, orDefault } from './shared/compact.ts'
import { checkLabelSelector, isUsableSelector } from './shared/labels.ts'
import { printableSelector } from './shared/pod-template.ts'

const GROUP = 'rbac.authorization.k8s.io'

function checkRule(rule: PolicyRule, namespaced: boolean, field: string): FieldError[] {
  const { verbs = [], nonResourceURLs: urls = [], apiGroups = [], resources = [], resourceNames = [] } = rule
  const errors: FieldError[] = verbs.length === 0 ? [required(`${field}.verbs`, 'verbs must contain at least one value')] : []
  if (urls.length > 0) {
    const bad = (detail: string) => errors.push(invalid(`${field}.nonResourceURLs`, urls, detail))
    if (namespaced) bad('namespaced rules cannot apply to non-resource URLs')
    if (apiGroups.length + resources.length + resourceNames.length > 0) {
      bad('rules cannot apply to both regular resources and non-resource URLs')
    }
    return errors
  }
  if (apiGroups.length === 0) errors.push(required(`${field}.apiGroups`, 'resource rules must supply at least one api group'))
  if (resources.length === 0) errors.push(required(`${field}.resources`, 'resource rules must supply at least one resource'))
  return errors
}

function checkAggregation(selectors: readonly LabelSelector[] | undefined): FieldError[] {
  const field = 'aggregationRule.clusterRoleSelectors'
  const none = required(field, 'at least one clusterRoleSelector required if aggregationRule is non-nil')
  if ((selectors ?? []).length === 0) return [none]
  return each(selectors, (selector, i) => [
    ...checkLabelSelector(selector, `${field}[${i}]`),
    ...(isUsableSelector(selector) ? [] : [invalid(`${field}[${i}]`, printableSelector(selector), 'invalid label selector.')]),
  ])
}

const NO_RULES = { rules: null as unknown as undefined }

/** No rules are printed as null. */
function defaultRules<T extends Role | ClusterRole>(object: T): T {
  return object.rules ? object : { ...object, ...NO_RULES }
}

/** An empty list belongs to who wrote it, and is stored as none. */
function storedRules<T extends Role | ClusterRole>(object: T): T {
  return object.rules?.length ? object : { ...object, ...NO_RULES }
}

const validateRole = (role: Role) => each(role.rules, (rule, i) => checkRule(rule, true, `rules[${i}]`))

/** k8s 1.36: registry/rbac/role strategy.go. */
export const role = defineStrategy<Role>({
  group: GROUP,
  resource: 'roles',
  defaults: defaultRules,
  prepareForCreate: storedRules,
  prepareForUpdate: storedRules,
  validateName: nameIsPathSegment,
  validate: validateRole,
  validateUpdate: validateRole,
  allowCreateOnUpdate: true,
})

const validateClusterRole = (object: ClusterRole) => [
  ...each(object.rules, (rule, i) => checkRule(rule, false, `rules[${i}]`)),
  ...(object.aggregationRule ? checkAggregation(object.aggregationRule.clusterRoleSelectors) : []),
]

/** k8s 1.36: registry/rbac/clusterrole strategy.go. */
export const clusterRole = defineStrategy<ClusterRole>({
  group: GROUP,
  resource: 'clusterroles',
  defaults: defaultRules,
  prepareForCreate: storedRules,
  prepareForUpdate: storedRules,
  validateName: nameIsPathSegment,
  validate: validateClusterRole,
  validateUpdate: validateClusterRole,
  allowCreateOnUpdate: true,
})

type Binding = RoleBinding | ClusterRoleBinding

function defaultBinding<T extends Binding>(binding: T): T {
  const subject = (s: Subject): Subject => {
    const given = omitZero(s, ['apiGroup', 'namespace'])
    return s.kind === 'User' || s.kind === 'Group' ? { ...given, apiGroup: orDefault(s.apiGroup, GROUP) } : given
  }
  return {
    ...binding,
    ...(binding.subjects?.length ? { subjects: binding.subjects.map(subject) } : { subjects: undefined }),
    roleRef: { ...binding.roleRef, apiGroup: orDefault(binding.roleRef?.apiGroup, GROUP) },
  }
}

function checkSubject(subject: Subject, namespaced: boolean, field: string): FieldError[] {
  const { name = '', kind = '', apiGroup = '', namespace = '' } = subject
  const errors: FieldError[] = name === '' ? [required(`${field}.name`)] : []
  if (kind === 'ServiceAccount') {
    if (name !== '') errors.push(...checkSubdomain(name, `${field}.name`))
    if (apiGroup !== '') errors.push(notSupported(`${field}.apiGroup`, apiGroup, ['']))
    if (!namespaced && namespace === '') errors.push(required(`${field}.namespace`))
  } else if (kind === 'User' || kind === 'Group') {
    if (apiGroup !== GROUP) errors.push(notSupported(`${field}.apiGroup`, apiGroup, [GROUP]))
  } else errors.push(notSupported(`${field}.kind`, kind, ['ServiceAccount', 'User', 'Group']))
  return errors
}

function checkBinding(binding: Binding, namespaced: boolean): FieldError[] {
  const { apiGroup = '', kind = '', name = '' } = binding.roleRef ?? {}
  const kinds = namespaced ? ['Role', 'ClusterRole'] : ['ClusterRole']
  const errors: FieldError[] = []
  if (apiGroup !== GROUP) errors.push(notSupported('roleRef.apiGroup', apiGroup, [GROUP]))
  if (!kinds.includes(kind)) errors.push(notSupported('roleRef.kind', kind, kinds))
  errors.push(...(name === '' ? [required('roleRef.name')] : invalids('roleRef.name', name, isPathSegmentName(name))))
  return [...errors, ...each(binding.subjects, (s, i) => checkSubject(s, namespaced, `subjects[${i}]`))]
}

function checkBindingUpdate(binding: Binding, old: Binding, namespaced: boolean): FieldError[] {
  const errors = checkBinding(binding, namespaced)
  if (jsonEqual(binding.roleRef, old.roleRef)) return errors
  const { apiGroup, kind, name } = binding.roleRef
  return [...errors, invalid('roleRef', { APIGroup: apiGroup, Kind: kind, Name: name }, 'cannot change roleRef')]
}

function subjectsCell(binding: Binding, kind: string): string {
  const subjects = (binding.subjects ?? []).filter((s) => s.kind === kind)
  return subjects.map((s) => (kind === 'ServiceAccount' && s.namespace ? `${s.namespace}/${s.name}` : s.name)).join(', ')
}

function bindingColumns(kind: string, word: string): readonly TableColumnDefinition<Binding>[] {
  return [
    nameColumn,
    column('Role', `V1${kind}.roleRef`, (b) => `${b.roleRef.kind}/${b.roleRef.name}`),
    ageColumn,
    wideColumn('Users', `Users in the ${word}`, (b) => subjectsCell(b, 'User')),
    wideColumn('Groups', `Groups in the ${word}`, (b) => subjectsCell(b, 'Group')),
    wideColumn('ServiceAccounts', `ServiceAccounts in the ${word}`, (b) => subjectsCell(b, 'ServiceAccount')),
  ]
}

/** k8s 1.36: registry/rbac/rolebinding strategy.go. */
export const roleBinding = defineStrategy<RoleBinding>({
  group: GROUP,
  resource: 'rolebindings',
  defaults: defaultBinding,
  validateName: nameIsPathSegment,
  validate: (object) => checkBinding(object, true),
  validateUpdate: (object, old) => checkBindingUpdate(object, old, true),
  allowCreateOnUpdate: true,
  columns: bindingColumns('RoleBinding', 'roleBinding'),
})

/** k8s 1.36: registry/rbac/clusterrolebinding strategy.go. */
export const clusterRoleBinding = defineStrategy<ClusterRoleBinding>({
  group: GROUP,
  resource: 'clusterrolebindings',
  defaults: defaultBinding,
  validateName: nameIsPathSegment,
  validate: (object) => checkBinding(object, false),
  validateUpdate: (object, old) => checkBindingUpdate(object, old, false),
  allowCreateOnUpdate: true,
  columns: bindingColumns('ClusterRoleBinding', 'clusterRoleBinding'),
})
