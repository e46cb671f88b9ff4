/** Rules of the volume sources that pods and persistent volumes have in common. Source: k8s 1.36 core validation. */
import type { FieldError } from '../../../apimachinery/field-errors.ts'
import { invalid, notSupported, required, tooLong } from '../../../apimachinery/field-errors.ts'
import type {
  AzureDiskVolumeSource,
  FCVolumeSource,
  FlockerVolumeSource,
  HostPathVolumeSource,
  NFSVolumeSource,
  QuobyteVolumeSource,
} from '../../../apimachinery/generated/types.ts'
import { isDns1123Subdomain } from '../../../apimachinery/names.ts'
import type { StringMap } from './checks.ts'
import { checkDnsLabel, checkOneOf, checkRange, checkRequired, checkSubdomain, invalids } from './checks.ts'
import { checkNoBacksteps } from './paths.ts'

/** Required for each of the named fields that is empty. */
export function checkFilled<T extends object>(source: T, names: readonly (keyof T & string)[], field: string): FieldError[] {
  return names.flatMap((name) => {
    const value = source[name]
    const empty = value === undefined || value === '' || (Array.isArray(value) && value.length === 0)
    return empty ? [required(`${field}.${name}`)] : []
  })
}

/** In alphabetical order: '' stands for no check. */
const HOST_PATH_TYPES = ['', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket']

export function checkHostPath(source: HostPathVolumeSource, field: string): FieldError[] {
  if (!source.path) return [required(`${field}.path`)]
  return [
    ...checkNoBacksteps(source.path, `${field}.path`),
    ...(source.type === undefined ? [] : checkOneOf(source.type, HOST_PATH_TYPES, `${field}.type`)),
  ]
}

export function checkNfs(source: NFSVolumeSource, field: string): FieldError[] {
  const errors = checkFilled(source, ['server', 'path'], field)
  const path = source.path ?? ''
  return path.startsWith('/') ? errors : [...errors, invalid(`${field}.path`, path, 'must be an absolute path')]
}

/** A disk with a partition number; the text of the error is Kubernetes' own although 0 is fine. */
export function checkPartition(partition: number | undefined, field: string): FieldError[] {
  if (partition === undefined || (partition >= 0 && partition <= 255)) return []
  return [invalid(`${field}.partition`, partition, 'must be between 1 and 255, inclusive')]
}

export function checkFc(source: FCVolumeSource, field: string): FieldError[] {
  const names = source.targetWWNs ?? []
  const ids = source.wwids ?? []
  const errors: FieldError[] = []
  if (names.length === 0 && ids.length === 0) {
    errors.push(required(`${field}.targetWWNs`, 'must specify either targetWWNs or wwids, but not both'))
  }
  if (names.length > 0 && ids.length > 0) {
    errors.push(invalid(`${field}.targetWWNs`, names, 'targetWWNs and wwids can not be specified simultaneously'))
  }
  if (names.length > 0) {
    if (source.lun === undefined) errors.push(required(`${field}.lun`, 'lun is required if targetWWNs is specified'))
    else errors.push(...checkRange(source.lun, 0, 255, `${field}.lun`))
  }
  return errors
}

const ISCSI_NAMES: { readonly [prefix: string]: RegExp } = {
  iqn: /iqn\.\d{4}-\d{2}\.([A-Za-z0-9.-]+)(:[^,;*&$|\s]+)$/,
  eui: /^eui.[A-Za-z0-9]{16}$/,
  naa: /^naa.[A-Za-z0-9]{32}$/,
}

function checkIscsiName(name: string, field: string, unknownPrefix: string): FieldError[] {
  const pattern = ISCSI_NAMES[name.slice(0, 3)]
  if (pattern === undefined) return [invalid(field, name, unknownPrefix)]
  return pattern.test(name) ? [] : [invalid(field, name, 'must be valid format')]
}

export interface IscsiSource {
  readonly targetPortal: string
  readonly iqn: string
  readonly lun: number
  readonly initiatorName?: string
  readonly chapAuthDiscovery?: boolean
  readonly chapAuthSession?: boolean
  readonly secretRef?: object
}

/** `unknownPrefix` is the text for a name that is neither iqn, eui nor naa. */
export function checkIscsi(source: IscsiSource, field: string, unknownPrefix: string): FieldError[] {
  const errors = checkFilled(source, ['targetPortal', 'iqn'], field)
  if (source.iqn) errors.push(...checkIscsiName(source.iqn, `${field}.iqn`, unknownPrefix))
  errors.push(...checkRange(source.lun ?? 0, 0, 255, `${field}.lun`))
  if ((source.chapAuthDiscovery || source.chapAuthSession) && source.secretRef === undefined)
    errors.push(required(`${field}.secretRef`))
  return errors
}

export function checkIscsiInitiator(source: IscsiSource, field: string, unknownPrefix: string): FieldError[] {
  return source.initiatorName === undefined ? [] : checkIscsiName(source.initiatorName, `${field}.initiatorname`, unknownPrefix)
}

export const ISCSI_NAME_TOO_LONG =
  'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.'

export function checkQuobyte(source: QuobyteVolumeSource, field: string): FieldError[] {
  const errors: FieldError[] = []
  const hostPort = 'must be a host:port pair or multiple pairs separated by commas'
  if (!source.registry) errors.push(required(`${field}.registry`, hostPort))
  else if ((source.tenant ?? '').length >= 65) {
    errors.push(required(`${field}.tenant`, 'must be a UUID and may not exceed a length of 64 characters'))
  } else {
    const bad = source.registry.split(',').filter((pair) => !/^(\[[^\]]*\]|[^:[\]]*):[^:]*$/.test(pair))
    errors.push(...bad.map(() => invalid(`${field}.registry`, source.registry, hostPort)))
  }
  return [...errors, ...checkRequired(source.volume, `${field}.volume`)]
}

