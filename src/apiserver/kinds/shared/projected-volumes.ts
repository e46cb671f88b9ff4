/** Volumes whose files come from the API: secrets, config maps, the downward API, tokens. Source: k8s 1.36 core validation. */
import type { FieldError } from '../../../apimachinery/field-errors.ts'
import { forbidden, invalid, required } from '../../../apimachinery/field-errors.ts'
import type {
  DownwardAPIVolumeFile,
  KeyToPath,
  ProjectedVolumeSource,
  ServiceAccountTokenProjection,
  VolumeProjection,
} from '../../../apimachinery/generated/types.ts'
import { checkRequired, each } from './checks.ts'
import { checkFieldRef, checkResourceFieldRef } from './containers.ts'
import { checkFileMode, checkVolumeFilePath } from './paths.ts'

const VOLUME_FIELDS = ['metadata.annotations', 'metadata.labels', 'metadata.name', 'metadata.namespace', 'metadata.uid']

export function checkKeyToPath(item: KeyToPath, field: string): FieldError[] {
  return [
    ...checkRequired(item.key, `${field}.key`),
    ...checkRequired(item.path, `${field}.path`),
    ...checkVolumeFilePath(item.path ?? '', `${field}.path`),
    ...checkFileMode(item.mode, `${field}.mode`),
  ]
}

export function checkDownwardFile(file: DownwardAPIVolumeFile, field: string): FieldError[] {
  const errors = [...checkRequired(file.path, `${field}.path`), ...checkVolumeFilePath(file.path ?? '', `${field}.path`)]
  if (file.fieldRef !== undefined) {
    errors.push(...checkFieldRef(file.fieldRef, VOLUME_FIELDS, `${field}.fieldRef`))
    if (file.resourceFieldRef)
      errors.push(invalid(field, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'))
  } else if (file.resourceFieldRef !== undefined) {
    errors.push(...checkResourceFieldRef(file.resourceFieldRef, `${field}.resourceFieldRef`, true))
  } else errors.push(required(field, 'one of fieldRef and resourceFieldRef is required'))
  return [...errors, ...checkFileMode(file.mode, `${field}.mode`)]
}

/** Paths of a projected volume that were used so far, with the check that none comes twice. */
class Paths {
  private readonly seen = new Set<string>()
  private readonly field: string
  constructor(field: string) {
    this.field = field
  }
  /** `shown` is the value in the error, which is the name of the source for secrets and config maps. */
  claim(path: string, shown: string): FieldError[] {
    if (this.seen.has(path)) return [invalid(this.field, shown, 'conflicting duplicate paths')]
    this.seen.add(path)
    return []
  }
}

function checkKeys(
  source: { readonly name?: string; readonly items?: readonly KeyToPath[] },
  field: string,
  paths: Paths,
): FieldError[] {
  const name = source.name ?? ''
  return [
    ...checkRequired(name, `${field}.name`),
    ...each(source.items, (item, i) => [
      ...checkKeyToPath(item, `${field}.items[${i}]`),
      ...(item.path ? paths.claim(item.path, name) : []),
    ]),
  ]
}

function checkToken(token: ServiceAccountTokenProjection, field: string, volumeField: string, anyPath: boolean): FieldError[] {
  const seconds = token.expirationSeconds ?? 0
  const errors: FieldError[] = []
  const path = `${field}.expirationSeconds`
  if (seconds < 600) errors.push(invalid(path, seconds, 'may not specify a duration less than 10 minutes'))
  if (seconds > 2 ** 32) errors.push(invalid(path, seconds, 'may not specify a duration larger than 2^32 seconds'))
  // The path's field is the volume's, as in Kubernetes.
  if (!token.path) errors.push(required(`${volumeField}.path`))
  else if (!anyPath) errors.push(...checkVolumeFilePath(token.path, `${volumeField}.path`))
  return errors
}

function checkSource(source: VolumeProjection, field: string, volumeField: string, paths: Paths, anyPath: boolean): FieldError[] {
  const errors: FieldError[] = []
  if (source.secret) errors.push(...checkKeys(source.secret, `${field}.secret`, paths))
  if (source.configMap) errors.push(...checkKeys(source.configMap, `${field}.configMap`, paths))
  if (source.downwardAPI) {
    const files = each(source.downwardAPI.items, (file) => [
      ...checkDownwardFile(file, `${field}.downwardAPI`),
      ...(file.path ? paths.claim(file.path, file.path) : []),
    ])
    errors.push(...files)
  }
  if (source.serviceAccountToken) {
    errors.push(...checkToken(source.serviceAccountToken, `${field}.serviceAccountToken`, volumeField, anyPath))
  }
  if (Object.values(source).filter((s) => s !== undefined).length > 1) {
    errors.push(forbidden(field, 'may not specify more than 1 volume type per source'))
  }
  return errors
}

export function checkProjected(volume: ProjectedVolumeSource, field: string, anyTokenPath: boolean): FieldError[] {
  const paths = new Paths(field)
  return [
    ...checkFileMode(volume.defaultMode, `${field}.defaultMode`),
    ...each(volume.sources, (source, i) => checkSource(source, `${field}.sources[${i}]`, field, paths, anyTokenPath)),
  ]
}
