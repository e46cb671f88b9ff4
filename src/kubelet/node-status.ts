/** The Node object that a kubelet registers and keeps. Source: k8s 1.36 kubelet_node_status.go, nodestatus/setters.go. */
import type { ContainerImage, Node, NodeCondition, NodeStatus } from '../apimachinery/generated/types.ts'
import { formatQuantity, milliQuantityOf, quantityOf } from '../apimachinery/quantity.ts'
import type { KubeletConfig, Machine } from './options.ts'

export const KUBELET_VERSION = 'v1.36.2'

/** What changes in a node's status while it runs. */
export interface NodeFacts {
  readonly nodeName: string
  readonly machine: Machine
  readonly config: KubeletConfig
  readonly runtimeVersion: string
  readonly bootId: string
  readonly machineId: string
  readonly images: readonly ContainerImage[]
  /** Why the node is not Ready; undefined when it is. */
  readonly notReady: string | undefined
  readonly memoryPressure: boolean
  readonly hollow: boolean
  /** Attachable volumes that are mounted or about to be. */
  readonly volumesInUse: readonly string[]
  readonly nowText: string
}

/** Whole kibibytes. */
const ki = (bytes: number) => formatQuantity(quantityOf(Math.floor(bytes / 1024) * 1024, 'BinarySI'))

function resources({ machine, config, hollow }: NodeFacts, free: boolean): { readonly [name: string]: string } {
  const cpu = formatQuantity(milliQuantityOf(machine.cpuMilli - (free ? config.reserved.cpuMilli : 0)))
  const pods = String(config.maxPods)
  if (hollow) {
    return {
      cpu,
      'ephemeral-storage': formatQuantity(quantityOf(machine.ephemeralStorageBytes, 'BinarySI')),
      memory: formatQuantity(quantityOf(machine.memoryBytes - (free ? config.reserved.memoryBytes : 0), 'BinarySI')),
      pods,
    }
  }
  const memory = machine.memoryBytes - (free ? config.reserved.memoryBytes + config.evictionMemoryBytes : 0)
  // Hard eviction keeps a tenth of the disk free; the rest is reported in plain bytes.
  const disk = machine.ephemeralStorageBytes
  return {
    cpu,
    'ephemeral-storage': free ? String(Math.floor(disk * 0.9)) : ki(disk),
    'hugepages-1Gi': '0',
    'hugepages-2Mi': '0',
    memory: ki(memory),
    pods,
  }
}

/** The four conditions; a condition whose status is unchanged keeps the time of its last change. */
export function nodeConditions(facts: NodeFacts, old: readonly NodeCondition[] | undefined): NodeCondition[] {
  const made: [string, boolean, string, string][] = [
    facts.memoryPressure
      ? ['MemoryPressure', true, 'KubeletHasInsufficientMemory', 'kubelet has insufficient memory available']
      : ['MemoryPressure', false, 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
    ['DiskPressure', false, 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
    ['PIDPressure', false, 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
    facts.notReady === undefined
      ? ['Ready', true, 'KubeletReady', 'kubelet is posting ready status']
      : ['Ready', false, 'KubeletNotReady', facts.notReady],
  ]
  const own = made.map(([type, isTrue, reason, message]): NodeCondition => {
    const status = isTrue ? 'True' : 'False'
    const before = old?.find((c) => c.type === type)
    return {
      type,
      status,
      lastHeartbeatTime: facts.nowText,
      lastTransitionTime: before?.status === status ? before.lastTransitionTime : facts.nowText,
      reason,
      message,
    }
  })
  return [...(old ?? []).filter((c) => !own.some((o) => o.type === c.type)), ...own]
}

/** The whole status that the kubelet owns. */
export function nodeStatus(facts: NodeFacts, old: NodeStatus | undefined): NodeStatus {
  const { machine, nodeName, hollow } = facts
  return {
    ...old,
    capacity: resources(facts, false),
    allocatable: resources(facts, true),
    conditions: nodeConditions(facts, old?.conditions),
    addresses: [
      { type: 'InternalIP', address: machine.address },
      { type: 'Hostname', address: nodeName },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    nodeInfo: {
      machineID: facts.machineId,
      systemUUID: facts.machineId,
      bootID: facts.bootId,
      kernelVersion: machine.kernelVersion ?? '6.12.43+deb13-amd64',
      osImage: machine.osImage ?? 'Debian GNU/Linux 13 (trixie)',
      containerRuntimeVersion: facts.runtimeVersion,
      kubeletVersion: KUBELET_VERSION,
      kubeProxyVersion: '',
      operatingSystem: 'linux',
      architecture: machine.architecture ?? 'amd64',
    },
    images: facts.images.length > 0 ? facts.images : undefined,
    volumesInUse: facts.volumesInUse.length > 0 ? facts.volumesInUse : undefined,
    ...(hollow
      ? {}
      : {
          runtimeHandlers: [
            { name: '', features: { recursiveReadOnlyMounts: true, userNamespaces: true } },
            { name: 'runc', features: { recursiveReadOnlyMounts: true, userNamespaces: true } },
          ],
          features: { supplementalGroupsPolicy: true },
        }),
    declaredFeatures: DECLARED_FEATURES,
  }
}

const DECLARED_FEATURES = [
  'ExtendWebSocketsToKubelet',
  'InPlacePodLevelResourcesVerticalScaling',
  'InPlacePodVerticalScalingInitContainers',
  'RestartAllContainersOnContainerExits',
]

/** The Node as it is first created. */
export function initialNode(facts: NodeFacts): Node {
  const { nodeName, config } = facts
  const architecture = facts.machine.architecture ?? 'amd64'
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: nodeName,
      labels: {
        'beta.kubernetes.io/arch': architecture,
        'beta.kubernetes.io/os': 'linux',
        'kubernetes.io/arch': architecture,
        'kubernetes.io/hostname': nodeName,
        'kubernetes.io/os': 'linux',
        ...config.nodeLabels,
      },
      ...(facts.hollow ? {} : { annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' } }),
    },
    spec: {
      ...(config.providerId ? { providerID: config.providerId } : {}),
      ...(config.taints.length > 0 ? { taints: config.taints } : {}),
    },
    status: nodeStatus(facts, undefined),
  }
}
