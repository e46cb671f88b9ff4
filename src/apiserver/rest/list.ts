import { badRequest, expired } from '../../apimachinery/errors.ts'
import { parseFieldSelector, type FieldRequirement } from '../../apimachinery/fields.ts'
import { parseSelector, requirementsMatch } from '../../apimachinery/selectors.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import type { KubeList, WatchEvent, WatchHandle, WatchSink } from '../api.ts'
import type { ResourceInfo } from '../resources.ts'
import { eventFor, type WatchFilter } from '../watch.ts'
import type { RequestScope } from './context.ts'

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
    const selector = parseSelector(options.labelSelector)
    tests.push((object) => requirementsMatch(selector, object.metadata.labels))
  }
  const fields = options.fieldSelector ? parseFieldSelector(options.fieldSelector) : []
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

function fieldTest(info: ResourceInfo, { field: path, value, operator }: FieldRequirement): (object: KubeObject) => boolean {
  const read =
    path === 'metadata.name'
      ? (object: KubeObject) => object.metadata.name ?? ''
      : path === 'metadata.namespace'
        ? (object: KubeObject) => object.metadata.namespace ?? ''
        : info.strategy.fields?.[path]
  if (!read) throw badRequest(`field label not supported: ${path}`)
  const wanted = operator === '='
  return (object) => (read(object) === value) === wanted
}

/** Lists objects as they are now. */
export function listObjects(scope: RequestScope): KubeList {
  const { info, registry, request } = scope
  const filter = filterOf(scope)
  const entries = registry.etcd.range(info.bucket, info.namespaced && request.namespace ? `${request.namespace}/` : '')
  const items: KubeObject[] = []
  for (const { value } of entries) if (!filter.matches || filter.matches(value)) items.push(value)
  return {
    apiVersion: info.apiVersion,
    kind: `${info.kind}List`,
    metadata: { resourceVersion: String(registry.etcd.revision) },
    items,
  }
}

/** Starts a watch from the requested resourceVersion; without one (or with '0') the present objects come first as ADDED. */
export function watchObjects(scope: RequestScope, sink: WatchSink): WatchHandle {
  const { info, registry, request } = scope
  const filter = filterOf(scope)
  const version = request.options?.resourceVersion
  const initial: WatchEvent[] = []
  if (version === undefined || version === '' || version === '0') {
    for (const item of listObjects(scope).items)
      initial.push({ type: 'ADDED', object: item, revision: Number(item.metadata.resourceVersion) })
  } else {
    const since = Number(version)
    if (!Number.isInteger(since) || since < 0)
      throw badRequest(`Invalid value: "${version}": strconv.ParseUint: parsing "${version}": invalid syntax`)
    if (since < registry.etcd.compactedRevision)
      throw expired(`too old resource version: ${since} (${registry.etcd.compactedRevision})`)
    for (const change of registry.etcd.changesSince(since, info.bucket)) {
      const event = eventFor(filter, change)
      if (event) initial.push(event)
    }
  }
  return registry.watchCache(info).add(filter, initial, sink)
}
