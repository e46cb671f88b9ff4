/** Configurations of admission webhooks. Source: k8s 1.36 admissionregistration/validation and v1/defaults.go. */
import type { FieldError } from '../../apimachinery/field-errors.ts'
import { invalid, notSupported, required } from '../../apimachinery/field-errors.ts'
import type {
  AdmissionregistrationV1WebhookClientConfig as ClientConfig,
  AdmissionregistrationV1ServiceReference as ServiceReference,
  MutatingWebhook,
  MutatingWebhookConfiguration,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
} from '../../apimachinery/generated/types.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import { isDns1035Label, isDns1123Subdomain, isValidPortNum } from '../../apimachinery/names.ts'
import { matchConditionErrors } from '../cel/admission-errors.ts'
import { defineStrategy, type TableColumnDefinition } from './strategy.ts'
import {
  FAILURE_POLICIES,
  MATCH_POLICIES,
  REINVOCATION_POLICIES,
  checkMatchConditions,
  checkRule,
  defaultRule,
} from './shared/admission-rules.ts'
import { checkOneOf, checkUnique, each, invalids } from './shared/checks.ts'
import { ageColumn, integerColumn, nameColumn } from './shared/columns.ts'
import { patch } from './shared/compact.ts'
import { checkLabelSelector, hasInvalidSelectorValue } from './shared/labels.ts'
import { nextGeneration, withGeneration } from './shared/lifecycle.ts'

type Webhook = ValidatingWebhook & Pick<MutatingWebhook, 'reinvocationPolicy'>
type Configuration = Omit<ValidatingWebhookConfiguration, 'webhooks'> & { readonly webhooks?: readonly Webhook[] }

const REVIEW_VERSIONS = ['v1', 'v1beta1']
const HARMLESS = ['None', 'NoneOnDryRun']
const ALL_EFFECTS = ['None', 'NoneOnDryRun', 'Some', 'Unknown']

function defaultWebhook(hook: Webhook): Webhook {
  const service = (s: ServiceReference): ServiceReference => ({ ...s, port: s.port ?? 443 })
  return {
    ...hook,
    clientConfig: { ...hook.clientConfig, ...patch(hook.clientConfig ?? {}, 'service', service) },
    ...patch(hook, 'rules', (rules) => rules.map(defaultRule)),
    failurePolicy: hook.failurePolicy ?? 'Fail',
    matchPolicy: hook.matchPolicy ?? 'Equivalent',
    namespaceSelector: hook.namespaceSelector ?? {},
    objectSelector: hook.objectSelector ?? {},
    timeoutSeconds: hook.timeoutSeconds ?? 10,
  }
}

/** What an update may leave as it was although a new object may not have it. */
interface Leniency {
  readonly anyVersion: boolean
  readonly anyEffect: boolean
  readonly sameNames: boolean
  readonly anyValues: boolean
}

const STRICT: Leniency = { anyVersion: false, anyEffect: false, sameNames: false, anyValues: false }

function leniencyOf({ webhooks = [] }: Configuration): Leniency {
  const names = webhooks.map((w) => w.name)
  return {
    anyVersion: webhooks.some((w) => w.admissionReviewVersions?.length > 0 && !hasKnownVersion(w.admissionReviewVersions)),
    anyEffect: webhooks.some((w) => !HARMLESS.includes(w.sideEffects)),
    sameNames: new Set(names).size < names.length,
    anyValues: webhooks.some((w) => hasInvalidSelectorValue(w.namespaceSelector) || hasInvalidSelectorValue(w.objectSelector)),
  }
}

const hasKnownVersion = (versions: readonly string[]) => versions.some((v) => REVIEW_VERSIONS.includes(v))

function checkFullName(name: string | undefined, field: string): FieldError[] {
  if (!name) return [required(field)]
  const messages = isDns1123Subdomain(name)
  if (messages.length > 0) return [invalid(field, name, messages.join(','))]
  if (name.split('.').length >= 3) return []
  return [invalid(field, name, 'should be a domain with at least three segments separated by dots')]
}

