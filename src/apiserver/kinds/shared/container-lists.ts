/** The three lists of containers of a pod. Source: k8s 1.36 core validation (validateContainers and its like). */
import type { FieldError } from '../../../apimachinery/field-errors.ts'
import { duplicate, forbidden, invalid, notFound, required, tooMany } from '../../../apimachinery/field-errors.ts'
import type { Container, ContainerResizePolicy, EphemeralContainer, PodSpec } from '../../../apimachinery/generated/types.ts'
import { checkDnsLabel, checkOneOf, checkRequired, checkRequiredOneOf, each } from './checks.ts'
import type { VolumesByName } from './containers.ts'
import {
  checkContainerPorts,
  checkEnv,
  checkEnvFrom,
  checkHostPorts,
  checkVolumeDevices,
  checkVolumeMounts,
} from './containers.ts'
import { checkHooksAndProbes, checkNoHooksAndProbes } from './probes.ts'
import { isRestartableInit } from './qos.ts'
import { checkContainerResources } from './resources.ts'
import { checkContainerSecurity } from './security.ts'
import { PULL_POLICIES } from './volumes.ts'

interface Surroundings {
  readonly volumes: VolumesByName
  readonly claimNames: readonly string[]
  readonly hostUsers: boolean
  /** Path of the pod spec. */
  readonly field: string
  readonly old: PodSpec | undefined
}

function checkResizePolicy(policies: readonly ContainerResizePolicy[] | undefined, spec: PodSpec, field: string): FieldError[] {
  const seen = new Set<string>()
  return each(policies, ({ resourceName = '', restartPolicy = '' }, i) => {
    const errors: FieldError[] = []
    if (seen.has(resourceName)) errors.push(duplicate(`${field}[${i}]`, resourceName))
    seen.add(resourceName)
    errors.push(...checkRequiredOneOf(resourceName, ['cpu', 'memory'], field))
    errors.push(...checkRequiredOneOf(restartPolicy, ['NotRequired', 'RestartContainer'], field))
    if (spec.restartPolicy === 'Never' && restartPolicy !== 'NotRequired') {
      errors.push(invalid(field, restartPolicy, "must be 'NotRequired' when pod `restartPolicy` is 'Never'"))
    }
    return errors
  })
}

/** Restart policy and rules of one container. */
function checkRestart(container: Container, field: string): FieldError[] {
  const { restartPolicy, restartPolicyRules: rules = [] } = container
  const errors: FieldError[] = []
  const path = `${field}.restartPolicy`
  if (restartPolicy !== undefined) errors.push(...checkOneOf(restartPolicy, ['Always', 'Never', 'OnFailure'], path))
  else if (rules.length > 0) errors.push(required(path, 'must specify restartPolicy when restart rules are used'))
  const list = `${field}.restartPolicyRules`
  if (rules.length > 20) errors.push(tooMany(list, rules.length, 20))
  const ofRules = rules.flatMap((rule, i) => {
    const action = checkOneOf(rule.action ?? '', ['Restart', 'RestartAllContainers'], `${list}[${i}].action`)
    const codes = rule.exitCodes
    const at = `${list}[${i}].exitCodes`
    if (codes === undefined) return [...action, required(at, 'must be specified')]
    const count = (codes.values ?? []).length
    return [
      ...action,
      ...checkOneOf(codes.operator ?? '', ['In', 'NotIn'], `${at}.operator`),
      ...(count > 255 ? [tooMany(`${at}.values`, count, 255)] : []),
    ]
  })
  return [...errors, ...ofRules]
}

function checkCommon(c: Container, spec: PodSpec, around: Surroundings, field: string): FieldError[] {
  const { volumes } = around
  return [
    ...(c.name ? checkDnsLabel(c.name, `${field}.name`) : [required(`${field}.name`)]),
    ...checkRequired(c.image, `${field}.image`),
    ...checkRequiredOneOf(c.terminationMessagePolicy, ['File', 'FallbackToLogsOnError'], `${field}.terminationMessagePolicy`),
    ...checkContainerPorts(c.ports, `${field}.ports`),
    ...checkEnv(c.env, `${field}.env`),
    ...checkEnvFrom(c.envFrom, `${field}.envFrom`),
    ...checkVolumeMounts(c, volumes, `${field}.volumeMounts`),
    ...checkVolumeDevices(c, volumes, `${field}.volumeDevices`),
    ...checkRequiredOneOf(c.imagePullPolicy, PULL_POLICIES, `${field}.imagePullPolicy`),
    ...checkContainerResources(c.resources ?? {}, `${field}.resources`, { claimNames: around.claimNames }),
    ...checkResizePolicy(c.resizePolicy, spec, `${field}.resizePolicy`),
    ...checkContainerSecurity(c.securityContext, around.hostUsers, `${field}.securityContext`),
  ]
}

