/**
 * ValidatingAdmissionPolicy, MutatingAdmissionPolicy and their bindings. Source: k8s 1.36 admissionregistration/validation and v1/defaults.go.
 */
import type { FieldError } from '../../apimachinery/field-errors.ts'
import { duplicate, forbidden, invalid, notSupported, required } from '../../apimachinery/field-errors.ts'
import type {
  AuditAnnotation,
  MatchResources,
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  Mutation,
  ParamKind,
  ParamRef,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  Validation,
  Variable,
} from '../../apimachinery/generated/types.ts'
import { isDns1035Label, isDns1123Subdomain, isPathSegmentName } from '../../apimachinery/names.ts'
import type { AdmissionChecker } from '../cel/admission-environment.ts'
import { checkedVariables, expressionErrors, matchConditionErrors } from '../cel/admission-errors.ts'
import { defineStrategy, type TableColumnDefinition } from './strategy.ts'
import {
  FAILURE_POLICIES,
  REINVOCATION_POLICIES,
  checkMatch,
  checkMatchConditions,
  defaultMatch,
} from './shared/admission-rules.ts'
import { checkOneOf, checkQualifiedName, checkRequiredOneOf, checkSubdomain, each, invalids } from './shared/checks.ts'
import { ageColumn, column, integerColumn, nameColumn } from './shared/columns.ts'
import { patch } from './shared/compact.ts'
import { checkLabelSelector } from './shared/labels.ts'
import { META_KEPT_IN_STATUS, generationOfSpec, specAndStatus } from './shared/lifecycle.ts'

const GROUP = 'admissionregistration.k8s.io'
const NEITHER = 'validations or auditAnnotations must contain at least one item'
const RESERVED =
  /^(true|false|null|in|as|break|const|continue|else|for|function|if|import|let|loop|package|namespace|return|var|void|while)$/
const MUTATING_OPERATIONS = ['*', 'CONNECT', 'CREATE', 'UPDATE']

type Policy = ValidatingAdmissionPolicy | MutatingAdmissionPolicy
type Binding = ValidatingAdmissionPolicyBinding | MutatingAdmissionPolicyBinding

function defaultPolicy<T extends Policy>(policy: T): T {
  const spec: Policy['spec'] = policy.spec ?? {}
  return {
    ...policy,
    spec: { ...spec, failurePolicy: spec.failurePolicy ?? 'Fail', ...patch(spec, 'matchConstraints', defaultMatch) },
  }
}

function defaultBinding<T extends Binding>(binding: T): T {
  const spec = binding.spec
  return spec === undefined ? binding : { ...binding, spec: { ...spec, ...patch(spec, 'matchResources', defaultMatch) } }
}

function checkParamKind({ apiVersion = '', kind = '' }: ParamKind, field: string): FieldError[] {
  const errors: FieldError[] = []
  const at = `${field}.apiVersion`
  const parts = apiVersion.split('/')
  const [group = '', version = ''] = parts.length === 1 ? ['', apiVersion] : parts
  if (apiVersion === '') errors.push(required(at))
  else if (parts.length > 2) errors.push(invalid(at, apiVersion, `unexpected GroupVersion string: ${apiVersion}`))
  else {
    const [ofGroup, ofVersion] = [group === '' ? [] : isDns1123Subdomain(group), isDns1035Label(version)]
    if (ofGroup.length > 0) errors.push(invalid(at, group, ofGroup.join(',')))
    if (version === '') errors.push(invalid(at, apiVersion, 'version must be specified'))
    else if (ofVersion.length > 0) errors.push(invalid(at, version, ofVersion.join(',')))
  }
  if (kind === '') return [...errors, required(`${field}.kind`)]
  const ofKind = isDns1035Label(kind.toLowerCase())
  if (ofKind.length === 0) return errors
  return [...errors, invalid(`${field}.kind`, kind, `may have mixed case, but should otherwise match: ${ofKind.join(',')}`)]
}

function checkVariable({ name = '', expression = '' }: Variable, field: string): FieldError[] {
  const errors: FieldError[] = []
  if (name.trim() === '') errors.push(required(`${field}.name`, 'name is not specified'))
  else if (!/^[_a-zA-Z][_a-zA-Z0-9]*$/.test(name) || RESERVED.test(name)) {
    errors.push(invalid(`${field}.name`, name, 'must be a valid CEL identifier'))
  }
  return expression.trim() === '' ? [...errors, required(`${field}.expression`, 'expression is not specified')] : errors
}

