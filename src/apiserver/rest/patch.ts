import { badRequest } from '../../apimachinery/errors.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import type { RequestScope } from './context.ts'
import { updateObject } from './update.ts'

/** Applies the request's patch to the present object and stores the result as an update. */
export function patchObject(scope: RequestScope): KubeObject {
  return updateObject(scope, (current) => {
    const patched = mergeInto(current, scope.request.body) as KubeObject
    return scope.info.strategy.defaults?.(patched) ?? patched
  })
}

function mergeInto(current: unknown, patch: unknown): unknown {
  if (patch === undefined) throw badRequest('the body of the request was empty')
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch
  const out: Record<string, unknown> = { ...(current as object | undefined) }
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete out[key]
    else out[key] = mergeInto(out[key], value)
  }
  return out
}
