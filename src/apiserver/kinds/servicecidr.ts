/** ServiceCIDR and IPAddress: the ranges of Service addresses, and which are taken. */
import type { FieldError } from '../../apimachinery/field-errors.ts'
import { invalid, required } from '../../apimachinery/field-errors.ts'
import type { IPAddress, ParentReference, ServiceCIDR } from '../../apimachinery/generated/types.ts'
import { isPathSegmentName } from '../../apimachinery/names.ts'
import { defineStrategy } from './strategy.ts'
import { checkImmutable, checkSubdomain, fieldIsImmutable, invalids } from './shared/checks.ts'
import { ageColumn, column, nameColumn } from './shared/columns.ts'
import { checkCanonicalCidr, checkCanonicalIp, cidrFamily, isDualStack } from './shared/ip.ts'
import { META_KEPT_IN_STATUS, specAndStatus } from './shared/lifecycle.ts'

const GROUP = 'networking.k8s.io'
const FIELD = 'spec.cidrs'

function checkCidrs(cidrs: readonly string[]): FieldError[] {
  if (cidrs.length === 0) return [required(FIELD, 'at least one CIDR required')]
  if (cidrs.length > 2) return [invalid(FIELD, { CIDRs: cidrs }, 'may only hold up to 2 values')]
  const errors = cidrs.flatMap((cidr, i) => checkCanonicalCidr(cidr, `${FIELD}[${i}]`))
  const known = cidrs.every((cidr) => cidrFamily(cidr) !== undefined)
  if (cidrs.length < 2 || !known || isDualStack(cidrs, cidrFamily)) return errors
  const detail = 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64'
  return [...errors, invalid(FIELD, cidrs, detail)]
}

function checkCidrUpdate(cidrs: readonly string[], old: readonly string[]): FieldError[] {
  const changed = (i: number) => (cidrs[i] === old[i] ? [] : [invalid(`${FIELD}[${i}]`, cidrs[i], fieldIsImmutable)])
  if (cidrs.length === old.length) return cidrs.flatMap((_, i) => changed(i))
  if (old.length === 1 && cidrs.length === 2) return [...changed(0), ...checkCidrs(cidrs)]
  return [invalid(FIELD, cidrs, fieldIsImmutable)]
}

/** k8s 1.36: registry/networking/servicecidr strategy.go. */
export const serviceCidr = defineStrategy<ServiceCIDR>({
  group: GROUP,
  resource: 'servicecidrs',
  defaults: (object) => ({ ...object, status: object.status ?? {} }),
  ...specAndStatus({}, { generation: false, keepMeta: META_KEPT_IN_STATUS }),
  validate: (object) => checkCidrs(object.spec?.cidrs ?? []),
  validateUpdate: (object, old) => checkCidrUpdate(object.spec?.cidrs ?? [], old.spec?.cidrs ?? []),
  columns: [nameColumn, column('CIDRs', 'V1ServiceCIDRSpec.cidrs', (c) => (c.spec?.cidrs ?? []).join(',')), ageColumn],
})

function checkParent(ref: ParentReference | undefined): FieldError[] {
  const field = 'spec.parentRef'
  if (ref === undefined) return [required(field)]
  const segment = (name: 'resource' | 'name' | 'namespace') => {
    const value = ref[name] ?? ''
    if (value !== '') return invalids(`${field}.${name}`, value, isPathSegmentName(value))
    return name === 'namespace' ? [] : [required(`${field}.${name}`)]
  }
  const group = ref.group ? checkSubdomain(ref.group, `${field}.group`) : []
  return [...group, ...segment('resource'), ...segment('name'), ...segment('namespace')]
}

function parentCell(address: IPAddress): string {
  const ref = address.spec?.parentRef
  if (ref === undefined) return '<none>'
  const resource = ref.group ? `${ref.resource}.${ref.group}` : ref.resource
  return `${resource.toLowerCase()}${ref.namespace ? `/${ref.namespace}` : ''}/${ref.name}`
}

/** The details of errors are what the messages of a name are made of. */
const checkName = (name: string) => checkCanonicalIp(name, '').map((e) => e.message.replace(/^Invalid value: "[^"]*": /, ''))

/** k8s 1.36: registry/networking/ipaddress strategy.go. */
export const ipAddress = defineStrategy<IPAddress>({
  group: GROUP,
  resource: 'ipaddresses',
  shortNames: ['ip'],
  validateName: checkName,
  validate: (object) => checkParent(object.spec?.parentRef),
  validateUpdate: (object, old) => [
    ...checkParent(object.spec?.parentRef),
    ...checkImmutable(object.spec?.parentRef, old.spec?.parentRef, 'spec.parentRef'),
  ],
  fields: {
    'spec.parentRef.group': (a) => a.spec?.parentRef?.group ?? '',
    'spec.parentRef.name': (a) => a.spec?.parentRef?.name ?? '',
    'spec.parentRef.namespace': (a) => a.spec?.parentRef?.namespace ?? '',
    'spec.parentRef.resource': (a) => a.spec?.parentRef?.resource ?? '',
  },
  columns: [nameColumn, column('ParentRef', 'V1IPAddressSpec.parentRef', parentCell), { ...ageColumn, undeclared: true }],
})