function checkPolicy(policy: Policy): FieldError[] {
  const { failurePolicy, paramKind, matchConstraints, matchConditions, variables }: NonNullable<Policy['spec']> =
    policy.spec ?? {}
  const errors = checkRequiredOneOf(failurePolicy, FAILURE_POLICIES, 'spec.failurePolicy')
  if (paramKind) errors.push(...checkParamKind(paramKind, 'spec.paramKind'))
  if (!matchConstraints) errors.push(required('spec.matchConstraints'))
  else {
    errors.push(...checkMatch(matchConstraints, 'spec.matchConstraints'))
    if (!matchConstraints.resourceRules?.length) errors.push(required('spec.matchConstraints.resourceRules'))
  }
  return [
    ...errors,
    ...checkMatchConditions(matchConditions, 'spec.matchConditions'),
    ...matchConditionErrors(matchConditions, paramKind !== undefined, 'spec.matchConditions'),
    ...each(variables, (v, i) => checkVariable(v, `spec.variables[${i}]`)),
  ]
}

function checkValidation(validation: Validation, checker: AdmissionChecker, field: string): FieldError[] {
  const { expression = '', message = '', messageExpression = '', reason } = validation
  const empty = 'must be non-empty if specified'
  const errors: FieldError[] = []
  if (expression.trim() === '') errors.push(required(`${field}.expression`, 'expression is not specified'))
  errors.push(...expressionErrors(checker, expression, ['bool'], `${field}.expression`))
  errors.push(...expressionErrors(checker, messageExpression, ['string'], `${field}.messageExpression`, false))
  if (messageExpression !== '' && messageExpression.trim() === '') {
    errors.push(invalid(`${field}.messageExpression`, messageExpression, empty))
  }
  if (message !== '' && message.trim() === '') errors.push(invalid(`${field}.message`, message, empty))
  else if (/[\n\r]/.test(message.trim())) errors.push(invalid(`${field}.message`, message, 'must not contain line breaks'))
  if (reason === undefined) return errors
  return [...errors, ...checkOneOf(reason, ['Forbidden', 'Invalid', 'RequestEntityTooLarge'], `${field}.reason`)]
}

function checkAudits(audits: readonly AuditAnnotation[], checker: AdmissionChecker, name: string): FieldError[] {
  const field = 'spec.auditAnnotations'
  const seen = new Set<string>()
  const errors: FieldError[] = audits.length > 20 ? [invalid(field, audits, 'must not have more than 20 auditAnnotations')] : []
  for (const [i, { key = '', valueExpression = '' }] of audits.entries()) {
    const at = `${field}[${i}]`
    if (name === '') errors.push(invalid(`${at}.key`, key, 'requires metadata.name be non-empty'))
    else errors.push(...checkQualifiedName(`${name}/${key}`, `${at}.key`))
    const length = valueExpression.trim().length
    if (length === 0) errors.push(required(`${at}.valueExpression`, 'valueExpression is not specified'))
    else if (length > 5120) errors.push(required(`${at}.valueExpression`, 'must not exceed 5120 bytes in length'))
    else errors.push(...expressionErrors(checker, valueExpression.trim(), ['string', 'null'], `${at}.valueExpression`))
    if (seen.has(key)) errors.push(duplicate(`${at}.key`, key))
    seen.add(key)
  }
  return errors
}

function validateValidating(policy: ValidatingAdmissionPolicy): FieldError[] {
  const { validations = [], auditAnnotations = [], paramKind, variables = [] } = policy.spec ?? {}
  const scope = { hasParams: paramKind !== undefined, hasAuthorizer: true, variables }
  const { checker, errors: ofVariables } = checkedVariables(scope, 'spec.variables')
  const errors = [...checkPolicy(policy), ...ofVariables]
  if (validations.length + auditAnnotations.length === 0) {
    return [...errors, required('spec.validations', NEITHER), required('spec.auditAnnotations', NEITHER)]
  }
  return [
    ...errors,
    ...validations.flatMap((v, i) => checkValidation(v, checker, `spec.validations[${i}]`)),
    ...checkAudits(auditAnnotations, checker, policy.metadata.name ?? ''),
  ]
}

