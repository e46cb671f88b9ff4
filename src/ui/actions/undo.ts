import type { ControllerRevision, Deployment, PodTemplateSpec, ReplicaSet } from '../../apimachinery/generated/types.ts'
import type { JsonObject, KubeObject } from '../../apimachinery/resource.ts'
import type { ApiCall, EngineApi } from '../../worker/protocol.ts'
import type { ObjectRef } from '../state/selection.ts'
import { listPath, objectPath, refusal } from './requests.ts'

const REVISION = 'deployment.kubernetes.io/revision'
const HASH_LABEL = 'pod-template-hash'
/** Kept from the Deployment; every other annotation comes from the ReplicaSet. */
const KEPT_ANNOTATIONS: readonly string[] = [
  'kubectl.kubernetes.io/last-applied-configuration',
  REVISION,
  'deployment.kubernetes.io/revision-history',
  'deployment.kubernetes.io/desired-replicas',
  'deployment.kubernetes.io/max-replicas',
  'deprecated.deployment.rollback.revision/to' /* never set by servers of today */,
]

/** Either the request that undoes the rollout, or why there is none, in kubectl's words. */
export type UndoPlan = { readonly call: ApiCall } | { readonly refused: string }

/** k8s 1.36: kubectl rollout undo, DeploymentRollbacker without --to-revision. */
export function planDeploymentUndo(ref: ObjectRef, deployment: Deployment, replicaSets: readonly ReplicaSet[]): UndoPlan {
  const history = replicaSets
    .filter((set) => isControlledBy(set, deployment))
    .map((set) => ({ set, revision: Number(set.metadata?.annotations?.[REVISION] ?? NaN) }))
    .filter(({ revision }) => Number.isFinite(revision))
    .toSorted((a, b) => b.revision - a.revision)
  const previous = history[1]?.set
  if (previous === undefined) return { refused: `error: no rollout history found for deployment "${ref.name}"` }
  if (deployment.spec?.paused) {
    return {
      refused: "error: you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again",
    }
  }
  const template = withoutHash(previous.spec?.template)
  if (sameJson(template, withoutHash(deployment.spec?.template))) {
    return { refused: `deployment.apps/${ref.name} skipped rollback (current template already matches revision 0)` }
  }
  const body = [
    { op: 'replace', path: '/spec/template', value: template },
    { op: 'replace', path: '/metadata/annotations', value: annotationsAfter(deployment, previous) },
  ]
  return { call: { method: 'PATCH', path: objectPath(ref), contentType: 'application/json-patch+json', body } }
}

/**
 * k8s 1.36: kubectl rollout undo, StatefulSetRollbacker and DaemonSetRollbacker: the stored revision is itself the patch.
 * SIMPLIFIED: kubectl skips a patch that would change nothing; here it is sent, and changes nothing.
 */
export function planRevisionUndo(ref: ObjectRef, owner: KubeObject, revisions: readonly ControllerRevision[]): UndoPlan {
  const history = revisions.filter((item) => isControlledBy(item, owner)).toSorted((a, b) => b.revision - a.revision)
  const previous = history[1]
  if (previous === undefined) return { refused: 'error: no last revision to roll back to' }
  const contentType = 'application/strategic-merge-patch+json'
  return { call: { method: 'PATCH', path: objectPath(ref), contentType, body: previous.data } }
}

/** Reads what the plan needs from the API server. */
export async function planUndo(api: Pick<EngineApi, 'call'>, ref: ObjectRef): Promise<UndoPlan> {
  const resource = ref.kind === 'Deployment' ? 'replicasets' : 'controllerrevisions'
  const owned = { group: 'apps', version: 'v1', resource, namespace: ref.namespace }
  const [owner, list] = await Promise.all([
    api.call({ method: 'GET', path: objectPath(ref) }),
    api.call({ method: 'GET', path: listPath(owned) }),
  ])
  const refused = refusal(owner) ?? refusal(list)
  if (refused !== null) return { refused }
  const items = itemsOf(list.body)
  if (ref.kind === 'Deployment')
    return planDeploymentUndo(ref, owner.body as unknown as Deployment, items as readonly ReplicaSet[])
  return planRevisionUndo(ref, owner.body as unknown as KubeObject, items as readonly ControllerRevision[])
}

function itemsOf(body: JsonObject): readonly unknown[] {
  return Array.isArray(body['items']) ? body['items'] : []
}

function isControlledBy(object: Pick<Partial<KubeObject>, 'metadata'>, owner: Pick<Partial<KubeObject>, 'metadata'>): boolean {
  return object.metadata?.ownerReferences?.some((ref) => ref.controller === true && ref.uid === owner.metadata?.uid) ?? false
}

function withoutHash(template: PodTemplateSpec | undefined): PodTemplateSpec | undefined {
  if (template?.metadata?.labels === undefined) return template
  const { [HASH_LABEL]: _hash, ...labels } = template.metadata.labels
  return { ...template, metadata: { ...template.metadata, labels } }
}

function annotationsAfter(deployment: Deployment, set: ReplicaSet): { readonly [key: string]: string } {
  const kept = Object.entries(deployment.metadata?.annotations ?? {}).filter(([key]) => KEPT_ANNOTATIONS.includes(key))
  const taken = Object.entries(set.metadata?.annotations ?? {}).filter(([key]) => !KEPT_ANNOTATIONS.includes(key))
  return Object.fromEntries([...kept, ...taken])
}

/** Equal as JSON, whatever the order of keys. */
function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const left = Object.entries(a).filter(([, value]) => value !== undefined)
  const right = new Map(Object.entries(b).filter(([, value]) => value !== undefined))
  return left.length === right.size && left.every(([key, value]) => right.has(key) && sameJson(value, right.get(key)))
}
