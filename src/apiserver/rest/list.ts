import { StatusError, badRequest, expired, invalid as invalidError, timeout } from '../../apimachinery/errors.ts'
import { forbidden, notSupported } from '../../apimachinery/field-errors.ts'
import { FieldSelectorError, parseFieldSelector, type FieldRequirement } from '../../apimachinery/fields.ts'
import { SelectorError, parseSelector, requirementsMatch } from '../../apimachinery/selectors.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import type { KeyValue } from '../../etcd/etcd.ts'
import type { KubeList, RequestOptions } from '../api.ts'
import { listKindOf, type ResourceInfo } from '../resources.ts'
import type { WatchFilter } from '../watch.ts'
import type { RequestScope } from './context.ts'
import { fromStorage } from './decode.ts'

/** Fields by which the watch cache is indexed, so that a selector on one value costs nothing for other objects. */
const INDEXED_FIELDS: { readonly [bucket: string]: readonly string[] } = {
  pods: ['spec.nodeName'],
  secrets: ['metadata.name'],
  configmaps: ['metadata.name'],
  nodes: ['metadata.name'],
}

/** The request's label and field selectors as one filter. */
export function filterOf(scope: RequestScope): WatchFilter {
  const { info, request } = scope
  const options = request.options ?? {}
  const tests: ((object: KubeObject) => boolean)[] = []
  if (options.labelSelector) {
    const selector = readLabelSelector(options.labelSelector)
    tests.push((object) => requirementsMatch(selector, object.metadata.labels))
  }
  const fields = options.fieldSelector ? readFieldSelector(options.fieldSelector) : []
  for (const requirement of fields) tests.push(fieldTest(info, requirement))
  if (request.name) {
    const { name } = request
    tests.push((object) => object.metadata.name === name)
  }
  const indexed = fields.find(({ field, operator }) => operator === '=' && INDEXED_FIELDS[info.bucket]?.includes(field))
  return {
    namespace: info.namespaced ? (request.namespace ?? '') : '',
    matches: tests.length === 0 ? undefined : tests.length === 1 ? tests[0] : (object) => tests.every((test) => test(object)),
    indexed: indexed ? { field: indexed.field, value: indexed.value } : undefined,
  }
}

function readLabelSelector(text: string) {
  try {
    return parseSelector(text)
  } catch (error) {
    if (error instanceof SelectorError) throw badRequest(error.message)
    throw error
  }
}

function readFieldSelector(text: string) {
  try {
    return parseFieldSelector(text)
  } catch (error) {
    if (error instanceof FieldSelectorError) throw badRequest(error.message)
    throw error
  }
}

function fieldTest(info: ResourceInfo, { field: path, value, operator }: FieldRequirement): (object: KubeObject) => boolean {
  const read =
    path === 'metadata.name'
      ? (object: KubeObject) => object.metadata.name ?? ''
      : path === 'metadata.namespace' && info.namespaced
        ? (object: KubeObject) => object.metadata.namespace ?? ''
        : info.strategy.fields?.[path]
  if (!read) throw badRequest(unsupported(info, path))
  const wanted = operator === '='
  return (object) => (read(object) === value) === wanted
}

/** Kinds with selectable fields of their own name the label; the others have a general text. */
function unsupported(info: ResourceInfo, path: string): string {
  if (info.strategy.fields === undefined || info.custom)
    return info.custom
      ? `field label not supported: ${path}`
      : `${JSON.stringify(path)} is not a known field selector: only "metadata.name", "metadata.namespace"`
  return `field label not supported: ${path}`
}