function checkMutation(mutation: Mutation, checker: AdmissionChecker, field: string): FieldError[] {
  const types = { ApplyConfiguration: 'applyConfiguration', JSONPatch: 'jsonPatch' } as const
  const { patchType } = mutation
  if (!patchType) return [required(`${field}.patchType`)]
  if (patchType !== 'ApplyConfiguration' && patchType !== 'JSONPatch') {
    return [notSupported(`${field}.patchType`, patchType, Object.keys(types))]
  }
  const own = types[patchType]
  const other = types[patchType === 'JSONPatch' ? 'ApplyConfiguration' : 'JSONPatch']
  const errors: FieldError[] = []
  const chosen = mutation[own]
  if (!chosen) errors.push(required(`${field}.${own}`, `must be specified when patchType is ${patchType}`))
  else if (!chosen.expression?.trim()) errors.push(required(`${field}.${own}.expression`))
  else errors.push(...expressionErrors(checker, chosen.expression, [], `${field}.${own}.expression`))
  if (!mutation[other]) return errors
  return [...errors, invalid(`${field}.${other}`, `{${other}}`, `must not be specified when patchType is ${patchType}`)]
}

/** Deletions can't be mutated. */
function checkMutable(match: MatchResources | undefined, field: string): FieldError[] {
  const operations = (match?.resourceRules ?? []).flatMap((rule) => rule.operations ?? [])
  return operations.flatMap((o) => checkOneOf(o, MUTATING_OPERATIONS, `${field}.resourceRules.operations`))
}

function validateMutating(policy: MutatingAdmissionPolicy): FieldError[] {
  const { matchConstraints, mutations = [], reinvocationPolicy, paramKind, variables = [] } = policy.spec ?? {}
  const scope = { hasParams: paramKind !== undefined, hasAuthorizer: true, hasPatchTypes: true, variables }
  const { checker, errors } = checkedVariables(scope, 'spec.variables')
  const none = required('spec.mutations', 'mutations must contain at least one item')
  return [
    ...checkPolicy(policy),
    ...errors,
    ...checkMutable(matchConstraints, 'spec.matchConstraints'),
    ...(mutations.length === 0 ? [none] : mutations.flatMap((m, i) => checkMutation(m, checker, `spec.mutations[${i}]`))),
    ...checkRequiredOneOf(reinvocationPolicy, REINVOCATION_POLICIES, 'spec.reinvocationPolicy'),
  ]
}

function checkParamRef(ref: ParamRef, field: string): FieldError[] {
  const { name = '', selector, parameterNotFoundAction: action } = ref
  const both = 'name and selector are mutually exclusive'
  const errors = name === '' ? [] : invalids(`${field}.name`, name, isPathSegmentName(name))
  if (name !== '' && selector) errors.push(forbidden(`${field}.name`, both))
  errors.push(...checkLabelSelector(selector, `${field}.selector`))
  if (name !== '' && selector) errors.push(forbidden(`${field}.selector`, both))
  if (name === '' && !selector) errors.push(required(field, 'one of name or selector must be specified'))
  return [...errors, ...checkRequiredOneOf(action, ['Deny', 'Allow'], `${field}.parameterNotFoundAction`)]
}

function checkBinding(binding: Binding): FieldError[] {
  const { policyName = '', paramRef, matchResources } = binding.spec ?? {}
  return [
    ...(policyName === '' ? [required('spec.policyName')] : checkSubdomain(policyName, 'spec.policyName')),
    ...(paramRef ? checkParamRef(paramRef, 'spec.paramRef') : []),
    ...checkMatch(matchResources, 'spec.matchResources'),
  ]
}

function checkActions(actions: readonly string[]): FieldError[] {
  const field = 'spec.validationActions'
  const errors = actions.flatMap((action, i) => [
    ...checkOneOf(action, ['Audit', 'Deny', 'Warn'], `${field}[${i}]`),
    ...(actions.indexOf(action) < i ? [duplicate(`${field}[${i}]`, action)] : []),
  ])
  if (actions.includes('Deny') && actions.includes('Warn')) {
    const why = 'repeating the same validation failure information in the API response and headers serves no purpose'
    errors.push(invalid(field, actions, `must not contain both Deny and Warn (${why})`))
  }
  return actions.length === 0 ? [required(field, 'at least one validation action is required')] : errors
}

