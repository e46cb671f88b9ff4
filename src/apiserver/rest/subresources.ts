import { notFound } from '../../apimachinery/errors.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import type { RequestScope } from './context.ts'

/** Runs a subresource other than status. */
export type SubresourceHandler = (scope: RequestScope) => KubeObject

const HANDLERS: { readonly [key: string]: SubresourceHandler } = {}

export function runSubresource(scope: RequestScope): KubeObject {
  const { info, request } = scope
  const handler = HANDLERS[`${info.bucket}/${request.subresource ?? ''}`]
  if (!handler) throw notFound(info, request.name ?? '')
  return handler(scope)
}
