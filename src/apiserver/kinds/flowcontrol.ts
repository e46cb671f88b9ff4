/**
 * FlowSchema and PriorityLevelConfiguration. Source: k8s 1.36 flowcontrol/validation and v1/defaults.go.
 * SIMPLIFIED: that 'exempt' and 'catch-all' have to stay as they are isn't checked.
 */
import type { FieldError } from '../../apimachinery/field-errors.ts'
import { duplicate, forbidden, invalid, notSupported, required } from '../../apimachinery/field-errors.ts'
import type {
  FlowSchema,
  FlowSchemaSpec,
  FlowcontrolV1Subject as Subject,
  LimitedPriorityLevelConfiguration as Limited,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  PriorityLevelConfiguration,
  QueuingConfiguration,
  ResourcePolicyRule,
} from '../../apimachinery/generated/types.ts'
import { isDns1123Label } from '../../apimachinery/names.ts'
import { defineStrategy } from './strategy.ts'
import { checkSubdomain, each, invalids, nameIsSubdomain } from './shared/checks.ts'
import { ageColumn, column, nameColumn } from './shared/columns.ts'
import { patch } from './shared/compact.ts'
import { META_KEPT_IN_STATUS, specAndStatus } from './shared/lifecycle.ts'

const GROUP = 'flowcontrol.apiserver.k8s.io'
const MAX_PRECEDENCE = 10_000
const MAX_QUEUES = 10_000_000
const HASH_BITS = 60
const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch']

function onlyStar(list: readonly string[], field: string, what: string): FieldError[] {
  if (!list.includes('*') || list.length === 1) return []
  return [invalid(field, list, `if '*' is present, must not specify other ${what}`)]
}

function checkVerbs(verbs: readonly string[], field: string): FieldError[] {
  if (verbs.length === 0) return [required(field, 'verbs must contain at least one value')]
  if (verbs.includes('*')) return onlyStar(verbs, field, 'verbs')
  return verbs.every((verb) => VERBS.includes(verb)) ? [] : [notSupported(field, verbs, VERBS)]
}

function checkResourceRule(rule: ResourcePolicyRule, field: string): FieldError[] {
  const { apiGroups = [], resources = [], namespaces = [] } = rule
  const least = (list: readonly string[], name: string, what: string) =>
    list.length === 0
      ? [required(`${field}.${name}`, `resource rules must supply at least one ${what}`)]
      : onlyStar(list, `${field}.${name}`, `${what}s`)
  const errors = [...checkVerbs(rule.verbs ?? [], `${field}.verbs`), ...least(apiGroups, 'apiGroups', 'api group')]
  errors.push(...least(resources, 'resources', 'resource'))
  const at = `${field}.namespaces`
  if (namespaces.length === 0 && !rule.clusterScope) {
    return [...errors, required(at, 'resource rules that are not cluster scoped must supply at least one namespace')]
  }
  if (namespaces.includes('*')) return [...errors, ...onlyStar(namespaces, at, 'namespaces')]
  const intro = "each member of this list must be '*' or a DNS-1123 label; "
  return [
    ...errors,
    ...namespaces.flatMap((n, i) =>
      invalids(
        `${at}[${i}]`,
        n,
        isDns1123Label(n).map((m) => intro + m),
      ),
    ),
  ]
}

function urlProblem(url: string): string {
  if (url === '') return 'must not be empty'
  if (url === '/') return ''
  if (!url.startsWith('/')) return 'must start with slash'
  if (url.includes(' ')) return 'must not contain white-space'
  if (url.includes('//')) return 'must not contain double slash'
  const stars = url.split('*').length - 1
  return stars > 1 || (stars === 1 && !url.endsWith('/*')) ? 'wildcard can only do suffix matching' : ''
}

function checkUrlRule({ verbs = [], nonResourceURLs: urls = [] }: NonResourcePolicyRule, field: string): FieldError[] {
  const errors = checkVerbs(verbs, `${field}.verbs`)
  const at = `${field}.nonResourceURLs`
  if (urls.length === 0) return [...errors, required(at, 'nonResourceURLs must contain at least one value')]
  if (urls.includes('*')) return [...errors, ...onlyStar(urls, at, 'non-resource URLs')]
  const bad = (url: string, i: number) =>
    invalids(
      `${at}[${i}]`,
      url,
      [urlProblem(url)].filter((m) => m !== ''),
    )
  return [...errors, ...urls.flatMap(bad)]
}