const VALIDATIONS = 'Validations indicates the number of validation rules defined in this configuration'
const MUTATIONS = 'Mutation indicates the number of mutations rules defined in this configuration'

function policyColumns<T extends Policy>(counted: TableColumnDefinition<T>): readonly TableColumnDefinition<T>[] {
  return [
    nameColumn,
    counted,
    column('ParamKind', 'ParamKind specifies the kind of resources used to parameterize this policy', ({ spec }) =>
      spec?.paramKind ? `${spec.paramKind.apiVersion ?? ''}/${spec.paramKind.kind ?? ''}` : '<unset>',
    ),
    ageColumn,
  ]
}

function paramCell({ spec }: Binding): string {
  const { name, namespace, selector } = spec?.paramRef ?? {}
  if (name) return `${namespace || '*'}/${name}`
  if (!selector) return '<unset>'
  // SIMPLIFIED: as Go prints it only for selectors with labels; rare in practice.
  const labels = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => `${key}: ${value},`)
  return `&LabelSelector{MatchLabels:map[string]string{${labels.join('')}},MatchExpressions:[]LabelSelectorRequirement{},}`
}

const bindingColumns: readonly TableColumnDefinition<Binding>[] = [
  nameColumn,
  column(
    'PolicyName',
    'PolicyName indicates the policy definition which the policy binding binded to',
    (b) => b.spec?.policyName ?? '',
  ),
  column('ParamRef', 'ParamRef indicates the param resource which sets the configuration param', paramCell),
  ageColumn,
]

const common = { group: GROUP, categories: ['api-extensions'], allowUnconditionalUpdate: false }
const bindings = { ...common, ...generationOfSpec, defaults: defaultBinding, columns: bindingColumns }

/** k8s 1.36: registry/admissionregistration/validatingadmissionpolicy strategy.go. */
export const validatingAdmissionPolicy = defineStrategy<ValidatingAdmissionPolicy>({
  ...common,
  resource: 'validatingadmissionpolicies',
  defaults: (policy) => ({ ...defaultPolicy(policy), status: policy.status ?? {} }),
  ...specAndStatus({}, { generation: true, keepMeta: META_KEPT_IN_STATUS }),
  validate: validateValidating,
  validateUpdate: validateValidating,
  columns: policyColumns(integerColumn('Validations', VALIDATIONS, (p) => p.spec?.validations?.length)),
})

/** k8s 1.36: registry/admissionregistration/mutatingadmissionpolicy strategy.go. */
export const mutatingAdmissionPolicy = defineStrategy<MutatingAdmissionPolicy>({
  ...common,
  ...generationOfSpec,
  resource: 'mutatingadmissionpolicies',
  defaults: defaultPolicy,
  validate: validateMutating,
  validateUpdate: validateMutating,
  columns: policyColumns(integerColumn('Mutations', MUTATIONS, (p) => p.spec?.mutations?.length)),
})

const validateBinding = (binding: ValidatingAdmissionPolicyBinding) => [
  ...checkBinding(binding),
  ...checkActions(binding.spec?.validationActions ?? []),
]

/** k8s 1.36: registry/admissionregistration/validatingadmissionpolicybinding strategy.go. */
export const validatingAdmissionPolicyBinding = defineStrategy<ValidatingAdmissionPolicyBinding>({
  ...bindings,
  resource: 'validatingadmissionpolicybindings',
  validate: validateBinding,
  validateUpdate: validateBinding,
})

const validateMutatingBinding = (binding: MutatingAdmissionPolicyBinding) => [
  ...checkBinding(binding),
  ...checkMutable(binding.spec?.matchResources, 'spec.matchResources'),
]

/** k8s 1.36: registry/admissionregistration/mutatingadmissionpolicybinding strategy.go. */
export const mutatingAdmissionPolicyBinding = defineStrategy<MutatingAdmissionPolicyBinding>({
  ...bindings,
  resource: 'mutatingadmissionpolicybindings',
  validate: validateMutatingBinding,
  validateUpdate: validateMutatingBinding,
})
