/**
 * Runs a recorded scheduling case: raw objects in, verdicts, scores and preemption out, in the form in which the
 * recordings of the real scheduler are kept.
 */
import { Random } from '../sim/random.ts'
import { parseTime } from '../sim/time.ts'
import type {
  CSINode,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodDisruptionBudget,
  PodSpec,
  PriorityClass,
  ReplicaSet,
  ReplicationController,
  RuntimeClass,
  Service,
  StatefulSet,
  StorageClass,
  Toleration,
} from '../apimachinery/generated/types.ts'
import type { KubeObject } from '../apimachinery/resource.ts'
import { newPod } from '../apiserver/kinds/shared/pod-create.ts'
import { defaultPod } from '../apiserver/kinds/shared/pod-spec-defaults.ts'
import { SchedulerCache } from './cache.ts'
import { makeProfiles } from './config.ts'
import { explainPod, type Explanation } from './explain.ts'
import type { PreemptionReport } from './framework.ts'
import type { Listers } from './listers.ts'
import { Nominator } from './nominator.ts'
import { podInfoOf, type PodInfo } from './pod-info.ts'
import { schedulePod } from './schedule-one.ts'
import type { Status } from './status.ts'
import { classOfVolume } from './volume-matching.ts'

export interface SchedulerCase {
  readonly nodes?: readonly Node[]
  readonly pods?: readonly Pod[]
  readonly pod: Pod
  readonly others?: {
    readonly namespaces?: readonly Namespace[]
    readonly persistentVolumes?: readonly PersistentVolume[]
    readonly persistentVolumeClaims?: readonly PersistentVolumeClaim[]
    readonly storageClasses?: readonly StorageClass[]
    readonly csiNodes?: readonly CSINode[]
    readonly services?: readonly Service[]
    readonly replicationControllers?: readonly ReplicationController[]
    readonly replicaSets?: readonly ReplicaSet[]
    readonly statefulSets?: readonly StatefulSet[]
    readonly priorityClasses?: readonly PriorityClass[]
    readonly podDisruptionBudgets?: readonly PodDisruptionBudget[]
    readonly runtimeClasses?: readonly RuntimeClass[]
  }
}
type Others = NonNullable<SchedulerCase['others']>

const START_TIME = '2026-01-01T00:00:00Z'
const NOW_MS = parseTime('2026-01-01T01:00:00Z')

const BUILT_IN_PRIORITIES: readonly PriorityClass[] = [
  { metadata: { name: 'system-cluster-critical' }, value: 2_000_000_000 },
  { metadata: { name: 'system-node-critical' }, value: 2_000_001_000 },
]

const inNamespace = <T extends KubeObject>(object: T): T => ({
  ...object,
  metadata: { ...object.metadata, namespace: object.metadata.namespace ?? 'default' },
})

/** Admission of Priority. */
function withPriority(spec: PodSpec, classes: readonly PriorityClass[]): PodSpec {
  const all = [...BUILT_IN_PRIORITIES, ...classes]
  const chosen = spec.priorityClassName
    ? all.find(({ metadata }) => metadata.name === spec.priorityClassName)
    : classes.filter(({ globalDefault }) => globalDefault).toSorted((a, b) => (a.value ?? 0) - (b.value ?? 0))[0]
  return {
    ...spec,
    priority: chosen?.value ?? spec.priority ?? 0,
    preemptionPolicy: spec.preemptionPolicy ?? chosen?.preemptionPolicy ?? 'PreemptLowerPriority',
  }
}

/** Admission of DefaultTolerationSeconds. */
function withDefaultTolerations(spec: PodSpec): PodSpec {
  const tolerations = spec.tolerations ?? []
  const covers = (t: Toleration, key: string) => (!t.key || t.key === key) && (!t.effect || t.effect === 'NoExecute')
  const missing = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'].filter(
    (key) => !tolerations.some((t) => covers(t, key)),
  )
  const added = missing.map((key) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }))
  return { ...spec, tolerations: [...tolerations, ...added] }
}

/** Admission of RuntimeClass. */
function withRuntimeClass(spec: PodSpec, classes: readonly RuntimeClass[]): PodSpec {
  const runtime = classes.find(({ metadata }) => metadata.name === spec.runtimeClassName)
  if (!runtime) return spec
  return {
    ...spec,
    overhead: runtime.overhead?.podFixed ?? spec.overhead,
    nodeSelector: runtime.scheduling?.nodeSelector
      ? { ...spec.nodeSelector, ...runtime.scheduling.nodeSelector }
      : spec.nodeSelector,
    tolerations: [...(spec.tolerations ?? []), ...(runtime.scheduling?.tolerations ?? [])],
  }
}

