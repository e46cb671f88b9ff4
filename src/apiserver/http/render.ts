import { dump, YAML11_SCHEMA } from 'js-yaml'
import { StatusError, notAcceptable } from '../../apimachinery/errors.ts'
import type { JsonObject, KubeObject } from '../../apimachinery/resource.ts'
import { normalize } from '../../apimachinery/schema/decode.ts'
import type { KubeList } from '../api.ts'
import type { Registry } from '../rest/context.ts'
import { listKindOf, type ResourceInfo } from '../resources.ts'
import type { Wanted } from './negotiate.ts'
import { includeObject, partialObject, tableOf } from './table.ts'
import type { Query } from './query.ts'
import { headerOf, type HttpRequest, type HttpResponse } from './types.ts'

export function isList(content: unknown): content is KubeList {
  return typeof content === 'object' && content !== null && 'items' in content && Array.isArray(content.items)
}

const shownVersions = new WeakMap<KubeObject, KubeObject>()

/**
 * A stored object as the world sees it: with managedFields, and with the zeros that Go writes, which in-process
 * writers leave out.
 */
export function outside(registry: Registry, info: ResourceInfo, object: KubeObject): KubeObject {
  const known = shownVersions.get(object)
  if (known) return known
  const plain =
    info.custom || !info.model ? object : (normalize(info.model, object as unknown as JsonObject) as unknown as KubeObject)
  const entries = registry.managed.entriesOf(object)
  const { apiVersion, kind, metadata, ...rest } = plain
  const shown = {
    kind,
    apiVersion,
    metadata: entries ? { ...metadata, managedFields: entries } : metadata,
    ...rest,
  } as KubeObject
  shownVersions.set(object, shown)
  return shown
}

function outsideList(registry: Registry, info: ResourceInfo, list: KubeList): KubeList {
  const items = list.items.map((item) => outside(registry, info, item))
  if (info.custom) return { ...list, items }
  // Items of built-in lists don't repeat their kind.
  return { ...list, items: items.map(({ kind: _, apiVersion: __, ...rest }) => rest as KubeObject) }
}

/** Objects and lists in the shape that was asked for. Status answers stay as they are. */
export function shaped(
  registry: Registry,
  info: ResourceInfo,
  content: KubeObject | KubeList | JsonObject,
  wanted: Wanted,
  query: Query,
): JsonObject {
  if (isStatus(content)) return content as JsonObject
  if (wanted.as === '') return transformNothing(registry, info, content as KubeObject | KubeList)
  if (wanted.as === 'Table') {
    const include = includeObject(query.get('includeObject'))
    const full = isList(content)
      ? { ...content, items: content.items.map((item) => outside(registry, info, item)) }
      : outside(registry, info, content as KubeObject)
    return tableOf(info, full, include, registry.sim.now, wanted.version)
  }
  return partial(registry, info, content as KubeObject | KubeList, wanted)
}

function transformNothing(registry: Registry, info: ResourceInfo, content: KubeObject | KubeList): JsonObject {
  return (isList(content) ? outsideList(registry, info, content) : outside(registry, info, content)) as unknown as JsonObject
}

function partial(registry: Registry, info: ResourceInfo, content: KubeObject | KubeList, wanted: Wanted): JsonObject {
  const goType = `*${goPackage(info)}.${isList(content) ? listKindOf(info) : info.kind}`
  if (wanted.as === 'PartialObjectMetadataList') {
    if (!isList(content))
      throw notAcceptable(`you requested PartialObjectMetadataList, but the requested object is not a list (${goType})`)
    const items = content.items.map((item) => partialObject(outside(registry, info, item), wanted.version))
    // A list of nothing is null in this shape.
    const shown = items.length > 0 ? items : null
    return {
      kind: 'PartialObjectMetadataList',
      apiVersion: `meta.k8s.io/${wanted.version}`,
      metadata: content.metadata,
      items: shown,
    }
  }
  if (isList(content)) throw notAcceptable(`you requested PartialObjectMetadata, but the requested object is a list (${goType})`)
  return partialObject(outside(registry, info, content), wanted.version)
}

const goPackage = (info: ResourceInfo) =>
  info.custom ? 'unstructured' : info.group === '' ? 'core' : (info.group.split('.', 1)[0] ?? '')

export function isStatus(content: unknown): boolean {
  return (content as { kind?: unknown }).kind === 'Status'
}

/** An answer as JSON or YAML text. */
export function respond(
  request: HttpRequest,
  query: Query,
  code: number,
  content: unknown,
  media: Wanted['media'] = 'json',
  headers: HttpResponse['headers'] = {},
): HttpResponse {
  const type = media === 'yaml' ? 'application/yaml' : 'application/json'
  const text =
    media === 'yaml' ? yamlText(content) : `${JSON.stringify(content, null, isPretty(request, query) ? 2 : undefined)}\n`
  const body = request.method === 'HEAD' ? '' : text
  return { kind: 'response', code, headers: { 'content-type': type, ...headers }, body }
}

function yamlText(content: unknown): string {
  return dump(content, { schema: YAML11_SCHEMA, seqNoIndent: true, quoteStyle: 'double', lineWidth: -1, sortKeys: true })
}

/** k8s 1.36: isPrettyPrint: by parameter, or for people at a terminal or browser. */
function isPretty(request: HttpRequest, query: Query): boolean {
  const asked = query.flag('pretty')
  if (asked !== undefined) return asked
  return /^(curl|Wget|Mozilla)\//.test(headerOf(request.headers, 'user-agent') ?? '')
}

/** A refusal as Status. What is no StatusError is a server error without reason. */
export function respondError(request: HttpRequest, query: Query, error: unknown): HttpResponse {
  const known = error instanceof StatusError ? error : undefined
  if (!known) throw error
  const retry = known.status.details?.retryAfterSeconds
  const headers: Record<string, string> = {}
  if (retry) headers['retry-after'] = String(retry)
  return respond(request, query, known.code, known.status, 'json', headers)
}

/** RFC 7234 warnings of the API server. */
export function warningHeaders(warnings: readonly string[]): { readonly [name: string]: readonly string[] } {
  const texts = [...new Set(warnings)].map((text) => `299 - "${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`)
  return texts.length > 0 ? { warning: texts } : {}
}
