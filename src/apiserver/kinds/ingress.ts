import type { FieldError } from '../../apimachinery/field-errors.ts'
import { invalid, notSupported, required } from '../../apimachinery/field-errors.ts'
import type {
  HTTPIngressPath,
  Ingress,
  IngressBackend,
  IngressRule,
  IngressSpec,
  TypedLocalObjectReference,
} from '../../apimachinery/generated/types.ts'
import { isDns1123Label, isPathSegmentName, isValidPortName, isWildcardDns1123Subdomain } from '../../apimachinery/names.ts'
import { defineStrategy } from './strategy.ts'
import { checkPortNumber, checkSubdomain, each, invalids } from './shared/checks.ts'
import { ageColumn, column, nameColumn } from './shared/columns.ts'
import { omitZero } from './shared/compact.ts'
import { checkIp, ipWarnings, isIp } from './shared/ip.ts'
import { specAndStatus } from './shared/lifecycle.ts'

const CLASS = 'kubernetes.io/ingress.class'

/** Kind and name as segments of a path, and a group if there is one. */
export function checkTypedReference(ref: TypedLocalObjectReference, field: string): FieldError[] {
  const segment = (name: 'kind' | 'name') => {
    const value = ref[name] ?? ''
    return value === '' ? [required(`${field}.${name}`)] : invalids(`${field}.${name}`, value, isPathSegmentName(value))
  }
  const group = ref.apiGroup === undefined ? [] : checkSubdomain(ref.apiGroup, `${field}.apiGroup`)
  return [...group, ...segment('kind'), ...segment('name')]
}

function checkBackend(backend: IngressBackend | undefined, field: string): FieldError[] {
  const { resource, service } = backend ?? {}
  if (resource && service) return [invalid(field, '', 'cannot set both resource and service backends')]
  if (resource) return checkTypedReference(resource, `${field}.resource`)
  if (!service) return [invalid(field, '', 'resource or service backend is required')]
  const path = `${field}.service`
  const errors = service.name ? invalids(`${path}.name`, service.name, isDns1123Label(service.name)) : [required(`${path}.name`)]
  const { name = '', number = 0 } = service.port ?? {}
  if (name !== '' && number !== 0) errors.push(invalid(field, '', 'cannot set both port name & port number'))
  else if (name !== '') errors.push(...invalids(`${path}.port.name`, name, isValidPortName(name)))
  else if (number !== 0) errors.push(...checkPortNumber(number, `${path}.port.number`))
  else errors.push(required(field, 'port name or number is required'))
  return errors
}

function checkPath(path: HTTPIngressPath, field: string): FieldError[] {
  const { pathType, path: text = '' } = path
  const at = `${field}.path`
  if (pathType === undefined) return [required(`${field}.pathType`, 'pathType must be specified')]
  const errors: FieldError[] = []
  const isExact = pathType === 'Exact' || pathType === 'Prefix'
  if (!isExact && pathType !== 'ImplementationSpecific') {
    errors.push(notSupported(`${field}.pathType`, pathType, ['Exact', 'ImplementationSpecific', 'Prefix']))
  } else if (!text.startsWith('/') && (isExact || text !== '')) errors.push(invalid(at, text, 'must be an absolute path'))
  if (isExact) {
    for (const part of ['//', '/./', '/../', '%2f', '%2F']) {
      if (text.includes(part)) errors.push(invalid(at, text, `must not contain '${part}'`))
    }
    for (const end of ['/..', '/.']) if (text.endsWith(end)) errors.push(invalid(at, text, `cannot end with '${end}'`))
  }
  return [...errors, ...checkBackend(path.backend, `${field}.backend`)]
}

function checkHost(host: string, field: string): FieldError[] {
  return host.includes('*') ? invalids(field, host, isWildcardDns1123Subdomain(host)) : checkSubdomain(host, field)
}

function checkRule(rule: IngressRule, field: string): FieldError[] {
  const host = rule.host ?? ''
  const errors: FieldError[] = []
  if (host !== '') {
    if (isIp(host)) errors.push(invalid(`${field}.host`, host, 'must be a DNS name, not an IP address'))
    errors.push(...checkHost(host, `${field}.host`))
  }
  if (rule.http === undefined) return errors
  const paths = rule.http.paths ?? []
  if (paths.length === 0) errors.push(required(`${field}.http.paths`))
  return [...errors, ...paths.flatMap((p, i) => checkPath(p, `${field}.http.paths[${i}]`))]
}

