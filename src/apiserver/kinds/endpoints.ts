import type { FieldError } from '../../apimachinery/field-errors.ts'
import { required } from '../../apimachinery/field-errors.ts'
import type { CoreV1EndpointPort, EndpointAddress, Endpoints, EndpointSubset } from '../../apimachinery/generated/types.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import { defineStrategy } from './strategy.ts'
import { checkDnsLabel, checkPortNumber, checkQualifiedName, checkRequiredOneOf, checkSubdomain, each } from './shared/checks.ts'
import { ageColumn, column, firstFew, nameColumn } from './shared/columns.ts'
import { omitZero, orDefault, patch } from './shared/compact.ts'
import { PROTOCOLS } from './shared/containers.ts'
import { checkEndpointIp, checkIp, ipWarnings } from './shared/ip.ts'

const defaultSubset = (subset: EndpointSubset): EndpointSubset => ({
  ...omitZero(subset, ['addresses', 'notReadyAddresses', 'ports']),
  ...patch(subset, 'ports', (ports) => ports.map((p) => ({ ...omitZero(p, ['name']), protocol: orDefault(p.protocol, 'TCP') }))),
})

function checkAddress(address: EndpointAddress, field: string): FieldError[] {
  return [
    ...checkIp(address.ip ?? '', `${field}.ip`),
    ...(address.hostname ? checkDnsLabel(address.hostname, `${field}.hostname`) : []),
    ...(address.nodeName !== undefined ? checkSubdomain(address.nodeName, `${field}.nodeName`) : []),
    ...checkEndpointIp(address.ip ?? '', `${field}.ip`),
  ]
}

function checkPort(port: CoreV1EndpointPort, needsName: boolean, field: string): FieldError[] {
  const name = port.name ?? ''
  return [
    ...(name !== '' ? checkDnsLabel(name, `${field}.name`) : needsName ? [required(`${field}.name`)] : []),
    ...checkPortNumber(port.port ?? 0, `${field}.port`),
    ...checkRequiredOneOf(port.protocol, PROTOCOLS, `${field}.protocol`),
    ...(port.appProtocol !== undefined ? checkQualifiedName(port.appProtocol, `${field}.appProtocol`) : []),
  ]
}

function validate(endpoints: Endpoints): FieldError[] {
  return each(endpoints.subsets, (subset, i) => {
    const path = `subsets[${i}]`
    const { addresses = [], notReadyAddresses = [], ports = [] } = subset
    const none = addresses.length + notReadyAddresses.length === 0
    return [
      ...(none ? [required(path, 'must specify `addresses` or `notReadyAddresses`')] : []),
      ...each(addresses, (a, j) => checkAddress(a, `${path}.addresses[${j}]`)),
      ...each(notReadyAddresses, (a, j) => checkAddress(a, `${path}.notReadyAddresses[${j}]`)),
      ...each(ports, (p, j) => checkPort(p, ports.length > 1, `${path}.ports[${j}]`)),
    ]
  })
}

/** SIMPLIFIED: the 'Endpoints is deprecated' warning is the server's, which gives it for every verb. */
function warnings(endpoints: Endpoints): string[] {
  if (endpoints.metadata.labels?.['endpoints.kubernetes.io/managed-by'] === 'endpoint-controller') return []
  return (endpoints.subsets ?? []).flatMap((subset, i) =>
    (['addresses', 'notReadyAddresses'] as const).flatMap((list) =>
      (subset[list] ?? []).flatMap((a, j) => ipWarnings(a.ip, `subsets[${i}].${list}[${j}].ip`)),
    ),
  )
}

const hostPort = (ip: string, port: number) => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`)

function endpointsCell(endpoints: Endpoints): string {
  const all = (endpoints.subsets ?? []).flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0 ? addresses.map((a) => a.ip) : ports.flatMap((p) => addresses.map((a) => hostPort(a.ip, p.port))),
  )
  return firstFew(all, 3, (endpoints.subsets ?? []).length === 0 ? '<none>' : '')
}

/** k8s 1.36: registry/core/endpoint strategy.go. */
export const endpoints = defineStrategy<Endpoints>({
  group: '',
  resource: 'endpoints',
  shortNames: ['ep'],
  defaults: (object) => ({ ...object, ...patch(object, 'subsets', (subsets) => subsets.map(defaultSubset)) }),
  validate,
  validateUpdate: (object, old) => (jsonEqual(object.subsets, old.subsets) ? [] : validate(object)),
  warnings,
  allowCreateOnUpdate: true,
  columns: [nameColumn, column('Endpoints', 'V1Endpoints.subsets', endpointsCell), ageColumn],
})
