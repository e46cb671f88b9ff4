/** Writes to a pod's /status. Source: k8s 1.36 core validation, ValidatePodStatusUpdate. */
import type { FieldError } from '../../../apimachinery/field-errors.ts'
import { duplicate, forbidden, invalid, required } from '../../../apimachinery/field-errors.ts'
import type {
  Container,
  ContainerStatus,
  Pod,
  PodCondition,
  PodOS,
  PodSpec,
  PodStatus,
} from '../../../apimachinery/generated/types.ts'
import { checkImmutable, checkOneOf, checkQualifiedName, checkSubdomain, each } from './checks.ts'
import { checkIp, ipFamily, isDualStack } from './ip.ts'
import { checkPodAnnotationChanges, checkPodAnnotations } from './pod-annotations.ts'
import { checkId } from './security.ts'

const SYSTEM_CONDITIONS = ['PodScheduled', 'Ready', 'Initialized']

function checkConditions(conditions: readonly PodCondition[] | undefined): FieldError[] {
  return each(conditions, (condition, i) => {
    const path = `status.conditions[${i}]`
    const generation = condition.observedGeneration ?? 0
    const errors = generation < 0 ? [invalid(`${path}.observedGeneration`, generation, 'must be a non-negative integer')] : []
    if (SYSTEM_CONDITIONS.includes(condition.type)) return errors
    return [...errors, ...checkQualifiedName(condition.type ?? '', `${path}.Type`)]
  })
}

/** Whether a container that ended with this code may run again. */
function mayRestart(container: Container, spec: PodSpec, exitCode: number): boolean {
  const own = container.restartPolicy
  if (own !== undefined) {
    const rule = (container.restartPolicyRules ?? []).find(({ exitCodes }) => {
      const matched = (exitCodes?.values ?? []).includes(exitCode)
      return exitCodes !== undefined && (exitCodes.operator === 'In' ? matched : exitCodes.operator === 'NotIn' && !matched)
    })
    if (rule !== undefined) return true
  }
  const policy = own ?? spec.restartPolicy
  return policy === 'OnFailure' ? exitCode !== 0 : policy !== 'Never'
}

/** A container that has ended for good stays ended. */
function checkTransitions(
  now: readonly ContainerStatus[] | undefined,
  old: readonly ContainerStatus[] | undefined,
  mayRun: (name: string, exitCode: number) => boolean,
  field: string,
): FieldError[] {
  return each(old, (before, i) => {
    const ended = before.state?.terminated
    const after = (now ?? []).find((s) => s.name === before.name)
    if (ended === undefined || after === undefined || after.state?.terminated !== undefined) return []
    if (mayRun(before.name, ended.exitCode)) return []
    return [forbidden(`${field}[${i}].state`, 'may not be transitioned to non-terminated state')]
  })
}

function checkAllTransitions(status: PodStatus, old: PodStatus, spec: PodSpec): FieldError[] {
  const all = [...(spec.initContainers ?? []), ...spec.containers]
  const restartsAll = all.some((c) => (c.restartPolicyRules ?? []).some((r) => r.action === 'RestartAllContainers'))
  const among = (list: readonly Container[] | undefined) => (name: string, exitCode: number) => {
    const container = (list ?? []).find((c) => c.name === name)
    return restartsAll || (container !== undefined && mayRestart(container, spec, exitCode))
  }
  return [
    ...checkTransitions(status.containerStatuses, old.containerStatuses, among(spec.containers), 'status.containerStatuses'),
    ...checkTransitions(
      status.initContainerStatuses,
      old.initContainerStatuses,
      among(spec.initContainers),
      'status.initContainerStatuses',
    ),
    ...checkTransitions(
      status.ephemeralContainerStatuses,
      old.ephemeralContainerStatuses,
      () => false,
      'status.ephemeralContainerStatuses',
    ),
  ]
}

function checkClaimStatuses(status: PodStatus, spec: PodSpec): FieldError[] {
  const seen = new Set<string>()
  return each(status.resourceClaimStatuses, (claim, i) => {
    const path = `status.resourceClaimStatuses[${i}]`
    const errors: FieldError[] = []
    if (!(spec.resourceClaims ?? []).some((c) => c.name === claim.name)) {
      errors.push(invalid(`${path}.name`, claim.name, 'must match the name of an entry in `spec.resourceClaims`'))
    }
    if (seen.has(claim.name)) errors.push(duplicate(`${path}.name`, claim.name))
    seen.add(claim.name)
    if (claim.resourceClaimName === undefined) return errors
    return [...errors, ...checkSubdomain(claim.resourceClaimName, `${path}.resourceClaimName`)]
  })
}

function checkAddresses(
  ips: readonly { readonly ip: string }[],
  old: readonly { readonly ip: string }[],
  field: string,
): FieldError[] {
  const values = ips.map((entry) => entry.ip)
  const kept = old.map((entry) => entry.ip)
  const errors = values.flatMap((ip, i) => checkIp(ip, `${field}[${i}]`, kept))
  if (values.length < 2 || (isDualStack(values, ipFamily) && values.length === 2)) return errors
  const shown = values.map((IP) => ({ IP }))
  return [...errors, invalid(field, shown, 'may specify no more than one IP for each IP family')]
}

