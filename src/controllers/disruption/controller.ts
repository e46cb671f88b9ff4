import { isConflict, isNotFound, StatusError } from '../../apimachinery/errors.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import {
  deployments,
  poddisruptionbudgets,
  pods,
  replicasets,
  replicationcontrollers,
  statefulsets,
} from '../../apimachinery/generated/resources.ts'
import type {
  OwnerReference,
  Pod,
  PodCondition,
  PodDisruptionBudget,
  PodDisruptionBudgetStatus,
  Scale,
} from '../../apimachinery/generated/types.ts'
import { keyOf, splitKey, type KubeObject, type ResourceRef } from '../../apimachinery/resource.ts'
import { compileSelector } from '../../apimachinery/selectors.ts'
import type { Client } from '../../client/client.ts'
import { ControllerLoop } from '../../client/controller.ts'
import type { Informer } from '../../client/informer.ts'
import type { EventRecorder } from '../../client/recorder.ts'
import type { WorkQueue } from '../../client/workqueue.ts'
import type { Simulation } from '../../sim/simulation.ts'
import type { Task } from '../../sim/task.ts'
import { formatTime, parseTime } from '../../sim/time.ts'
import type { Controller, ControllerContext } from '../context.ts'
import { controllerFrom } from '../shared/controller.ts'
import { controllerOf, indexByNamespace, inNamespace } from '../shared/owners.ts'
import { isPodTerminal, podCondition } from '../shared/pods.ts'
import { eachResource } from '../shared/resources.ts'
import { quote } from '../shared/text.ts'
import { budgetNeed, budgetStatus, countHealthy, failedStatus, followDisrupted, needsScale } from './budget.ts'

const STALE_CONDITION_MS = 120_000

type Sized = KubeObject & { readonly spec?: { readonly replicas?: number } }

interface Parts {
  readonly sim: Simulation
  readonly client: Client
  readonly recorder: EventRecorder
  readonly pods: Informer<Pod>
  readonly queue: WorkQueue
  /** Informers of workloads by 'group/Kind'. */
  readonly workloads: ReadonlyMap<string, Informer<Sized>>
  /** Resources by 'group/Kind', for those that are sized through their scale subresource. */
  readonly kinds: ReadonlyMap<string, ResourceRef>
}

/** Says how many pods may be evicted. k8s 1.36: pkg/controller/disruption. */
export function disruptionController(context: ControllerContext): Controller {
  const { sim, informers } = context
  const client = context.client('disruption-controller')
  const recorder = context.recorder(client, 'controllermanager')
  const budgets = informers.for(poddisruptionbudgets)
  const podInformer = informers.for(pods)
  indexByNamespace(budgets)
  indexByNamespace(podInformer)
  const kinds = new Map<string, ResourceRef>()
  eachResource(informers, (ref) => kinds.set(`${ref.group}/${ref.kind}`, ref))
  const workloads = new Map<string, Informer<Sized>>()
  for (const ref of [replicationcontrollers, deployments, replicasets, statefulsets])
    workloads.set(`${ref.group}/${ref.kind}`, informers.for(ref as unknown as ResourceRef<Sized>))
  const loop: ControllerLoop = new ControllerLoop(sim, {
    name: 'disruption',
    workers: 1,
    *reconcile(key) {
      const { namespace, name } = splitKey(key)
      const pdb = budgets.get(namespace, name)
      if (pdb) yield* sync(parts, pdb)
    },
  })
  const parts: Parts = { sim, client, recorder, pods: podInformer, queue: loop.queue, workloads, kinds }
  const wake = (pdb: PodDisruptionBudget) => loop.queue.add(keyOf(pdb))
  budgets.addHandler({ onAdd: wake, onUpdate: wake, onDelete: wake })
  const stale = staleConditions(sim, client, podInformer)
  watchPods(podInformer, budgets, recorder, loop.queue, (pod) => {
    const dueMs = staleAtMs(pod)
    if (dueMs !== undefined) stale.queue.addAfter(keyOf(pod), dueMs - sim.now)
  })
  return controllerFrom('disruption-controller', [loop, stale])
}

