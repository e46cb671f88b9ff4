import { methodNotAllowed, pathNotFound } from '../../apimachinery/errors.ts'
import type { JsonObject, KubeObject } from '../../apimachinery/resource.ts'
import { approveRequest } from './approval.ts'
import { bindPod } from './binding.ts'
import type { RequestScope } from './context.ts'
import { evictPod } from './eviction.ts'
import { writeEphemeralContainers, writeFinalizers, writeResize } from './parts.ts'
import { readScale, writeScale } from './scale.ts'
import { createToken } from './token.ts'
import { currentEntry } from './update.ts'

/** What a subresource answered. */
export interface SubresourceAnswer {
  readonly code: number
  readonly object: KubeObject | JsonObject
}

type Handler = (scope: RequestScope) => KubeObject | JsonObject
type Verbs = { readonly [verb: string]: Handler }

const readWhole: Handler = (scope) => currentEntry(scope).value
const part = (write: Handler): Verbs => ({ get: readWhole, update: write, patch: write })
const SCALE: Verbs = { get: readScale, update: writeScale, patch: writeScale }

const HANDLERS: { readonly [key: string]: Verbs } = {
  'pods/binding': { create: bindPod },
  'pods/eviction': { create: evictPod },
  'pods/ephemeralcontainers': part(writeEphemeralContainers),
  'pods/resize': part(writeResize),
  'namespaces/finalize': { update: writeFinalizers },
  'serviceaccounts/token': { create: createToken },
  'certificatesigningrequests.certificates.k8s.io/approval': part(approveRequest),
}

/** Runs a subresource other than status; log, exec and the like go through connect. */
export function runSubresource(scope: RequestScope): SubresourceAnswer {
  const { info, request } = scope
  const name = request.subresource ?? ''
  if (!info.subresources.has(name)) throw pathNotFound()
  const verbs = name === 'scale' ? SCALE : HANDLERS[`${info.bucket}/${name}`]
  if (!verbs) throw pathNotFound()
  const handler = verbs[request.verb]
  if (!handler) throw methodNotAllowed()
  const object = handler(scope)
  return { code: request.verb === 'create' ? 201 : 200, object }
}
