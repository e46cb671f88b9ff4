import type { KubeObject } from '../apimachinery/resource.ts'
import type { JsonObject } from '../apimachinery/resource.ts'
import { threeWayJsonMergePatch } from '../apimachinery/patch/merge-patch.ts'
import { threeWayMergePatch } from '../apimachinery/patch/strategic-diff.ts'
import { DecodeError, decode } from '../apimachinery/schema/decode.ts'
import { nearestKind } from '../apimachinery/schema/kinds.ts'
import { displayName, pathOf, type DiscoveredResource, type Door, type DoorReply } from './door.ts'
import { describeFailure, markersFor, type Marker } from './failures.ts'
import { itemsOf, MAX_MANIFEST_BYTES, parseManifest, toYaml, withoutManagedFields, type ManifestDocument } from './manifest.ts'

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

/** What became of one document, worded as kubectl does. */
export interface DocumentOutcome {
  readonly index: number
  readonly line: number
  readonly kind?: string
  readonly name?: string
  readonly namespace?: string
  readonly outcome: 'created' | 'configured' | 'unchanged' | 'deleted' | 'failed'
  readonly message: string
  readonly warnings: readonly string[]
  readonly markers: readonly Marker[]
  readonly diff?: { readonly before: string | null; readonly after: string }
}

export interface FileOptions {
  readonly dryRun?: boolean
  /** Default namespace of objects that name none. */
  readonly namespace?: string
  /** How messages call the file. */
  readonly fileName?: string
}

/** One object of a file, with the resource that serves it. */
interface Target {
  readonly document: ManifestDocument
  readonly object: JsonObject & KubeObject
  readonly resource: DiscoveredResource
  readonly name: string
  readonly namespace: string
}

/** kubectl apply -f: every document on its own; one that fails does not stop the others. */
export function applyFile(door: Door, text: string, options: FileOptions = {}): readonly DocumentOutcome[] {
  return eachTarget(door, text, options, (target) => applyTarget(door, target, options))
}

/** kubectl delete -f. */
export function deleteFile(door: Door, text: string, options: FileOptions = {}): readonly DocumentOutcome[] {
  return eachTarget(door, text, options, (target) => deleteTarget(door, target, options))
}

/** What can be said of a file without asking the cluster: syntax, kinds, fields, types. */
export function lintFile(door: Door, text: string, options: FileOptions = {}): readonly DocumentOutcome[] {
  return eachTarget(door, text, options, (target) => {
    if (target.resource.model === '') return done(target, 'unchanged', '')
    try {
      decode(target.resource.model, target.object, { strictness: 'Strict' })
      return done(target, 'unchanged', '')
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      return failed(target.document, error.message, { target, markers: markersFor(target.document, { message: error.message }) })
    }
  })
}

function eachTarget(
  door: Door,
  text: string,
  options: FileOptions,
  act: (target: Target) => DocumentOutcome,
): readonly DocumentOutcome[] {
  if (text.length > MAX_MANIFEST_BYTES) {
    const message = `error: the file has ${(text.length / 1024 / 1024).toFixed(1)} MB; at most 3 MB can be applied at once. Split it into smaller files.`
    return [failed({ index: 0, line: 1, text: '' }, message)]
  }
  const documents = parseManifest(text)
  if (documents.length === 0) return [failed({ index: 0, line: 1, text: '' }, 'error: no objects passed to apply')]
  const outcomes: DocumentOutcome[] = []
  for (const document of documents) {
    if (document.error) {
      outcomes.push(failed(document, document.error.message, { markers: [document.error] }))
      continue
    }
    const items = itemsOf(document.value)
    if (items.length === 0)
      outcomes.push(failed(document, 'error: error validating data: the document is not an object with apiVersion and kind'))
    for (const item of items) {
      const target = resolve(door, document, item, options)
      outcomes.push('outcome' in target ? target : act(target))
    }
  }
  return outcomes
}