export function checkFlocker(source: FlockerVolumeSource, field: string): FieldError[] {
  const { datasetName = '', datasetUUID = '' } = source
  const errors: FieldError[] = []
  if (datasetName === '' && datasetUUID === '') errors.push(required(field, 'one of datasetName and datasetUUID is required'))
  if (datasetName !== '' && datasetUUID !== '') {
    errors.push(invalid(field, 'resource', 'datasetName and datasetUUID can not be specified simultaneously'))
  }
  if (datasetName.includes('/')) errors.push(invalid(`${field}.datasetName`, datasetName, "must not contain '/'"))
  return errors
}

export function checkFlex(source: { readonly driver: string; readonly options?: StringMap }, field: string): FieldError[] {
  const reserved = Object.keys(source.options ?? {}).filter((key) => {
    const domain = `.${(key.split('/')[0] ?? '').toLowerCase()}`
    return domain.endsWith('.kubernetes.io') || domain.endsWith('.k8s.io')
  })
  return [
    ...checkRequired(source.driver, `${field}.driver`),
    ...reserved.map((key) => invalid(`${field}.options[${key}]`, key, 'kubernetes.io and k8s.io namespaces are reserved')),
  ]
}

const MANAGED_DISK = '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}'
const BLOB_DISK = 'https://{account-name}.blob.windows.net/{container-name}/{disk-name}.vhd'

export function checkAzureDisk(source: AzureDiskVolumeSource, field: string): FieldError[] {
  const { cachingMode, kind, diskURI = '' } = source
  const errors = checkFilled(source, ['diskName', 'diskURI'], field)
  if (cachingMode !== undefined)
    errors.push(...checkOneOf(cachingMode, ['None', 'ReadOnly', 'ReadWrite'], `${field}.cachingMode`))
  if (kind === undefined) return errors
  errors.push(...checkOneOf(kind, ['Dedicated', 'Managed', 'Shared'], `${field}.kind`))
  const [prefix, form] = kind === 'Managed' ? ['/subscriptions/', MANAGED_DISK] : ['https://', BLOB_DISK]
  if (!diskURI.startsWith(prefix)) errors.push(notSupported(`${field}.diskURI`, diskURI, [form]))
  return errors
}

export interface StorageOsSource {
  readonly volumeName?: string
  readonly volumeNamespace?: string
  readonly secretRef?: { readonly name?: string; readonly namespace?: string }
}

export function checkStorageOs(
  source: StorageOsSource,
  field: string,
  secretFields: readonly ('name' | 'namespace')[],
): FieldError[] {
  return [
    ...(source.volumeName ? checkDnsLabel(source.volumeName, `${field}.volumeName`) : [required(`${field}.volumeName`)]),
    ...(source.volumeNamespace ? checkDnsLabel(source.volumeNamespace, `${field}.volumeNamespace`) : []),
    ...(source.secretRef ? checkFilled(source.secretRef, secretFields, `${field}.secretRef`) : []),
  ]
}

export function checkCsiDriverName(driver: string | undefined, field: string): FieldError[] {
  const name = driver ?? ''
  const errors: FieldError[] = name === '' ? [required(field)] : []
  if (name.length > 63) errors.push(tooLong(field, 63))
  return [...errors, ...invalids(field, name, isDns1123Subdomain(name.toLowerCase()))]
}

/** A secret in a namespace, as persistent volumes name theirs. */
export function checkSecretReference(ref: { readonly name?: string; readonly namespace?: string }, field: string): FieldError[] {
  return [
    ...(ref.name ? checkSubdomain(ref.name, `${field}.name`) : [required(`${field}.name`)]),
    ...(ref.namespace ? checkDnsLabel(ref.namespace, `${field}.namespace`) : [required(`${field}.namespace`)]),
  ]
}
