/** What a pod for Windows may and may not say. Source: k8s 1.36 core validation (validateWindows...). */
import type { FieldError } from '../../../apimachinery/field-errors.ts'
import { forbidden, invalid } from '../../../apimachinery/field-errors.ts'
import type { PodSpec, WindowsSecurityContextOptions } from '../../../apimachinery/generated/types.ts'
import { checkSubdomain } from './checks.ts'
import type { ContainerAt } from './pod-containers.ts'

const NETBIOS = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/
const DNS_LABEL = '[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?'
const DNS_DOMAIN = new RegExp(`^${DNS_LABEL}(?:\\.${DNS_LABEL})*$`)

function userNameProblems(name: string): string[] {
  if (name === '') return ['runAsUserName cannot be an empty string']
  // oxlint-disable-next-line no-control-regex
  if (/[\x00-\x1f\x7f]/.test(name)) return ['runAsUserName cannot contain control characters']
  const parts = name.split('\\')
  if (parts.length > 2) return ['runAsUserName cannot contain more than one backslash']
  const user = parts.at(-1) ?? ''
  const domain = parts.length === 2 ? parts[0] : undefined
  const problems: string[] = []
  if (domain !== undefined && domain.length >= 256) problems.push("runAsUserName's Domain length must be under 256 characters")
  if (domain !== undefined && !NETBIOS.test(domain) && !DNS_DOMAIN.test(domain)) {
    problems.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format")
  }
  if (user === '') problems.push("runAsUserName's User cannot be empty")
  else if (user.length > 104) problems.push("runAsUserName's User length must not be longer than 104 characters")
  if (/^[. ]+$/.test(user)) problems.push("runAsUserName's User cannot contain only periods or spaces")
  if (/["/\\:;|=,+*?<>@[\]]/.test(user)) {
    problems.push('runAsUserName\'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]')
  }
  return problems
}

export function checkWindowsOptions(options: WindowsSecurityContextOptions | undefined, field: string): FieldError[] {
  const { gmsaCredentialSpecName, gmsaCredentialSpec, runAsUserName } = options ?? {}
  const errors: FieldError[] = []
  if (gmsaCredentialSpecName !== undefined)
    errors.push(...checkSubdomain(gmsaCredentialSpecName, `${field}.gmsaCredentialSpecName`))
  const path = `${field}.gmsaCredentialSpec`
  if (gmsaCredentialSpec === '') errors.push(invalid(path, '', 'gmsaCredentialSpec cannot be an empty string'))
  if ((gmsaCredentialSpec ?? '').length > 64 * 1024) {
    errors.push(invalid(path, gmsaCredentialSpec, 'gmsaCredentialSpec size must be under 64 KiB'))
  }
  if (runAsUserName === undefined) return errors
  return [...errors, ...userNameProblems(runAsUserName).map((p) => invalid(`${field}.runAsUserName`, runAsUserName, p))]
}

/** Host-process containers: all of a pod's or none, and on the host's network. */
export function checkHostProcess(spec: PodSpec, containers: readonly ContainerAt[], field: string): FieldError[] {
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess
  const errors: FieldError[] = []
  let count = 0
  for (const { container, field: path } of containers) {
    const own = container.securityContext?.windowsOptions?.hostProcess
    if (ofPod !== undefined && own !== undefined && ofPod !== own) {
      const detail = `pod hostProcess value must be identical if both are specified, was ${ofPod}`
      errors.push(invalid(`${path}.securityContext.windowsOptions.hostProcess`, own, detail))
    }
    if (own ?? ofPod) count++
  }
  if (count === 0) return errors
  if (count !== containers.length) {
    errors.push(
      invalid(field, '', 'If pod contains any hostProcess containers then all containers must be HostProcess containers'),
    )
  }
  if (!spec.hostNetwork) {
    errors.push(invalid(`${field}.hostNetwork`, false, 'hostNetwork must be true if pod contains any hostProcess containers'))
  }
  return errors
}

const CONTAINER_FIELDS = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'capabilities',
  'readOnlyRootFilesystem',
  'privileged',
  'allowPrivilegeEscalation',
  'procMount',
  'runAsUser',
  'runAsGroup',
] as const

/** Fields that mean nothing on Windows. */
export function checkWindowsPod(spec: PodSpec, containers: readonly ContainerAt[], field: string): FieldError[] {
  const sc = spec.securityContext ?? {}
  const context = `${field}.securityContext`
  const set: readonly (readonly [string, unknown])[] = [
    [`${context}.appArmorProfile`, sc.appArmorProfile],
    [`${context}.seLinuxOptions`, sc.seLinuxOptions],
    [`${field}.hostUsers`, spec.hostUsers],
    [`${field}.hostPID`, spec.hostPID || undefined],
    [`${field}.hostIPC`, spec.hostIPC || undefined],
    [`${context}.seccompProfile`, sc.seccompProfile],
    [`${context}.fsGroup`, sc.fsGroup],
    [`${context}.fsGroupChangePolicy`, sc.fsGroupChangePolicy],
    [`${context}.sysctls`, sc.sysctls?.length ? sc.sysctls : undefined],
    [`${field}.shareProcessNamespace`, spec.shareProcessNamespace],
    [`${context}.runAsUser`, sc.runAsUser],
    [`${context}.runAsGroup`, sc.runAsGroup],
    [`${context}.supplementalGroups`, sc.supplementalGroups],
    [`${context}.supplementalGroupsPolicy`, sc.supplementalGroupsPolicy],
    [`${context}.seLinuxChangePolicy`, sc.seLinuxChangePolicy],
  ]
  const fields = set.filter(([, value]) => value !== undefined).map(([path]) => path)
  for (const { container, field: path } of containers) {
    const own = container.securityContext ?? {}
    fields.push(...CONTAINER_FIELDS.filter((name) => own[name] !== undefined).map((name) => `${path}.securityContext.${name}`))
  }
  return fields.map((path) => forbidden(path, 'cannot be set for a windows pod'))
}

export function checkLinuxPod(spec: PodSpec, containers: readonly ContainerAt[], field: string): FieldError[] {
  const detail = 'windows options cannot be set for a linux pod'
  const all = [{ container: spec, field }, ...containers]
  return all
    .filter(({ container }) => container.securityContext?.windowsOptions !== undefined)
    .map(({ field: path }) => forbidden(`${path}.securityContext.windowsOptions`, detail))
}
