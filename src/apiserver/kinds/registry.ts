/** Every built-in kind that has rules of its own. A kind is one file and one line here. */
import type { Strategy } from './strategy.ts'
import { configMap } from './configmap.ts'
import { controllerRevision } from './controllerrevision.ts'
import { daemonSet } from './daemonset.ts'
import { deployment } from './deployment.ts'
import { endpoints } from './endpoints.ts'
import { endpointSlice } from './endpointslice.ts'
import { event, newEvent } from './event.ts'
import { lease } from './lease.ts'
import { namespace } from './namespace.ts'
import { node } from './node.ts'
import { pod } from './pod.ts'
import { replicaSet } from './replicaset.ts'
import { secret } from './secret.ts'
import { service } from './service.ts'
import { serviceAccount } from './serviceaccount.ts'
import { statefulSet } from './statefulset.ts'

export const STRATEGIES: readonly Strategy[] = [
  configMap,
  controllerRevision,
  daemonSet,
  deployment,
  endpoints,
  endpointSlice,
  event,
  lease,
  namespace,
  newEvent,
  node,
  pod,
  replicaSet,
  secret,
  service,
  serviceAccount,
  statefulSet,
]