const SUBJECTS = { Group: 'group', ServiceAccount: 'serviceAccount', User: 'user' } as const

function checkSubject(subject: Subject, field: string): FieldError[] {
  const { kind } = subject
  if (kind !== 'Group' && kind !== 'ServiceAccount' && kind !== 'User') {
    return [notSupported(`${field}.kind`, kind ?? '', Object.keys(SUBJECTS))]
  }
  const own = SUBJECTS[kind]
  const chosen = subject[own]
  const errors: FieldError[] = []
  if (!chosen) errors.push(required(`${field}.${own}`, `${own} is required when subject kind is '${kind}'`))
  else if (!chosen.name) errors.push(required(`${field}.${own}.name`))
  const account = kind === 'ServiceAccount' ? subject.serviceAccount : undefined
  if (account) {
    const { name = '', namespace = '' } = account
    if (name !== '' && name !== '*') errors.push(...checkSubdomain(name, `${field}.${own}.name`))
    const at = `${field}.${own}.namespace`
    errors.push(
      ...(namespace === ''
        ? [required(at, 'must specify namespace for service account')]
        : invalids(at, namespace, isDns1123Label(namespace))),
    )
  }
  for (const [other, name] of [
    ['ServiceAccount', 'serviceAccount'],
    ['User', 'user'],
    ['Group', 'group'],
  ] as const) {
    if (other === kind || !subject[name]) continue
    errors.push(forbidden(`${field}.${name}`, `${name} is forbidden when subject kind is not '${other}'`))
  }
  return errors
}

function checkRule(rule: PolicyRulesWithSubjects, field: string): FieldError[] {
  const { subjects = [], resourceRules = [], nonResourceRules = [] } = rule
  const errors = subjects.flatMap((s, i) => checkSubject(s, `${field}.subjects[${i}]`))
  if (subjects.length === 0) errors.push(required(`${field}.subjects`, 'subjects must contain at least one value'))
  if (resourceRules.length + nonResourceRules.length === 0) {
    errors.push(required(field, 'at least one of resourceRules and nonResourceRules has to be non-empty'))
  }
  return [
    ...errors,
    ...resourceRules.flatMap((r, i) => checkResourceRule(r, `${field}.resourceRules[${i}]`)),
    ...nonResourceRules.flatMap((r, i) => checkUrlRule(r, `${field}.nonResourceRules[${i}]`)),
  ]
}

function checkConditions(conditions: readonly { readonly type?: string }[] | undefined): FieldError[] {
  const seen = new Set<string>()
  return each(conditions, ({ type = '' }, i) => {
    const field = `status.conditions[${i}].type`
    const errors: FieldError[] = seen.has(type) ? [duplicate(field, type)] : []
    seen.add(type)
    return type === '' ? [...errors, required(field)] : errors
  })
}

function validateSchema(schema: FlowSchema): FieldError[] {
  const spec = schema.spec ?? ({} as FlowSchemaSpec)
  const { matchingPrecedence: precedence = 0, distinguisherMethod: method } = spec
  const level = spec.priorityLevelConfiguration?.name ?? ''
  const field = 'spec.matchingPrecedence'
  const errors: FieldError[] = []
  if (precedence <= 0) errors.push(invalid(field, precedence, 'must be a positive value'))
  if (precedence > MAX_PRECEDENCE) errors.push(invalid(field, precedence, `must not be greater than ${MAX_PRECEDENCE}`))
  if (precedence === 1 && schema.metadata.name !== 'exempt') {
    errors.push(invalid(field, precedence, "only the schema named 'exempt' may have matchingPrecedence 1"))
  }
  if (method && method.type !== 'ByNamespace' && method.type !== 'ByUser') {
    errors.push(notSupported('spec.distinguisherMethod.type', { Type: method.type }, ['ByNamespace', 'ByUser']))
  }
  const path = 'spec.priorityLevelConfiguration.name'
  if (level === '') errors.push(required(path, 'must reference a priority level'))
  else errors.push(...invalids(path, level, nameIsSubdomain(level, false)))
  errors.push(...each(spec.rules, (rule, i) => checkRule(rule, `spec.rules[${i}]`)))
  return [...errors, ...checkConditions(schema.status?.conditions)]
}

