import type { Lease } from '../../apimachinery/generated/types.ts'
import type { ControllerLoop } from '../../client/controller.ts'
import type { Cluster } from '../../cluster/cluster.ts'
import { parseTime } from '../../sim/time.ts'
import { QUEUE_KEYS, type EtcdRow, type LeaderRow, type QueueRow, type StationRow } from './protocol.ts'

/** Kubelets beyond these are only counted. */
const MAX_KUBELETS = 60
const SERVICE_ACCOUNT = 'system:serviceaccount:kube-system:'

/**
 * Controllers whose service account is not called like them. SIMPLIFIED: three controllers share node-controller; its
 * requests are shown at the one that sends most.
 */
const ACCOUNTS: { readonly [account: string]: string } = {
  'daemon-set-controller': 'daemonset-controller',
  'endpoint-controller': 'endpoints-controller',
  'endpointslicemirroring-controller': 'endpointslice-mirroring-controller',
  'generic-garbage-collector': 'garbage-collector-controller',
  'node-controller': 'node-lifecycle-controller',
  'pod-garbage-collector': 'pod-garbage-collector-controller',
  'resource-claim-controller': 'resourceclaim-controller',
  'root-ca-cert-publisher': 'root-ca-certificate-publisher-controller',
  'service-account-controller': 'serviceaccount-controller',
  'token-cleaner': 'token-cleaner-controller',
}

/** What the keys of a loop name. */
const LOOP_RESOURCES: { readonly [loop: string]: string } = {
  cronjob: 'cronjobs.batch',
  daemonset: 'daemonsets.apps',
  deployment: 'deployments.apps',
  disruption: 'poddisruptionbudgets.policy',
  endpoint: 'services',
  endpoint_slice: 'services',
  endpoint_slice_mirroring: 'endpoints',
  job: 'jobs.batch',
  namespace: 'namespaces',
  replicaset: 'replicasets.apps',
  replicationmanager: 'replicationcontrollers',
  root_ca_cert_publisher: 'namespaces',
  serviceaccount: 'namespaces',
  statefulset: 'statefulsets.apps',
  cidrallocator_node: 'nodes',
  node_lifecycle_controller: 'nodes',
  ttlcontroller: 'nodes',
  ttl_jobs_to_delete: 'jobs.batch',
}

/** The bucket of the objects that a loop's keys name; '' if they name something else. */
export function loopBucket(loop: string): string {
  return LOOP_RESOURCES[loop] ?? ''
}

/** Where a user sits. */
export function stationOf(user: string): string {
  if (user.startsWith('system:node:')) return `kubelet:${user.slice('system:node:'.length)}`
  if (user === 'system:kube-scheduler') return 'scheduler'
  if (user === 'system:kube-controller-manager') return 'manager'
  if (user === 'system:apiserver' || user === '') return 'apiserver'
  if (user.startsWith(SERVICE_ACCOUNT)) {
    const account = user.slice(SERVICE_ACCOUNT.length)
    const name = ACCOUNTS[account] ?? account
    return name.endsWith('-controller') ? `controller:${name}` : 'other'
  }
  return user.startsWith('system:') ? 'other' : 'user'
}

/** All stations as they are now. */
export function stationRows(cluster: Cluster): { readonly rows: readonly StationRow[]; readonly moreKubelets: number } {
  const { controllers, scheduler, past } = cluster
  const machines = [...cluster.machines()]
  const rows: StationRow[] = [
    { id: 'user', kind: 'user', name: '', running: true },
    { id: 'apiserver', kind: 'apiserver', name: '', running: true },
    { id: 'etcd', kind: 'etcd', name: '', running: true },
    { id: 'scheduler', kind: 'scheduler', name: '', running: past || scheduler.running, ...leaseOf(cluster, 'kube-scheduler') },
    {
      id: 'manager',
      kind: 'manager',
      name: '',
      running: past || controllers.running,
      ...leaseOf(cluster, 'kube-controller-manager'),
    },
    ...controllers.controllers.map(({ name }): StationRow => {
      return { id: `controller:${name}`, kind: 'controller', name, running: past || controllers.running }
    }),
    ...machines.slice(0, MAX_KUBELETS).map(({ name, powered }): StationRow => {
      return { id: `kubelet:${name}`, kind: 'kubelet', name, running: powered }
    }),
    { id: 'other', kind: 'other', name: '', running: true },
  ]
  return { rows, moreKubelets: Math.max(0, machines.length - MAX_KUBELETS) }
}

/** The members of etcd. */
export function etcdRow({ etcd: { raft } }: Cluster): EtcdRow {
  if (!raft) return { members: [{ name: 'etcd-1', role: 'leader', term: 2, index: null }], quorum: 1, available: true }
  return { members: raft.members().map((member) => ({ ...member })), quorum: raft.quorum, available: raft.available }
}

/** Read past the API server: looking must not be a request. When it was renewed in the past is not known. */
function leaseOf({ etcd, api, past }: Cluster, name: string): { lease?: LeaderRow } {
  const key = `kube-system/${name}`
  if (past) return {}
  const lease = etcd.get('leases.coordination.k8s.io', key)?.value as Lease | undefined
  if (!lease?.spec) return {}
  const { holderIdentity = '', leaseDurationSeconds = 0, leaseTransitions = 0, renewTime } = lease.spec
  const renewMs = api.heartbeats.renewMs(key) ?? (parseTime(renewTime ?? '') || 0)
  return {
    lease: {
      name,
      holder: holderIdentity,
      renewMs,
      expiresMs: renewMs + leaseDurationSeconds * 1000,
      transitions: leaseTransitions,
    },
  }
}

/** All queues with something in them. */
export function queueRows({ controllers, scheduler, past }: Cluster): readonly QueueRow[] {
  if (past) return []
  const rows: QueueRow[] = []
  const pods = scheduler.scheduler.pending()
  const podKey = ({ info: { pod } }: (typeof pods.active)[number]) => `${pod.metadata.namespace}/${pod.metadata.name}`
  const lists = { active: pods.active, backoff: pods.backoff, unschedulable: pods.unschedulable }
  for (const [name, list] of Object.entries(lists)) {
    if (list.length === 0) continue
    const active = name === 'active'
    const shown = list.slice(0, QUEUE_KEYS)
    rows.push({
      station: 'scheduler',
      name,
      depth: active ? list.length : 0,
      ready: active ? shown.map(podKey) : [],
      working: [],
      waitingCount: active ? 0 : list.length,
      waiting: active
        ? []
        : shown.map((pod) => ({
            key: podKey(pod),
            dueMs: name === 'backoff' ? (pod.backoffEndMs ?? null) : null,
            retries: pod.attempts,
            error: pod.gatedBy || [...pod.rejectedBy].join(', '),
          })),
    })
  }
  for (const { name, loops } of controllers.controllers)
    for (const loop of loops) {
      const row = loopRow(`controller:${name}`, loop)
      if (row) rows.push(row)
    }
  return rows
}

function loopRow(station: string, { name, queue, lastErrors }: ControllerLoop): QueueRow | null {
  const delayed = queue.delayed()
  const working = queue.working()
  if (queue.depth === 0 && delayed.length === 0 && working.length === 0) return null
  const waiting = delayed
    .sort((a, b) => a.dueMs - b.dueMs)
    .slice(0, QUEUE_KEYS)
    .map((wait) => ({ ...wait, error: lastErrors.get(wait.key) ?? '' }))
  return {
    station,
    name,
    depth: queue.depth,
    ready: queue.next(QUEUE_KEYS),
    working: working.slice(0, QUEUE_KEYS),
    waitingCount: delayed.length,
    waiting,
  }
}
