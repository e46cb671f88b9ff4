import { slicePacking } from './tables/endpointslice.ts'
import {
  deletionOrder,
  fenceposts,
  newReplicaSetReplicas,
  proportionalScale,
  rolloutTrace,
  templateHash,
} from './tables/deployment.ts'
import { cronJobSync, cronNext } from './tables/cronjob.ts'
import { backoffRecord, backoffRemaining, indexes, jobSync, podFailurePolicy, successPolicy } from './tables/job.ts'
import { behaviorSequence, hpaLimits, replicaCalculator } from './tables/hpa.ts'
import { statefulSetTrace } from './tables/statefulset.ts'

/** Runs one row of a table. Inputs are of the shape that the table's own note describes. */
type Adapter = (input: never) => unknown

const ADAPTERS: { readonly [topic: string]: Adapter } = {
  'deployment-fenceposts': fenceposts,
  'deployment-new-rs-replicas': newReplicaSetReplicas,
  'deployment-proportional-scale': proportionalScale,
  'deployment-rollout-trace': rolloutTrace,
  'pod-template-hash': templateHash,
  'replicaset-deletion-order': deletionOrder,
  'endpointslice-packing': slicePacking,
  'cron-next': cronNext,
  'cronjob-sync': cronJobSync,
  'job-backoff-record': backoffRecord,
  'job-backoff-remaining': backoffRemaining,
  'job-indexes': indexes,
  'job-pod-failure-policy': podFailurePolicy,
  'job-success-policy': successPolicy,
  'job-sync': jobSync,
  'hpa-behavior-sequences': behaviorSequence,
  'hpa-limits': hpaLimits,
  'hpa-replica-calculator': replicaCalculator,
  'statefulset-trace': statefulSetTrace,
}

/** What the controllers' functions give for a recorded table's input; undefined for topics that aren't theirs. */
export function runTable(topic: string, input: unknown): unknown {
  return ADAPTERS[topic]?.(input as never)
}
