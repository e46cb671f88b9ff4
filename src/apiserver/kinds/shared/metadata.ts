/** Rules of ObjectMeta for every kind. Source: k8s 1.36 apimachinery api/validation objectmeta.go. */
import type { FieldError } from '../../../apimachinery/field-errors.ts'
import { forbidden, invalid, required, tooLong } from '../../../apimachinery/field-errors.ts'
import type { ManagedFieldsEntry, OwnerReference } from '../../../apimachinery/generated/types.ts'
import { byteLength, isDns1123Label, isQualifiedName } from '../../../apimachinery/names.ts'
import type { KubeObject } from '../../../apimachinery/resource.ts'
import type { NameRule, StringMap } from './checks.ts'
import { checkImmutable, checkNotNegative, invalids, nameIsSubdomain } from './checks.ts'
import { checkLabels } from './labels.ts'

const ANNOTATIONS_LIMIT = 256 * 1024
const STANDARD_FINALIZERS = ['kubernetes', 'orphan', 'foregroundDeletion']

export function checkAnnotations(annotations: StringMap | undefined, field: string): FieldError[] {
  const entries = Object.entries(annotations ?? {})
  const errors = entries.flatMap(([key]) => invalids(field, key, isQualifiedName(key.toLowerCase())))
  const bytes = entries.reduce((sum, [key, value]) => sum + byteLength(key) + byteLength(value), 0)
  return bytes > ANNOTATIONS_LIMIT ? [...errors, tooLong(field, ANNOTATIONS_LIMIT)] : errors
}

function checkOwner(owner: OwnerReference, field: string): FieldError[] {
  const errors: FieldError[] = []
  const parts = owner.apiVersion.split('/')
  const version = parts.length > 2 ? '' : (parts.at(-1) ?? '')
  if (version === '') errors.push(invalid(`${field}.apiVersion`, owner.apiVersion, 'version must not be empty'))
  // An apiVersion that can't be read gives a kind without group and version, but still the kind.
  for (const name of ['kind', 'name', 'uid'] as const) {
    if ((owner[name] ?? '') === '') errors.push(invalid(`${field}.${name}`, owner[name] ?? '', 'must not be empty'))
  }
  if (owner.apiVersion === 'v1' && owner.kind === 'Event') {
    errors.push(invalid(field, owner, '/v1, Kind=Event is disallowed from being an owner'))
  }
  return errors
}

function checkOwners(owners: readonly OwnerReference[], field: string): FieldError[] {
  const errors: FieldError[] = []
  let controller = ''
  for (const owner of owners) {
    errors.push(...checkOwner(owner, field))
    if (owner.controller !== true) continue
    const name = `${owner.kind}/${owner.name}`
    if (controller === '') controller = name
    else {
      errors.push(
        invalid(
          field,
          owners.map(printableOwner),
          `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${name}`,
        ),
      )
    }
  }
  return errors
}

/** The fields in the order in which Kubernetes prints them. */
function printableOwner(o: OwnerReference) {
  const { apiVersion, kind, name, uid, controller, blockOwnerDeletion } = o
  return { apiVersion, kind, name, uid, controller, blockOwnerDeletion }
}

/** The rule for one finalizer; standard ones need no domain. */
export function checkFinalizer(finalizer: string, field: string): FieldError[] {
  return [...invalids(field, finalizer, isQualifiedName(finalizer)), ...checkKubeFinalizer(finalizer, field)]
}

function checkKubeFinalizer(finalizer: string, field: string): FieldError[] {
  if (finalizer.includes('/') || STANDARD_FINALIZERS.includes(finalizer)) return []
  return [invalid(field, finalizer, 'name is neither a standard finalizer name nor is it fully qualified')]
}

function checkFinalizers(finalizers: readonly string[], field: string): FieldError[] {
  const errors = finalizers.flatMap((f) => invalids(field, f, isQualifiedName(f)))
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    errors.push(invalid(field, finalizers, 'finalizer orphan and foregroundDeletion cannot be both set'))
  }
  return errors
}

const ASCII_PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]*$/u

function checkManagedFields(entries: readonly ManagedFieldsEntry[], field: string): FieldError[] {
  return entries.flatMap((entry, i) => {
    const path = `${field}[${i}]`
    const errors: FieldError[] = []
    if (entry.operation !== 'Apply' && entry.operation !== 'Update') {
      errors.push(invalid(`${path}.operation`, entry.operation ?? '', 'must be `Apply` or `Update`'))
    }
    if ((entry.fieldsType ?? '') !== '' && entry.fieldsType !== 'FieldsV1') {
      errors.push(invalid(`${path}.fieldsType`, entry.fieldsType, 'must be `FieldsV1`'))
    }
    const manager = entry.manager ?? ''
    if (byteLength(manager) > 128) errors.push(tooLong(`${path}.fieldManager`, 128))
    if (!ASCII_PRINTABLE.test(manager))
      errors.push(invalid(`${path}.fieldManager`, manager, 'should only contain printable characters'))
    if ((entry.subresource ?? '').length > 256) errors.push(tooLong(`${path}.subresource`, 256))
    return errors
  })
}

