import { StatusError, badRequest, forbidden, isConflict, tooManyRequests, unclassified } from '../../apimachinery/errors.ts'
import type { Condition, Pod, PodDisruptionBudget, PodDisruptionBudgetStatus } from '../../apimachinery/generated/types.ts'
import type { JsonObject, KubeObject } from '../../apimachinery/resource.ts'
import { compileSelector } from '../../apimachinery/selectors.ts'
import { formatTime } from '../../sim/time.ts'
import type { DeleteOptions, UserInfo } from '../api.ts'
import { SUCCESS, withCondition } from './binding.ts'
import type { RequestScope } from './context.ts'
import { deleteEntry } from './delete.ts'
import { currentEntry, updateObject } from './update.ts'
import { admit, bodyObject, validateAdmission } from './write.ts'

/** A budget that has this many unconfirmed evictions allows no more. k8s 1.36: MaxDisruptedPodSize. */
const MAX_DISRUPTED_PODS = 2000
const SERVER: UserInfo = { name: 'system:apiserver', groups: ['system:masters'] }

interface Eviction extends KubeObject {
  readonly deleteOptions?: DeleteOptions & { readonly dryRun?: readonly string[] }
}

/** POST pods/NAME/eviction: deletes the pod if its disruption budget allows. k8s 1.36: core/pod/storage EvictionREST. */
export function evictPod(scope: RequestScope): JsonObject {
  const { request } = scope
  const given = bodyObject(scope) as Eviction
  const eviction = (admit(scope, 'CREATE', given, undefined) ?? given) as Eviction
  if (eviction.metadata?.name !== request.name) throw badRequest('name in URL does not match name in Eviction object')
  validateAdmission(scope, 'CREATE', eviction, undefined)
  const options = eviction.deleteOptions ?? {}
  const dryRun = request.options?.dryRun === true || (options.dryRun?.includes('All') ?? false)
  const podScope: RequestScope = {
    ...scope,
    request: { ...request, subresource: undefined, verb: 'delete', options: { ...request.options, dryRun } },
  }
  const pod = currentEntry(podScope).value as Pod
  if (ignoresBudgets(pod)) {
    const enforce = needsSameVersion(pod) && options.preconditions?.resourceVersion === undefined
    removePod(podScope, enforce ? samePod(options, pod) : options, dryRun)
    return SUCCESS
  }
  const budgets = budgetsOf(scope, pod)
  if (budgets.length > 1)
    throw unclassified('This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.')
  const budget = budgets[0]
  const unready = budget !== undefined && mayGoUnready(pod, budget)
  if (budget && !unready) takeFromBudget(scope, pod, budget, dryRun)
  try {
    removePod(podScope, unready ? samePod(options, pod) : options, dryRun)
  } catch (error) {
    if (isConflict(error) && unready && options.preconditions?.resourceVersion === undefined) throw stillProcessing(budget)
    throw error
  }
  return SUCCESS
}

function ignoresBudgets({ status, metadata }: Pod): boolean {
  return ['Succeeded', 'Failed', 'Pending'].includes(status?.phase ?? '') || metadata.deletionTimestamp !== undefined
}

function needsSameVersion({ status, metadata }: Pod): boolean {
  return status?.phase !== 'Succeeded' && status?.phase !== 'Failed' && metadata.deletionTimestamp === undefined
}

function samePod(options: DeleteOptions, pod: Pod): DeleteOptions {
  return { ...options, preconditions: { ...options.preconditions, resourceVersion: pod.metadata.resourceVersion } }
}

function budgetsOf(scope: RequestScope, pod: Pod): PodDisruptionBudget[] {
  const { namespace = '', labels } = pod.metadata
  return scope.registry.etcd
    .range('poddisruptionbudgets.policy', `${namespace}/`)
    .map(({ value }) => value as PodDisruptionBudget)
    .filter(({ spec }) => spec?.selector !== undefined && compileSelector(spec.selector)(labels))
}

