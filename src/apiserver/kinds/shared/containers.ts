/** Ports, environment and mounts of containers. Source: k8s 1.36 core validation (ValidateEnv, ValidateVolumeMounts...). */
import type { FieldError } from '../../../apimachinery/field-errors.ts'
import { duplicate, forbidden, invalid, notFound, notSupported, required } from '../../../apimachinery/field-errors.ts'
import type {
  Container,
  ContainerPort,
  EnvFromSource,
  EnvVar,
  FileKeySelector,
  ObjectFieldSelector,
  ResourceFieldSelector,
  Volume,
  VolumeDevice,
  VolumeMount,
} from '../../../apimachinery/generated/types.ts'
import { isRelaxedEnvVarName, isValidPortName } from '../../../apimachinery/names.ts'
import { isZero, parseQuantity } from '../../../apimachinery/quantity.ts'
import {
  checkConfigMapKey,
  checkDnsLabel,
  checkPortNumber,
  checkQualifiedName,
  checkRequired,
  checkRequiredOneOf,
  checkSubdomain,
  each,
  invalids,
} from './checks.ts'
import { checkNoBacksteps, checkRelativePath } from './paths.ts'

export const PROTOCOLS = ['SCTP', 'TCP', 'UDP']

export function checkContainerPorts(ports: readonly ContainerPort[] | undefined, field: string): FieldError[] {
  const names = new Set<string>()
  return each(ports, (port, i) => {
    const path = `${field}[${i}]`
    const errors: FieldError[] = []
    const name = port.name ?? ''
    if (name !== '') {
      const messages = isValidPortName(name)
      if (messages.length > 0) errors.push(...invalids(`${path}.name`, name, messages))
      else if (names.has(name)) errors.push(duplicate(`${path}.name`, name))
      else names.add(name)
    }
    if (!port.containerPort) errors.push(required(`${path}.containerPort`))
    else errors.push(...checkPortNumber(port.containerPort, `${path}.containerPort`))
    if (port.hostPort) errors.push(...checkPortNumber(port.hostPort, `${path}.hostPort`))
    return [...errors, ...checkRequiredOneOf(port.protocol, PROTOCOLS, `${path}.protocol`)]
  })
}

/** Two containers of one list can't open the same host port. */
export function checkHostPorts(containers: readonly Container[], field: string): FieldError[] {
  const seen = new Set<string>()
  return containers.flatMap((container, ci) =>
    each(container.ports, ({ protocol = '', hostIP = '', hostPort }, pi) => {
      if (!hostPort) return []
      const key = `${protocol}/${hostIP}/${hostPort}`
      if (seen.has(key)) return [duplicate(`${field}[${ci}].ports[${pi}].hostPort`, key)]
      seen.add(key)
      return []
    }),
  )
}

const ENV_FIELDS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
]
const ALL_FIELDS = [
  ...ENV_FIELDS,
  'metadata.annotations',
  'metadata.labels',
  'spec.restartPolicy',
  'spec.schedulerName',
  'status.phase',
]
const RESOURCE_FIELDS = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
]
const SCALES = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei']

/** A field of the pod as a source of a variable or file. `supported` is sorted. */
export function checkFieldRef(ref: ObjectFieldSelector, supported: readonly string[], field: string): FieldError[] {
  const { apiVersion = '', fieldPath = '' } = ref
  if (apiVersion === '') return [required(`${field}.apiVersion`)]
  if (fieldPath === '') return [required(`${field}.fieldPath`)]
  const [, path = fieldPath, subscript] = /^(.+?)\['(.*)'\]$/s.exec(fieldPath) ?? []
  const hasMap = path === 'metadata.annotations' || path === 'metadata.labels'
  const problem =
    apiVersion !== 'v1'
      ? `unsupported pod version: ${apiVersion}`
      : subscript !== undefined && !hasMap
        ? `field label does not support subscript: ${fieldPath}`
        : subscript === undefined && path !== 'spec.host' && !ALL_FIELDS.includes(path)
          ? `field label not supported: ${fieldPath}`
          : ''
  if (problem !== '') return [invalid(`${field}.fieldPath`, fieldPath, `error converting fieldPath: ${problem}`)]
  if (subscript !== undefined)
    return checkQualifiedName(path === 'metadata.annotations' ? subscript.toLowerCase() : subscript, field)
  const real = path === 'spec.host' ? 'spec.nodeName' : path
  return supported.includes(real) ? [] : [notSupported(`${field}.fieldPath`, real, supported)]
}

