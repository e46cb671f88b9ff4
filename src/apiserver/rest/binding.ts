import { StatusError, badRequest, conflict, unclassified } from '../../apimachinery/errors.ts'
import { aggregate, required, type FieldError } from '../../apimachinery/field-errors.ts'
import type { Binding, Pod, PodCondition } from '../../apimachinery/generated/types.ts'
import type { JsonObject } from '../../apimachinery/resource.ts'
import { formatTime } from '../../sim/time.ts'
import type { RequestScope } from './context.ts'
import { currentEntry } from './update.ts'
import { admit, bodyObject, store, validateAdmission } from './write.ts'

export const SUCCESS: JsonObject = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }

/** POST pods/NAME/binding: gives the pod its node. k8s 1.36: core/pod/storage BindingREST. */
export function bindPod(scope: RequestScope): JsonObject {
  const { request } = scope
  const given = bodyObject(scope) as Binding
  const name = given.metadata?.name ?? ''
  if (request.subresource && name !== request.name) throw badRequest('name in URL does not match name in Binding object')
  const binding = (admit(scope, 'CREATE', given, undefined) ?? given) as Binding
  const errors = bindingErrors(binding)
  if (errors.length > 0) throw unclassified(aggregate(errors))
  validateAdmission(scope, 'CREATE', binding, undefined)
  const podScope = request.subresource ? scope : { ...scope, info: podsOf(scope), request: { ...request, name } }
  assign(podScope, binding)
  return SUCCESS
}

function podsOf(scope: RequestScope) {
  const pods = scope.registry.resources.find('', 'v1', 'pods')
  return pods ?? scope.info
}

/** k8s 1.36: ValidatePodBinding. */
function bindingErrors({ target }: Binding): FieldError[] {
  const errors: FieldError[] = []
  if (target?.kind && target.kind !== 'Node') {
    const message = 'Unsupported value: ' + JSON.stringify(target.kind) + ': supported values: "Node", "<empty>"'
    errors.push({ type: 'NotSupported', field: 'target.kind', message })
  }
  if (!target?.name) errors.push(required('target.name'))
  return errors
}

function assign(scope: RequestScope, binding: Binding): void {
  const entry = currentEntry(scope)
  const pod = entry.value as Pod
  const { uid, resourceVersion, annotations, labels } = binding.metadata
  const { name = '' } = pod.metadata
  const refuse = (why: string): StatusError => conflict({ group: '', resource: 'pods/binding' }, name, why)
  if (uid && uid !== pod.metadata.uid)
    throw conflict(
      scope.info,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${pod.metadata.uid ?? ''}`,
    )
  if (resourceVersion && resourceVersion !== pod.metadata.resourceVersion)
    throw conflict(
      scope.info,
      name,
      `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${pod.metadata.resourceVersion ?? ''}`,
    )
  if (pod.metadata.deletionTimestamp) throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`)
  if (pod.spec?.nodeName) throw refuse(`pod ${name} is already assigned to node ${JSON.stringify(pod.spec.nodeName)}`)
  if (pod.spec?.schedulingGates?.length) throw refuse(`pod ${name} has non-empty .spec.schedulingGates`)
  const { nominatedNodeName: _, ...status } = pod.status ?? {}
  const bound: Pod = {
    ...pod,
    metadata: {
      ...pod.metadata,
      ...(annotations ? { annotations: { ...pod.metadata.annotations, ...annotations } } : {}),
      ...(labels ? { labels: { ...pod.metadata.labels, ...labels } } : {}),
    },
    spec: { ...pod.spec, containers: pod.spec?.containers ?? [], nodeName: binding.target.name ?? '' },
    status: {
      ...status,
      conditions: withCondition(status.conditions, { type: 'PodScheduled', status: 'True' }, scope.registry.sim.now),
    },
  }
  // The binding changes the pod in place: it leaves no trace in managedFields.
  store(scope, bound, entry.modRevision, pod, 'unseen')
}

/** Sets a pod condition; its transition time moves only when the status changes. k8s 1.36: podutil.UpdatePodCondition. */
export function withCondition(
  conditions: readonly PodCondition[] | undefined,
  condition: PodCondition,
  nowMs: number,
): readonly PodCondition[] {
  const before = conditions?.find((c) => c.type === condition.type)
  const lastTransitionTime = before && before.status === condition.status ? before.lastTransitionTime : formatTime(nowMs)
  const fresh: PodCondition = { lastProbeTime: null as unknown as string, ...condition, lastTransitionTime }
  if (!before) return [...(conditions ?? []), fresh]
  return (conditions ?? []).map((c) => (c === before ? fresh : c))
}
