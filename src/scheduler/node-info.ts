import type { Node, Taint } from '../apimachinery/generated/types.ts'
import type { Labels } from '../apimachinery/selectors.ts'
import { hasAffinity, type HostPort, type PodInfo } from './pod-info.ts'
import { addResources, NO_RESOURCES, resourcesOf, type Resources } from './resources.ts'

/**
 * A node and what its pods add up to. Immutable: every change makes a new one that shares what stayed, so a snapshot
 * is a list of references and a dry run costs what it changes. k8s 1.36: framework.NodeInfo.
 */
export interface NodeInfo {
  readonly name: string
  readonly node: Node
  readonly labels: Labels
  readonly taints: readonly Taint[]
  readonly unschedulable: boolean
  readonly allocatable: Resources
  /** Names of the images that the node has. */
  readonly images: ReadonlySet<string>
  readonly pods: readonly PodInfo[]
  readonly podsWithAffinity: readonly PodInfo[]
  readonly podsWithRequiredAntiAffinity: readonly PodInfo[]
  readonly requested: Resources
  readonly nonZeroCpuMilli: number
  readonly nonZeroMemoryBytes: number
  readonly usedPorts: readonly HostPort[]
}

const NONE: readonly never[] = []
const NO_IMAGES: ReadonlySet<string> = new Set()

export function makeNodeInfo(node: Node): NodeInfo {
  return { ...nodeFacts(node), ...NO_PODS }
}

function nodeFacts(node: Node) {
  const images = node.status?.images ?? NONE
  return {
    name: node.metadata.name ?? '',
    node,
    labels: node.metadata.labels ?? {},
    taints: node.spec?.taints ?? NONE,
    unschedulable: node.spec?.unschedulable ?? false,
    allocatable: resourcesOf(node.status?.allocatable),
    images: images.length ? new Set(images.flatMap((image) => image.names ?? NONE)) : NO_IMAGES,
  }
}

const NO_PODS = {
  pods: NONE,
  podsWithAffinity: NONE,
  podsWithRequiredAntiAffinity: NONE,
  requested: NO_RESOURCES,
  nonZeroCpuMilli: 0,
  nonZeroMemoryBytes: 0,
  usedPorts: NONE,
}

/** The same pods on a newer version of the node object. */
export function withNode(info: NodeInfo, node: Node): NodeInfo {
  return { ...info, ...nodeFacts(node) }
}

export function withPod(info: NodeInfo, pod: PodInfo): NodeInfo {
  return {
    ...info,
    pods: [...info.pods, pod],
    podsWithAffinity: hasAffinity(pod) ? [...info.podsWithAffinity, pod] : info.podsWithAffinity,
    podsWithRequiredAntiAffinity: pod.requiredAntiAffinity.length
      ? [...info.podsWithRequiredAntiAffinity, pod]
      : info.podsWithRequiredAntiAffinity,
    ...totals(info, pod, 1),
    usedPorts: pod.hostPorts.length ? [...info.usedPorts, ...pod.hostPorts] : info.usedPorts,
  }
}

/** Without the pod of that UID; the same object if it is not there. */
export function withoutPod(info: NodeInfo, uid: string): NodeInfo {
  const pod = info.pods.find((p) => p.uid === uid)
  if (!pod) return info
  const others = (list: readonly PodInfo[]) => (list.includes(pod) ? list.filter((p) => p !== pod) : list)
  const pods = others(info.pods)
  return {
    ...info,
    pods,
    podsWithAffinity: others(info.podsWithAffinity),
    podsWithRequiredAntiAffinity: others(info.podsWithRequiredAntiAffinity),
    ...totals(info, pod, -1),
    usedPorts: pod.hostPorts.length ? pods.flatMap((p) => p.hostPorts) : info.usedPorts,
  }
}

function totals(info: NodeInfo, pod: PodInfo, sign: 1 | -1) {
  return {
    requested: addResources(info.requested, pod.requests, sign),
    nonZeroCpuMilli: info.nonZeroCpuMilli + sign * pod.nonZeroCpuMilli,
    nonZeroMemoryBytes: info.nonZeroMemoryBytes + sign * pod.nonZeroMemoryBytes,
  }
}

/** The wildcard address collides with every address. k8s 1.36: HostPortInfo.CheckConflict. */
export function portsCollide(wanted: readonly HostPort[], used: readonly HostPort[]): boolean {
  const any = '0.0.0.0'
  return wanted.some((w) =>
    used.some((u) => w.port === u.port && w.protocol === u.protocol && (w.ip === any || u.ip === any || w.ip === u.ip)),
  )
}
