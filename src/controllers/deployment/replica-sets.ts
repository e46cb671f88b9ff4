import { jsonEqual } from '../../apimachinery/equal.ts'
import type { Deployment, PodTemplateSpec, ReplicaSet } from '../../apimachinery/generated/types.ts'
import { byCreation } from '../shared/text.ts'

export const HASH_LABEL = 'pod-template-hash'

/** A Deployment's ReplicaSets: the one that has its template, and the others, oldest first. */
export interface ReplicaSets {
  readonly newRS: ReplicaSet | undefined
  readonly oldRSs: readonly ReplicaSet[]
}

export const sizeOf = (rs: ReplicaSet): number => rs.spec?.replicas ?? 1
export const isActive = (rs: ReplicaSet): boolean => sizeOf(rs) > 0
export const allOf = ({ newRS, oldRSs }: ReplicaSets): readonly ReplicaSet[] => (newRS ? [...oldRSs, newRS] : oldRSs)

/** Sum of the wanted sizes. */
export const totalSize = (sets: readonly ReplicaSet[]): number => sets.reduce((sum, rs) => sum + sizeOf(rs), 0)

/** Sum of one number of the statuses. */
export function totalStatus(sets: readonly ReplicaSet[], field: 'replicas' | 'readyReplicas' | 'availableReplicas'): number {
  return sets.reduce((sum, rs) => sum + (rs.status?.[field] ?? 0), 0)
}

/**
 * Sum of terminating pods; undefined as long as a ReplicaSet that has been synced does not say.
 * k8s 1.36: deployment util GetTerminatingReplicaCountForReplicaSets.
 */
export function totalTerminating(sets: readonly ReplicaSet[]): number | undefined {
  let sum = 0
  for (const { status } of sets) {
    if (status?.terminatingReplicas !== undefined) sum += status.terminatingReplicas
    else if ((status?.observedGeneration ?? 0) > 0) return undefined
  }
  return sum
}

/** Whether two templates are the same but for the hash label. k8s 1.36: deployment util EqualIgnoreHash. */
export function equalIgnoreHash(a: PodTemplateSpec | undefined, b: PodTemplateSpec | undefined): boolean {
  return jsonEqual(a?.spec, b?.spec) && jsonEqual(comparable(a), comparable(b))
}

function comparable(template: PodTemplateSpec | undefined) {
  const { labels = {}, annotations = {}, ...others } = template?.metadata ?? {}
  const { [HASH_LABEL]: _, ...rest } = labels
  return { ...others, labels: rest, annotations }
}

/** Finds the new ReplicaSet (the oldest with that template) among all. k8s 1.36: FindNewReplicaSet, FindOldReplicaSets. */
export function classify(deployment: Deployment, sets: readonly ReplicaSet[]): ReplicaSets {
  const sorted = sets.toSorted(byCreation)
  const newRS = sorted.find((rs) => equalIgnoreHash(rs.spec?.template, deployment.spec?.template))
  return { newRS, oldRSs: newRS ? sorted.filter((rs) => rs !== newRS) : sorted }
}

const MAX_NAME = 253

/** The Deployment's name and the hash, cut to a valid length. k8s 1.36: generateReplicaSetName. */
export function replicaSetName(deploymentName: string, hash: string): string {
  return `${deploymentName.slice(0, MAX_NAME - hash.length - 1)}-${hash}`
}
