import type { Verb } from '../api.ts'

/** What a URL path names. k8s 1.36: RequestInfoFactory.NewRequestInfo. */
export interface ResourcePath {
  readonly group: string
  readonly version: string
  readonly namespace: string
  readonly resource: string
  readonly name: string
  readonly subresource: string
  /** What follows the subresource (proxy paths), with a leading '/'; '' when nothing does. */
  readonly rest: string
  /** True for the old /watch/ paths. */
  readonly watchPath: boolean
}

const NAMESPACE_SUBRESOURCES = ['status', 'finalize']

/** Reads '/api/v1/...' and '/apis/GROUP/VERSION/...'; undefined for paths that name no resource. */
export function parseResourcePath(path: string): ResourcePath | undefined {
  const parts = path.split('/').filter((part) => part !== '')
  const core = parts[0] === 'api'
  if (!core && parts[0] !== 'apis') return undefined
  if (parts.length < (core ? 3 : 4)) return undefined
  const group = core ? '' : decode(parts[1])
  const version = decode(parts[core ? 1 : 2])
  let rest = parts.slice(core ? 2 : 3).map(decode)
  const watchPath = rest[0] === 'watch' && rest.length > 1
  if (watchPath) rest = rest.slice(1)
  let namespace = ''
  if (rest[0] === 'namespaces' && rest.length > 1) {
    namespace = rest[1] ?? ''
    if (rest.length > 2 && !NAMESPACE_SUBRESOURCES.includes(rest[2] ?? '')) rest = rest.slice(2)
  }
  const [resource = '', name = '', subresource = '', ...more] = rest
  const inNamespaces = resource === 'namespaces' && namespace === name
  const slash = path.endsWith('/') && more.length > 0 ? '/' : ''
  return {
    group,
    version,
    namespace: inNamespaces ? '' : namespace,
    resource,
    name,
    subresource,
    rest: more.length > 0 ? `/${more.join('/')}${slash}` : '',
    watchPath,
  }
}

function decode(part: string | undefined): string {
  try {
    return decodeURIComponent(part ?? '')
  } catch {
    return part ?? ''
  }
}

/** The API verb of an HTTP method; undefined when there is none. */
export function verbOf(method: string, path: ResourcePath, watching: boolean): Verb | undefined {
  const named = path.name !== ''
  switch (method) {
    case 'GET':
      return path.watchPath || (watching && !named) ? 'watch' : named ? 'get' : 'list'
    case 'POST':
      return 'create'
    case 'PUT':
      return 'update'
    case 'PATCH':
      return 'patch'
    case 'DELETE':
      return named ? 'delete' : 'deletecollection'
    default:
      return undefined
  }
}
