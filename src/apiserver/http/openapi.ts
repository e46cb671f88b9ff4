import { hashText } from '../../sim/random.ts'
import type { JsonObject } from '../../apimachinery/resource.ts'
import { modelByName } from '../../apimachinery/schema/schema.ts'
import type { Registry } from '../rest/context.ts'
import type { ResourceInfo } from '../resources.ts'
import { groupVersions } from './discovery.ts'
import { schemasOf } from './openapi-schema.ts'
import { FREE_SCHEMAS, META_ROOTS, sharedParameters } from './openapi-shared.ts'
import { respond } from './render.ts'
import type { Query } from './query.ts'
import type { HttpRequest, HttpResponse } from './types.ts'

const INFO = { title: 'Kubernetes', version: 'v1.36.2' }
const ACTIONS: readonly (readonly [method: string, verb: string, action: string])[] = [
  ['get', 'get', 'get'],
  ['put', 'update', 'put'],
  ['post', 'create', 'post'],
  ['patch', 'patch', 'patch'],
  ['delete', 'delete', 'delete'],
]
const WRITE_PARAMETERS = ['dryRun', 'fieldManager', 'fieldValidation'].map((name) => ({
  name,
  in: 'query',
  schema: { type: 'string', uniqueItems: true },
}))

/** GET /openapi/v2, /openapi/v3 and the documents of group versions, made from the models when asked for. */
export function openApi(registry: Registry, path: string, request: HttpRequest, query: Query): HttpResponse | undefined {
  if (path === '/openapi/v2')
    return respond(
      request,
      query,
      200,
      cached(registry, path, () => versionTwo(registry)),
    )
  if (path === '/openapi/v3') return index(registry, request, query)
  if (!path.startsWith('/openapi/v3/')) return undefined
  const document = cached(registry, path, () => groupVersionDocument(registry, path.slice('/openapi/v3/'.length)))
  if (!document) return { kind: 'response', code: 404, headers: {}, body: '' }
  return respond(request, query, 200, document)
}

const caches = new WeakMap<Registry, { generation: number; documents: Map<string, JsonObject | undefined> }>()

function cached(registry: Registry, path: string, make: () => JsonObject | undefined): JsonObject | undefined {
  const { generation } = registry.resources
  let cache = caches.get(registry)
  if (cache?.generation !== generation) caches.set(registry, (cache = { generation, documents: new Map() }))
  if (!cache.documents.has(path)) cache.documents.set(path, make())
  return cache.documents.get(path)
}

const OTHER_DOCUMENTS = ['.well-known/openid-configuration', 'api', 'apis', 'openid/v1/jwks', 'version']
const documentOf = (group: string, version: string) => (group === '' ? `api/${version}` : `apis/${group}/${version}`)

function index(registry: Registry, request: HttpRequest, query: Query): HttpResponse {
  const groups = groupVersions(registry.resources)
  const names = [
    ...OTHER_DOCUMENTS,
    ...groups.flatMap(({ group, versions }) => [
      ...(group === '' ? [] : [`apis/${group}`]),
      ...versions.map((version) => documentOf(group, version)),
    ]),
  ].sort()
  const hash = hashText(`${registry.resources.generation}`).toString(16).toUpperCase()
  const paths = Object.fromEntries(names.map((name) => [name, { serverRelativeURL: `/openapi/v3/${name}?hash=${hash}` }]))
  return respond(request, query, 200, { paths }, 'json', { 'content-type': 'text/plain; charset=utf-8' })
}

function groupVersionDocument(registry: Registry, name: string): JsonObject | undefined {
  if (OTHER_DOCUMENTS.includes(name)) return { openapi: '3.0.0', info: INFO, paths: {}, components: {} }
  const parts = name.split('/')
  const [group, version] = parts[0] === 'api' ? ['', parts[1] ?? ''] : [parts[1] ?? '', parts[2] ?? '']
  const infos = [...registry.resources.all()].filter((info) => info.group === group && info.version === version)
  if (infos.length === 0) return undefined
  return {
    openapi: '3.0.0',
    info: INFO,
    paths: pathsOf(infos),
    components: { schemas: schemasOf({ version: 'v3', resources: registry.resources }, infos, rootsOf(infos)) },
  }
}

