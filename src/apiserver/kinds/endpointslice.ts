import type { FieldError } from '../../apimachinery/field-errors.ts'
import { duplicate, invalid, required, tooMany } from '../../apimachinery/field-errors.ts'
import type { DiscoveryV1EndpointPort, Endpoint, EndpointHints, EndpointSlice } from '../../apimachinery/generated/types.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import { isDns1123Label, isDns1123Subdomain, isValidLabelValue } from '../../apimachinery/names.ts'
import { defineStrategy } from './strategy.ts'
import {
  checkDnsLabel,
  checkImmutable,
  checkQualifiedName,
  checkRequiredOneOf,
  checkSubdomain,
  each,
  invalids,
} from './shared/checks.ts'
import { ageColumn, column, firstFew, nameColumn } from './shared/columns.ts'
import { omit } from './shared/compact.ts'
import { PROTOCOLS } from './shared/containers.ts'
import { checkCanonicalIp, checkEndpointIp, checkIp, ipFamily, ipWarnings } from './shared/ip.ts'
import { nextGeneration, withGeneration } from './shared/lifecycle.ts'

function defaults(slice: EndpointSlice): EndpointSlice {
  const ports = slice.ports?.map((p) => ({ ...p, name: p.name ?? '', protocol: p.protocol ?? 'TCP' }))
  return { ...slice, endpoints: orNull(slice.endpoints), ports: orNull(ports) }
}

/** Neither list may be left out, and an empty one comes back from the store as null. The schema has no word for that. */
function orNull<T>(list: readonly T[] | undefined): readonly T[] {
  return list?.length ? list : (null as unknown as readonly T[])
}

function checkAddress(address: string, type: string, list: string, i: number): FieldError[] {
  const field = `${list}[${i}]`
  if (type === 'FQDN') return checkFqdn(address, field)
  if (type !== 'IPv4' && type !== 'IPv6') return []
  const errors = type === 'IPv4' ? checkIp(address, field) : checkCanonicalIp(address, field)
  if (errors.length > 0) return errors
  const wrong = `IPv${ipFamily(address) ?? 0}` === type ? [] : [invalid(list, address, `must be an ${type} address`)]
  return [...wrong, ...checkEndpointIp(address, field)]
}

/** k8s 1.36: validation.IsFullyQualifiedDomainName. */
function checkFqdn(name: string, field: string): FieldError[] {
  if (name === '') return [required(field)]
  const plain = name.endsWith('.') ? name.slice(0, -1) : name
  const messages = isDns1123Subdomain(plain)
  if (messages.length > 0) return invalids(field, plain, messages)
  const labels = plain.split('.')
  if (labels.length < 2) return [invalid(field, plain, 'should be a domain with at least two segments separated by dots')]
  return labels.flatMap((label) => invalids(field, label, isDns1123Label(label)))
}

function checkNamed(
  items: readonly { readonly name: string }[] | undefined,
  field: string,
  rule: (name: string) => readonly string[],
): FieldError[] {
  const seen = new Set<string>()
  return each(items, ({ name }, i) => {
    const path = `${field}[${i}].name`
    const errors = seen.has(name) ? [duplicate(path, name)] : []
    seen.add(name)
    return [...errors, ...invalids(path, name, rule(name))]
  })
}

function checkHints(hints: EndpointHints, field: string): FieldError[] {
  const { forZones = [], forNodes = [] } = hints
  return [
    ...(forZones.length > 8
      ? [tooMany(`${field}.forZones`, forZones.length, 8)]
      : checkNamed(forZones, `${field}.forZones`, isValidLabelValue)),
    ...(forNodes.length > 8
      ? [tooMany(`${field}.forNodes`, forNodes.length, 8)]
      : checkNamed(forNodes, `${field}.forNodes`, isDns1123Subdomain)),
  ]
}

function checkEndpoint(endpoint: Endpoint, type: string, field: string): FieldError[] {
  const list = `${field}.addresses`
  const addresses = endpoint.addresses ?? []
  const errors: FieldError[] = []
  if (addresses.length === 0) errors.push(required(list, 'must contain at least 1 address'))
  else if (addresses.length > 100) errors.push(tooMany(list, addresses.length, 100))
  errors.push(...addresses.flatMap((a, i) => checkAddress(a, type, list, i)))
  if (endpoint.nodeName !== undefined) errors.push(...checkSubdomain(endpoint.nodeName, `${field}.nodeName`))
  if (endpoint.hostname !== undefined) errors.push(...checkDnsLabel(endpoint.hostname, `${field}.hostname`))
  return endpoint.hints === undefined ? errors : [...errors, ...checkHints(endpoint.hints, `${field}.hints`)]
}