function checkDivisor(resource: string, divisor: string, field: string): FieldError[] {
  const quantity = parseQuantity(divisor)
  if (isZero(quantity)) return []
  const bad = (text: string) => [invalid(`${field}.divisor`, resource, `only divisor's values ${text} resource`)]
  const name = resource.slice(resource.indexOf('.') + 1)
  if (name === 'cpu') return ['1m', '1'].includes(divisor) ? [] : bad('1m and 1 are supported with the cpu')
  if (SCALES.includes(divisor)) return []
  const scales = `${SCALES.join(', ')} are supported with the`
  if (name === 'memory') return bad(`${scales} memory`)
  if (name === 'ephemeral-storage') return bad(`${scales} local ephemeral storage`)
  return name.startsWith('hugepages-') ? bad(`${scales} hugepages`) : []
}

/** A resource of a container as a source. In a volume the container has to be named. */
export function checkResourceFieldRef(ref: ResourceFieldSelector, field: string, inVolume: boolean): FieldError[] {
  const resource = ref.resource ?? ''
  const errors: FieldError[] = []
  if (inVolume && (ref.containerName ?? '') === '') errors.push(required(`${field}.containerName`))
  else if (resource === '') errors.push(required(`${field}.resource`))
  else if (!RESOURCE_FIELDS.includes(resource) && !/^(requests|limits)\.hugepages-/.test(resource)) {
    errors.push(notSupported(`${field}.resource`, resource, RESOURCE_FIELDS))
  }
  return [...errors, ...checkDivisor(resource, ref.divisor ?? '0', field)]
}

function checkKeyRef(ref: { readonly name?: string; readonly key: string }, field: string): FieldError[] {
  const key = ref.key ?? ''
  return [
    ...checkSubdomain(ref.name ?? '', `${field}.name`),
    ...(key === '' ? [required(`${field}.key`)] : checkConfigMapKey(key, `${field}.key`)),
  ]
}

function checkFileKeyRef({ key = '', volumeName = '', path = '' }: FileKeySelector, field: string): FieldError[] {
  return [
    ...(key === '' ? [required(`${field}.key`)] : invalids(`${field}.key`, key, isRelaxedEnvVarName(key))),
    ...(volumeName === '' ? [required(`${field}.volumeName`)] : checkDnsLabel(volumeName, `${field}.volumeName`)),
    ...(path === '' ? [required(`${field}.path`)] : checkNoBacksteps(path, `${field}.path`)),
  ]
}

