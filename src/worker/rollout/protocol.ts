/** What the page is told of a workload's rollout: revisions, pods, progress, what scales it. Types only. */

/** A custom or external metric, and what it is about. */
export interface MetricSetting {
  readonly namespace: string
  readonly metric: string
  readonly subject:
    | { readonly source: 'pods'; readonly workload: string; readonly spread: 'each' | 'shared' }
    | { readonly source: 'object'; readonly kind: string; readonly name: string }
    | { readonly source: 'external'; readonly labels?: { readonly [name: string]: string } }
}

/** One revision of a workload: a ReplicaSet of a Deployment, a ControllerRevision of a StatefulSet or DaemonSet. */
export interface RevisionLane {
  readonly name: string
  /** What the lane is, when it is no revision: a Job of a CronJob, or pods of a Job by how they ended. */
  readonly of?: 'job' | 'active' | 'succeeded' | 'failed'
  readonly revision: number
  readonly images: readonly string[]
  readonly current: boolean
  readonly desired: number
  readonly replicas: number
  readonly ready: number
  readonly available: number
  readonly pods: readonly {
    readonly uid: string
    readonly name: string
    readonly namespace: string
    readonly state: number
    readonly status: string
    readonly node: string
    readonly createdMs: number
    /** Ordinal in a StatefulSet, completion index in an indexed Job. */
    readonly ordinal?: number
  }[]
}
/** How far a Job has come. */
export interface JobProgress {
  readonly completions: number | null
  readonly parallelism: number
  readonly indexed: boolean
  readonly active: number
  readonly ready: number
  readonly succeeded: number
  readonly failed: number
  readonly backoffLimit: number
  /** As the Job's status writes them: '0,2-4'. */
  readonly completedIndexes: string
  readonly failedIndexes: string
  /** Type of the condition that ended it; '' while it is under way. */
  readonly ended: string
  readonly startedMs: number | null
  readonly endedMs: number | null
  readonly ttlSeconds: number | null
}
/** What a CronJob does next and did last. */
export interface CronProgress {
  readonly schedule: string
  readonly timeZone: string
  readonly concurrencyPolicy: string
  /** Null: never (suspended, or a date that does not come). */
  readonly nextMs: number | null
  readonly lastMs: number | null
  readonly lastSuccessMs: number | null
}
/** One metric of an autoscaler, as `kubectl get hpa` tells it. */
export interface AutoscalerMetric {
  readonly name: string
  readonly current: string
  readonly target: string
  /** Current value by target; null while it is unknown. */
  readonly ratio: number | null
}
/** Of an autoscaler's history: one more whenever its status changed. */
export interface AutoscalerPoint {
  readonly timeMs: number
  readonly current: number
  readonly desired: number
  readonly ratios: readonly (number | null)[]
}
/** The HorizontalPodAutoscaler that scales a workload. */
export interface AutoscalerView {
  readonly name: string
  readonly min: number
  readonly max: number
  readonly current: number
  readonly desired: number
  /** A ratio within 1 ± this changes nothing. */
  readonly tolerance: { readonly up: number; readonly down: number }
  readonly metrics: readonly AutoscalerMetric[]
  readonly conditions: RolloutView['conditions']
  readonly points: readonly AutoscalerPoint[]
}
/** Counts at an instant; one is added whenever one of them changes. */
export interface RolloutPoint {
  readonly timeMs: number
  /** Pods that exist and are not terminating. */
  readonly total: number
  readonly available: number
  /** Lane name -> pods. */
  readonly perLane: { readonly [lane: string]: number }
}
export interface RolloutView {
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly strategy: string
  readonly paused: boolean
  readonly desired: number
  /** Most pods allowed (desired + surge) and fewest available (desired - unavailable) during a rolling update. */
  readonly maxTotal: number
  readonly minAvailable: number
  readonly maxSurge: string
  readonly maxUnavailable: string
  readonly conditions: readonly {
    readonly type: string
    readonly status: string
    readonly reason: string
    readonly message: string
  }[]
  /** kubectl rollout status' line. */
  readonly statusLine: string
  readonly lanes: readonly RevisionLane[]
  /** Oldest first. A delta carries the whole list; it is bounded (the worker thins old points). */
  readonly points: readonly RolloutPoint[]
  /** Of a StatefulSet: ordinals below it keep the old revision. */
  readonly partition?: number
  readonly job?: JobProgress
  readonly cron?: CronProgress
  readonly autoscaler?: AutoscalerView
  /** CPU that the pods were given to do. */
  readonly load?: { readonly cpuMilli: number; readonly spread: 'each' | 'shared' }
  /** Metrics of the namespace that were set by hand. */
  readonly metrics: readonly { readonly value: MetricSetting; readonly valueMilli: number }[]
  /** Whether custom and external metrics are served. */
  readonly adapter: boolean
}