function watchPods(
  podInformer: Informer<Pod>,
  budgets: Informer<PodDisruptionBudget>,
  recorder: EventRecorder,
  queue: WorkQueue,
  consider: (pod: Pod) => void,
): void {
  const wakeFor = (pod: Pod) => {
    const matching = inNamespace(budgets, pod.metadata.namespace).filter(({ spec }) =>
      compileSelector(spec?.selector)(pod.metadata.labels),
    )
    const [first] = matching
    if (!first) return
    if (matching.length > 1) {
      const { namespace, name } = pod.metadata
      const which = `${quote(namespace)}/${quote(name)} matches multiple PodDisruptionBudgets.  Chose ${quote(first.metadata.name)}`
      recorder.event(pod, 'Warning', 'MultiplePodDisruptionBudgets', `Pod ${which} arbitrarily.`)
    }
    queue.add(keyOf(first))
  }
  const changed = (pod: Pod) => {
    wakeFor(pod)
    consider(pod)
  }
  podInformer.addHandler({ onAdd: changed, onUpdate: changed, onDelete: wakeFor })
}

function* sync(parts: Parts, pdb: PodDisruptionBudget): Task {
  const { client, sim } = parts
  let status: PodDisruptionBudgetStatus
  try {
    status = yield* computeStatus(parts, pdb)
  } catch (error) {
    if (isConflict(error) || !(error instanceof StatusError || error instanceof ScaleError)) throw error
    status = failedStatus(pdb, error.message, sim.now)
  }
  if (!jsonEqual(status, pdb.status)) yield* client.updateStatus(poddisruptionbudgets, { ...pdb, status })
}

/** The size of a pod's workload can't be told. */
class ScaleError extends Error {}

function* computeStatus(parts: Parts, pdb: PodDisruptionBudget): Task<PodDisruptionBudgetStatus> {
  const { recorder, sim, queue } = parts
  const selects = compileSelector(pdb.spec?.selector)
  const selected = inNamespace(parts.pods, pdb.metadata.namespace).filter((pod) => selects(pod.metadata.labels))
  if (selected.length === 0) recorder.event(pdb, 'Normal', 'NoPods', 'No matching pods found')
  let expected = selected.length
  if (needsScale(pdb)) {
    try {
      expected = yield* expectedScale(parts, pdb, selected)
    } catch (error) {
      if (!(error instanceof StatusError || error instanceof ScaleError)) throw error
      const text = `Failed to calculate the number of expected pods: ${error.message}`
      recorder.event(pdb, 'Warning', 'CalculateExpectedPodCountFailed', text)
      throw error
    }
  }
  const { pending, overdue, recheckMs } = followDisrupted(pdb, selected, sim.now)
  const { namespace = '' } = pdb.metadata
  for (const pod of overdue)
    recorder.event(pod, 'Warning', 'NotDeleted', `Pod was expected by PDB ${namespace}/${namespace} to be deleted but it wasn't`)
  if (recheckMs !== undefined) queue.addAfter(keyOf(pdb), recheckMs - sim.now + 1)
  return budgetStatus(pdb, budgetNeed(pdb, expected), countHealthy(selected, pending, sim.now), pending, sim.now)
}

/** The sum of the sizes of all workloads that the pods belong to. k8s 1.36: disruption getExpectedScale. */
function* expectedScale(parts: Parts, pdb: PodDisruptionBudget, selected: readonly Pod[]): Task<number> {
  const sizes = new Map<string, number>()
  let unmanaged = false
  for (const pod of selected) {
    const owner = controllerOf(pod)
    if (!owner) unmanaged = true
    if (!owner || sizes.has(owner.uid)) continue
    const found = yield* workloadSize(parts, pod.metadata.namespace ?? '', owner)
    if (!found) throw new ScaleError(`found no controllers for pod ${quote(pod.metadata.name)}`)
    sizes.set(found.uid, found.replicas)
  }
  if (unmanaged) {
    const selector = goSelector(pdb)
    const text =
      `Pods selected by this PodDisruptionBudget (selector: ${selector}) were found to be unmanaged. As a result, the status of the PDB cannot be ` +
      'calculated correctly, which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" ' +
      'field of the PDB to an integer value.'
    parts.recorder.event(pdb, 'Warning', 'UnmanagedPods', text)
  }
  return [...sizes.values()].reduce((sum, size) => sum + size, 0)
}

