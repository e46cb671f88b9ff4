/** Rules of a pod spec, in a pod or in a template. Source: k8s 1.36 core validation, ValidatePodSpec. */
import type { FieldError } from '../../../apimachinery/field-errors.ts'
import { duplicate, forbidden, invalid, notFound, notSupported, required, tooLong } from '../../../apimachinery/field-errors.ts'
import type { HostAlias, ObjectMeta, PodDNSConfig, PodResourceClaim, PodSpec } from '../../../apimachinery/generated/types.ts'
import { isDns1123SubdomainWithUnderscore } from '../../../apimachinery/names.ts'
import { compareQuantities } from '../../../apimachinery/quantity.ts'
import { checkAffinity, checkTolerations, checkTopologySpread } from './affinity.ts'
import { checkDnsLabel, checkQualifiedName, checkRange, checkRequiredOneOf, checkSubdomain, each, invalids } from './checks.ts'
import { checkContainerLists } from './container-lists.ts'
import { checkIp } from './ip.ts'
import { checkLabels } from './labels.ts'
import type { ContainerAt } from './pod-containers.ts'
import { containersOf } from './pod-containers.ts'
import { aggregateContainers } from './qos.ts'
import { checkContainerResources, checkPodResources, isHugePages } from './resources.ts'
import { checkHostUsers, checkPodSecurity } from './security.ts'
import { checkVolumes } from './volumes.ts'
import { checkHostProcess, checkLinuxPod, checkWindowsPod } from './windows.ts'

export interface PodRules {
  /** A pod, not a template. */
  readonly isPod: boolean
  /** The stored spec in an update: what it has wrong may stay wrong. */
  readonly old?: PodSpec
}

const RESTART_POLICIES = ['Always', 'OnFailure', 'Never']
const DNS_POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']
export const PREEMPTION_POLICIES = ['PreemptLowerPriority', 'Never']

function checkDnsConfig(config: PodDNSConfig | undefined, policy: string | undefined, field: string): FieldError[] {
  if (policy === 'None') {
    if (config === undefined) return [required(field, 'must provide `dnsConfig` when `dnsPolicy` is None')]
    if ((config.nameservers ?? []).length === 0) {
      return [required(`${field}.nameservers`, 'must provide at least one DNS nameserver when `dnsPolicy` is None')]
    }
  }
  const { nameservers = [], searches = [], options = [] } = config ?? {}
  const errors: FieldError[] = []
  if (nameservers.length > 3) errors.push(invalid(`${field}.nameservers`, nameservers, 'must not have more than 3 nameservers'))
  errors.push(...nameservers.flatMap((ip, i) => checkIp(ip, `${field}.nameservers[${i}]`)))
  if (searches.length > 32) errors.push(invalid(`${field}.searches`, searches, 'must not have more than 32 search paths'))
  if (searches.join(' ').length > 2048) {
    errors.push(
      invalid(`${field}.searches`, searches, 'must not have more than 2048 characters (including spaces) in the search list'),
    )
  }
  for (const [i, search] of searches.entries()) {
    const path = search.endsWith('.') ? search.slice(0, -1) : search
    if (search !== '.') errors.push(...invalids(`${field}.searches[${i}]`, path, isDns1123SubdomainWithUnderscore(path)))
  }
  return [...errors, ...options.flatMap((o, i) => (o.name ? [] : [required(`${field}.options[${i}]`, 'must not be empty')]))]
}

