import { milliValue } from '../apimachinery/quantity.ts'
import type { Container, ContainerStatus, Pod } from '../apimachinery/generated/types.ts'

/** Amounts of a node or a pod in the scheduler's units. */
export interface Resources {
  readonly cpuMilli: number
  readonly memoryBytes: number
  readonly ephemeralBytes: number
  /** Pods a node may run; 0 for a pod's request. */
  readonly pods: number
  /** Extended resources, huge pages and other countables; null when there are none. */
  readonly scalars: ReadonlyMap<string, number> | null
}

type QuantityMap = { readonly [name: string]: string }
/** Name to thousandths, so that fractions add up before they are rounded. */
type MilliList = Map<string, number>

export const NO_RESOURCES: Resources = { cpuMilli: 0, memoryBytes: 0, ephemeralBytes: 0, pods: 0, scalars: null }

/** Assumed for a container that requests nothing, so that many such pods do not pile up. k8s 1.36: DefaultMilliCPURequest. */
const DEFAULT_CPU_MILLI = 100
const DEFAULT_MEMORY_BYTES = 200 * 1024 * 1024
const NON_ZERO: readonly (readonly [string, number])[] = [
  ['cpu', DEFAULT_CPU_MILLI],
  ['memory', DEFAULT_MEMORY_BYTES * 1000],
]

/** 'example.com/gpu', 'hugepages-2Mi', 'attachable-volumes-...': what is counted by name. k8s 1.36: IsScalarResourceName. */
export function isScalarResource(name: string): boolean {
  return name.includes('/')
    ? !name.startsWith('requests.')
    : name.startsWith('hugepages-') || name.startsWith('attachable-volumes-')
}

/** Neither native nor prefixed by kubernetes.io. */
export function isExtendedResource(name: string): boolean {
  return name.includes('/') && !name.includes('kubernetes.io/') && !name.startsWith('requests.')
}

/** Rounds thousandths up to the units of Resources and drops what the scheduler does not know. */
function fromMilli(list: MilliList): Resources {
  let scalars: Map<string, number> | null = null
  for (const [name, milli] of list) if (isScalarResource(name)) (scalars ??= new Map()).set(name, Math.ceil(milli / 1000))
  return {
    cpuMilli: list.get('cpu') ?? 0,
    memoryBytes: Math.ceil((list.get('memory') ?? 0) / 1000),
    ephemeralBytes: Math.ceil((list.get('ephemeral-storage') ?? 0) / 1000),
    pods: Math.ceil((list.get('pods') ?? 0) / 1000),
    scalars,
  }
}

/** A node's allocatable in the scheduler's units. */
export function resourcesOf(quantities: QuantityMap | undefined): Resources {
  return fromMilli(milliList(quantities))
}

export function addResources(a: Resources, b: Resources, sign: 1 | -1): Resources {
  let scalars = a.scalars
  if (b.scalars) {
    const sum = new Map(a.scalars)
    for (const [name, amount] of b.scalars) {
      const total = (sum.get(name) ?? 0) + sign * amount
      if (total === 0) sum.delete(name)
      else sum.set(name, total)
    }
    scalars = sum.size ? sum : null
  }
  return {
    cpuMilli: a.cpuMilli + sign * b.cpuMilli,
    memoryBytes: a.memoryBytes + sign * b.memoryBytes,
    ephemeralBytes: a.ephemeralBytes + sign * b.ephemeralBytes,
    pods: a.pods,
    scalars,
  }
}

export function amountOf(resources: Resources, name: string): number {
  if (name === 'cpu') return resources.cpuMilli
  if (name === 'memory') return resources.memoryBytes
  if (name === 'ephemeral-storage') return resources.ephemeralBytes
  return resources.scalars?.get(name) ?? 0
}

function milliList(quantities: QuantityMap | undefined): MilliList {
  const list: MilliList = new Map()
  for (const name in quantities) list.set(name, milliValue(quantities[name] ?? '0'))
  return list
}

function addAll(target: MilliList, other: MilliList): void {
  for (const [name, milli] of other) target.set(name, (target.get(name) ?? 0) + milli)
}

function maxAll(target: MilliList, other: MilliList): void {
  for (const [name, milli] of other) if (milli > (target.get(name) ?? -1)) target.set(name, milli)
}

function statusesByName(pod: Pod): Map<string, ContainerStatus> | null {
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {}
  if (containerStatuses.length + initContainerStatuses.length === 0) return null
  return new Map([...containerStatuses, ...initContainerStatuses].map((status) => [status.name, status]))
}

