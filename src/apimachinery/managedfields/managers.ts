/**
 * Who owns which fields of an object: reading and writing metadata.managedFields, and what an update changes.
 * Source: k8s 1.36 apimachinery util/managedfields; structured-merge-diff merge.Updater.
 */
import type { ManagedFieldsEntry } from '../generated/types.ts'
import type { JsonObject } from '../resource.ts'
import type { Model, Type } from '../schema/schema.ts'
import type { Comparison } from './compare.ts'
import type { FieldSet } from './fieldset.ts'
import { parseTime } from '../../sim/time.ts'
import { normalize } from '../schema/decode.ts'
import { asModel } from '../schema/schema.ts'
import { compare } from './compare.ts'
import { EMPTY_SET, deepDifference, difference, isEmptySet, setOf, sortSet, union } from './fieldset.ts'

/** One owner: who, how, in which version, through which subresource. */
export interface Manager {
  readonly manager: string
  readonly operation: 'Apply' | 'Update'
  readonly apiVersion: string
  readonly subresource: string
  /** RFC 3339; absent if a first apply changed nothing. */
  readonly time: string | undefined
  readonly fields: FieldSet
}

/** The owners of one object by identity. SIMPLIFIED: fields are not converted between versions of a kind. */
export type Managers = ReadonlyMap<string, Manager>

export const NO_MANAGERS: Managers = new Map()

const MAX_UPDATE_MANAGERS = 10

/** Never owned by anyone. */
const STRIPPED = setOf(
  'apiVersion',
  'kind',
  'metadata',
  'metadata.name',
  'metadata.namespace',
  'metadata.creationTimestamp',
  'metadata.selfLink',
  'metadata.uid',
  'metadata.clusterName',
  'metadata.generation',
  'metadata.managedFields',
  'metadata.resourceVersion',
)

type Identity = Pick<Manager, 'manager' | 'operation' | 'apiVersion' | 'subresource'>

/** Owners with equal texts are one. Appliers are the same in every version. Sorts as Kubernetes sorts them. */
export function identityOf({ manager, operation, apiVersion, subresource }: Identity): string {
  return JSON.stringify({
    manager,
    operation,
    ...(operation === 'Update' ? { apiVersion } : {}),
    ...(subresource === '' ? {} : { subresource }),
  })
}

/** Without the fields that nobody owns. */
export function stripFields(fields: FieldSet): FieldSet {
  return difference(fields, STRIPPED)
}