const usual = specAndStatus({}, { generation: true, keepMeta: META_KEPT_IN_STATUS })

function danglingCell(schema: FlowSchema): string {
  return (schema.status?.conditions ?? []).find((c) => c.type === 'Dangling')?.status ?? '?'
}

const DISTINGUISHER =
  '`distinguisherMethod` defines how to compute the flow distinguisher for requests that match this schema. ' +
  '`nil` specifies that the distinguisher is disabled and thus will always be the empty string.'

/** k8s 1.36: registry/flowcontrol/flowschema strategy.go. */
export const flowSchema = defineStrategy<FlowSchema>({
  group: GROUP,
  resource: 'flowschemas',
  ...usual,
  defaults: (schema) => {
    const spec = schema.spec ?? ({} as FlowSchemaSpec)
    return { ...schema, spec: { ...spec, matchingPrecedence: spec.matchingPrecedence || 1000 }, status: schema.status ?? {} }
  },
  validate: validateSchema,
  validateUpdate: validateSchema,
  validateStatusUpdate: (schema) => checkConditions(schema.status?.conditions),
  allowUnconditionalUpdate: false,
  columns: [
    nameColumn,
    column('PriorityLevel', 'V1PriorityLevelConfigurationReference.name', (s) => s.spec?.priorityLevelConfiguration?.name ?? ''),
    column('MatchingPrecedence', 'V1FlowSchemaSpec.matchingPrecedence', (s) => s.spec?.matchingPrecedence ?? 0),
    column('DistinguisherMethod', DISTINGUISHER, (s) => s.spec?.distinguisherMethod?.type ?? '<none>'),
    ageColumn,
    column('MissingPL', 'references a broken or non-existent PriorityLevelConfiguration', danglingCell),
  ],
})

const defaultQueuing = (queuing: QueuingConfiguration): QueuingConfiguration => ({
  ...queuing,
  queues: queuing.queues || 64,
  handSize: queuing.handSize || 8,
  queueLengthLimit: queuing.queueLengthLimit || 50,
})

function defaultLevel(level: PriorityLevelConfiguration): PriorityLevelConfiguration {
  const spec = level.spec ?? { type: '' }
  const limited = (l: Limited): Limited => ({
    ...l,
    nominalConcurrencyShares: l.nominalConcurrencyShares ?? 30,
    lendablePercent: l.lendablePercent ?? 0,
    ...patch(l, 'limitResponse', (response) => ({ ...response, ...patch(response, 'queuing', defaultQueuing) })),
  })
  return {
    ...level,
    spec: {
      ...spec,
      ...patch(spec, 'limited', limited),
      ...patch(spec, 'exempt', (e) => ({ nominalConcurrencyShares: 0, lendablePercent: 0, ...e })),
    },
    status: level.status ?? {},
  }
}

function checkQueuing(
  { queues = 0, handSize = 0, queueLengthLimit: limit = 0 }: QueuingConfiguration,
  field: string,
): FieldError[] {
  const errors: FieldError[] = limit <= 0 ? [invalid(`${field}.queueLengthLimit`, limit, 'must be positive')] : []
  if (queues <= 0) errors.push(invalid(`${field}.queues`, queues, 'must be positive'))
  else if (queues > MAX_QUEUES) errors.push(invalid(`${field}.queues`, queues, `must not be greater than ${MAX_QUEUES}`))
  const at = `${field}.handSize`
  const bits = Math.ceil(Math.log2(queues) * handSize)
  if (handSize <= 0) errors.push(invalid(at, handSize, 'must be positive'))
  else if (handSize > queues) errors.push(invalid(at, handSize, `should not be greater than queues (${queues})`))
  else if (bits > HASH_BITS) {
    const sizes = `deckSize ${queues} and handSize ${handSize}`
    errors.push(invalid(at, handSize, `required entropy bits of ${sizes} should not be greater than ${HASH_BITS}`))
  }
  return errors
}