function admitPod(raw: Pod, others: Others): Pod {
  const pod = inNamespace(raw)
  const priority = withPriority(withRuntimeClass(defaultPod(pod.spec), others.runtimeClasses ?? []), others.priorityClasses ?? [])
  const created = newPod({ ...pod, spec: withDefaultTolerations(priority) }, 0)
  const { namespace, name, uid } = pod.metadata
  const running = pod.spec?.nodeName ? { phase: 'Running', startTime: START_TIME } : {}
  return {
    ...created,
    metadata: { ...created.metadata, uid: uid ?? `uid-pod-${namespace}-${name}` },
    status: { ...created.status, ...running, ...pod.status },
  }
}

const admitNode = (node: Node): Node => ({
  ...node,
  status: { ...node.status, allocatable: node.status?.allocatable ?? node.status?.capacity },
})

const admitClaim = (raw: PersistentVolumeClaim): PersistentVolumeClaim => {
  const claim = inNamespace(raw)
  const { namespace, name, uid } = claim.metadata
  return { ...claim, metadata: { ...claim.metadata, uid: uid ?? `uid-pvc-${namespace}-${name}` } }
}

function namespacesOf(pods: readonly Pod[], listed: readonly Namespace[]): Namespace[] {
  const names = new Set(['default', ...pods.map((pod) => pod.metadata.namespace ?? 'default')])
  for (const { metadata } of listed) names.delete(metadata.name ?? '')
  return [...listed.map(({ metadata }) => metadata), ...[...names].map((name) => ({ name, labels: {} }))].map((metadata) => ({
    metadata: { ...metadata, labels: { ...metadata.labels, 'kubernetes.io/metadata.name': metadata.name ?? '' } },
  }))
}

function listersOf(pods: readonly Pod[], others: Others): Listers {
  const named = <T extends KubeObject>(list: readonly T[] | undefined) =>
    new Map((list ?? []).map((o) => [o.metadata.name ?? '', o]))
  const keyed = <T extends KubeObject>(list: readonly T[] | undefined) =>
    new Map((list ?? []).map(inNamespace).map((o) => [`${o.metadata.namespace}/${o.metadata.name}`, o]))
  const namespaces = namespacesOf(pods, others.namespaces ?? [])
  const namespaceMap = named(namespaces)
  const [podMap, claims] = [keyed(pods), keyed(others.persistentVolumeClaims?.map(admitClaim))]
  const [controllers, replicaSets, statefulSets] = [
    keyed(others.replicationControllers),
    keyed(others.replicaSets),
    keyed(others.statefulSets),
  ]
  const services = (others.services ?? []).map(inNamespace)
  const volumes = named(others.persistentVolumes)
  const classes = named(others.storageClasses?.map((c) => ({ ...c, volumeBindingMode: c.volumeBindingMode ?? 'Immediate' })))
  const csiNodes = named(others.csiNodes)
  const budgets = (others.podDisruptionBudgets ?? []).map(inNamespace)
  return {
    pod: (namespace, name) => podMap.get(`${namespace}/${name}`),
    namespace: (name) => namespaceMap.get(name),
    namespaces: () => namespaces,
    services: (namespace) => services.filter(({ metadata }) => metadata.namespace === namespace),
    replicationController: (namespace, name) => controllers.get(`${namespace}/${name}`),
    replicaSet: (namespace, name) => replicaSets.get(`${namespace}/${name}`),
    statefulSet: (namespace, name) => statefulSets.get(`${namespace}/${name}`),
    claim: (namespace, name) => claims.get(`${namespace}/${name}`),
    volume: (name) => volumes.get(name),
    volumesOfClass: (storageClass) => [...volumes.values()].filter((v) => classOfVolume(v) === storageClass),
    storageClass: (name) => classes.get(name),
    csiNode: (name) => csiNodes.get(name),
    csiDriver: () => undefined,
    csiStorageCapacities: () => [],
    volumeAttachments: () => [],
    disruptionBudgets: () => budgets,
    resourceClaim: () => undefined,
    deviceClass: () => undefined,
  }
}