/** k8s 1.36: ValidateListOptions. */
export function checkListOptions(options: RequestOptions, watching: boolean): void {
  const { resourceVersion, resourceVersionMatch: match, continue: token, sendInitialEvents } = options
  const errors = []
  const path = 'resourceVersionMatch'
  const known = ['Exact', 'NotOlderThan']
  if (watching) {
    if (match && sendInitialEvents === undefined)
      errors.push(forbidden(path, `${path} is forbidden for watch unless sendInitialEvents is provided`))
    if (sendInitialEvents !== undefined && match !== 'NotOlderThan') {
      errors.push(forbidden(path, `sendInitialEvents requires setting resourceVersionMatch to NotOlderThan`))
      if (match) errors.push(notSupported(path, match, ['NotOlderThan']))
    }
  } else {
    if (sendInitialEvents !== undefined) errors.push(forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'))
    if (match) {
      if (!resourceVersion) errors.push(forbidden(path, `${path} is forbidden unless resourceVersion is provided`))
      if (token) errors.push(forbidden(path, `${path} is forbidden when continue is provided`))
      if (!known.includes(match)) errors.push(notSupported(path, match, [...known, '']))
      if (match === 'Exact' && resourceVersion === '0')
        errors.push(forbidden(path, `${path} "exact" is forbidden for resourceVersion "0"`))
    }
  }
  if (errors.length > 0) throw invalidError({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors)
}

/** A resourceVersion of a request; undefined when it gives none. */
export function readVersion(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined
  if (!/^\d+$/.test(text))
    throw badRequest(
      `invalid resource version: resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
    )
  return Number(text)
}

/** The version is one that the server has not reached. k8s 1.36: storage.NewTooLargeResourceVersionError. */
export function checkReached(version: number | undefined, current: number): void {
  if (version === undefined || version <= current) return
  const { status } = timeout(`Too large resource version: ${version}, current: ${current}`, 1)
  throw new StatusError({
    ...status,
    details: { causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }], retryAfterSeconds: 1 },
  })
}

interface Continue {
  readonly revision: number
  readonly startAfter: string
}

/** Continue tokens are opaque to clients: here the revision and the last key in hexadecimal. */
function writeContinue({ revision, startAfter }: Continue): string {
  const hex = Array.from(startAfter, (char) => char.charCodeAt(0).toString(16).padStart(2, '0'))
  return `${revision}.${hex.join('')}`
}

function readContinue(token: string): Continue {
  const match = /^(\d+)\.((?:[0-9a-f]{2})+)$/.exec(token)
  if (!match) {
    const at = Math.max(0, token.search(/[^A-Za-z0-9_-]/))
    throw badRequest(`invalid continue token: continue key is not valid: illegal base64 data at input byte ${at}`)
  }
  const startAfter = (match[2] ?? '').replace(/../g, (hex) => String.fromCharCode(parseInt(hex, 16)))
  return { revision: Number(match[1]), startAfter }
}

/** Lists objects as they are now, as they were, or page by page. */
export function listObjects(scope: RequestScope): KubeList {
  const { info, registry, request } = scope
  const options = request.options ?? {}
  const filter = filterOf(scope)
  const token = options.continue ? readContinue(options.continue) : undefined
  if (token && options.resourceVersion && options.resourceVersion !== '0')
    throw badRequest('specifying resource version is not allowed when using continue')
  const version = readVersion(options.resourceVersion)
  checkReached(version, registry.etcd.revision)
  const exact =
    version !== undefined &&
    version > 0 &&
    (options.resourceVersionMatch === 'Exact' || (!options.resourceVersionMatch && !!options.limit))
  const revision = token?.revision ?? (exact ? version : registry.etcd.revision)
  const prefix = info.namespaced && request.namespace ? `${request.namespace}/` : ''
  const isPresent = revision >= registry.etcd.revision
  const entries =
    isPresent && filter.indexed && filter.matches
      ? registry
          .watchCache(info)
          .entriesWith(filter.indexed)
          .filter(({ key }) => key.startsWith(prefix))
      : entriesAt(scope, prefix, revision, !!token)
  return pageOf(scope, filter, entries, token, revision)
}

function entriesAt({ info, registry }: RequestScope, prefix: string, revision: number, paging: boolean): readonly KeyValue[] {
  if (revision >= registry.etcd.revision) return registry.etcd.range(info.bucket, prefix)
  if (revision < registry.etcd.compactedRevision)
    throw paging
      ? expired(
          'The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.',
        )
      : expired(`The resourceVersion for the provided list is too old.`)
  return registry.etcd.rangeAt(info.bucket, prefix, revision)
}

function pageOf(
  scope: RequestScope,
  filter: WatchFilter,
  entries: readonly KeyValue[],
  token: Continue | undefined,
  revision: number,
): KubeList {
  const { info, request } = scope
  const limit = Math.max(0, request.options?.limit ?? 0)
  const items: KubeObject[] = []
  const { matches } = filter
  let more: string | undefined
  let seen = 0
  let last = ''
  let skipped = 0
  for (const { key, value } of entries) {
    if (token && key <= token.startAfter) {
      skipped++
      continue
    }
    if (limit > 0 && items.length >= limit) {
      more = last
      break
    }
    seen++
    last = key
    if (!matches || matches(value)) items.push(info.convert ? fromStorage(info, value) : value)
  }
  const left = entries.length - skipped - seen
  return {
    apiVersion: info.apiVersion,
    kind: listKindOf(info),
    metadata: {
      resourceVersion: String(revision),
      ...(more === undefined
        ? {}
        : { continue: writeContinue({ revision, startAfter: more }), ...(matches ? {} : { remainingItemCount: left }) }),
    },
    items,
  }
}
