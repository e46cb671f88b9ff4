import { replicasets, replicationcontrollers } from '../../apimachinery/generated/resources.ts'
import type { ReplicaSet, ReplicationController } from '../../apimachinery/generated/types.ts'
import type { ResourceRef } from '../../apimachinery/resource.ts'
import { compileSelector, type LabelMatcher } from '../../apimachinery/selectors.ts'

/** ReplicaSets and ReplicationControllers are run by the same code; what differs stands here. */
export interface SetKind<T extends ReplicaSet> {
  readonly ref: ResourceRef<T>
  readonly controller: string
  readonly queue: string
  readonly component: string
  readonly selectorOf: (set: T) => LabelMatcher
  readonly countsTerminating: boolean
}

export const REPLICA_SET: SetKind<ReplicaSet> = {
  ref: replicasets,
  controller: 'replicaset-controller',
  queue: 'replicaset',
  component: 'replicaset-controller',
  selectorOf: (set) => compileSelector(set.spec?.selector),
  countsTerminating: true,
}

type AsReplicaSet = Omit<ReplicaSet, 'spec'> & { readonly spec?: ReplicaSet['spec'] }

/** A ReplicationController's selector is a plain map; an empty one was filled from the template by the API server. */
export const REPLICATION_CONTROLLER: SetKind<AsReplicaSet> = {
  ref: replicationcontrollers as unknown as ResourceRef<AsReplicaSet>,
  controller: 'replication-controller',
  queue: 'replicationmanager',
  component: 'replication-controller',
  selectorOf(set) {
    const selector = (set as unknown as ReplicationController).spec?.selector
    return compileSelector(selector && { matchLabels: selector })
  },
  countsTerminating: false,
}
