/**
 * Server-side apply: merges a configuration into an object, finds conflicts, removes what its manager no longer wants.
 * Source: k8s 1.36 apimachinery util/managedfields; structured-merge-diff merge.Updater.Apply.
 */
import { jsonEqual } from '../equal.ts'
import { applyConflict, badRequest, unclassified } from '../errors.ts'
import type { StatusError } from '../errors.ts'
import type { StatusCause } from '../generated/types.ts'
import type { JsonObject } from '../resource.ts'
import type { Model, Type } from '../schema/schema.ts'
import { fieldsOfObject } from './compare.ts'
import { isMap } from './elements.ts'
import type { FieldPath, FieldSet } from './fieldset.ts'
import {
  EMPTY_SET,
  deepDifference,
  difference,
  formatFieldPath,
  hasPath,
  intersection,
  isEmptySet,
  paths,
  union,
} from './fieldset.ts'
import type { Manager, Managers } from './managers.ts'
import { compareObjects, disown, emptyObject, identityOf, stripFields, typeOfModel, updateManagers } from './managers.ts'
import { merge, removeFields, withNamedFields } from './merge.ts'
import { validateConfiguration } from './validate.ts'

export interface ApplyRequest {
  /** The live object without managedFields; undefined if it does not exist yet. */
  readonly live: JsonObject | undefined
  /** The applied configuration as it was sent. */
  readonly config: JsonObject
  readonly managers: Managers
  readonly manager: string
  readonly force: boolean
  readonly apiVersion: string
  readonly kind: string
  readonly subresource: string
  readonly timeText: string
  readonly model: Model | string
  /** See Update.reset. */
  readonly reset?: FieldSet
}

export interface Applied {
  /** The merged object, not yet decoded and defaulted; the live one itself if the configuration changes nothing. */
  readonly object: JsonObject
  readonly managers: Managers
}

interface Conflict {
  readonly owner: string
  readonly path: FieldPath
}

/** A conflict becomes a StatusError unless the last-applied annotation allows it. */
class Conflicts extends Error {
  readonly list: readonly Conflict[]
  constructor(list: readonly Conflict[]) {
    super('conflicts')
    this.list = list
  }
}

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'
const text = (value: unknown) => (typeof value === 'string' ? value : '')

/** 'apps/v1, Kind=Deployment' */
function formatKind(object: JsonObject): string {
  const apiVersion = text(object.apiVersion)
  return `${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${text(object.kind)}`
}

function checkConfig({ config, apiVersion, kind, model }: ApplyRequest): void {
  if (config.apiVersion !== apiVersion || config.kind !== kind) throw badRequest(`invalid object type: ${formatKind(config)}`)
  const metadata = isMap(config.metadata) ? config.metadata : {}
  if (metadata.managedFields !== undefined && metadata.managedFields !== null)
    throw badRequest('metadata.managedFields must be nil')
  const wrong = validateConfiguration(typeOfModel(model), config)
  if (wrong === '') return
  const name = `${text(metadata.namespace)}/${text(metadata.name)}; ${formatKind(config)}`
  throw unclassified(`failed to create typed patch object (${name}): ${wrong}`)
}

/** Fields that the manager applied last time, and neither it nor anyone else wants now, go. */
function prune(type: Type, merged: unknown, managers: Managers, last: FieldSet): unknown {
  if (isEmptySet(last)) return merged
  const named = (set: FieldSet) => withNamedFields(type, set)
  const fieldsOf = (value: unknown) => named(fieldsOfObject(type, value))
  const everything = fieldsOf(merged)
  let pruned = removeFields(type, merged, named(last))
  let managed: FieldSet = EMPTY_SET
  for (const manager of managers.values()) managed = union(managed, manager.fields)
  pruned = removeFields(type, merged, difference(everything, union(fieldsOf(pruned), named(managed))))
  return removeFields(type, merged, intersection(difference(everything, fieldsOf(pruned)), named(last)))
}

/** Tells the others of the change; throws Conflicts if it takes something from them without force. */
function settle(request: ApplyRequest, live: JsonObject, merged: JsonObject, managers: Managers, own: string): Managers {
  const { added, modified, removed } = compareObjects(request.model, live, merged, request.reset ?? EMPTY_SET)
  const touched = union(modified, added)
  const conflicts: Conflict[] = []
  for (const owner of [...managers.keys()].toSorted()) {
    if (owner === own) continue
    const overlap = intersection(managers.get(owner)?.fields ?? EMPTY_SET, touched)
    conflicts.push(...paths(overlap).map((path) => ({ owner, path })))
  }
  if (conflicts.length > 0 && !request.force) throw new Conflicts(conflicts)
  return disown(managers, union(touched, removed), own)
}