function checkRegular(spec: PodSpec, around: Surroundings): FieldError[] {
  const field = `${around.field}.containers`
  const containers = spec.containers ?? []
  if (containers.length === 0) return [required(field)]
  const names = new Set<string>()
  const errors = containers.flatMap((c, i) => {
    const path = `${field}[${i}]`
    const own = checkCommon(c, spec, around, path)
    if (names.has(c.name)) own.push(duplicate(`${path}.name`, c.name))
    names.add(c.name)
    own.push(...checkHooksAndProbes(c, spec.terminationGracePeriodSeconds, spec.os, path))
    return [...own, ...checkRestart(c, path)]
  })
  return [...errors, ...checkHostPorts(containers, field)]
}

function checkInit(spec: PodSpec, around: Surroundings): FieldError[] {
  const field = `${around.field}.initContainers`
  const names = new Set(spec.containers.map((c) => c.name))
  const oldResizes = (around.old?.initContainers ?? []).some((c) => !isRestartableInit(c) && c.resizePolicy !== undefined)
  return each(spec.initContainers, (c, i) => {
    const path = `${field}[${i}]`
    const errors = [...checkCommon(c, spec, around, path), ...checkRestart(c, path)]
    if (names.has(c.name)) errors.push(duplicate(`${path}.name`, c.name))
    else if (c.name) names.add(c.name)
    // One container at a time: several may use a host port after one another. The path lacks the index, as in Kubernetes.
    errors.push(...checkHostPorts([c], field))
    if (isRestartableInit(c)) return [...errors, ...checkHooksAndProbes(c, spec.terminationGracePeriodSeconds, spec.os, path)]
    errors.push(...checkNoHooksAndProbes(c, path))
    if (oldResizes) return errors
    const detail = "must not be set to 'RestartContainer' for non-sidecar initContainers"
    const resizing = each(c.resizePolicy, (p, j) =>
      p.restartPolicy === 'RestartContainer'
        ? [invalid(`${path}.resizePolicy[${j}].restartPolicy`, p.restartPolicy, detail)]
        : [],
    )
    return [...errors, ...resizing]
  })
}

/** In the order of the internal type's fields. */
const NOT_FOR_EPHEMERAL = [
  'ports',
  'resources',
  'resizePolicy',
  'restartPolicy',
  'restartPolicyRules',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
] as const

function checkEphemeralFields(c: EphemeralContainer, field: string): FieldError[] {
  const detail = 'cannot be set for an Ephemeral Container'
  const set = NOT_FOR_EPHEMERAL.filter(
    (name) => c[name] !== undefined && (name !== 'resources' || Object.keys(c.resources ?? {}).length > 0),
  )
  return [
    ...set.map((name) => forbidden(`${field}.${name}`, detail)),
    ...each(c.volumeMounts, (mount, i) =>
      (['subPath', 'subPathExpr'] as const)
        .filter((name) => mount[name])
        .map((name) => forbidden(`${field}.volumeMounts[${i}].${name}`, detail)),
    ),
  ]
}

/** Leading or trailing blanks of an image are refused in pods, not in templates. */
export function checkImagePadding(image: string | undefined, field: string): FieldError[] {
  if (image === undefined || image.trim() === image) return []
  return [invalid(`${field}.image`, image, 'must not have leading or trailing whitespace')]
}

function checkEphemeral(spec: PodSpec, around: Surroundings): FieldError[] {
  const others = new Set([...spec.containers, ...(spec.initContainers ?? [])].map((c) => c.name))
  const names = new Set(others)
  return each(spec.ephemeralContainers, (c, i) => {
    const path = `${around.field}.ephemeralContainers[${i}]`
    const errors = [...checkCommon(c, spec, around, path), ...checkImagePadding(c.image, path)]
    if (names.has(c.name)) errors.push(duplicate(`${path}.name`, c.name))
    names.add(c.name)
    const target = c.targetContainerName ?? ''
    if (target !== '' && !others.has(target)) errors.push(notFound(`${path}.targetContainerName`, target))
    return [...errors, ...checkEphemeralFields(c, path)]
  })
}

export function checkContainerLists(spec: PodSpec, around: Surroundings): FieldError[] {
  return [...checkRegular(spec, around), ...checkInit(spec, around), ...checkEphemeral(spec, around)]
}