function checkSpec(spec: IngressSpec, old: IngressSpec | undefined): FieldError[] {
  const { rules = [], defaultBackend, tls, ingressClassName } = spec
  const errors: FieldError[] = []
  if (rules.length === 0 && defaultBackend === undefined) {
    errors.push(invalid('spec', spec.rules ?? null, 'either `defaultBackend` or `rules` must be specified'))
  }
  if (defaultBackend) errors.push(...checkBackend(defaultBackend, 'spec.defaultBackend'))
  errors.push(...rules.flatMap((rule, i) => checkRule(rule, `spec.rules[${i}]`)))
  const badSecrets = (old?.tls ?? []).some((t) => t.secretName && checkSubdomain(t.secretName, '').length > 0)
  const ofTls = each(tls, (t, i) => [
    ...each(t.hosts, (host, j) => checkHost(host, `spec.tls[${i}].hosts[${j}]`)),
    ...(t.secretName && !badSecrets ? checkSubdomain(t.secretName, `spec.tls[${i}].secretName`) : []),
  ])
  errors.push(...ofTls)
  return ingressClassName === undefined ? errors : [...errors, ...checkSubdomain(ingressClassName, 'spec.ingressClassName')]
}

function validate(ingress: Ingress): FieldError[] {
  const errors = checkSpec(ingress.spec ?? {}, undefined)
  const annotation = ingress.metadata.annotations?.[CLASS]
  const name = ingress.spec?.ingressClassName
  if (annotation === undefined || name === undefined || annotation === name) return errors
  return [...errors, invalid(`annotations.${CLASS}`, annotation, 'must match `ingressClassName` when both are specified')]
}

function validateStatusUpdate(ingress: Ingress, old: Ingress): FieldError[] {
  const kept = (old.status?.loadBalancer?.ingress ?? []).map((i) => i.ip ?? '')
  return each(ingress.status?.loadBalancer?.ingress, ({ ip = '', hostname = '' }, i) => {
    const field = `status.loadBalancer.ingress[${i}]`
    const errors = ip === '' ? [] : checkIp(ip, `${field}.ip`, kept)
    if (hostname === '') return errors
    errors.push(...checkSubdomain(hostname, `${field}.hostname`))
    return isIp(hostname) ? [...errors, invalid(`${field}.hostname`, hostname, 'must be a DNS name, not an IP address')] : errors
  })
}

function warnings(ingress: Ingress, old: Ingress | undefined): string[] {
  if (old === undefined) {
    const uses = ingress.metadata.annotations?.[CLASS] !== undefined && ingress.spec?.ingressClassName === undefined
    return uses ? [`annotation "${CLASS}" is deprecated, please use 'spec.ingressClassName' instead`] : []
  }
  if (ingress.status === old.status) return []
  return (ingress.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }, i) =>
    ip ? ipWarnings(ip, `status.loadBalancer.ingress[${i}]`) : [],
  )
}

function hostsCell(ingress: Ingress): string {
  const rules = ingress.spec?.rules ?? []
  const hosts: string[] = []
  let more = false
  for (const { host } of rules) {
    if (hosts.length === 3) more = true
    else if (host) hosts.push(host)
  }
  if (hosts.length === 0) return '*'
  return hosts.join(',') + (more ? ` + ${rules.length - 3} more...` : '')
}

function addressCell(ingress: Ingress): string {
  const points = (ingress.status?.loadBalancer?.ingress ?? []).map((i) => i.ip || i.hostname || '').filter((p) => p !== '')
  return [...new Set(points)].toSorted().join(',')
}

const CLASS_TEXT = 'The name of the IngressClass resource that should be used for additional configuration'

/** k8s 1.36: registry/networking/ingress strategy.go. */
export const ingress = defineStrategy<Ingress>({
  group: 'networking.k8s.io',
  resource: 'ingresses',
  shortNames: ['ing'],
  defaults: (object) => ({
    ...object,
    spec: omitZero<IngressSpec>(object.spec ?? {}, ['rules', 'tls']),
    status: { ...object.status, loadBalancer: object.status?.loadBalancer ?? {} },
  }),
  ...specAndStatus({ loadBalancer: {} }, { generation: true }),
  validate,
  validateUpdate: (object, old) => checkSpec(object.spec ?? {}, old.spec),
  validateStatusUpdate,
  warnings,
  columns: [
    nameColumn,
    column('Class', CLASS_TEXT, (i) => i.spec?.ingressClassName ?? '<none>'),
    column('Hosts', 'Hosts that incoming requests are matched against before the ingress rule', hostsCell),
    column('Address', 'Address is a list containing ingress points for the load-balancer', addressCell),
    column('Ports', 'Ports of TLS configurations that open', (i) => (i.spec?.tls?.length ? '80, 443' : '80')),
    ageColumn,
  ],
})