function mergeOnce(request: ApplyRequest, before: Managers): Applied {
  const { config, manager, apiVersion, subresource, timeText, model, reset = EMPTY_SET } = request
  const live = request.live ?? emptyObject(model)
  const type = typeOfModel(model)
  const identity = { manager: manager || 'unknown', operation: 'Apply' as const, apiVersion, subresource }
  const id = identityOf(identity)
  const previous = before.get(id)
  const own: Manager = { ...identity, time: previous?.time, fields: deepDifference(fieldsOfObject(type, config), reset) }
  const applying = new Map(before).set(id, own)
  const merged = prune(type, merge(type, live, config), applying, previous?.fields ?? EMPTY_SET)
  if (!isMap(merged)) throw unclassified('failed to merge config')
  const settled = new Map(settle(request, live, merged, applying, id))
  const fields = stripFields(own.fields)
  const changed = !jsonEqual(live, merged)
  if (isEmptySet(fields)) settled.delete(id)
  else settled.set(id, { ...own, fields, time: changed ? timeText : own.time })
  return { object: changed ? merged : live, managers: settled }
}

function describeOwner(owner: string): string {
  const { manager, operation, apiVersion, subresource }: Partial<Manager> = JSON.parse(owner)
  const name = `${JSON.stringify(manager ?? '')}${subresource ? ` with subresource ${JSON.stringify(subresource)}` : ''}`
  return operation === 'Update' ? `${name} using ${apiVersion}` : name
}

function conflictError(conflicts: readonly Conflict[]): StatusError {
  const causes = conflicts.map(({ owner, path }): StatusCause => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${describeOwner(owner)}`,
    field: formatFieldPath(path),
  }))
  const [first] = conflicts
  if (first !== undefined && conflicts.length === 1) {
    return applyConflict(
      causes,
      `Apply failed with 1 conflict: conflict with ${describeOwner(first.owner)}: ${formatFieldPath(first.path)}`,
    )
  }
  const lines: string[] = []
  for (const owner of new Set(conflicts.map((c) => c.owner))) {
    lines.push(`conflicts with ${describeOwner(owner)}:`)
    for (const c of conflicts) if (c.owner === owner) lines.push(`- ${formatFieldPath(c.path)}`)
  }
  return applyConflict(causes, `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`)
}

function annotationOf(object: JsonObject | undefined): string {
  const metadata = isMap(object?.metadata) ? object.metadata : {}
  return isMap(metadata.annotations) ? text(metadata.annotations[LAST_APPLIED]) : ''
}

/** Fields that client-side apply set and nobody changed since: kubectl may take them over. */
function ownedByLastApplied({ live, apiVersion, model }: ApplyRequest): FieldSet {
  const annotation = annotationOf(live)
  if (annotation === '' || live === undefined) return EMPTY_SET
  let config: unknown
  try {
    config = JSON.parse(annotation)
  } catch {
    // Somebody else's text under that name allows nothing.
    return EMPTY_SET
  }
  if (!isMap(config) || config.apiVersion !== apiVersion) return EMPTY_SET
  const { added, modified, removed } = compareObjects(model, config, live, EMPTY_SET)
  return difference(fieldsOfObject(typeOfModel(model), config), union(union(added, modified), removed))
}

/** `kubectl apply --server-side` keeps the annotation of client-side apply up to date where there is one. */
function syncLastApplied(object: JsonObject, config: JsonObject): JsonObject {
  if (annotationOf(object) === '') return object
  const metadata = isMap(object.metadata) ? object.metadata : {}
  const configMetadata = isMap(config.metadata) ? config.metadata : {}
  const { [LAST_APPLIED]: _, ...annotations } = isMap(configMetadata.annotations) ? configMetadata.annotations : {}
  const { annotations: __, ...rest } = configMetadata
  const clean = { ...config, metadata: Object.keys(annotations).length > 0 ? { ...rest, annotations } : rest }
  const old = isMap(metadata.annotations) ? metadata.annotations : {}
  return { ...object, metadata: { ...metadata, annotations: { ...old, [LAST_APPLIED]: `${JSON.stringify(clean)}\n` } } }
}

/**
 * Applies a configuration. Throws StatusError: 409 with causes for conflicts, 400 and 500 for bad configurations.
 * The result must still be decoded (nulls, canonical values) and defaulted.
 */
export function applyConfiguration(request: ApplyRequest): Applied {
  checkConfig(request)
  const { live, config, managers, manager } = request
  // An object that was never tracked: what is there belongs to those before.
  const first = { after: live ?? {}, before: undefined, manager: 'before-first-apply', subresource: request.subresource }
  const known =
    managers.size === 0 && live !== undefined
      ? updateManagers(managers, {
          ...first,
          apiVersion: request.apiVersion,
          timeText: request.timeText,
          model: request.model,
          reset: request.reset,
        })
      : managers
  try {
    return finish(mergeOnce(request, known))
  } catch (error) {
    if (!(error instanceof Conflicts)) throw error
    if (manager !== 'kubectl') throw conflictError(error.list)
    const allowed = ownedByLastApplied(request)
    const serious = error.list.filter(({ path }) => !hasPath(allowed, path))
    if (serious.length > 0) throw conflictError(serious)
    return finish(mergeOnce({ ...request, force: true }, known))
  }

  function finish(applied: Applied): Applied {
    return manager === 'kubectl' ? { ...applied, object: syncLastApplied(applied.object, config) } : applied
  }
}
