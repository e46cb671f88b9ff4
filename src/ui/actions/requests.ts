import type { ApiCall, ApiReply } from '../../worker/protocol.ts'
import type { ObjectRef } from '../state/selection.ts'

type ObjectPlace = Pick<ObjectRef, 'group' | 'version' | 'resource' | 'namespace'>

/** '/apis/apps/v1/namespaces/default/deployments/web/scale' */
export function objectPath(ref: ObjectPlace & { readonly name: string }, subresource?: string): string {
  return `${listPath(ref)}/${encodeURIComponent(ref.name)}${subresource === undefined ? '' : `/${subresource}`}`
}

export function listPath({ group, version, resource, namespace }: ObjectPlace): string {
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
  return `${root}${namespace === '' ? '' : `/namespaces/${encodeURIComponent(namespace)}`}/${resource}`
}

export function scaleCall(ref: ObjectRef, replicas: number): ApiCall {
  return {
    method: 'PATCH',
    path: objectPath(ref, 'scale'),
    contentType: 'application/merge-patch+json',
    body: { spec: { replicas } },
  }
}

/** k8s 1.36: kubectl rollout restart, ObjectRestarter. `nowMs` is the cluster's clock, not the page's. */
export function restartCall(ref: ObjectRef, nowMs: number): ApiCall {
  const restartedAt = new Date(nowMs).toISOString().replace(/\.\d+Z$/, 'Z')
  return strategicPatch(ref, {
    spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': restartedAt } } } },
  })
}

/** Takes a field away rather than writing false, as kubectl uncordon does. */
export function cordonCall(ref: ObjectRef, unschedulable: boolean): ApiCall {
  return strategicPatch(ref, { spec: { unschedulable: unschedulable ? true : null } })
}

/** kubectl deletes in the background: dependents are collected after the owner has gone. */
export function deleteCall(ref: ObjectRef): ApiCall {
  return {
    method: 'DELETE',
    path: objectPath(ref),
    body: { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background' },
  }
}

export function evictCall(namespace: string, name: string): ApiCall {
  const pod = { group: '', version: 'v1', resource: 'pods', namespace, name }
  const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { namespace, name } }
  return { method: 'POST', path: objectPath(pod, 'eviction'), body }
}

function strategicPatch(ref: ObjectRef, body: unknown): ApiCall {
  return { method: 'PATCH', path: objectPath(ref), contentType: 'application/strategic-merge-patch+json', body }
}

/** The server's refusal as kubectl words it, or null when the request was granted. Plain text. */
export function refusal(reply: ApiReply): string | null {
  if (reply.code < 400) return null
  const { message, reason } = reply.body
  const text = typeof message === 'string' && message !== '' ? message : `the server answered ${reply.code}`
  return `Error from server${typeof reason === 'string' && reason !== '' ? ` (${reason})` : ''}: ${text}`
}