/** The models that a document needs: those of its resources, and what every document refers to. */
function rootsOf(infos: readonly ResourceInfo[]) {
  const subresources = infos.flatMap((info) => [...info.subresources.values()].flatMap((s) => (s.model ? [s.model] : [])))
  const own = infos.flatMap((info) => (info.model ? [info.model] : []))
  return ['V1DeleteOptions', 'V1ListMeta', 'V1ObjectMeta', 'V1Status', ...own, ...subresources].map(modelByName)
}

function pathsOf(infos: readonly ResourceInfo[]): JsonObject {
  const paths: { [path: string]: JsonObject } = {}
  for (const info of infos) {
    const root = info.group === '' ? `/api/${info.version}` : `/apis/${info.group}/${info.version}`
    const collection = info.namespaced ? `${root}/namespaces/{namespace}/${info.resource}` : `${root}/${info.resource}`
    const has = (verb: string) => info.verbs.includes(verb)
    if (info.namespaced && has('list')) paths[`${root}/${info.resource}`] = operations(info, { get: 'list' })
    paths[collection] = operations(info, {
      ...(has('list') ? { get: 'list' } : {}),
      ...(has('create') ? { post: 'post' } : {}),
      ...(has('deletecollection') ? { delete: 'deletecollection' } : {}),
    })
    const single = ACTIONS.filter(([method, verb]) => method !== 'post' && has(verb)).map(([method, , action]) => [
      method,
      action,
    ])
    if (single.length > 0) paths[`${collection}/{name}`] = operations(info, Object.fromEntries(single))
    for (const sub of info.subresources.values()) {
      const methods = ACTIONS.filter(([, verb]) => sub.verbs.includes(verb)).map(([method, , action]) => [method, action])
      paths[`${collection}/{name}/${sub.name}`] = operations(info, Object.fromEntries(methods))
      if (sub.name === 'proxy') paths[`${collection}/{name}/proxy/{path}`] = operations(info, Object.fromEntries(methods))
    }
    if (has('watch') && !info.custom) Object.assign(paths, watchPaths(info, root))
  }
  return sorted(paths)
}

const sorted = (object: JsonObject): JsonObject => Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)))

/** The old way to watch, which only built-in resources have. */
function watchPaths(info: ResourceInfo, root: string): JsonObject {
  const all = `${root}/watch/${info.resource}`
  const collection = info.namespaced ? `${root}/watch/namespaces/{namespace}/${info.resource}` : all
  const list = operations(info, { get: 'watchlist' })
  return { [all]: list, [collection]: list, [`${collection}/{name}`]: operations(info, { get: 'watch' }) }
}

/** Discovery of groups and versions, and the answers of the server itself. */
function plainPaths(infos: readonly ResourceInfo[]): JsonObject {
  const roots = infos
    .filter(({ custom }) => !custom)
    .flatMap(({ group, version }) =>
      group === '' ? ['/api/', `/api/${version}/`] : [`/apis/${group}/`, `/apis/${group}/${version}/`],
    )
  const names = ['/.well-known/openid-configuration/', '/apis/', '/openid/v1/jwks/', '/version/', ...roots]
  const get = { get: { responses: { '200': { description: 'OK' } } } }
  return Object.fromEntries(names.map((name) => [name, get]))
}

/** kubectl looks here for a resource's kind, and whether the server validates fields. */
function operations({ group, version, kind }: ResourceInfo, methods: { readonly [method: string]: string }): JsonObject {
  const mark = { group, kind, version }
  return Object.fromEntries(
    Object.entries(methods).map(([method, action]) => [
      method,
      {
        ...(['post', 'put', 'patch'].includes(method) ? { parameters: WRITE_PARAMETERS } : {}),
        responses: { '200': { description: 'OK' } },
        'x-kubernetes-action': action,
        'x-kubernetes-group-version-kind': mark,
      },
    ]),
  )
}

/** The older document for everything at once. */
function versionTwo(registry: Registry): JsonObject {
  const { resources } = registry
  const infos = [...resources.all()]
  return {
    swagger: '2.0',
    info: INFO,
    paths: sorted({ ...pathsOf(infos), ...plainPaths(infos) }),
    definitions: sorted({
      ...FREE_SCHEMAS,
      ...schemasOf({ version: 'v2', resources }, infos, [...rootsOf(infos), ...META_ROOTS.map(modelByName)]),
    }),
    parameters: sharedParameters(),
    securityDefinitions: {
      BearerToken: { description: 'Bearer Token authentication', type: 'apiKey', name: 'authorization', in: 'header' },
    },
    security: [{ BearerToken: [] }],
  }
}