/** The group-less finalizer rule holds for the built-in kinds only. */
const isCustom = (object: KubeObject) =>
  /^[^/]+\.[^/]+\.[^/]+\//.test(object.apiVersion ?? '') && !(object.apiVersion ?? '').includes('.k8s.io/')

/** The errors of an object's metadata in a create: what every kind's Validate begins with. */
export function validateMetadata(object: KubeObject, namespaced: boolean, nameRule: NameRule = nameIsSubdomain): FieldError[] {
  const field = 'metadata'
  const meta = object.metadata
  const { name = '', generateName = '', namespace = '' } = meta
  const errors: FieldError[] = []
  if (generateName !== '') errors.push(...invalids(`${field}.generateName`, generateName, nameRule(generateName, true)))
  if (name === '') errors.push(required(`${field}.name`, 'name or generateName is required'))
  else errors.push(...invalids(`${field}.name`, name, nameRule(name, false)))
  if (namespaced) {
    if (namespace === '') errors.push(required(`${field}.namespace`))
    else errors.push(...invalids(`${field}.namespace`, namespace, isDns1123Label(namespace)))
  } else if (namespace !== '') {
    errors.push(forbidden(`${field}.namespace`, 'not allowed on this type'))
  }
  errors.push(
    ...checkNotNegative(meta.generation, `${field}.generation`),
    ...checkLabels(meta.labels, `${field}.labels`),
    ...checkAnnotations(meta.annotations, `${field}.annotations`),
    ...checkOwners(meta.ownerReferences ?? [], `${field}.ownerReferences`),
    ...checkFinalizers(meta.finalizers ?? [], `${field}.finalizers`),
    ...checkManagedFields(meta.managedFields ?? [], `${field}.managedFields`),
  )
  return [...errors, ...kubeFinalizerErrors(object)]
}

function kubeFinalizerErrors(object: KubeObject): FieldError[] {
  if (isCustom(object)) return []
  return (object.metadata.finalizers ?? []).flatMap((f, i) => checkKubeFinalizer(f, `metadata.finalizers[${i}]`))
}

const IMMUTABLE = ['name', 'namespace', 'uid', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const

/** The errors of an update's metadata against what is stored. */
export function validateMetadataUpdate(object: KubeObject, oldObject: KubeObject): FieldError[] {
  const field = 'metadata'
  const meta = object.metadata
  const old = oldObject.metadata
  const errors: FieldError[] = []
  if (old.deletionTimestamp !== undefined) {
    const extra = (meta.finalizers ?? []).filter((f) => !(old.finalizers ?? []).includes(f)).toSorted()
    if (extra.length > 0) {
      const list = `[]string{${[...new Set(extra)].map((f) => JSON.stringify(f)).join(', ')}}`
      errors.push(
        forbidden(
          `${field}.finalizers`,
          `no new finalizers can be added if the object is being deleted, found new finalizers ${list}`,
        ),
      )
    }
  }
  if ((meta.resourceVersion ?? '') === '') errors.push(invalid(`${field}.resourceVersion`, '', 'must be specified for an update'))
  if ((meta.generation ?? 0) < (old.generation ?? 0)) {
    errors.push(invalid(`${field}.generation`, meta.generation ?? 0, 'must not be decremented'))
  }
  for (const name of IMMUTABLE)
    if (meta[name] !== old[name]) errors.push(...checkImmutable(meta[name], old[name], `${field}.${name}`))
  // What is the stored object's own was checked when it was stored.
  if (meta.labels !== old.labels) errors.push(...checkLabels(meta.labels, `${field}.labels`))
  if (meta.annotations !== old.annotations) errors.push(...checkAnnotations(meta.annotations, `${field}.annotations`))
  if (meta.ownerReferences !== old.ownerReferences)
    errors.push(...checkOwners(meta.ownerReferences ?? [], `${field}.ownerReferences`))
  if (meta.managedFields) errors.push(...checkManagedFields(meta.managedFields, `${field}.managedFields`))
  if (meta.finalizers) errors.push(...kubeFinalizerErrors(object))
  return errors
}
