import type { DaemonSet, Node, Pod } from '../../apimachinery/generated/types.ts'
import { scaledIntOrPercent } from '../../apimachinery/intstr.ts'
import { isPodAvailable } from '../shared/pods.ts'
import { nodeFit, type PodsByNode } from './placement.ts'
import { isPodUpdated } from './pod-template.ts'

const rollingUpdateOf = (ds: DaemonSet) =>
  ds.spec?.updateStrategy?.type === 'RollingUpdate' ? ds.spec.updateStrategy.rollingUpdate : undefined

function surgeCount(ds: DaemonSet, nodes: number): number {
  return scaledIntOrPercent(rollingUpdateOf(ds)?.maxSurge ?? 0, nodes, 'up')
}

/** Whether more than one pod may be on a node. */
export function allowsSurge(ds: DaemonSet): boolean {
  return surgeCount(ds, 1) > 0
}

/** What a rolling update does next. */
export interface RollPlan {
  readonly create: readonly string[]
  readonly remove: readonly string[]
}

export interface RollInput {
  readonly ds: DaemonSet
  readonly hash: string
  readonly nodes: ReadonlyMap<string, Node>
  readonly podsByNode: PodsByNode
  readonly nowMs: number
}

/** k8s 1.36: daemon rollingUpdate, updatedDesiredNodeCounts. */
export function planRoll(input: RollInput): RollPlan {
  const { ds, nodes, podsByNode } = input
  const pods = new Map(podsByNode)
  let desired = 0
  for (const [name, node] of nodes) {
    if (!nodeFit(ds, node).shouldRun) continue
    desired++
    if (!pods.has(name)) pods.set(name, [])
  }
  const maxSurge = surgeCount(ds, desired)
  let maxUnavailable = scaledIntOrPercent(rollingUpdateOf(ds)?.maxUnavailable ?? 0, desired, 'up')
  if (desired > 0 && maxUnavailable === 0 && maxSurge === 0) maxUnavailable = 1
  const states = [...pods].map(([nodeName, onNode]) => ({ nodeName, ...newAndOld(input, onNode) }))
  return maxSurge === 0 ? planReplacing(input, states, maxUnavailable) : planSurging(input, states, maxSurge, desired)
}

interface NodeState {
  readonly nodeName: string
  readonly newPod?: Pod
  readonly oldPod?: Pod
  /** More than one of either sort: the main loop tidies up first. */
  readonly excess: boolean
}

function newAndOld({ ds, hash }: RollInput, pods: readonly Pod[]): Omit<NodeState, 'nodeName'> {
  const alive = pods.filter((pod) => pod.metadata.deletionTimestamp === undefined)
  const fresh = alive.filter((pod) => isPodUpdated(ds, pod, hash))
  const stale = alive.filter((pod) => !isPodUpdated(ds, pod, hash))
  if (fresh.length > 1 || stale.length > 1) return { excess: true }
  return { newPod: fresh[0], oldPod: stale[0], excess: false }
}

const nameOf = (pod: Pod) => pod.metadata.name ?? ''

/** Without surge: deletes old pods as far as maxUnavailable allows; the main loop makes new ones. */
function planReplacing(input: RollInput, states: readonly NodeState[], maxUnavailable: number): RollPlan {
  let unavailable = 0
  const replaceable: string[] = []
  const candidates: string[] = []
  const isAvailable = availability(input)
  for (const { newPod, oldPod, excess } of states) {
    if (excess || !newPod === !oldPod) unavailable++
    else if (newPod) {
      if (!isAvailable(newPod)) unavailable++
    } else if (oldPod && !isAvailable(oldPod)) {
      replaceable.push(nameOf(oldPod))
      unavailable++
    } else if (oldPod && unavailable < maxUnavailable) candidates.push(nameOf(oldPod))
  }
  return { create: [], remove: [...replaceable, ...candidates.slice(0, Math.max(0, maxUnavailable - unavailable))] }
}

/** With surge: makes new pods beside old ones; an old pod goes once the new one is available. */
function planSurging(input: RollInput, states: readonly NodeState[], maxSurge: number, desired: number): RollPlan {
  const { ds, nodes } = input
  const isAvailable = availability(input)
  const remove: string[] = []
  const misplaced: string[] = []
  const candidates: string[] = []
  const create: string[] = []
  let surge = 0
  let available = 0
  for (const { nodeName, newPod, oldPod, excess } of states) {
    if (excess) {
      surge++
      continue
    }
    const counted = oldPod ?? newPod
    if (counted && isAvailable(counted)) available++
    if (!oldPod) continue
    if (newPod) {
      if (isAvailable(newPod)) remove.push(nameOf(oldPod))
      else surge++
      continue
    }
    const node = nodes.get(nodeName)
    const belongs = node !== undefined && nodeFit(ds, node).shouldRun
    if (!isAvailable(oldPod)) {
      if (belongs) create.push(nodeName)
      else remove.push(nameOf(oldPod))
    } else if (!belongs) misplaced.push(nameOf(oldPod))
    else if (surge < maxSurge) candidates.push(nodeName)
  }
  return {
    create: [...create, ...candidates.slice(0, Math.max(0, maxSurge - surge))],
    remove: [...remove, ...misplaced.slice(0, Math.max(0, available - desired))],
  }
}

const availability =
  ({ ds, nowMs }: RollInput) =>
  (pod: Pod) =>
    isPodAvailable(pod, ds.spec?.minReadySeconds ?? 0, nowMs)