/** A pod that is not ready may go when the budget is met anyway, or when the budget always allows it. */
function mayGoUnready(pod: Pod, { spec, status }: PodDisruptionBudget): boolean {
  if (pod.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True')) return false
  if (spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {}
  return currentHealthy >= desiredHealthy && desiredHealthy > 0
}

function violates(message: string, retryAfterSeconds = 0): StatusError {
  const error = tooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", retryAfterSeconds)
  return new StatusError({
    ...error.status,
    details: { causes: [{ reason: 'DisruptionBudget', message }], ...(retryAfterSeconds ? { retryAfterSeconds } : {}) },
  })
}

function stillProcessing(budget: PodDisruptionBudget): StatusError {
  return violates(`The disruption budget ${budget.metadata.name ?? ''} is still being processed by the server.`, 10)
}

/** k8s 1.36: EvictionREST.checkAndDecrement. */
function takeFromBudget(scope: RequestScope, pod: Pod, budget: PodDisruptionBudget, dryRun: boolean): void {
  const { name = '', generation = 0 } = budget.metadata
  const status = budget.status
  const allowed = status?.disruptionsAllowed ?? 0
  const of = { group: 'policy', resource: 'poddisruptionbudget' }
  if ((status?.observedGeneration ?? 0) < generation) throw stillProcessing(budget)
  if (allowed < 0) throw forbidden(of, name, 'pdb disruptions allowed is negative')
  if (Object.keys(status?.disruptedPods ?? {}).length > MAX_DISRUPTED_PODS)
    throw forbidden(of, name, 'DisruptedPods map too big - too many evictions not confirmed by PDB controller')
  if (allowed === 0) throw violates(whyNot(name, status))
  if (dryRun || !status) return
  const now = formatTime(scope.registry.sim.now)
  const left = allowed - 1
  scope.registry.handle({
    verb: 'update',
    user: SERVER,
    userAgent: 'kube-apiserver',
    group: 'policy',
    version: 'v1',
    resource: 'poddisruptionbudgets',
    subresource: 'status',
    namespace: budget.metadata.namespace,
    name,
    body: {
      ...budget,
      status: {
        ...status,
        disruptionsAllowed: left,
        disruptedPods: { ...status.disruptedPods, [pod.metadata.name ?? '']: now },
        ...(left === 0 ? { conditions: insufficient(status, now) } : {}),
      },
    },
  })
}

function insufficient(status: PodDisruptionBudgetStatus, now: string): readonly Condition[] {
  const before = status.conditions?.find((c) => c.type === 'DisruptionAllowed')
  const fresh: Condition = {
    type: 'DisruptionAllowed',
    status: 'False',
    reason: 'InsufficientPods',
    message: '',
    observedGeneration: status.observedGeneration,
    lastTransitionTime: before?.status === 'False' ? before.lastTransitionTime : now,
  }
  return before ? (status.conditions ?? []).map((c) => (c === before ? fresh : c)) : [...(status.conditions ?? []), fresh]
}

function whyNot(name: string, status: PodDisruptionBudgetStatus | undefined): string {
  const condition = status?.conditions?.find((c) => c.type === 'DisruptionAllowed' && c.status === 'False' && c.message !== '')
  if (condition?.reason === 'SyncFailed')
    return `The disruption budget ${name} does not allow evicting pods currently because it failed sync: ${condition.message}`
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {}
  if (currentHealthy <= desiredHealthy)
    return `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`
  if (condition)
    return `The disruption budget ${name} does not allow evicting pods currently (${condition.reason}): ${condition.message}`
  return `The disruption budget ${name} does not allow evicting pods currently`
}

/** Marks the pod as disrupted and deletes it. */
function removePod(scope: RequestScope, options: DeleteOptions, dryRun: boolean): void {
  let preconditions = options.preconditions
  if (!dryRun) {
    const marked = updateObject({ ...scope, request: { ...scope.request, verb: 'update', subresource: 'status' } }, (pod) => {
      checkSame(pod, preconditions)
      return markDisrupted(scope, pod as Pod)
    })
    if (preconditions?.resourceVersion !== undefined)
      preconditions = { ...preconditions, resourceVersion: marked.metadata.resourceVersion }
  }
  deleteEntry(scope, currentEntry(scope), { ...options, preconditions })
}

function checkSame(pod: KubeObject, preconditions: DeleteOptions['preconditions']): void {
  const { name = '', uid = '', resourceVersion = '' } = pod.metadata
  const refuse = (what: string, asked: string, recorded: string, maybe: string) =>
    new StatusError({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      reason: 'Conflict',
      code: 409,
      details: { name, kind: 'Pod' },
      message: `Operation cannot be fulfilled on Pod "${name}": the ${what} in the precondition (${asked}) does not match the ${what} in record (${recorded}). The object might have been ${maybe}`,
    })
  if (preconditions?.uid && preconditions.uid !== uid) throw refuse('UID', preconditions.uid, uid, 'deleted and then recreated')
  if (preconditions?.resourceVersion && preconditions.resourceVersion !== resourceVersion)
    throw refuse('ResourceVersion', preconditions.resourceVersion, resourceVersion, 'modified')
}

function markDisrupted(scope: RequestScope, pod: Pod): Pod {
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
  }
  return {
    ...pod,
    metadata: { ...pod.metadata, resourceVersion: undefined },
    status: { ...pod.status, conditions: withCondition(pod.status?.conditions, condition, scope.registry.sim.now) },
  }
}
