import type { DaemonSet, Node, Pod } from '../../apimachinery/generated/types.ts'
import { hasUntoleratedTaint, matchesNodeAffinity } from '../shared/node-fit.ts'
import { isPodAvailable, isPodReady } from '../shared/pods.ts'
import { compareText } from '../shared/text.ts'
import { daemonTolerations, revisionHash } from './pod-template.ts'

/** What a DaemonSet wants of a node. */
export interface NodeFit {
  /** A pod belongs there. */
  readonly shouldRun: boolean
  /** A pod that is there may stay. */
  readonly mayStay: boolean
}

const FITS: NodeFit = { shouldRun: true, mayStay: true }
const MAY_STAY: NodeFit = { shouldRun: false, mayStay: true }
const UNFIT: NodeFit = { shouldRun: false, mayStay: false }
const known = new WeakMap<object, WeakMap<Node, NodeFit>>()

/** k8s 1.36: daemon NodeShouldRunDaemonPod. Remembered for as long as template and node are the same objects. */
export function nodeFit(ds: DaemonSet, node: Node): NodeFit {
  const template = ds.spec?.template ?? {}
  let fits = known.get(template)
  if (!fits) known.set(template, (fits = new WeakMap()))
  let fit = fits.get(node)
  if (!fit) fits.set(node, (fit = judge(ds, node)))
  return fit
}

function judge(ds: DaemonSet, node: Node): NodeFit {
  const spec = ds.spec?.template.spec ?? { containers: [] }
  if (spec.nodeName && spec.nodeName !== node.metadata.name) return UNFIT
  if (!matchesNodeAffinity(spec, node)) return UNFIT
  const taints = node.spec?.taints ?? []
  if (taints.length === 0) return FITS
  const tolerations = daemonTolerations(spec)
  if (!hasUntoleratedTaint(taints, tolerations, ['NoSchedule', 'NoExecute'])) return FITS
  return hasUntoleratedTaint(taints, tolerations, ['NoExecute']) ? UNFIT : MAY_STAY
}

/** Daemon pods by the name of the node they are on or meant for. */
export type PodsByNode = ReadonlyMap<string, readonly Pod[]>

/** Scheduled first, then oldest. k8s 1.36: podByCreationTimestampAndPhase. */
export function byAge(a: Pod, b: Pod): number {
  return (
    Number(!a.spec?.nodeName) - Number(!b.spec?.nodeName) ||
    compareText(a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '') ||
    compareText(a.metadata.name ?? '', b.metadata.name ?? '')
  )
}

/** What to do on nodes, and what to say about finished pods. */
export interface DaemonPlan {
  /** Nodes that get a pod. */
  readonly create: string[]
  /** Names of pods to delete. */
  readonly remove: string[]
  /** Finished pods that are deleted, for events. */
  readonly finished: { readonly pod: Pod; readonly nodeName: string }[]
}

export interface NodePlanInput {
  readonly ds: DaemonSet
  readonly hash: string
  readonly surges: boolean
  readonly nowMs: number
  /** Whether a failed pod may be deleted now, or its node waits for a back-off to end. */
  readonly mayReplaceFailed: (nodeName: string) => boolean
}

/** Adds to the plan what one node needs. k8s 1.36: daemon podsShouldBeOnNode. */
export function planNode(plan: DaemonPlan, node: Node, pods: readonly Pod[] | undefined, input: NodePlanInput): void {
  const nodeName = node.metadata.name ?? ''
  const { shouldRun, mayStay } = nodeFit(input.ds, node)
  if (shouldRun && !pods) plan.create.push(nodeName)
  else if (!mayStay) {
    for (const pod of pods ?? []) if (pod.metadata.deletionTimestamp === undefined) plan.remove.push(pod.metadata.name ?? '')
  } else {
    const running = (pods ?? []).filter((pod) => stays(plan, pod, nodeName, input)).toSorted(byAge)
    if (running.length > 1) plan.remove.push(...(input.surges ? surplusWhileSurging(running, input) : namesOf(running.slice(1))))
    else if (input.surges && running.length === 0 && shouldRun) plan.create.push(nodeName)
  }
}

const namesOf = (pods: readonly Pod[]) => pods.map((pod) => pod.metadata.name ?? '')

/** False for pods on their way out and finished ones, which go into the plan. */
function stays(plan: DaemonPlan, pod: Pod, nodeName: string, { mayReplaceFailed }: NodePlanInput): boolean {
  if (pod.metadata.deletionTimestamp !== undefined) return false
  const phase = pod.status?.phase
  if (phase !== 'Failed' && phase !== 'Succeeded') return true
  if (phase === 'Failed' && !mayReplaceFailed(nodeName)) return false
  plan.finished.push({ pod, nodeName })
  plan.remove.push(pod.metadata.name ?? '')
  return false
}

/** While surging one old and one new pod may be there, until the new one is available or the old one is not ready. */
function surplusWhileSurging(oldestFirst: readonly Pod[], { ds, hash, nowMs }: NodePlanInput): string[] {
  const fresh = oldestFirst.filter((pod) => revisionHash(pod) === hash)
  const stale = oldestFirst.filter((pod) => revisionHash(pod) !== hash)
  const [newPod] = fresh
  const [oldPod] = stale
  const surplus = namesOf(oldestFirst.filter((pod) => pod !== newPod && pod !== oldPod))
  const replaced = newPod && oldPod && (!isPodReady(oldPod) || isPodAvailable(newPod, ds.spec?.minReadySeconds ?? 0, nowMs))
  return replaced ? [...surplus, oldPod.metadata.name ?? ''] : surplus
}

/** Pods that wait for a node that is gone: nobody else removes them. k8s 1.36: getUnscheduledPodsWithoutNode. */
export function strandedPods(podsByNode: PodsByNode, hasNode: (name: string) => boolean): string[] {
  const stranded: string[] = []
  for (const [nodeName, pods] of podsByNode)
    if (!hasNode(nodeName)) stranded.push(...namesOf(pods.filter((pod) => !pod.spec?.nodeName)))
  return stranded
}
