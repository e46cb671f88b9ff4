/** Security contexts of pods and containers. Source: k8s 1.36 core validation. */
import type { FieldError } from '../../../apimachinery/field-errors.ts'
import { duplicate, forbidden, invalid, notSupported, required, tooLong } from '../../../apimachinery/field-errors.ts'
import type {
  AppArmorProfile,
  PodSecurityContext,
  PodSpec,
  SeccompProfile,
  SecurityContext,
  Sysctl,
} from '../../../apimachinery/generated/types.ts'
import { checkOneOf, each } from './checks.ts'
import { checkRelativePath } from './paths.ts'
import { checkWindowsOptions } from './windows.ts'

/** Ids of users and groups. */
export function checkId(id: number | undefined, field: string): FieldError[] {
  if (id === undefined || (id >= 0 && id <= 2147483647)) return []
  return [invalid(field, id, 'must be between 0 and 2147483647, inclusive')]
}

const PROFILE_TYPES = ['Localhost', 'RuntimeDefault', 'Unconfined']

function checkSeccomp(profile: SeccompProfile | undefined, field: string): FieldError[] {
  if (profile === undefined) return []
  const { type = '', localhostProfile } = profile
  const errors: FieldError[] = []
  if (type === '') errors.push(required(`${field}.type`, 'type is required when seccompProfile is set'))
  else errors.push(...checkOneOf(type, PROFILE_TYPES, `${field}.type`))
  const path = `${field}.localhostProfile`
  if (type !== 'Localhost') {
    const shown = { Type: type, LocalhostProfile: localhostProfile ?? null }
    return localhostProfile === undefined
      ? errors
      : [...errors, invalid(path, shown, 'can only be set when seccomp type is Localhost')]
  }
  if (localhostProfile === undefined) return [...errors, required(path, 'must be set when seccomp type is Localhost')]
  return [...errors, ...checkRelativePath(localhostProfile, path)]
}

export function checkAppArmor(profile: AppArmorProfile | undefined, field: string): FieldError[] {
  if (profile === undefined) return []
  const { type = '', localhostProfile } = profile
  const path = `${field}.localhostProfile`
  switch (type) {
    case 'Localhost': {
      if (localhostProfile === undefined) return [required(path, 'must be set when AppArmor type is Localhost')]
      const errors: FieldError[] = []
      if (localhostProfile.trim() !== localhostProfile) {
        errors.push(invalid(path, localhostProfile, 'must not be padded with whitespace'))
      } else if (localhostProfile === '') errors.push(required(path, 'must be set when AppArmor type is Localhost'))
      return localhostProfile.length > 4095 ? [...errors, tooLong(path, 4095)] : errors
    }
    case 'RuntimeDefault':
    case 'Unconfined':
      return localhostProfile === undefined
        ? []
        : [invalid(path, localhostProfile, 'can only be set when AppArmor type is Localhost')]
    case '':
      return [required(`${field}.type`, 'type is required when appArmorProfile is set')]
    default:
      return [notSupported(`${field}.type`, type, PROFILE_TYPES)]
  }
}

/** The object under the names of Kubernetes' internal type, which has no JSON tags: errors print it so. */
function internalContext(sc: SecurityContext) {
  const orNull = <T>(value: T | undefined) => value ?? null
  const se = sc.seLinuxOptions
  const win = sc.windowsOptions
  return {
    Capabilities: sc.capabilities ? { Add: orNull(sc.capabilities.add), Drop: orNull(sc.capabilities.drop) } : null,
    Privileged: orNull(sc.privileged),
    SELinuxOptions: se ? { User: se.user ?? '', Role: se.role ?? '', Type: se.type ?? '', Level: se.level ?? '' } : null,
    WindowsOptions: win
      ? {
          GMSACredentialSpecName: orNull(win.gmsaCredentialSpecName),
          GMSACredentialSpec: orNull(win.gmsaCredentialSpec),
          RunAsUserName: orNull(win.runAsUserName),
          HostProcess: orNull(win.hostProcess),
        }
      : null,
    RunAsUser: orNull(sc.runAsUser),
    RunAsGroup: orNull(sc.runAsGroup),
    RunAsNonRoot: orNull(sc.runAsNonRoot),
    ReadOnlyRootFilesystem: orNull(sc.readOnlyRootFilesystem),
    AllowPrivilegeEscalation: orNull(sc.allowPrivilegeEscalation),
    ProcMount: orNull(sc.procMount),
    SeccompProfile: sc.seccompProfile
      ? { Type: sc.seccompProfile.type, LocalhostProfile: orNull(sc.seccompProfile.localhostProfile) }
      : null,
    AppArmorProfile: sc.appArmorProfile
      ? { Type: sc.appArmorProfile.type, LocalhostProfile: orNull(sc.appArmorProfile.localhostProfile) }
      : null,
  }
}

