/** Made-up rows of the map feed, for tests and for the bench page. */
import { POD_STATES, type MapDelta, type NodeRow, type PodRow } from '../../../worker/protocol.ts'

const STATUS = [
  'Running',
  'Running',
  'Pending',
  'ContainerCreating',
  'CrashLoopBackOff',
  'ImagePullBackOff',
  'Terminating',
  'Completed',
  'Unknown',
  'Evicted',
]

export function makeNode(over: Partial<NodeRow> & { readonly slot: number }): NodeRow {
  return {
    name: `worker-${over.slot}`,
    roles: [],
    status: 'Ready',
    ready: true,
    unschedulable: false,
    powered: true,
    zone: 'zone-a',
    taints: [],
    podCapacity: 110,
    cpuMilliAllocatable: 4000,
    cpuMilliRequested: 1250,
    memoryBytesAllocatable: 8 * 2 ** 30,
    memoryBytesRequested: 3 * 2 ** 30,
    ...over,
  }
}

export function makePod(over: Partial<PodRow> & { readonly slot: number }): PodRow {
  const state = over.state ?? 0
  return {
    uid: `uid-${over.slot}`,
    namespace: 'default',
    name: `web-7d9c5b8f6d-${suffix(over.slot)}`,
    node: -1,
    state,
    status: STATUS[state] ?? 'Unknown',
    readyContainers: state === 0 ? 1 : 0,
    containers: 1,
    restarts: state === 4 ? 4 : 0,
    progress: state === 3 ? 0.5 : 1,
    owner: 'Deployment/web',
    ip: `10.244.0.${over.slot % 250}`,
    ...over,
  }
}

function suffix(seed: number): string {
  const letters = 'bcdfghjklmnpqrstvwxz2456789'
  let text = ''
  for (let n = seed * 7919 + 104729, i = 0; i < 5; i++, n = Math.floor(n / 27) + seed * 31) text += letters[n % 27] ?? 'b'
  return text
}

/** A cluster of `nodes` machines with `pods` pods spread over them; a few in each of the other states. */
export function makeSnapshot(nodes: number, pods: number): MapDelta {
  const namespaces = ['default', 'shop', 'payments', 'kube-system']
  return {
    reset: true,
    nodes: Array.from({ length: nodes }, (_, slot) =>
      makeNode(
        slot === 0
          ? {
              slot,
              name: 'control-plane',
              roles: ['control-plane'],
              taints: ['node-role.kubernetes.io/control-plane:NoSchedule'],
            }
          : { slot },
      ),
    ),
    removedNodes: [],
    pods: Array.from({ length: pods }, (_, slot) => {
      const state = slot % 37 === 5 ? ((slot / 37) % POD_STATES.length) | 0 : 0
      const namespace = namespaces[slot % 4] ?? 'default'
      return makePod({ slot, state, namespace, node: state === 2 ? -1 : slot % nodes, owner: `Deployment/app-${slot % 23}` })
    }),
    removedPods: [],
  }
}

/** Changes the state of `changes` pods, starting at a place that moves with `round`. */
export function makeChurn(snapshot: MapDelta, round: number, changes: number): MapDelta {
  const pods: PodRow[] = []
  for (let i = 0; i < changes; i++) {
    const pod = snapshot.pods[(round * changes * 7 + i * 13) % snapshot.pods.length]
    if (pod && pod.node >= 0) pods.push({ ...pod, state: (pod.state + round) % 2 === 0 ? 0 : 3, progress: (round % 8) / 8 })
  }
  return { reset: false, nodes: [], removedNodes: [], pods, removedPods: [] }
}
