import type { Registry } from '../rest/context.ts'
import type { Query } from './query.ts'
import type { HttpRequest, HttpResponse } from './types.ts'

/** GET /openapi/...: filled in with the schemas. */
export function openApi(_registry: Registry, _path: string, _request: HttpRequest, _query: Query): HttpResponse | undefined {
  return undefined
}