function checkEscalation(sc: SecurityContext, field: string): FieldError[] {
  if (sc.allowPrivilegeEscalation !== false) return []
  const errors: FieldError[] = []
  if (sc.privileged === true) {
    errors.push(invalid(field, internalContext(sc), 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true'))
  }
  if ((sc.capabilities?.add ?? []).includes('CAP_SYS_ADMIN')) {
    const detail = 'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN'
    errors.push(invalid(field, internalContext(sc), detail))
  }
  return errors
}

export function checkContainerSecurity(sc: SecurityContext | undefined, hostUsers: boolean, field: string): FieldError[] {
  if (sc === undefined) return []
  const errors = [...checkId(sc.runAsUser, `${field}.runAsUser`), ...checkId(sc.runAsGroup, `${field}.runAsGroup`)]
  if (sc.procMount !== undefined) {
    errors.push(...checkOneOf(sc.procMount, ['Default', 'Unmasked'], `${field}.procMount`))
    if (hostUsers && sc.procMount === 'Unmasked') {
      errors.push(invalid(`${field}.procMount`, sc.procMount, '`hostUsers` must be false to use `Unmasked`'))
    }
  }
  return [
    ...errors,
    ...checkSeccomp(sc.seccompProfile, `${field}.seccompProfile`),
    ...checkEscalation(sc, field),
    ...checkWindowsOptions(sc.windowsOptions, `${field}.windowsOptions`),
    ...checkAppArmor(sc.appArmorProfile, `${field}.appArmorProfile`),
  ]
}

const SYSCTL = /^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/
const SYSCTL_TEXT =
  'must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$'
const IPC_SYSCTLS = /^(kernel\.(sem|shmall|shmmax|shmmni|shm_rmid_forced|shm|msgmax|msgmnb|msgmni|msg)$|fs\.mqueue\.)/

/** A sysctl may use slashes instead of dots; the first separator tells which is which. */
function normalizedSysctl(name: string): string {
  const first = name.search(/[./]/)
  if (first < 0 || name[first] === '.') return name
  return name.replace(/[./]/g, (c) => (c === '.' ? '/' : '.'))
}

function checkSysctls(sysctls: readonly Sysctl[] | undefined, spec: PodSpec, field: string): FieldError[] {
  const seen = new Set<string>()
  return each(sysctls, ({ name = '' }, i) => {
    const path = `${field}[${i}].name`
    const errors: FieldError[] = []
    if (name === '') errors.push(required(path))
    else if (name.length > 253 || !SYSCTL.test(name)) errors.push(invalid(path, name, SYSCTL_TEXT))
    else if (seen.has(name)) errors.push(duplicate(path, name))
    seen.add(name)
    const plain = normalizedSysctl(name).replace(/\*.*$/, '')
    if (spec.hostNetwork && plain.startsWith('net.'))
      errors.push(invalid(path, name, "may not be specified when 'hostNetwork' is true"))
    else if (spec.hostIPC && IPC_SYSCTLS.test(plain))
      errors.push(invalid(path, name, "may not be specified when 'hostIPC' is true"))
    return errors
  })
}

export function checkPodSecurity(sc: PodSecurityContext | undefined, spec: PodSpec, field: string): FieldError[] {
  if (sc === undefined) return []
  const errors = [
    ...checkId(sc.fsGroup, `${field}.fsGroup`),
    ...checkId(sc.runAsUser, `${field}.runAsUser`),
    ...checkId(sc.runAsGroup, `${field}.runAsGroup`),
    ...each(sc.supplementalGroups, (id, i) => checkId(id, `${field}.supplementalGroups[${i}]`)),
  ]
  if (spec.hostPID && spec.shareProcessNamespace === true) {
    const detail = 'ShareProcessNamespace and HostPID cannot both be enabled'
    errors.push(invalid(`${field}.shareProcessNamespace`, true, detail))
  }
  errors.push(...checkSysctls(sc.sysctls, spec, `${field}.sysctls`))
  const oneOf = (
    name: 'fsGroupChangePolicy' | 'supplementalGroupsPolicy' | 'seLinuxChangePolicy',
    allowed: readonly string[],
  ) => {
    const value = sc[name]
    return value === undefined ? [] : checkOneOf(value, allowed, `${field}.${name}`)
  }
  return [
    ...errors,
    ...oneOf('fsGroupChangePolicy', ['Always', 'OnRootMismatch']),
    ...checkSeccomp(sc.seccompProfile, `${field}.seccompProfile`),
    ...checkWindowsOptions(sc.windowsOptions, `${field}.windowsOptions`),
    ...checkAppArmor(sc.appArmorProfile, `${field}.appArmorProfile`),
    ...oneOf('supplementalGroupsPolicy', ['Merge', 'Strict']),
    ...oneOf('seLinuxChangePolicy', ['MountOption', 'Recursive']),
  ]
}

/** What can't be shared with the host when the pod has users of its own. */
export function checkHostUsers(spec: PodSpec, volumeDeviceFields: readonly string[], field: string): FieldError[] {
  if (spec.hostUsers !== false) return []
  const detail = 'when `hostUsers` is false'
  return [
    ...(spec.hostNetwork ? [forbidden(`${field}.hostNetwork`, detail)] : []),
    ...(spec.hostPID ? [forbidden(`${field}.HostPID`, detail)] : []),
    ...(spec.hostIPC ? [forbidden(`${field}.HostIPC`, detail)] : []),
    ...volumeDeviceFields.map((f) => forbidden(f, detail)),
  ]
}