function checkValueFrom(variable: EnvVar, field: string): FieldError[] {
  const from = variable.valueFrom
  if (from === undefined) return []
  const errors: FieldError[] = []
  if (from.fieldRef) errors.push(...checkFieldRef(from.fieldRef, ENV_FIELDS, `${field}.fieldRef`))
  if (from.resourceFieldRef) errors.push(...checkResourceFieldRef(from.resourceFieldRef, `${field}.resourceFieldRef`, false))
  if (from.configMapKeyRef) errors.push(...checkKeyRef(from.configMapKeyRef, `${field}.configMapKeyRef`))
  if (from.secretKeyRef) errors.push(...checkKeyRef(from.secretKeyRef, `${field}.secretKeyRef`))
  if (from.fileKeyRef) errors.push(...checkFileKeyRef(from.fileKeyRef, `${field}.fileKeyRef`))
  const sources = Object.values(from).filter((source) => source !== undefined).length
  if (sources === 0) {
    const detail = 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`'
    errors.push(invalid(field, '', detail))
  } else if ((variable.value ?? '') !== '') errors.push(invalid(field, '', 'may not be specified when `value` is not empty'))
  else if (sources > 1) errors.push(invalid(field, '', 'may not have more than one field specified at a time'))
  return errors
}

export function checkEnv(env: readonly EnvVar[] | undefined, field: string): FieldError[] {
  return each(env, (variable, i) => {
    const name = variable.name ?? ''
    const nameErrors =
      name === '' ? [required(`${field}[${i}].name`)] : invalids(`${field}[${i}].name`, name, isRelaxedEnvVarName(name))
    return [...nameErrors, ...checkValueFrom(variable, `${field}[${i}].valueFrom`)]
  })
}

export function checkEnvFrom(sources: readonly EnvFromSource[] | undefined, field: string): FieldError[] {
  return each(sources, (source, i) => {
    const path = `${field}[${i}]`
    const errors: FieldError[] = []
    if (source.prefix) errors.push(...invalids(`${path}.prefix`, source.prefix, isRelaxedEnvVarName(source.prefix)))
    for (const kind of ['configMapRef', 'secretRef'] as const) {
      const ref = source[kind]
      if (ref === undefined) continue
      errors.push(...(ref.name ? checkSubdomain(ref.name, `${path}.${kind}.name`) : [required(`${path}.${kind}.name`)]))
    }
    // The path is that of the list here, as in Kubernetes.
    if (!source.configMapRef && !source.secretRef)
      errors.push(invalid(field, '', 'must specify one of: `configMapRef` or `secretRef`'))
    if (source.configMapRef && source.secretRef)
      errors.push(invalid(field, '', 'may not have more than one field specified at a time'))
    return errors
  })
}

function checkPropagation(mode: string, container: Container, field: string): FieldError[] {
  const errors = checkRequiredOneOf(mode, ['Bidirectional', 'HostToContainer', 'None'], field)
  if (mode === 'Bidirectional' && container.securityContext?.privileged !== true) {
    errors.push(forbidden(field, 'Bidirectional mount propagation is available only to privileged containers'))
  }
  return errors
}

function checkRecursiveReadOnly(mount: VolumeMount, field: string): FieldError[] {
  const mode = mount.recursiveReadOnly
  if (mode === undefined || mode === 'Disabled') return []
  if (mode !== 'Enabled' && mode !== 'IfPossible') return [notSupported(field, mode, ['Disabled', 'Enabled', 'IfPossible'])]
  const errors: FieldError[] = []
  if (mount.readOnly !== true) errors.push(forbidden(field, 'may only be specified when readOnly is true'))
  if (mount.mountPropagation !== undefined && mount.mountPropagation !== 'None') {
    errors.push(forbidden(field, 'may only be specified when mountPropagation is None or not specified'))
  }
  return errors
}

export type VolumesByName = ReadonlyMap<string, Volume>

export function checkVolumeMounts(container: Container, volumes: VolumesByName, field: string): FieldError[] {
  const devices = new Map((container.volumeDevices ?? []).map((d) => [d.name, d.devicePath]))
  const points = new Set<string>()
  return each(container.volumeMounts, (mount, i) => {
    const path = `${field}[${i}]`
    const { name = '', mountPath = '', subPath = '', subPathExpr = '' } = mount
    const errors = checkRequired(name, `${path}.name`)
    if (!volumes.has(name)) errors.push(notFound(`${path}.name`, name))
    errors.push(...checkRequired(mountPath, `${path}.mountPath`))
    if (points.has(mountPath)) errors.push(invalid(`${path}.mountPath`, mountPath, 'must be unique'))
    points.add(mountPath)
    if (devices.has(name)) errors.push(invalid(`${path}.name`, name, 'must not already exist in volumeDevices'))
    if ([...devices.values()].includes(mountPath)) {
      errors.push(invalid(`${path}.mountPath`, mountPath, 'must not already exist as a path in volumeDevices'))
    }
    // Below the paths lack the index, as in Kubernetes.
    if (subPath !== '') errors.push(...checkRelativePath(subPath, `${field}.subPath`))
    if (subPathExpr !== '') {
      if (subPath !== '')
        errors.push(invalid(`${path}.subPathExpr`, subPathExpr, 'subPathExpr and subPath are mutually exclusive'))
      errors.push(...checkRelativePath(subPathExpr, `${field}.subPathExpr`))
    }
    if (mount.mountPropagation !== undefined) {
      errors.push(...checkPropagation(mount.mountPropagation, container, `${field}.mountPropagation`))
    }
    return [...errors, ...checkRecursiveReadOnly(mount, `${field}.recursiveReadOnly`)]
  })
}

export function checkVolumeDevices(container: Container, volumes: VolumesByName, field: string): FieldError[] {
  const mounts = new Map((container.volumeMounts ?? []).map((m) => [m.name, m.mountPath]))
  const names = new Set<string>()
  const paths = new Set<string>()
  return each(container.volumeDevices, ({ name = '', devicePath = '' }: VolumeDevice, i) => {
    const path = `${field}[${i}]`
    const volume = volumes.get(name)
    const errors = checkRequired(name, `${path}.name`)
    if (names.has(name)) errors.push(invalid(`${path}.name`, name, 'must be unique'))
    if (volume === undefined) errors.push(notFound(`${path}.name`, name))
    else if (!volume.persistentVolumeClaim && !volume.ephemeral) {
      const detail = 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode'
      errors.push(invalid(`${path}.name`, name, detail))
    }
    errors.push(...checkRequired(devicePath, `${path}.devicePath`))
    if (paths.has(devicePath)) errors.push(invalid(`${path}.devicePath`, devicePath, 'must be unique'))
    if (checkNoBacksteps(devicePath, '').length > 0) {
      errors.push(invalid(`${path}.devicePath`, devicePath, "can not contain backsteps ('..')"))
    } else paths.add(devicePath)
    if (mounts.has(name)) errors.push(invalid(`${path}.name`, name, 'must not already exist in volumeMounts'))
    if ([...mounts.values()].includes(devicePath)) {
      errors.push(invalid(`${path}.devicePath`, devicePath, 'must not already exist as a path in volumeMounts'))
    }
    if (name !== '') names.add(name)
    return errors
  })
}
