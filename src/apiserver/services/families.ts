import { invalid as invalidError } from '../../apimachinery/errors.ts'
import { invalid, type FieldError } from '../../apimachinery/field-errors.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import type { Service, ServiceSpec } from '../../apimachinery/generated/types.ts'
import { ipFamily } from '../kinds/shared/ip.ts'

/** The families this cluster gives addresses of; the first is the default. */
const CONFIGURED: readonly string[] = ['IPv4']

export const isExternalName = (spec: ServiceSpec | undefined) => spec?.type === 'ExternalName'
export const isHeadless = (spec: ServiceSpec) => spec.clusterIP === 'None' || spec.clusterIPs?.[0] === 'None'
export const familyOf = (ip: string) => (ipFamily(ip) === 6 ? 'IPv6' : 'IPv4')
const noSelector = (spec: ServiceSpec) => Object.keys(spec.selector ?? {}).length === 0

function refuse(service: Service, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalidError({ group: '', kind: 'Service' }, service.metadata.name ?? '', errors)
}

/** Nothing about addresses changes in this update. k8s 1.36: isMatchingPreferDualStackClusterIPFields. */
function isUnchangedPreferDualStack(spec: ServiceSpec, old: ServiceSpec | undefined): boolean {
  if (!old || spec.ipFamilyPolicy !== 'PreferDualStack' || old.type !== spec.type || isExternalName(spec)) return false
  if (old.ipFamilyPolicy !== undefined && old.ipFamilyPolicy !== 'PreferDualStack') return false
  return (
    spec.clusterIP === old.clusterIP && jsonEqual(spec.clusterIPs, old.clusterIPs) && jsonEqual(spec.ipFamilies, old.ipFamilies)
  )
}

/** Fills ipFamilyPolicy and ipFamilies, or refuses. k8s 1.36: Allocators.initIPFamilyFields. */
export function withFamilies(service: Service, old: ServiceSpec | undefined): Service {
  const given = service.spec ?? {}
  if (isExternalName(given) || isUnchangedPreferDualStack(given, old)) return service
  const ipFamilyPolicy =
    given.ipFamilyPolicy ??
    old?.ipFamilyPolicy ??
    (given.clusterIP === 'None' && noSelector(given) ? 'RequireDualStack' : 'SingleStack')
  const spec = shrink({ ...given, ipFamilyPolicy }, old)
  refuse(service, stackErrors(spec, old))
  const families = familiesOfAddresses(service, spec)
  return { ...service, spec: { ...spec, ipFamilies: completeFamilies(service, spec, families) } }
}

/** A Service that goes back to one stack gives up its second address. */
function shrink(spec: ServiceSpec, old: ServiceSpec | undefined): ServiceSpec {
  if (!old || spec.ipFamilyPolicy !== 'SingleStack') return spec
  const dropIp = (spec.clusterIPs?.length ?? 0) > 1 && jsonEqual(spec.clusterIPs, old.clusterIPs)
  const dropFamily = (spec.ipFamilies?.length ?? 0) > 1 && jsonEqual(spec.ipFamilies, old.ipFamilies)
  return {
    ...spec,
    ...(dropIp ? { clusterIPs: spec.clusterIPs?.slice(0, 1) } : {}),
    ...(dropFamily ? { ipFamilies: spec.ipFamilies?.slice(0, 1) } : {}),
  }
}

function stackErrors(spec: ServiceSpec, old: ServiceSpec | undefined): FieldError[] {
  const path = 'spec.ipFamilyPolicy'
  const policy = spec.ipFamilyPolicy
  const ips = spec.clusterIPs ?? []
  const families = spec.ipFamilies ?? []
  const errors: FieldError[] = []
  if (old && policy !== 'SingleStack') {
    const hadIps = old.clusterIPs ?? []
    const hadFamilies = old.ipFamilies ?? []
    if (ips.length === 1 && hadIps.length === 2 && ips[0] === hadIps[0])
      errors.push(invalid(path, policy, "must be 'SingleStack' to release the secondary cluster IP"))
    if (families.length === 1 && hadFamilies.length === 2 && families[0] === hadFamilies[0])
      errors.push(invalid(path, policy, "must be 'SingleStack' to release the secondary IP family"))
  }
  if (policy !== 'SingleStack') return errors
  const many = "must be 'RequireDualStack' or 'PreferDualStack' when multiple"
  if (ips.length === 2) errors.push(invalid(path, policy, `${many} cluster IPs are specified`))
  if (families.length === 2) errors.push(invalid(path, policy, `${many} IP families are specified`))
  return errors
}

/** The families given, and those that the given addresses imply. */
function familiesOfAddresses(service: Service, spec: ServiceSpec): string[] {
  const families = [...(spec.ipFamilies ?? [])]
  const errors: FieldError[] = []
  const ips = isHeadless(spec) ? [] : (spec.clusterIPs ?? [])
  for (const [i, ip] of ips.entries()) {
    const family = familyOf(ip)
    if (i < families.length || ipFamily(ip) === undefined) continue
    if (CONFIGURED.includes(family)) families.push(family)
    else errors.push(invalid(`spec.clusterIPs[${i}]`, ips, `${family} is not configured on this cluster`))
  }
  refuse(service, errors)
  return families
}

function completeFamilies(service: Service, spec: ServiceSpec, given: readonly string[]): readonly string[] {
  const families = given.length > 0 ? given : CONFIGURED.slice(0, 1)
  const other = families[0] === 'IPv4' ? 'IPv6' : 'IPv4'
  const dual = spec.ipFamilyPolicy !== 'SingleStack'
  if (spec.clusterIP === 'None' && noSelector(spec)) return dual && families.length < 2 ? [...families, other] : families
  const errors: FieldError[] = []
  if (spec.ipFamilyPolicy === 'RequireDualStack' && CONFIGURED.length < 2)
    errors.push(invalid('spec.ipFamilyPolicy', spec.ipFamilyPolicy, 'this cluster is not configured for dual-stack services'))
  for (const [i, family] of given.entries())
    if (!CONFIGURED.includes(family)) errors.push(invalid(`spec.ipFamilies[${i}]`, family, 'not configured on this cluster'))
  refuse(service, errors)
  return dual && families.length === 1 && CONFIGURED.length === 2 ? [...families, other] : families
}