function checkResourceClaims(claims: readonly PodResourceClaim[] | undefined, field: string): FieldError[] {
  const seen = new Set<string>()
  return each(claims, (claim, i) => {
    const path = `${field}[${i}]`
    const { name = '', resourceClaimName: direct, resourceClaimTemplateName: template } = claim
    const errors: FieldError[] = []
    if (name === '') errors.push(required(`${path}.name`))
    else if (seen.has(name)) errors.push(duplicate(`${path}.name`, name))
    else {
      errors.push(...checkDnsLabel(name, `${path}.name`))
      seen.add(name)
    }
    const shown = { Name: name, ResourceClaimName: direct ?? null, ResourceClaimTemplateName: template ?? null }
    if (direct !== undefined && template !== undefined) {
      errors.push(invalid(path, shown, 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified'))
    }
    if (direct === undefined && template === undefined) {
      errors.push(invalid(path, shown, 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'))
    }
    if (direct !== undefined) errors.push(...checkSubdomain(direct, `${path}.resourceClaimName`))
    if (template !== undefined) errors.push(...checkSubdomain(template, `${path}.resourceClaimTemplateName`))
    return errors
  })
}

/** Pod-level resources have to cover the containers'. */
function checkPodLevelResources(spec: PodSpec, claimNames: readonly string[], field: string): FieldError[] {
  const own = spec.resources
  const path = `${field}.resources`
  if (own === undefined) return []
  if (spec.os?.name === 'windows') return [forbidden(path, 'may not be set for a windows pod')]
  const errors: FieldError[] = []
  if (own.claims !== undefined) errors.push(forbidden(`${path}.claims`, 'claims may not be set for Resources at pod-level'))
  errors.push(...checkPodResources(own, path, { claimNames }))
  for (const [name, sum] of Object.entries(aggregateContainers(spec, 'requests'))) {
    const mine = own.requests?.[name]
    if (mine === undefined || compareQuantities(sum, mine) <= 0) continue
    errors.push(
      invalid(`${path}.requests[${name}]`, mine, `must be greater than or equal to aggregate container requests of ${sum}`),
    )
  }
  for (const [name, sum] of Object.entries(aggregateContainers(spec, 'limits'))) {
    const mine = own.limits?.[name]
    if (!isHugePages(name) || mine === undefined || compareQuantities(sum, mine) <= 0) continue
    errors.push(invalid(`${path}.limits[${name}]`, mine, `must be greater than or equal to aggregate container limits of ${sum}`))
  }
  for (const [i, container] of spec.containers.entries()) {
    for (const [name, limit] of Object.entries(container.resources?.limits ?? {})) {
      const mine = own.limits?.[name]
      if (mine === undefined || compareQuantities(limit, mine) <= 0) continue
      errors.push(
        invalid(`${path}.containers[${i}][${name}].limits`, limit, `must be less than or equal to pod limits of ${mine}`),
      )
    }
  }
  return errors
}

function checkHostPortsMatch(spec: PodSpec, isPod: boolean, field: string): FieldError[] {
  if (spec.hostNetwork !== true) return []
  return spec.containers.flatMap((container, ci) =>
    each(container.ports, (port, pi) => {
      const hostPort = port.hostPort ?? 0
      if ((!isPod && hostPort === 0) || hostPort === port.containerPort) return []
      const path = `${field}.containers[${ci}].ports[${pi}].hostPort`
      return [invalid(path, hostPort, 'must match `containerPort` when `hostNetwork` is true')]
    }),
  )
}

function checkHostnames(spec: PodSpec, field: string): FieldError[] {
  const name = spec.hostnameOverride
  const path = `${field}.hostnameOverride`
  if (name === undefined) return []
  const errors: FieldError[] = []
  if (spec.setHostnameAsFQDN === true) errors.push(forbidden(path, 'may not be specified when setHostnameAsFQDN is true'))
  if (spec.hostNetwork === true) errors.push(forbidden(path, 'may not be specified when hostNetwork is true'))
  if (name.length > 64) errors.push(tooLong(path, 64))
  return [...errors, ...checkSubdomain(name, path)]
}

function checkGates(spec: PodSpec, field: string): FieldError[] {
  const seen = new Set<string>()
  return [
    ...each(spec.readinessGates, (gate, i) =>
      checkQualifiedName(gate.conditionType ?? '', `${field}.readinessGates[${i}].conditionType`),
    ),
    ...each(spec.schedulingGates, ({ name = '' }, i) => {
      const path = `${field}.schedulingGates[${i}]`
      const errors = checkQualifiedName(name, path)
      if (seen.has(name)) errors.push(duplicate(path, name))
      seen.add(name)
      return errors
    }),
  ]
}

const checkHostAliases = (aliases: readonly HostAlias[] | undefined, field: string) =>
  each(aliases, (alias, i) => [
    ...checkIp(alias.ip ?? '', `${field}[${i}].ip`),
    ...each(alias.hostnames, (host, j) => checkSubdomain(host, `${field}[${i}].hostnames[${j}]`)),
  ])

/** The single-valued fields that name something or choose from a list. */
function checkNamesAndChoices(spec: PodSpec, field: string): FieldError[] {
  const errors: FieldError[] = []
  if (spec.serviceAccountName) errors.push(...checkSubdomain(spec.serviceAccountName, `${field}.serviceAccountName`))
  if (spec.nodeName) errors.push(...checkSubdomain(spec.nodeName, `${field}.nodeName`))
  if (spec.activeDeadlineSeconds !== undefined) {
    errors.push(...checkRange(spec.activeDeadlineSeconds, 1, 2147483647, `${field}.activeDeadlineSeconds`))
  }
  if (spec.hostname) errors.push(...checkDnsLabel(spec.hostname, `${field}.hostname`))
  if (spec.subdomain) errors.push(...checkDnsLabel(spec.subdomain, `${field}.subdomain`))
  errors.push(...checkTolerations(spec.tolerations, `${field}.tolerations`))
  errors.push(...checkHostAliases(spec.hostAliases, `${field}.hostAliases`))
  if (spec.priorityClassName) errors.push(...checkSubdomain(spec.priorityClassName, `${field}.priorityClassName`))
  if (spec.runtimeClassName !== undefined) errors.push(...checkSubdomain(spec.runtimeClassName, `${field}.runtimeClassName`))
  if (spec.preemptionPolicy !== undefined) {
    errors.push(...checkRequiredOneOf(spec.preemptionPolicy, PREEMPTION_POLICIES, `${field}.preemptionPolicy`))
  }
  if (spec.overhead !== undefined) errors.push(...checkContainerResources({ limits: spec.overhead }, `${field}.overhead`))
  return errors
}

function checkOs(spec: PodSpec, containers: readonly ContainerAt[], field: string): FieldError[] {
  if (spec.os === undefined) return []
  const name = spec.os.name ?? ''
  if (name === '') return [required(`${field}.os.name`)]
  if (name === 'linux') return checkLinuxPod(spec, containers, field)
  return name === 'windows' ? checkWindowsPod(spec, containers, field) : [notSupported(`${field}.os`, name, ['linux', 'windows'])]
}

/** Variables from files point to emptyDir volumes. */
function checkFileKeyVolumes(spec: PodSpec, containers: readonly ContainerAt[]): FieldError[] {
  const volumes = new Map((spec.volumes ?? []).map((v) => [v.name, v]))
  return containers.flatMap(({ container, field }) =>
    each(container.env, (variable, i) => {
      const name = variable.valueFrom?.fileKeyRef?.volumeName
      if (name === undefined) return []
      const path = `${field}.env[${i}].valueFrom.fileKeyRef.volumeName`
      const volume = volumes.get(name)
      if (volume === undefined) return [notFound(path, name)]
      return volume.emptyDir ? [] : [invalid(path, name, 'referenced volume must be of type emptyDir')]
    }),
  )
}

/** `meta` is a pod's metadata; templates have none that matters here. */
export function checkPodSpec(spec: PodSpec, meta: ObjectMeta | undefined, field: string, rules: PodRules): FieldError[] {
  const { old } = rules
  const containers = containersOf(spec, field)
  const claimNames = (spec.resourceClaims ?? []).map((c) => c.name).filter((name) => name)
  const anyTokenPath = old !== undefined && hasOddTokenPath(old)
  const volumes = checkVolumes(spec.volumes, meta?.name ?? '', `${field}.volumes`, { isPod: rules.isPod, anyTokenPath })
  const isStatic = meta?.annotations?.['kubernetes.io/config.mirror'] !== undefined && claimNames.length > 0
  const withDevices = old?.hostUsers === false ? [] : containers.filter((c) => c.container.volumeDevices?.length)
  return [
    ...(spec.terminationGracePeriodSeconds === undefined ? [required(`${field}.terminationGracePeriodSeconds`)] : []),
    ...volumes.errors,
    ...(isStatic
      ? [forbidden('[]', 'static pods do not support resource claims')]
      : checkResourceClaims(spec.resourceClaims, `${field}.resourceClaims`)),
    ...checkContainerLists(spec, { volumes: volumes.usable, claimNames, hostUsers: spec.hostUsers !== false, field, old }),
    ...checkPodLevelResources(spec, claimNames, field),
    ...checkHostPortsMatch(spec, rules.isPod, field),
    ...checkRequiredOneOf(spec.restartPolicy, RESTART_POLICIES, `${field}.restartPolicy`),
    ...checkRequiredOneOf(spec.dnsPolicy, DNS_POLICIES, `${field}.dnsPolicy`),
    ...checkLabels(spec.nodeSelector, `${field}.nodeSelector`),
    ...checkPodSecurity(spec.securityContext, spec, `${field}.securityContext`),
    ...checkAffinity(spec.affinity, `${field}.affinity`, old?.affinity),
    ...checkDnsConfig(spec.dnsConfig, spec.dnsPolicy, `${field}.dnsConfig`),
    ...checkGates(spec, field),
    ...checkTopologySpread(spec.topologySpreadConstraints, `${field}.topologySpreadConstraints`, old?.topologySpreadConstraints),
    ...checkHostProcess(spec, containers, field),
    ...checkHostUsers(
      spec,
      withDevices.map((c) => `${c.field}.volumeDevices`),
      field,
    ),
    ...checkHostnames(spec, field),
    ...checkNamesAndChoices(spec, field),
    ...checkOs(spec, containers, field),
    ...checkFileKeyVolumes(spec, containers),
  ]
}

function hasOddTokenPath(spec: PodSpec): boolean {
  const tokens = (spec.volumes ?? []).flatMap((v) => v.projected?.sources ?? []).map((s) => s.serviceAccountToken?.path ?? '')
  return tokens.some((path) => path.startsWith('/') || path.startsWith('..') || path.split('/').includes('..'))
}