function checkShares(
  shares: number,
  percent: number | undefined,
  field: string,
  between: readonly FieldError[] = [],
): FieldError[] {
  const errors: FieldError[] =
    shares < 0 ? [invalid(`${field}.nominalConcurrencyShares`, shares, 'must be a non-negative integer')] : []
  errors.push(...between)
  if (percent === undefined || (percent >= 0 && percent <= 100)) return errors
  return [...errors, invalid(`${field}.lendablePercent`, percent, 'must be between 0 and 100, inclusive')]
}

function checkLimited(limited: Limited): FieldError[] {
  const field = 'spec.limited'
  const { type = '', queuing } = limited.limitResponse ?? { type: '' }
  const at = `${field}.limitResponse`
  const ofResponse: FieldError[] = []
  if (type === 'Reject') {
    if (queuing) ofResponse.push(forbidden(`${at}.queuing`, 'must be nil if limited.limitResponse.type is not Limited'))
  } else if (type === 'Queue') {
    const none = required(`${at}.queuing`, 'must not be empty if limited.limitResponse.type is Limited')
    ofResponse.push(...(queuing ? checkQueuing(queuing, `${at}.queuing`) : [none]))
  } else ofResponse.push(notSupported(`${at}.type`, type, ['Queue', 'Reject']))
  const errors = checkShares(limited.nominalConcurrencyShares ?? 0, limited.lendablePercent, field, ofResponse)
  const borrowing = limited.borrowingLimitPercent
  if (borrowing === undefined || borrowing >= 0) return errors
  return [...errors, invalid(`${field}.borrowingLimitPercent`, borrowing, 'if specified, must be a non-negative integer')]
}

function validateLevel(level: PriorityLevelConfiguration): FieldError[] {
  const { type = '', limited, exempt } = level.spec ?? { type: '' }
  const errors: FieldError[] = []
  if ((level.metadata.name === 'exempt') !== (type === 'Exempt')) {
    errors.push(invalid('spec.type', type, "must be 'Exempt' if and only if `name` is 'exempt'"))
  }
  if (type === 'Exempt') {
    if (limited) errors.push(forbidden('spec.limited', 'must be nil if the type is not Limited'))
    if (exempt) errors.push(...checkShares(exempt.nominalConcurrencyShares ?? 0, exempt.lendablePercent, 'spec.exempt'))
  } else if (type === 'Limited') {
    if (exempt) errors.push(forbidden('spec.exempt', 'must be nil if the type is Limited'))
    errors.push(...(limited ? checkLimited(limited) : [required('spec.limited', 'must not be empty when type is Limited')]))
  } else errors.push(notSupported('spec.type', type, ['Exempt', 'Limited']))
  return [...errors, ...checkConditions(level.status?.conditions)]
}

const queuingOf = (level: PriorityLevelConfiguration) => level.spec?.limited?.limitResponse?.queuing

/** k8s 1.36: registry/flowcontrol/prioritylevelconfiguration strategy.go. */
export const priorityLevelConfiguration = defineStrategy<PriorityLevelConfiguration>({
  group: GROUP,
  resource: 'prioritylevelconfigurations',
  ...usual,
  defaults: defaultLevel,
  validate: validateLevel,
  validateUpdate: validateLevel,
  validateStatusUpdate: (level) => checkConditions(level.status?.conditions),
  allowUnconditionalUpdate: false,
  columns: [
    nameColumn,
    column('Type', 'V1PriorityLevelConfigurationSpec.type', (p) => p.spec?.type ?? ''),
    column('NominalConcurrencyShares', 'V1LimitedPriorityLevelConfiguration.nominalConcurrencyShares', (p) =>
      p.spec?.limited ? (p.spec.limited.nominalConcurrencyShares ?? 0) : '<none>',
    ),
    column('Queues', 'V1QueuingConfiguration.queues', (p) => queuingOf(p)?.queues ?? '<none>'),
    column('HandSize', 'V1QueuingConfiguration.handSize', (p) => queuingOf(p)?.handSize ?? '<none>'),
    column('QueueLengthLimit', 'V1QueuingConfiguration.queueLengthLimit', (p) => queuingOf(p)?.queueLengthLimit ?? '<none>'),
    ageColumn,
  ],
})