function checkHostAddresses(status: PodStatus, old: PodStatus): FieldError[] {
  const [first] = status.hostIPs ?? []
  if (first === undefined) return []
  const same = first.ip === (status.hostIP ?? '')
  return [
    ...(same ? [] : [invalid('status.hostIPs[0].ip', first.ip, 'must be equal to `hostIP`')]),
    ...checkAddresses(status.hostIPs ?? [], old.hostIPs ?? [], 'status.hostIPs'),
  ]
}

function checkUsers(statuses: readonly ContainerStatus[] | undefined, os: PodOS | undefined, field: string): FieldError[] {
  return each(statuses, (status, i) => {
    const user = status.user?.linux
    const path = `${field}[${i}].user.linux`
    if (user === undefined) return []
    if (os?.name === 'windows') return [forbidden(path, 'cannot be set for a windows pod')]
    return [
      ...checkId(user.uid, `${path}.uid`),
      ...checkId(user.gid, `${path}.gid`),
      ...each(user.supplementalGroups, (id, g) => checkId(id, `${path}.supplementalGroups[${g}]`)),
    ]
  })
}

const HEALTH = ['Healthy', 'Unhealthy', 'Unknown']

function checkAllocated(
  statuses: readonly ContainerStatus[] | undefined,
  containers: readonly Container[],
  field: string,
): FieldError[] {
  return each(statuses, (status, i) =>
    each(status.allocatedResourcesStatus, (allocated, j) => {
      const path = `${field}[${i}].allocatedResourcesStatus[${j}]`
      const errors: FieldError[] = []
      const container = containers.find((c) => c.name === status.name)
      if (container !== undefined) {
        const claims = (container.resources?.claims ?? []).map((c) => `claim:${c.name}${c.request ? `/${c.request}` : ''}`)
        const isClaim = allocated.name.startsWith('claim:')
        const known = isClaim ? claims : Object.keys(container.resources?.requests ?? {})
        const text = isClaim
          ? "must match one of the container's resource claims in a format 'claim:<claimName>/<request>' or 'claim:<claimName>' if request is empty"
          : "must match one of the container's resource requests"
        if (!known.includes(allocated.name)) errors.push(invalid(`${path}.name`, allocated.name, text))
      }
      const seen = new Set<string>()
      const ofResources = each(allocated.resources, (r, k) => {
        const own = checkOneOf(r.health ?? '', HEALTH, `${path}.resources[${k}].health`)
        if (seen.has(r.resourceID)) own.push(duplicate(`${path}.resources[${k}].resourceID`, r.resourceID))
        seen.add(r.resourceID)
        return own
      })
      return [...errors, ...ofResources]
    }),
  )
}

/** The extended resources that a claim made for the pod stands for. */
function checkExtendedClaim(status: PodStatus): FieldError[] {
  const claim = status.extendedResourceClaimStatus
  const path = 'status.extendedResourceClaimStatus'
  if (claim === undefined) return []
  const none = claim.requestMappings.length === 0
  return [
    ...(none ? [required(`${path}.requestMappings`, 'at least one request mapping is required')] : []),
    ...(claim.resourceClaimName
      ? checkSubdomain(claim.resourceClaimName, `${path}.resourceClaimName`)
      : [required(`${path}.resourceClaimName`)]),
  ]
}

function checkNomination(status: PodStatus, old: PodStatus, spec: PodSpec): FieldError[] {
  const name = status.nominatedNodeName ?? ''
  if (name === '' || name === old.nominatedNodeName) return []
  const path = 'status.nominatedNodeName'
  const bound = spec.nodeName ? [forbidden(path, 'may not be set on pods that are already bound to a node')] : []
  return [...checkSubdomain(name, path), ...bound]
}

export function checkPodStatusUpdate(pod: Pod, oldPod: Pod): FieldError[] {
  const [status, old] = [pod.status ?? {}, oldPod.status ?? {}]
  const spec = oldPod.spec ?? { containers: [] }
  const annotations = pod.metadata.annotations
  const observed = status.observedGeneration ?? 0
  const lists = ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'] as const
  return [
    ...checkPodAnnotationChanges(annotations, oldPod.metadata.annotations, 'metadata.annotations'),
    ...checkPodAnnotations(annotations, spec, 'metadata.annotations', oldPod.metadata.annotations),
    ...checkConditions(status.conditions),
    ...checkNomination(status, old, spec),
    ...(observed < 0 ? [invalid('status.observedGeneration', observed, 'must be a non-negative integer')] : []),
    ...checkImmutable(status.qosClass, old.qosClass, 'status.qosClass'),
    ...checkAllTransitions(status, old, spec),
    ...checkClaimStatuses(status, spec),
    ...checkExtendedClaim(status),
    ...checkAddresses(status.podIPs ?? [], old.podIPs ?? [], 'status.podIPs'),
    ...checkHostAddresses(status, old),
    ...lists.flatMap((name) => checkUsers(status[name], spec.os, `status.${name}`)),
    ...checkAllocated(status.containerStatuses, spec.containers, 'status.containerStatuses'),
    ...checkAllocated(status.initContainerStatuses, spec.initContainers ?? [], 'status.initContainerStatuses'),
  ]
}