function checkUrl(text: string, field: string): FieldError[] {
  const form = '; desired format: https://host[/path]'
  const [, scheme = '', rest = ''] = /^([a-zA-Z][a-zA-Z0-9+.-]*):(.*)$/.exec(text) ?? [undefined, '', text]
  const [, authority = ''] = /^\/\/([^/?#]*)/.exec(rest) ?? []
  const at = authority.lastIndexOf('@')
  const [beforeFragment = '', fragment = ''] = rest.split('#', 2)
  const query = beforeFragment.split('?').slice(1).join('?')
  const errors: FieldError[] = []
  if (scheme.toLowerCase() !== 'https') {
    errors.push(invalid(field, scheme.toLowerCase(), `'https' is the only allowed URL scheme${form}`))
  }
  if (authority.slice(at + 1) === '') errors.push(invalid(field, '', `host must be specified${form}`))
  if (at >= 0) errors.push(invalid(field, authority.slice(0, at), 'user information is not permitted in the URL'))
  if (fragment !== '') errors.push(invalid(field, fragment, 'fragments are not permitted in the URL'))
  if (query !== '') errors.push(invalid(field, query, 'query parameters are not permitted in the URL'))
  return errors
}

function checkServicePath(path: string, field: string): FieldError[] {
  if (path === '/' || path === '') return []
  if (path === '//') return [invalid(field, path, 'segment[0] may not be empty')]
  const errors: FieldError[] = path.startsWith('/') ? [] : [invalid(field, path, "must start with a '/'")]
  for (const [i, step] of path.slice(1).replace(/\/$/, '').split('/').entries()) {
    const messages = step === '' ? [`segment[${i}] may not be empty`] : isDns1123Subdomain(step).map((m) => `segment[${i}]: ${m}`)
    errors.push(...invalids(field, path, messages))
  }
  return errors
}

function checkService(service: ServiceReference, field: string): FieldError[] {
  // The original passes name and namespace in the wrong order, so each error names the other field.
  const errors: FieldError[] = service.namespace ? [] : [required(`${field}.name`)]
  if (!service.name) errors.push(required(`${field}.namespace`))
  const port = service.port ?? 0
  const messages = isValidPortNum(port)
  if (messages.length > 0) errors.push(invalid(`${field}.port`, port, `port is not valid: ${messages.join(', ')}`))
  return service.path === undefined ? errors : [...errors, ...checkServicePath(service.path, `${field}.path`)]
}

/** Where a webhook is: exactly one of an address and a Service. */
export function checkClientAt({ url, service }: ClientConfig, field: string): FieldError[] {
  if ((url === undefined) === (service === undefined)) return [required(field, 'exactly one of url or service is required')]
  if (url !== undefined) return checkUrl(url, `${field}.url`)
  return service === undefined ? [] : checkService(service, `${field}.service`)
}

/** The versions of reviews that a webhook understands; at least one has to be known unless an update found it so. */
export function checkReviewVersions(versions: readonly string[], lenient: boolean, field: string): FieldError[] {
  const known = REVIEW_VERSIONS.join(', ')
  if (versions.length === 0) return [required(field, `must specify one of ${known}`)]
  const errors = versions.flatMap((version, i) => {
    if (versions.indexOf(version) < i) return [invalid(`${field}[${i}]`, version, 'duplicate version')]
    return invalids(`${field}[${i}]`, version, isDns1035Label(version))
  })
  if (lenient || hasKnownVersion(versions)) return errors
  return [...errors, invalid(field, versions, `must include at least one of ${known}`)]
}

function checkSideEffects(effects: string | undefined, lenient: boolean, field: string): FieldError[] {
  const allowed = lenient ? ALL_EFFECTS : HARMLESS
  if (effects === undefined) return [required(field, `must specify one of ${allowed.join(', ')}`)]
  return allowed.includes(effects) ? [] : [notSupported(field, effects, allowed)]
}

function checkWebhook(hook: Webhook, lenient: Leniency, field: string): FieldError[] {
  const { failurePolicy, matchPolicy, reinvocationPolicy, timeoutSeconds: timeout } = hook
  const badTimeout = timeout !== undefined && (timeout > 30 || timeout < 1)
  return [
    ...checkFullName(hook.name, `${field}.name`),
    ...each(hook.rules, (rule, i) => checkRule(rule, `${field}.rules[${i}]`)),
    ...(failurePolicy === undefined ? [] : checkOneOf(failurePolicy, FAILURE_POLICIES, `${field}.failurePolicy`)),
    ...(matchPolicy === undefined ? [] : checkOneOf(matchPolicy, MATCH_POLICIES, `${field}.matchPolicy`)),
    ...checkSideEffects(hook.sideEffects, lenient.anyEffect, `${field}.sideEffects`),
    ...(badTimeout ? [invalid(`${field}.timeoutSeconds`, timeout, 'the timeout value must be between 1 and 30 seconds')] : []),
    ...checkLabelSelector(hook.namespaceSelector, `${field}.namespaceSelector`, lenient.anyValues),
    ...checkLabelSelector(hook.objectSelector, `${field}.objectSelector`, lenient.anyValues),
    ...(reinvocationPolicy === undefined
      ? []
      : checkOneOf(reinvocationPolicy, REINVOCATION_POLICIES, `${field}.reinvocationPolicy`)),
    ...checkClientAt(hook.clientConfig ?? {}, `${field}.clientConfig`),
    ...checkMatchConditions(hook.matchConditions, `${field}.matchConditions`),
    ...matchConditionErrors(hook.matchConditions, false, `${field}.matchConditions`),
    ...checkReviewVersions(hook.admissionReviewVersions ?? [], lenient.anyVersion, `${field}.admissionReviewVersions`),
  ]
}

function check({ webhooks = [] }: Configuration, lenient: Leniency): FieldError[] {
  const errors = webhooks.flatMap((hook, i) => checkWebhook(hook, lenient, `webhooks[${i}]`))
  if (lenient.sameNames) return errors
  return [
    ...errors,
    ...checkUnique(
      webhooks,
      (hook) => hook.name ?? '',
      (i) => `webhooks[${i}].name`,
    ),
  ]
}

const HOOKS = 'Webhooks indicates the number of webhooks registered in this configuration'
const columns: readonly TableColumnDefinition<Configuration>[] = [
  nameColumn,
  integerColumn('Webhooks', HOOKS, (c) => c.webhooks?.length),
  ageColumn,
]

const common = {
  group: 'admissionregistration.k8s.io',
  categories: ['api-extensions'],
  prepareForCreate: (object: Configuration) => withGeneration(object, 1),
  prepareForUpdate: (object: Configuration, old: Configuration) =>
    nextGeneration(object, old, !jsonEqual(object.webhooks, old.webhooks)),
  validate: (object: Configuration) => check(object, STRICT),
  validateUpdate: (object: Configuration, old: Configuration) => check(object, leniencyOf(old)),
  allowUnconditionalUpdate: false,
  columns,
}

/** k8s 1.36: registry/admissionregistration/validatingwebhookconfiguration strategy.go. */
export const validatingWebhookConfiguration = defineStrategy<Configuration>({
  ...common,
  resource: 'validatingwebhookconfigurations',
  defaults: (object) => ({ ...object, ...patch(object, 'webhooks', (hooks) => hooks.map(defaultWebhook)) }),
})

/** k8s 1.36: registry/admissionregistration/mutatingwebhookconfiguration strategy.go. */
export const mutatingWebhookConfiguration = defineStrategy<Configuration & MutatingWebhookConfiguration>({
  ...common,
  resource: 'mutatingwebhookconfigurations',
  defaults: (object) => {
    const hook = (h: Webhook): Webhook => ({ ...defaultWebhook(h), reinvocationPolicy: h.reinvocationPolicy ?? 'Never' })
    return { ...object, ...patch(object, 'webhooks', (hooks) => hooks.map(hook)) }
  },
} as Parameters<typeof defineStrategy<Configuration & MutatingWebhookConfiguration>>[0])