function resolve(door: Door, document: ManifestDocument, object: JsonObject, options: FileOptions): Target | DocumentOutcome {
  const { apiVersion, kind } = object
  if (typeof apiVersion !== 'string' || apiVersion === '')
    return failed(document, 'error: error validating data: apiVersion not set; expected e.g. "apiVersion: v1"')
  if (typeof kind !== 'string' || kind === '')
    return failed(document, 'error: error validating data: kind not set; expected e.g. "kind: Pod"')
  const metadata = (object['metadata'] ?? {}) as { name?: string; namespace?: string; generateName?: string }
  const { name = '', namespace = '' } = metadata
  const resource = door.findKind(apiVersion, kind)
  if (!resource) {
    const message = `error: resource mapping not found for name: "${name}" namespace: "${namespace}" from "${fileName(options)}": no matches for kind "${kind}" in version "${apiVersion}"\nensure CRDs are installed first`
    const near = nearestKind(kind)
    const hint = near ? `\ndid you mean kind: ${near.kind}, apiVersion: ${near.apiVersion}?` : ''
    return failed(document, message + hint, {
      markers: markersFor(document, {
        message: message.split('\n')[0] ?? '',
        field: near?.kind === kind ? 'apiVersion' : 'kind',
      }),
    })
  }
  if (name === '') {
    const why = metadata.generateName
      ? `error: from ${metadata.generateName}: cannot use generate name with apply`
      : 'error: error when retrieving current configuration: resource name may not be empty'
    return failed(document, why, { markers: markersFor(document, { message: why, field: 'metadata.name' }) })
  }
  return {
    document,
    object: object as Target['object'],
    resource,
    name,
    namespace: resource.namespaced ? namespace || options.namespace || 'default' : '',
  }
}

function applyTarget(door: Door, target: Target, options: FileOptions): DocumentOutcome {
  const path = pathOf(target.resource, target.namespace, target.name)
  const live = door.call({ method: 'GET', path })
  if (live.code === 404) return createTarget(door, target, options)
  if (live.code !== 200) return refused(target, live, 'error when retrieving current configuration of', options)
  const current = live.body as JsonObject & KubeObject
  const text = current.metadata.annotations?.[LAST_APPLIED]
  const warnings = text === undefined ? [missingAnnotation(target)] : []
  const original = text === undefined ? {} : parseLastApplied(text)
  const modified = withLastApplied(target)
  const { model } = target.resource
  const patch =
    model === '' ? threeWayJsonMergePatch(original, modified, current) : threeWayMergePatch(original, modified, current, model)
  if (Object.keys(patch).length === 0)
    return done(target, 'unchanged', `${displayName(target.resource, target.name)} unchanged${suffix(options)}`, warnings)
  const reply = door.call({
    method: 'PATCH',
    path: `${path}?${query(options)}`,
    contentType: model === '' ? 'application/merge-patch+json' : 'application/strategic-merge-patch+json',
    body: patch,
  })
  if (reply.code !== 200) return refused(target, reply, 'error when applying patch to', options)
  const same =
    (reply.body as JsonObject & KubeObject).metadata.resourceVersion === current.metadata.resourceVersion && !options.dryRun
  const outcome = same ? 'unchanged' : 'configured'
  return done(
    target,
    outcome,
    `${displayName(target.resource, target.name)} ${outcome}${suffix(options)}`,
    [...warnings, ...reply.warnings],
    options.dryRun ? { before: printed(current), after: printed(reply.body) } : undefined,
  )
}

function createTarget(door: Door, target: Target, options: FileOptions): DocumentOutcome {
  const reply = door.call({
    method: 'POST',
    path: `${pathOf(target.resource, target.namespace)}?${query(options)}`,
    body: withLastApplied(target),
  })
  if (reply.code !== 201) return refused(target, reply, 'error when creating', options)
  return done(
    target,
    'created',
    `${displayName(target.resource, target.name)} created${suffix(options)}`,
    reply.warnings,
    options.dryRun ? { before: null, after: printed(reply.body) } : undefined,
  )
}