/** How Go prints a *LabelSelector. */
function goSelector({ spec }: PodDisruptionBudget): string {
  const { matchLabels = {}, matchExpressions = [] } = spec?.selector ?? {}
  const labels = Object.keys(matchLabels)
    .toSorted()
    .map((key) => `${key}: ${matchLabels[key] ?? ''},`)
  const expressions = matchExpressions.map(
    ({ key, operator, values = [] }) =>
      `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],},`,
  )
  return `&LabelSelector{MatchLabels:map[string]string{${labels.join('')}},MatchExpressions:[]LabelSelectorRequirement{${expressions.join('')}},}`
}

interface Size {
  readonly uid: string
  readonly replicas: number
}

/** The Deployment of a ReplicaSet, a workload itself, or what its scale subresource says. */
function* workloadSize(parts: Parts, namespace: string, owner: OwnerReference): Task<Size | null> {
  const group = owner.apiVersion.includes('/') ? owner.apiVersion.slice(0, owner.apiVersion.indexOf('/')) : ''
  const kind = `${group}/${owner.kind}`
  const workload = parts.workloads.get(kind)?.get(namespace, owner.name)
  if (workload?.metadata.uid === owner.uid) {
    const above = controllerOf(workload)
    if (kind === 'apps/ReplicaSet' && above?.kind === 'Deployment') return yield* workloadSize(parts, namespace, above)
    return { uid: owner.uid, replicas: workload.spec?.replicas ?? 1 }
  }
  const ref = parts.kinds.get(kind)
  if (!ref) return null
  try {
    const scale = (yield* parts.client.get(ref, namespace, owner.name, { subresource: 'scale' })) as Scale
    return scale.metadata?.uid === owner.uid ? { uid: owner.uid, replicas: scale.spec?.replicas ?? 0 } : null
  } catch (error) {
    if (!isNotFound(error)) throw error
    throw new ScaleError(`${kind.slice(kind.indexOf('/') + 1)} does not implement the scale subresource`)
  }
}

/** When a pod's condition that says it is about to go has become stale, or undefined. */
function staleAtMs(pod: Pod): number | undefined {
  const condition = podCondition(pod, 'DisruptionTarget')
  if (condition?.status !== 'True' || condition.reason === 'TerminationByKubelet') return undefined
  if (pod.metadata.deletionTimestamp !== undefined || isPodTerminal(pod)) return undefined
  return parseTime(condition.lastTransitionTime ?? '') + STALE_CONDITION_MS
}

/** Takes back conditions of pods that were to go and did not. k8s 1.36: disruption syncStalePodDisruption. */
function staleConditions(sim: Simulation, client: Client, podInformer: Informer<Pod>): ControllerLoop {
  const loop: ControllerLoop = new ControllerLoop(sim, {
    name: 'stale_pod_disruption',
    workers: 1,
    *reconcile(key) {
      const pod = podInformer.getByKey(key)
      const dueMs = pod && staleAtMs(pod)
      if (!pod || dueMs === undefined) return
      if (dueMs > sim.now) return loop.queue.addAfter(key, dueMs - sim.now)
      const conditions = pod.status?.conditions?.map((condition) =>
        condition.type === 'DisruptionTarget' ? withdrawn(condition, sim.now) : condition,
      )
      yield* client.updateStatus(pods, { ...pod, status: { ...pod.status, conditions } })
    },
  })
  return loop
}

function withdrawn({ type, observedGeneration }: PodCondition, nowMs: number): PodCondition {
  return { type, observedGeneration, status: 'False', lastTransitionTime: formatTime(nowMs) }
}