function checkPorts(ports: readonly DiscoveryV1EndpointPort[]): FieldError[] {
  if (ports.length > 20000) return [tooMany('ports', ports.length, 20000)]
  const seen = new Set<string>()
  return ports.flatMap((port, i) => {
    const path = `ports[${i}]`
    const name = port.name ?? ''
    const errors = name === '' ? [] : checkDnsLabel(name, `${path}.name`)
    if (seen.has(name)) errors.push(duplicate(`${path}.name`, name))
    seen.add(name)
    errors.push(...checkRequiredOneOf(port.protocol, PROTOCOLS, `${path}.protocol`))
    return port.appProtocol === undefined ? errors : [...errors, ...checkQualifiedName(port.appProtocol, `${path}.appProtocol`)]
  })
}

function validate(slice: EndpointSlice, old?: EndpointSlice): FieldError[] {
  const type = slice.addressType ?? ''
  const list = slice.endpoints ?? []
  const same = old !== undefined && jsonEqual(old.endpoints, list)
  const ofEndpoints =
    list.length > 1000
      ? [tooMany('endpoints', list.length, 1000)]
      : each(list, (e, i) => checkEndpoint(e, type, `endpoints[${i}]`))
  return [
    ...checkRequiredOneOf(type, ['FQDN', 'IPv4', 'IPv6'], 'addressType'),
    ...checkPorts(slice.ports ?? []),
    ...(same ? [] : ofEndpoints),
  ]
}

const CONTROLLERS = ['endpointslice-controller.k8s.io', 'endpointslicemirroring-controller.k8s.io']

function warnings(slice: EndpointSlice, old: EndpointSlice | undefined): string[] {
  const fqdn = old === undefined && slice.addressType === 'FQDN' ? ['spec.addressType: FQDN endpoints are deprecated'] : []
  if (CONTROLLERS.includes(slice.metadata.labels?.['endpointslice.kubernetes.io/managed-by'] ?? '')) return fqdn
  const ofAddresses = (slice.endpoints ?? []).flatMap((e, i) =>
    (e.addresses ?? []).flatMap((a, j) => ipWarnings(a, `endpoints[${i}].addresses[${j}]`)),
  )
  return [...fqdn, ...ofAddresses]
}

/** v1 has no way to set the old topology labels. */
const withoutTopology = (slice: EndpointSlice): EndpointSlice => ({
  ...slice,
  endpoints: (slice.endpoints ?? []).map((e) => omit(e, ['deprecatedTopology'])),
})

const body = (slice: EndpointSlice) => ({ ...slice, metadata: { labels: slice.metadata.labels } })

/** k8s 1.36: registry/discovery/endpointslice strategy.go. */
/** Empty lists are stored as none, and such required fields are written as null. */
function emptyAsNull(object: EndpointSlice): EndpointSlice {
  const { endpoints, ports } = object
  if (endpoints?.length !== 0 && ports?.length !== 0) return object
  return {
    ...object,
    endpoints: (endpoints?.length === 0 ? null : endpoints) as EndpointSlice['endpoints'],
    ports: (ports?.length === 0 ? null : ports) as EndpointSlice['ports'],
  }
}

export const endpointSlice = defineStrategy<EndpointSlice>({
  group: 'discovery.k8s.io',
  resource: 'endpointslices',
  defaults,
  prepareForCreate: (object) => withGeneration(emptyAsNull(withoutTopology(object)), 1),
  prepareForUpdate: (object, old) => {
    const next = emptyAsNull(withoutTopology(object))
    return nextGeneration(next, old, !jsonEqual(body(next), body(old)))
  },
  validate: (object) => validate(object),
  validateUpdate: (object, old) => [
    ...validate(object, old),
    ...checkImmutable(object.addressType, old.addressType, 'addressType'),
  ],
  warnings,
  columns: [
    nameColumn,
    column('AddressType', 'V1EndpointSlice.addressType', (s) => s.addressType ?? ''),
    column('Ports', 'V1EndpointSlice.ports', (s) => {
      const ports = (s.ports ?? []).map((p) => (p.port !== undefined ? String(p.port) : (p.name ?? '*')))
      return firstFew(ports, 3, '<unset>')
    }),
    column('Endpoints', 'V1EndpointSlice.endpoints', (s) => {
      return firstFew(
        (s.endpoints ?? []).flatMap((e) => e.addresses ?? []),
        3,
        '<unset>',
      )
    }),
    ageColumn,
  ],
})
