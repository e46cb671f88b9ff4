/** Annotations with a meaning for pods: seccomp, AppArmor, mirror pods, deletion cost. Source: k8s 1.36 core validation. */
import type { FieldError } from '../../../apimachinery/field-errors.ts'
import { forbidden, invalid } from '../../../apimachinery/field-errors.ts'
import type { AppArmorProfile, PodSpec, SeccompProfile } from '../../../apimachinery/generated/types.ts'
import type { StringMap } from './checks.ts'
import { checkRelativePath } from './paths.ts'
import { containersOf } from './pod-containers.ts'

export const MIRROR = 'kubernetes.io/config.mirror'
const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost'
const SECCOMP_POD = 'seccomp.security.alpha.kubernetes.io/pod'
const SECCOMP_CONTAINER = 'container.seccomp.security.alpha.kubernetes.io/'
export const APPARMOR = 'container.apparmor.security.beta.kubernetes.io/'

export const seccompKeys = { pod: SECCOMP_POD, container: SECCOMP_CONTAINER }

function isDeletionCost(text: string): boolean {
  return /^(0|-?[1-9]\d*|-0\d*)$/.test(text) && Math.abs(Number(text)) <= 2147483648 && Number(text) !== 2147483648
}

function checkSeccompProfile(profile: string, field: string): FieldError[] {
  if (profile === 'runtime/default' || profile === 'docker/default' || profile === 'unconfined') return []
  if (profile.startsWith('localhost/')) return checkRelativePath(profile.slice('localhost/'.length), field)
  return [invalid(field, profile, 'must be a valid seccomp profile')]
}

/** `oldAnnotations` may hold a wrong deletion cost, which then may stay. */
export function checkPodAnnotations(
  annotations: StringMap | undefined,
  spec: PodSpec,
  field: string,
  oldAnnotations?: StringMap,
): FieldError[] {
  const all = annotations ?? {}
  const errors: FieldError[] = []
  const mirror = all[MIRROR]
  if (mirror !== undefined && !spec.nodeName) {
    errors.push(invalid(`${field}[${MIRROR}]`, mirror, 'must set spec.nodeName if mirror pod annotation is set'))
  }
  const cost = all[DELETION_COST]
  if (cost !== undefined && !isDeletionCost(cost) && isDeletionCost(oldAnnotations?.[DELETION_COST] ?? '0')) {
    errors.push(invalid(`${field}[${DELETION_COST}]`, cost, 'must be a 32bit integer'))
  }
  const pod = all[SECCOMP_POD]
  if (pod !== undefined) errors.push(...checkSeccompProfile(pod, `${field}.${SECCOMP_POD}`))
  for (const [key, value] of Object.entries(all)) {
    if (key.startsWith(SECCOMP_CONTAINER)) errors.push(...checkSeccompProfile(value, `${field}.${key}`))
  }
  const names = containersOf(spec, '').map((c) => c.container.name)
  for (const [key, value] of Object.entries(all)) {
    if (!key.startsWith(APPARMOR)) continue
    const name = key.slice(APPARMOR.length)
    if (!names.includes(name)) errors.push(invalid(`${field}[${key}]`, name, 'container not found'))
    if (!/^($|runtime\/default$|unconfined$|localhost\/)/.test(value)) {
      errors.push(invalid(`${field}[${key}]`, value, `invalid AppArmor profile name: ${JSON.stringify(value)}`))
    }
  }
  return errors
}

/** Some annotations can't be changed once the pod is there. */
export function checkPodAnnotationChanges(
  annotations: StringMap | undefined,
  old: StringMap | undefined,
  field: string,
): FieldError[] {
  const isFixed = (key: string) => key.startsWith(APPARMOR) || key === MIRROR
  const what = (key: string) => (key === MIRROR ? 'mirror pod annotation' : 'AppArmor annotations')
  const changed = Object.keys(old ?? {}).filter((key) => isFixed(key) && annotations?.[key] !== old?.[key])
  const added = Object.keys(annotations ?? {}).filter((key) => isFixed(key) && old?.[key] === undefined)
  return [
    ...changed.map((key) => forbidden(`${field}[${key}]`, `may not remove or update ${what(key)}`)),
    ...added.map((key) => forbidden(`${field}[${key}]`, `may not add ${what(key)}`)),
  ]
}

function seccompMismatch(annotation: string, profile: SeccompProfile, field: string): FieldError[] {
  const type = [forbidden(`${field}.type`, 'seccomp type in annotation and field must match')]
  switch (profile.type) {
    case 'Unconfined':
      return annotation === 'unconfined' ? [] : type
    case 'RuntimeDefault':
      return annotation === 'runtime/default' || annotation === 'docker/default' ? [] : type
    case 'Localhost':
      if (!annotation.startsWith('localhost/')) return type
      if (annotation.slice('localhost/'.length) === profile.localhostProfile) return []
      return [forbidden(`${field}.localhostProfile`, 'seccomp profile in annotation and field must match')]
    default:
      return []
  }
}

function appArmorMismatch(annotation: string, profile: AppArmorProfile, field: string): FieldError[] {
  const type = [forbidden(`${field}.type`, 'apparmor type in annotation and field must match')]
  switch (profile.type) {
    case 'Unconfined':
      return annotation === 'unconfined' ? [] : type
    case 'RuntimeDefault':
      return annotation === 'runtime/default' ? [] : type
    case 'Localhost':
      if (!annotation.startsWith('localhost/')) return type
      if (annotation.slice('localhost/'.length) === profile.localhostProfile) return []
      return [forbidden(`${field}.localhostProfile`, 'apparmor profile in annotation and field must match')]
    default:
      return []
  }
}

/** An annotation and the field that replaced it have to say the same. */
export function checkProfilesAgree(annotations: StringMap | undefined, spec: PodSpec, field: string): FieldError[] {
  const all = annotations ?? {}
  const errors: FieldError[] = []
  const podSeccomp = spec.securityContext?.seccompProfile
  const podAnnotation = all[SECCOMP_POD]
  if (podSeccomp !== undefined && podAnnotation !== undefined) {
    errors.push(...seccompMismatch(podAnnotation, podSeccomp, `${field}.securityContext.seccompProfile`))
  }
  const containers = containersOf(spec, field)
  for (const { container, field: path } of containers) {
    const profile = container.securityContext?.seccompProfile
    const annotation = all[SECCOMP_CONTAINER + container.name]
    if (profile === undefined || annotation === undefined) continue
    errors.push(...seccompMismatch(annotation, profile, `${path}.securityContext.seccompProfile`))
  }
  if (spec.os?.name === 'windows') return errors
  for (const { container, field: path } of containers) {
    const profile = container.securityContext?.appArmorProfile ?? spec.securityContext?.appArmorProfile
    const annotation = all[APPARMOR + container.name]
    if (profile === undefined || annotation === undefined) continue
    errors.push(...appArmorMismatch(annotation, profile, `${path}.securityContext.appArmorProfile`))
  }
  return errors
}

/** The profile that an old annotation asks for, if it can be read. */
export function appArmorOf(annotation: string): AppArmorProfile | undefined {
  if (annotation === 'unconfined') return { type: 'Unconfined' }
  if (annotation === 'runtime/default') return { type: 'RuntimeDefault' }
  const name = annotation.startsWith('localhost/') ? annotation.slice('localhost/'.length) : ''
  return name === '' ? undefined : { type: 'Localhost', localhostProfile: name }
}