function deleteTarget(door: Door, target: Target, options: FileOptions): DocumentOutcome {
  const reply = door.call({
    method: 'DELETE',
    path: pathOf(target.resource, target.namespace, target.name),
    body: { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background' },
  })
  if (reply.code >= 300) return refused(target, reply, 'error when deleting', options)
  const namespace = target.resource.namespaced ? ` from ${target.namespace} namespace` : ''
  return done(
    target,
    'deleted',
    `${displayName(target.resource, target.name).replace('/', ' "')}" deleted${namespace}`,
    reply.warnings,
  )
}

/** The object as sent: in its namespace, with itself as the last-applied annotation. */
function withLastApplied(target: Target): JsonObject & KubeObject {
  const { annotations = {}, ...metadata } = target.object.metadata
  const { [LAST_APPLIED]: _old, ...others } = annotations
  const named = target.namespace === '' ? metadata : { ...metadata, namespace: target.namespace }
  const plain = { ...target.object, metadata: { annotations: others, ...named } }
  return { ...target.object, metadata: { ...named, annotations: { ...others, [LAST_APPLIED]: `${stableJson(plain)}\n` } } }
}

/** JSON with sorted keys, as Go marshals maps. */
function stableJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(stableJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${stableJson(item)}`).join(',')}}`
}

function parseLastApplied(text: string): JsonObject {
  try {
    return JSON.parse(text) as JsonObject
  } catch {
    // Somebody edited the annotation by hand; kubectl then knows nothing of what was applied before.
    return {}
  }
}

function missingAnnotation(target: Target): string {
  return `resource ${target.resource.resource}/${target.name} is missing the ${LAST_APPLIED} annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.`
}

const query = (options: FileOptions) =>
  `fieldManager=kubectl-client-side-apply&fieldValidation=Strict${options.dryRun ? '&dryRun=All' : ''}`
const suffix = (options: FileOptions) => (options.dryRun ? ' (server dry run)' : '')
const fileName = (options: FileOptions) => options.fileName ?? 'STDIN'

/** The object as compared in a diff: without what every write changes. */
function printed(object: JsonObject): string {
  const { metadata } = withoutManagedFields(object as JsonObject & KubeObject)
  const { resourceVersion: _r, generation: _g, uid: _u, creationTimestamp: _c, ...kept } = metadata
  const { [LAST_APPLIED]: _l, ...annotations } = kept.annotations ?? {}
  const { annotations: _a, ...bare } = kept
  return toYaml({ ...object, metadata: Object.keys(annotations).length > 0 ? { ...bare, annotations } : bare })
}

function done(
  target: Target,
  outcome: DocumentOutcome['outcome'],
  message: string,
  warnings: readonly string[] = [],
  diff?: DocumentOutcome['diff'],
): DocumentOutcome {
  const { document, resource, name, namespace } = target
  return {
    index: document.index,
    line: document.line,
    kind: resource.kind,
    name,
    namespace,
    outcome,
    message,
    warnings,
    markers: [],
    ...(diff ? { diff } : {}),
  }
}

function failed(
  document: Pick<ManifestDocument, 'index' | 'line' | 'text'>,
  message: string,
  more: { target?: Target; markers?: readonly Marker[] } = {},
): DocumentOutcome {
  const { target, markers = [{ line: document.line, column: 1, message }] } = more
  const about = target ? { kind: target.resource.kind, name: target.name, namespace: target.namespace } : {}
  return {
    index: document.index,
    line: document.line,
    ...about,
    outcome: 'failed',
    message,
    warnings: [],
    markers: markers.map(({ line, column, message: text }) => ({ line, column, message: text })),
  }
}

function refused(target: Target, reply: DoorReply, doing: string, options: FileOptions): DocumentOutcome {
  const failure = describeFailure(reply.body, `${doing} "${fileName(options)}"`)
  return failed(target.document, failure.message, {
    target,
    markers: failure.causes.flatMap((cause) => markersFor(target.document, cause)),
  })
}