const keyOfPod = ({ namespace, name }: PodInfo) => `${namespace}/${name}`
const shortStatus = ({ code, reasons }: Status) => ({ code, reasons })
const fullStatus = (status: Status) => (status.plugin ? { ...shortStatus(status), plugin: status.plugin } : shortStatus(status))

function preFilterOf({ rejection, nodeNames }: Explanation) {
  if (rejection) return fullStatus(rejection)
  return nodeNames ? { code: 'Success', nodeNames: [...nodeNames].toSorted() } : { code: 'Success' }
}

function scoresOf({ scores, feasible, totals }: Explanation) {
  if (totals.length === 0) return {}
  const row = (raw: number, normalized: number, weight: number) => [raw, normalized, normalized * weight]
  return {
    scores: Object.fromEntries(
      scores.map(({ plugin, weight, raw, normalized }) => [
        plugin,
        Object.fromEntries(feasible.map((node, i) => [node.name, row(raw[i] ?? 0, normalized[i] ?? 0, weight)])),
      ]),
    ),
    totals: Object.fromEntries(feasible.map((node, i) => [node.name, totals[i]])),
  }
}

function preemptionOf(report: PreemptionReport, message: string) {
  const candidates = report.candidates.map(({ nodeName, victims, pdbViolations }) => [
    nodeName,
    { victims: victims.map(keyOfPod), pdbViolations },
  ])
  const statuses = [...report.nodeStatuses].map(([name, status]) => [name, shortStatus(status)])
  return {
    eligible: report.eligible,
    ...(candidates.length > 0 ? { candidates: Object.fromEntries(candidates) } : {}),
    ...(statuses.length > 0 ? { nodeStatuses: Object.fromEntries(statuses) } : {}),
    ...(report.best.length > 0 ? { nominatedNodes: report.best.map(({ nodeName }) => nodeName) } : { message }),
  }
}

/** Schedules the case's pod and gives all that was thought on the way. Applies what the API server would to the input first. */
export function runSchedulerCase(input: SchedulerCase): object {
  const others = input.others ?? {}
  const pod = podInfoOf(admitPod(input.pod, others))
  const pods = (input.pods ?? []).map((p) => admitPod(p, others))
  const seen = pods.filter(({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed')
  const listers = listersOf([...pods, pod.pod], others)
  const profile = makeProfiles({}, { listers, nowMs: () => NOW_MS, isPreempting: () => false }).get('default-scheduler')
  if (!profile) return {}
  for (const plugin of profile.preEnqueue) {
    const status = plugin.preEnqueue?.(pod.pod)
    if (status) {
      const conditions = (pod.pod.status?.conditions ?? []).map(({ lastTransitionTime: _time, ...condition }) => condition)
      return { gated: fullStatus(status), conditions }
    }
  }
  const cache = new SchedulerCache()
  const nominator = new Nominator()
  for (const node of input.nodes ?? []) cache.addNode(admitNode(node))
  for (const other of seen) {
    if (other.spec?.nodeName) cache.setPod(other)
    else nominator.set(podInfoOf(other), other.status?.nominatedNodeName ?? '')
  }
  const snapshot = cache.snapshot()
  const random = new Random(1, 'recorded case')
  const explanation = explainPod(snapshot, pod, profile, random, nominator)
  const result = schedulePod(snapshot, pod, profile, random, { nominator })
  const order = (input.nodes ?? []).map(({ metadata }) => metadata.name ?? '')
  const feasible = explanation.feasible.map(({ name }) => name).toSorted((a, b) => order.indexOf(a) - order.indexOf(b))
  const filters = Object.fromEntries([...explanation.verdicts].map(([n, s]) => [n, s ? fullStatus(s) : { code: 'Success' }]))
  const failed = result.kind === 'unplaced' ? result : null
  const preemptionMessage = failed?.message.slice(failed.message.indexOf('preemption: ')) ?? ''
  return {
    ...(pod.priority === 0 ? {} : { priority: pod.priority }),
    preFilter: preFilterOf(explanation),
    ...(explanation.verdicts.size > 0 ? { filters } : {}),
    feasible,
    ...scoresOf(explanation),
    ...(explanation.best.length > 0 ? { best: explanation.best.toSorted((a, b) => order.indexOf(a) - order.indexOf(b)) } : {}),
    ...(failed ? { message: failed.message } : {}),
    ...(failed?.preemption ? { preemption: preemptionOf(failed.preemption, preemptionMessage) } : {}),
  }
}
