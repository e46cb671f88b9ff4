import type {
  Condition,
  DaemonSet,
  Deployment,
  Job,
  Node,
  PersistentVolumeClaim,
  Pod,
} from '../../apimachinery/generated/types.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import type { ApiServer } from '../../apiserver/server.ts'
import { POD_STATES } from '../protocol.ts'
import { PodViewer } from './pod-view.ts'

/** What one version of an object tells of its health. */
export interface Life {
  /** Index into POD_STATES; -1 for objects without health. */
  readonly state: number
  readonly status: string
  readonly node: string
  readonly restarts?: number
}

const READY = POD_STATES.indexOf('ready')
const NOT_READY = POD_STATES.indexOf('notReady')
const PENDING = POD_STATES.indexOf('pending')
const TERMINATING = POD_STATES.indexOf('terminating')
const COMPLETED = POD_STATES.indexOf('completed')
const UNKNOWN = POD_STATES.indexOf('unknown')
const FAILED = POD_STATES.indexOf('failed')
const NONE = -1

type Read = (object: KubeObject) => { readonly state: number; readonly status: string }

/** Health of the kinds whose lives are shown, beside pods. Words are those of conditions and phases. */
const READERS: { readonly [bucket: string]: Read } = {
  nodes: (object) => {
    const { spec, status } = object as Node
    const ready = status?.conditions?.find((condition) => condition.type === 'Ready')?.status
    const word = `${ready === 'True' ? 'Ready' : 'NotReady'}${spec?.unschedulable ? ',SchedulingDisabled' : ''}`
    return { state: ready === 'True' ? READY : ready === 'Unknown' ? UNKNOWN : NOT_READY, status: word }
  },
  'deployments.apps': replicated,
  'replicasets.apps': replicated,
  'statefulsets.apps': replicated,
  replicationcontrollers: replicated,
  'daemonsets.apps': (object) => {
    const { desiredNumberScheduled = 0, numberReady = 0 } = (object as DaemonSet).status ?? {}
    return counted(numberReady, desiredNumberScheduled)
  },
  'jobs.batch': (object) => {
    const conditions = (object as Job).status?.conditions as Condition[] | undefined
    const is = (type: string) => conditions?.some((condition) => condition.type === type && condition.status === 'True')
    if (is('Complete')) return { state: COMPLETED, status: 'Complete' }
    if (is('Failed')) return { state: FAILED, status: 'Failed' }
    return { state: NONE, status: is('Suspended') ? 'Suspended' : 'Running' }
  },
  persistentvolumeclaims: (object) => {
    const phase = (object as PersistentVolumeClaim).status?.phase ?? 'Pending'
    return { state: phase === 'Pending' ? PENDING : phase === 'Lost' ? FAILED : NONE, status: phase }
  },
  services: without,
  'ingresses.networking.k8s.io': without,
  'cronjobs.batch': without,
  'horizontalpodautoscalers.autoscaling': without,
  'poddisruptionbudgets.policy': without,
}

/** Reads states of objects' lives. */
export class LifeReader {
  private readonly pods: PodViewer

  constructor(api: ApiServer) {
    this.pods = new PodViewer(api)
  }

  /** Whether objects of that bucket have a lane. */
  shows(bucket: string): boolean {
    return bucket === 'pods' || Object.hasOwn(READERS, bucket)
  }

  read(bucket: string, object: KubeObject): Life {
    if (bucket === 'pods') {
      const { state, status, restarts } = this.pods.view(object as Pod)
      return { state, status, restarts, node: (object as Pod).spec?.nodeName ?? '' }
    }
    const node = bucket === 'nodes' ? (object.metadata.name ?? '') : ''
    if (object.metadata.deletionTimestamp !== undefined) return { state: TERMINATING, status: 'Terminating', node }
    return { ...(READERS[bucket] ?? without)(object), node }
  }
}

function replicated(object: KubeObject): { readonly state: number; readonly status: string } {
  const { spec, status } = object as Deployment
  return counted(status?.readyReplicas ?? 0, spec?.replicas ?? 1)
}

/** Counts change too often to be told one by one: a lane tells whether they are as wanted. */
function counted(ready: number, desired: number): { readonly state: number; readonly status: string } {
  if (desired === 0) return { state: NONE, status: ready === 0 ? '0/0' : 'ScalingDown' }
  return ready >= desired ? { state: READY, status: 'Ready' } : { state: NOT_READY, status: 'NotReady' }
}

function without(): { readonly state: number; readonly status: string } {
  return { state: NONE, status: '' }
}
