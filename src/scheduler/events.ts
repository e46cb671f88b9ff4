/**
 * Cluster events and what they mean for pods that wait. k8s 1.36: scheduler framework events, queueing hints
 * (KEP-4247).
 */
import { jsonEqual } from '../apimachinery/equal.ts'
import type { KubeObject } from '../apimachinery/resource.ts'
import type { Node, Pod } from '../apimachinery/generated/types.ts'
import { podInfoOf, type PodInfo } from './pod-info.ts'
import { amountOf, type Resources } from './resources.ts'

/** Bits, so that a plugin can ask for several. A more specific update is also an Update, not the other way round. */
export const Action = {
  Add: 1,
  Delete: 1 << 1,
  UpdateNodeAllocatable: 1 << 2,
  UpdateNodeLabel: 1 << 3,
  UpdateNodeTaint: 1 << 4,
  UpdateNodeCondition: 1 << 5,
  UpdateNodeAnnotation: 1 << 6,
  UpdateNodeDeclaredFeature: 1 << 7,
  UpdatePodLabel: 1 << 8,
  UpdatePodScaleDown: 1 << 9,
  UpdatePodToleration: 1 << 10,
  UpdatePodGatesEliminated: 1 << 11,
  UpdatePodResourceClaim: 1 << 12,
  Update: ((1 << 13) - 1) & ~3,
} as const

export type EventKind =
  | 'Pod'
  | 'Node'
  | 'PersistentVolume'
  | 'PersistentVolumeClaim'
  | 'StorageClass'
  | 'CSINode'
  | 'CSIDriver'
  | 'CSIStorageCapacity'
  | 'VolumeAttachment'
  | 'ResourceClaim'
  | 'DeviceClass'

export interface ClusterEvent {
  readonly kind: EventKind
  readonly action: number
}

/** Old object (undefined when added) and new object (undefined when deleted). */
export interface Change<T extends KubeObject = KubeObject> {
  readonly old?: T
  readonly new?: T
}

/** A plugin's interest in events: without `worthRetrying` any such event makes its rejected pods worth a try. */
export interface EventHint {
  readonly kind: EventKind
  readonly actions: number
  readonly worthRetrying?: (pod: PodInfo, change: Change) => boolean
}

/** Types a hint for the kind of object that its events carry. */
export function hint<T extends KubeObject>(
  kind: EventKind,
  actions: number,
  worthRetrying?: (pod: PodInfo, change: Change<T>) => boolean,
): EventHint {
  return { kind, actions, worthRetrying: worthRetrying as EventHint['worthRetrying'] }
}

export function eventMatches(wanted: { readonly kind: EventKind; readonly actions: number }, event: ClusterEvent): boolean {
  return wanted.kind === event.kind && (wanted.actions & event.action) !== 0 && event.action <= wanted.actions
}

const RESOURCE_NAMES = ['cpu', 'memory', 'ephemeral-storage']

/** Names of the resources that both know: the common ones and any counted by name. */
export function resourceNames(resources: Resources): string[] {
  return [...RESOURCE_NAMES, ...(resources.scalars?.keys() ?? [])]
}

function scaledDown(before: Resources, after: Resources): boolean {
  return resourceNames(before).some((name) => amountOf(before, name) > amountOf(after, name))
}

/** What an update of a pod means, as specific as can be. k8s 1.36: PodSchedulingPropertiesChange. */
export function podChanges(old: Pod, pod: Pod): ClusterEvent[] {
  const actions: number[] = []
  if (!jsonEqual(old.metadata.labels ?? {}, pod.metadata.labels ?? {})) actions.push(Action.UpdatePodLabel)
  if (old.spec !== pod.spec || old.status?.containerStatuses !== pod.status?.containerStatuses)
    if (scaledDown(podInfoOf(old).requests, podInfoOf(pod).requests)) actions.push(Action.UpdatePodScaleDown)
  if (old.spec?.schedulingGates?.length && !pod.spec?.schedulingGates?.length) actions.push(Action.UpdatePodGatesEliminated)
  if ((old.spec?.tolerations?.length ?? 0) !== (pod.spec?.tolerations?.length ?? 0)) actions.push(Action.UpdatePodToleration)
  if (!jsonEqual(old.status?.resourceClaimStatuses ?? [], pod.status?.resourceClaimStatuses ?? []))
    actions.push(Action.UpdatePodResourceClaim)
  if (actions.length === 0) actions.push(Action.Update)
  return actions.map((action) => ({ kind: 'Pod', action }))
}

/** What an update of a node means; nothing for heartbeats. k8s 1.36: NodeSchedulingPropertiesChange. */
export function nodeChanges(old: Node, node: Node): ClusterEvent[] {
  const actions: number[] = []
  const differ = (a: unknown, b: unknown) => a !== b && !jsonEqual(a ?? null, b ?? null)
  const conditions = (n: Node) => Object.fromEntries((n.status?.conditions ?? []).map((c) => [c.type, c.status]))
  if (old.spec?.unschedulable && !node.spec?.unschedulable) actions.push(Action.UpdateNodeTaint)
  if (differ(old.status?.allocatable, node.status?.allocatable)) actions.push(Action.UpdateNodeAllocatable)
  if (differ(old.metadata.labels, node.metadata.labels)) actions.push(Action.UpdateNodeLabel)
  if (differ(old.spec?.taints, node.spec?.taints)) actions.push(Action.UpdateNodeTaint)
  if (differ(conditions(old), conditions(node))) actions.push(Action.UpdateNodeCondition)
  if (differ(old.metadata.annotations, node.metadata.annotations)) actions.push(Action.UpdateNodeAnnotation)
  if (differ(old.status?.declaredFeatures, node.status?.declaredFeatures)) actions.push(Action.UpdateNodeDeclaredFeature)
  return actions.map((action) => ({ kind: 'Node', action }))
}