function isFieldSet(value: unknown): value is FieldSet {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Reads metadata.managedFields; null if an entry makes no sense. */
export function decodeManagers(entries: readonly ManagedFieldsEntry[] | undefined): Managers | null {
  const managers = new Map<string, Manager>()
  for (const { manager = '', operation, apiVersion = '', subresource = '', time, fieldsType, fieldsV1 } of entries ?? []) {
    if ((operation !== 'Apply' && operation !== 'Update') || apiVersion === '' || fieldsType !== 'FieldsV1') return null
    const identity: Identity = { manager, operation: operation === 'Apply' ? 'Apply' : 'Update', apiVersion, subresource }
    const fields = isFieldSet(fieldsV1) ? fieldsV1 : EMPTY_SET
    managers.set(identityOf(identity), { ...identity, time: time ?? undefined, fields })
  }
  return managers
}

const compareTexts = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
const timeOf = (m: Manager) => (m.time ? parseTime(m.time) : 0)

function inOrder(a: Manager, b: Manager): number {
  return (
    compareTexts(a.operation, b.operation) ||
    timeOf(a) - timeOf(b) ||
    compareTexts(a.manager, b.manager) ||
    compareTexts(a.apiVersion, b.apiVersion) ||
    compareTexts(a.subresource, b.subresource)
  )
}

/** metadata.managedFields, in Kubernetes' order; undefined if nobody owns anything. */
export function encodeManagers(managers: Managers): readonly ManagedFieldsEntry[] | undefined {
  if (managers.size === 0) return undefined
  return [...managers.values()].toSorted(inOrder).map((m) => ({
    manager: m.manager,
    operation: m.operation,
    apiVersion: m.apiVersion,
    ...(m.time ? { time: m.time } : {}),
    fieldsType: 'FieldsV1',
    fieldsV1: sortSet(m.fields),
    ...(m.subresource === '' ? {} : { subresource: m.subresource }),
  }))
}

/** The type of a whole object. */
export function typeOfModel(model: Model | string): Type {
  return { kind: 'struct', model: asModel(model), atomic: false }
}

/** What an object is compared with when it is new: nothing set, but for what Go always writes. */
export function emptyObject(model: Model | string): JsonObject {
  return normalize(model, {})
}

const withoutManagedFields = (object: JsonObject): JsonObject => {
  const { metadata } = object
  if (!isFieldSet(metadata) || !('managedFields' in metadata)) return object
  const { managedFields: _, ...rest } = metadata
  return { ...object, metadata: rest }
}

/** Compares two states of an object, leaving out managedFields and what the resource resets. */
export function compareObjects(model: Model | string, before: JsonObject, after: JsonObject, reset: FieldSet): Comparison {
  const { added, modified, removed } = compare(typeOfModel(model), withoutManagedFields(before), withoutManagedFields(after))
  return {
    added: deepDifference(added, reset),
    modified: deepDifference(modified, reset),
    removed: deepDifference(removed, reset),
  }
}

/** Takes fields from all owners; those that are left with nothing go. */
export function disown(managers: Managers, fields: FieldSet, except?: string): Map<string, Manager> {
  const result = new Map<string, Manager>()
  for (const [id, manager] of managers) {
    if (id === except) {
      result.set(id, manager)
      continue
    }
    const left = difference(manager.fields, fields)
    if (!isEmptySet(left)) result.set(id, left === manager.fields ? manager : { ...manager, fields: left })
  }
  return result
}

/** One write that was no apply. */
export interface Update {
  /** The object before; undefined when it was created. */
  readonly before: JsonObject | undefined
  /** The object after decoding and defaulting, before admission and the strategy touched it. */
  readonly after: JsonObject
  /** Field manager of the request; '' is recorded as 'unknown'. */
  readonly manager: string
  readonly apiVersion: string
  /** 'status', 'scale', ... or ''. */
  readonly subresource: string
  /** RFC 3339 with whole seconds. */
  readonly timeText: string
  readonly model: Model | string
  /** Fields that the resource does not take from this kind of request (status of the main resource): resetFields(...). */
  readonly reset?: FieldSet
}

/** Names fields for Update.reset: resetFields('status', 'metadata.ownerReferences'). */
export const resetFields = setOf

/** The owners after a create, update or patch. */
export function updateManagers(managers: Managers, update: Update): Managers {
  const { before, after, apiVersion, subresource, timeText, model, reset = EMPTY_SET } = update
  // Ownership that was given up is not taken up again by plain updates.
  if (managers.size === 0 && before !== undefined) return managers
  const { added, modified, removed } = compareObjects(model, before ?? emptyObject(model), after, reset)
  const touched = union(modified, added)
  const taken = stripFields(touched)
  const result = disown(managers, union(touched, removed))
  if (isEmptySet(taken)) return sameManagers(managers, result) ? managers : result
  const identity: Identity = { manager: update.manager || 'unknown', operation: 'Update', apiVersion, subresource }
  const id = identityOf(identity)
  const fields = union(taken, result.get(id)?.fields ?? EMPTY_SET)
  result.set(id, { ...identity, time: timeText, fields })
  return capManagers(result)
}

function sameManagers(a: Managers, b: Managers): boolean {
  return a.size === b.size && [...b].every(([id, manager]) => a.get(id) === manager)
}

/** Many updaters: the oldest of each version become one, 'ancient-changes'. */
function capManagers(managers: Map<string, Manager>): Managers {
  const updaters = [...managers].filter(([, m]) => m.operation === 'Update')
  let count = updaters.length
  if (count <= MAX_UPDATE_MANAGERS) return managers
  updaters.sort(([idA, a], [idB, b]) => timeOf(a) - timeOf(b) || compareTexts(idA, idB))
  const firstOfVersion = new Map<string, string>()
  for (const [id, old] of updaters) {
    if (count <= MAX_UPDATE_MANAGERS) break
    const first = firstOfVersion.get(old.apiVersion)
    if (first === undefined) {
      firstOfVersion.set(old.apiVersion, id)
      continue
    }
    const identity: Identity = { manager: 'ancient-changes', operation: 'Update', apiVersion: old.apiVersion, subresource: '' }
    const bucketId = identityOf(identity)
    const bucket = managers.get(bucketId) ?? managers.get(first)
    if (!managers.has(bucketId)) managers.delete(first)
    managers.delete(id)
    managers.set(bucketId, { ...identity, time: old.time, fields: union(old.fields, bucket?.fields ?? EMPTY_SET) })
    count--
  }
  return managers
}

/** True if a request wants managedFields cleared: an empty list, or a list of one empty entry. */
export function clearsManagedFields(entries: readonly ManagedFieldsEntry[] | undefined | null): boolean {
  if (!entries) return false
  return entries.length === 0 || (entries.length === 1 && Object.keys(entries[0] ?? {}).length === 0)
}

/**
 * The owners to start an update from: what the request's body says, if it says something sensible and addresses the
 * main resource; otherwise the live ones.
 */
export function managersOfRequest(
  body: readonly ManagedFieldsEntry[] | undefined | null,
  live: Managers,
  subresource: string,
): Managers {
  if (subresource !== '') return live
  if (clearsManagedFields(body)) return NO_MANAGERS
  const decoded = decodeManagers(body ?? undefined)
  return decoded === null || decoded.size === 0 ? live : decoded
}
