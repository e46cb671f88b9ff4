import { jsonEqual } from '../apimachinery/equal.ts'
import { parseTime } from '../sim/time.ts'
import type { Labels } from '../apimachinery/selectors.ts'
import type { ContainerPort, Pod, PodAffinityTerm, WeightedPodAffinityTerm } from '../apimachinery/generated/types.ts'
import { podResources, type PodResources } from './resources.ts'
import { selectorOf, type Selector } from './selection.ts'

/** One (anti-)affinity term made ready for matching. k8s 1.36: framework AffinityTerm. */
export interface AffinityTerm {
  readonly namespaces: ReadonlySet<string>
  readonly namespaceSelector: Selector
  readonly selector: Selector
  readonly topologyKey: string
}

interface WeightedTerm {
  readonly term: AffinityTerm
  readonly weight: number
}

export interface HostPort {
  readonly ip: string
  readonly protocol: string
  readonly port: number
}

/**
 * A pod with what the scheduler reads from it again and again. Immutable, but that `pod` becomes the newest version as
 * long as all the rest stays true of it (see adopt): most versions of a running pod differ in nothing that counts here.
 */
export interface PodInfo extends PodResources {
  readonly pod: Pod
  /** The pod's UID, or 'namespace/name' where there is none. */
  readonly uid: string
  readonly namespace: string
  readonly name: string
  readonly labels: Labels
  readonly priority: number
  readonly terminating: boolean
  readonly requiredAffinity: readonly AffinityTerm[]
  readonly requiredAntiAffinity: readonly AffinityTerm[]
  readonly preferredAffinity: readonly WeightedTerm[]
  readonly preferredAntiAffinity: readonly WeightedTerm[]
  readonly hostPorts: readonly HostPort[]
  /** Names of the claims in its volumes, those of ephemeral volumes included. */
  readonly claimNames: readonly string[]
}

const NO_LABELS: Labels = {}
const NONE: readonly never[] = []
const known = new WeakMap<Pod, PodInfo>()

function termOf(namespace: string, term: PodAffinityTerm): AffinityTerm {
  const { namespaces = NONE, namespaceSelector, labelSelector, topologyKey } = term
  return {
    namespaces: new Set(namespaces.length === 0 && !namespaceSelector ? [namespace] : namespaces),
    namespaceSelector: selectorOf(namespaceSelector),
    selector: selectorOf(labelSelector),
    topologyKey,
  }
}

const weightedTerms = (namespace: string, terms: readonly WeightedPodAffinityTerm[] = NONE): readonly WeightedTerm[] =>
  terms.map(({ podAffinityTerm, weight }) => ({ term: termOf(namespace, podAffinityTerm), weight }))

/** Ports that the pod takes on its node: those of containers and sidecars. k8s 1.36: GetHostPorts. */
function hostPortsOf(pod: Pod): readonly HostPort[] {
  const { initContainers = NONE, containers = NONE } = pod.spec ?? {}
  let ports: HostPort[] | null = null
  const add = (list: readonly ContainerPort[] | undefined) => {
    for (const { hostPort, hostIP, protocol } of list ?? NONE)
      if (hostPort) (ports ??= []).push({ ip: hostIP || '0.0.0.0', protocol: protocol || 'TCP', port: hostPort })
  }
  for (const container of initContainers) if (container.restartPolicy === 'Always') add(container.ports)
  for (const container of containers) add(container.ports)
  return ports ?? NONE
}

function claimNamesOf(pod: Pod): readonly string[] {
  const names: string[] = []
  for (const volume of pod.spec?.volumes ?? NONE) {
    if (volume.persistentVolumeClaim) names.push(volume.persistentVolumeClaim.claimName)
    else if (volume.ephemeral) names.push(`${pod.metadata.name}-${volume.name}`)
  }
  return names.length ? names : NONE
}

export function podInfoOf(pod: Pod): PodInfo {
  let info = known.get(pod)
  if (!info) known.set(pod, (info = makePodInfo(pod)))
  return info
}

/** Whether a container has, or was given, amounts of its own: while it is resized they may differ from what it asks for. */
const hasAmounts = ({ status }: Pod) =>
  [status?.containerStatuses, status?.initContainerStatuses].some((list) =>
    list?.some(({ resources, allocatedResources }) => resources?.requests || allocatedResources),
  )

/** Whether two versions of a pod look the same to the scheduler: most differ in status only, and share their spec. */
function looksTheSame(a: Pod, b: Pod): boolean {
  return (
    a.spec === b.spec &&
    a.metadata.deletionTimestamp === b.metadata.deletionTimestamp &&
    !hasAmounts(a) &&
    !hasAmounts(b) &&
    jsonEqual(a.metadata.labels, b.metadata.labels)
  )
}

/** Makes `pod` the version that `info` is about, if nothing else of it would change. */
export function adopt(info: PodInfo, pod: Pod): boolean {
  if (!looksTheSame(info.pod, pod)) return false
  ;(info as { pod: Pod }).pod = pod
  known.set(pod, info)
  return true
}

function makePodInfo(pod: Pod): PodInfo {
  const { uid, namespace = '', name = '', labels = NO_LABELS, deletionTimestamp } = pod.metadata
  const { podAffinity, podAntiAffinity } = pod.spec?.affinity ?? {}
  return {
    pod,
    uid: uid ?? `${namespace}/${name}`,
    namespace,
    name,
    labels,
    priority: pod.spec?.priority ?? 0,
    terminating: deletionTimestamp !== undefined,
    requiredAffinity: (podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? NONE).map((t) => termOf(namespace, t)),
    requiredAntiAffinity: (podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? NONE).map((t) =>
      termOf(namespace, t),
    ),
    preferredAffinity: weightedTerms(namespace, podAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
    preferredAntiAffinity: weightedTerms(namespace, podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
    hostPorts: hostPortsOf(pod),
    claimNames: claimNamesOf(pod),
    ...podResources(pod),
  }
}

export const hasAffinity = ({ pod: { spec } }: PodInfo): boolean =>
  !!(spec?.affinity?.podAffinity ?? spec?.affinity?.podAntiAffinity)

/**
 * Whether the term is about a pod of that namespace and those labels. `namespaceLabels` undefined: the namespace's
 * labels count as none.
 */
export function termMatches(term: AffinityTerm, namespace: string, labels: Labels, namespaceLabels?: Labels): boolean {
  return (term.namespaces.has(namespace) || term.namespaceSelector.matches(namespaceLabels)) && term.selector.matches(labels)
}

/** When the kubelet took the pod on; a pod that has not started counts as started now. */
export function startTimeMs({ pod }: PodInfo, nowMs: number): number {
  const start = pod.status?.startTime
  return start ? parseTime(start) : nowMs
}

/** More important pods are spared first: higher priority, then the longer run. k8s 1.36: MoreImportantPod. */
export function byImportance(nowMs: number): (a: PodInfo, b: PodInfo) => number {
  return (a, b) => b.priority - a.priority || startTimeMs(a, nowMs) - startTimeMs(b, nowMs)
}