/**
 * What a container counts for: what it asks for, or, while a resize is under way, the largest of what it asks for, was
 * allocated and has. k8s 1.36: component-helpers resource, determineEffectiveRequests.
 */
function containerRequests(pod: Pod, container: Container, status: ContainerStatus | undefined): MilliList {
  if (!status?.resources) return milliList(container.resources?.requests)
  const infeasible = pod.status?.conditions?.find((c) => c.type === 'PodResizePending')?.reason === 'Infeasible'
  const list = infeasible ? (new Map() as MilliList) : milliList(container.resources?.requests)
  maxAll(list, milliList(status.resources.requests))
  maxAll(list, milliList(status.allocatedResources))
  return list
}

function fillMissing(list: MilliList, defaults: readonly (readonly [string, number])[]): MilliList {
  for (const [name, milli] of defaults) if (!list.has(name)) list.set(name, milli)
  return list
}

/**
 * Sum of the containers or the largest init container, whichever is more; sidecars add to both.
 * k8s 1.36: component-helpers resource, AggregateContainerRequests.
 */
function aggregateContainers(pod: Pod, defaults: readonly (readonly [string, number])[]): MilliList {
  const statuses = statusesByName(pod)
  const total: MilliList = new Map()
  for (const container of pod.spec?.containers ?? [])
    addAll(total, fillMissing(containerRequests(pod, container, statuses?.get(container.name)), defaults))
  const sidecars: MilliList = new Map()
  const peak: MilliList = new Map()
  for (const container of pod.spec?.initContainers ?? []) {
    const sidecar = container.restartPolicy === 'Always'
    const requests = fillMissing(containerRequests(pod, container, sidecar ? statuses?.get(container.name) : undefined), defaults)
    if (sidecar) {
      addAll(total, requests)
      addAll(sidecars, requests)
      maxAll(peak, sidecars)
    } else {
      addAll(requests, sidecars)
      maxAll(peak, requests)
    }
  }
  maxAll(total, peak)
  return total
}

const isPodLevelResource = (name: string) => name === 'cpu' || name === 'memory' || name.startsWith('hugepages-')

function podLevelRequests(pod: Pod): QuantityMap | undefined {
  const requests = pod.spec?.resources?.requests
  return requests && Object.keys(requests).some(isPodLevelResource) ? requests : undefined
}

function podRequests(pod: Pod, defaults: readonly (readonly [string, number])[]): MilliList {
  const total = aggregateContainers(pod, defaults)
  const podLevel = podLevelRequests(pod)
  for (const name in podLevel) if (isPodLevelResource(name)) total.set(name, milliValue(podLevel[name] ?? '0'))
  addAll(total, milliList(pod.spec?.overhead))
  return total
}

export interface PodResources {
  /** What the pod requests. */
  readonly requests: Resources
  /** CPU and memory with the defaults for containers that request none: what LeastAllocated and the like count. */
  readonly nonZeroCpuMilli: number
  readonly nonZeroMemoryBytes: number
}

const CACHE_LIMIT = 1000
const known = new Map<string, PodResources>()

/**
 * Pods that ask for the same count the same: most come from a template, so the sums are kept by what is asked.
 * k8s 1.36: component-helpers resource.PodRequests, scheduler PodInfo.CalculateResource.
 */
export function podResources(pod: Pod): PodResources {
  const { containers = [], initContainers = [], overhead, resources } = pod.spec ?? {}
  if (containers.length > 1 || initContainers.length > 0 || overhead || resources || hasActualResources(pod)) return sumUp(pod)
  const key = JSON.stringify(containers[0]?.resources?.requests ?? null)
  let result = known.get(key)
  if (!result) {
    if (known.size >= CACHE_LIMIT) known.clear()
    known.set(key, (result = sumUp(pod)))
  }
  return result
}

const hasActualResources = (pod: Pod) => pod.status?.containerStatuses?.some(({ resources }) => resources !== undefined) ?? false

function sumUp(pod: Pod): PodResources {
  const plain = podRequests(pod, [])
  const defaults = podLevelRequests(pod) ? NON_ZERO.filter(([name]) => !plain.has(name)) : NON_ZERO
  const filled = defaults.length > 0 ? podRequests(pod, defaults) : plain
  return {
    requests: fromMilli(plain),
    nonZeroCpuMilli: filled.get('cpu') ?? 0,
    nonZeroMemoryBytes: Math.ceil((filled.get('memory') ?? 0) / 1000),
  }
}

/** The requests of an incoming pod for scoring, where every silent container counts as the defaults. */
export function scoringRequests(pod: Pod): Resources {
  return fromMilli(podRequests(pod, NON_ZERO))
}
