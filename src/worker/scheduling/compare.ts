import { pods } from '../../apimachinery/generated/resources.ts'
import type { Pod } from '../../apimachinery/generated/types.ts'
import { parseManifest } from '../../kubectl/manifest.ts'
import { checkSchedulerConfig } from '../../scheduler/config-check.ts'
import { Bench, type Outlook } from '../../scheduler/bench.ts'
import type { SchedulerConfig } from '../../scheduler/config.ts'
import { podResources } from '../../scheduler/resources.ts'
import type { FeedContext } from '../feeds/feed.ts'
import type { Placement, PodMove, SchedulerComparison } from './protocol.ts'

const MOST_MOVES = 500
const NOTHING = {
  nodes: [],
  cpuMilliAllocatable: [],
  memoryBytesAllocatable: [],
  pods: 0,
  now: null,
  first: null,
  second: null,
  moves: [0, 0, 0],
  moved: [],
} as const

/** Reads a KubeSchedulerConfiguration; an empty text is the default one. */
export function parseSchedulerConfig(yaml: string): { readonly config: SchedulerConfig; readonly errors: readonly string[] } {
  const [document, second] = parseManifest(yaml)
  if (!document) return { config: {}, errors: [] }
  if (document.error) return { config: {}, errors: [`line ${document.error.line}: ${document.error.message}`] }
  if (second) return { config: {}, errors: ['more than one document'] }
  return checkSchedulerConfig(document.value)
}

/**
 * Takes all pods of workloads off their nodes and places them anew, the most important and oldest first, with each of
 * two configurations. Works on copies; yields after each pod so that the caller can see to other things.
 * SIMPLIFIED: nothing is preempted, and volumes that are still to be bound don't take each other's place.
 */
export function* compareSchedulers(context: FeedContext, first: string, second: string): Generator<void, SchedulerComparison> {
  const [a, b] = [parseSchedulerConfig(first), parseSchedulerConfig(second)]
  if (a.errors.length + b.errors.length > 0) return { errors: [a.errors, b.errors], ...NOTHING }
  const { cluster } = context
  const outlook = cluster.scheduler.scheduler.outlook()
  if (!outlook) return { errors: [['kube-scheduler is not running'], []], ...NOTHING }
  const movable = [...context.informers.for(pods).list()].filter(isMovable).toSorted(byTurn)
  const indexOf = new Map(outlook.nodes.map(({ name }, i) => [name, i]))
  const now = movable.map(({ spec }) => indexOf.get(spec?.nodeName ?? '') ?? -1)
  const options = { nowMs: cluster.sim.now, seed: cluster.sim.seed }
  const placesA = yield* placeAll(outlook, a.config, movable, indexOf, options)
  const placesB = yield* placeAll(outlook, b.config, movable, indexOf, options)
  const fixed = new Bench(outlook, options)
  takeOff(fixed, movable)
  const keys = movable.map(kindOf)
  const [spreadA, spreadB] = [stayPut(keys, now, placesA), stayPut(keys, now, placesB)]
  const sum = (places: readonly number[]) => placement(fixed, movable, places)
  return {
    errors: [[], []],
    nodes: outlook.nodes.map(({ name }) => name),
    cpuMilliAllocatable: outlook.nodes.map(({ allocatable }) => allocatable.cpuMilli),
    memoryBytesAllocatable: outlook.nodes.map(({ allocatable }) => allocatable.memoryBytes),
    pods: movable.length,
    now: sum(now),
    first: sum(placesA),
    second: sum(placesB),
    moves: [movesBetween(keys, now, spreadA), movesBetween(keys, now, spreadB), movesBetween(keys, spreadA, spreadB)],
    moved: moves(movable, now, spreadA, spreadB),
  }
}

/** Pods of workloads that may run anywhere: not a DaemonSet's, not static ones, not those that go or are over. */
function isMovable({ metadata, spec, status }: Pod): boolean {
  if (metadata.deletionTimestamp !== undefined || status?.phase === 'Succeeded' || status?.phase === 'Failed') return false
  if (metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined || spec?.schedulingGates?.length) return false
  return metadata.ownerReferences?.some(({ kind }) => kind === 'DaemonSet' || kind === 'Node') !== true
}

function byTurn(a: Pod, b: Pod): number {
  const text = ({ metadata }: Pod) => `${metadata.creationTimestamp} ${metadata.namespace}/${metadata.name}`
  return (b.spec?.priority ?? 0) - (a.spec?.priority ?? 0) || (text(a) < text(b) ? -1 : 1)
}

function takeOff(bench: Bench, list: readonly Pod[]): void {
  for (const { metadata, spec } of list) bench.remove({ uid: metadata.uid ?? '', nodeName: spec?.nodeName ?? '' })
}

function* placeAll(
  outlook: Outlook,
  config: SchedulerConfig,
  list: readonly Pod[],
  indexOf: ReadonlyMap<string, number>,
  options: { readonly nowMs: number; readonly seed: number },
): Generator<void, number[]> {
  const bench = new Bench({ ...outlook, startIndex: 0 }, { ...options, config })
  takeOff(bench, list)
  const places: number[] = []
  for (const pod of list) {
    const result = bench.schedule(pod)
    const node = result?.kind === 'placed' ? result.nodeName : ''
    if (node !== '') bench.place(pod, node)
    places.push(indexOf.get(node) ?? -1)
    yield
  }
  return places
}

/** What the nodes carry: what stays where it is, and these pods at these places. */
function placement(fixed: Bench, list: readonly Pod[], places: readonly number[]): Placement {
  const nodes = fixed.nodes()
  const counts = nodes.map((node) => node.pods.length)
  const cpuMilli = nodes.map(({ requested }) => requested.cpuMilli)
  const memoryBytes = nodes.map(({ requested }) => requested.memoryBytes)
  let placed = 0
  list.forEach((pod, i) => {
    const node = places[i] ?? -1
    if (node < 0) return
    placed++
    const { requests } = podResources(pod)
    counts[node] = (counts[node] ?? 0) + 1
    cpuMilli[node] = (cpuMilli[node] ?? 0) + requests.cpuMilli
    memoryBytes[node] = (memoryBytes[node] ?? 0) + requests.memoryBytes
  })
  return { placed, unplaced: list.length - placed, pods: counts, cpuMilli, memoryBytes }
}

/** Pods of one owner are as good as each other: which of them moves does not matter. */
function kindOf({ metadata, spec }: Pod): string {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller)
  const requests = spec?.containers.map(({ resources }) => resources?.requests)
  return owner && !spec?.volumes?.some(({ persistentVolumeClaim }) => persistentVolumeClaim)
    ? `${owner.uid} ${JSON.stringify(requests)}`
    : (metadata.uid ?? '')
}

/** The same number of pods of each kind on each node, with as many as possible where they are. */
function stayPut(keys: readonly string[], from: readonly number[], to: readonly number[]): number[] {
  const free = new Map<string, number>()
  const change = (slot: string, by: number) => free.set(slot, (free.get(slot) ?? 0) + by)
  keys.forEach((key, i) => change(`${key} ${to[i]}`, 1))
  const stays = keys.map((key, i) => {
    const slot = `${key} ${from[i]}`
    if ((free.get(slot) ?? 0) === 0) return false
    change(slot, -1)
    return true
  })
  const left = new Map<string, number[]>()
  keys.forEach((key, i) => {
    const slot = `${key} ${to[i]}`
    if ((free.get(slot) ?? 0) === 0) return
    change(slot, -1)
    left.set(key, [...(left.get(key) ?? []), to[i] ?? -1])
  })
  return keys.map((key, i) => (stays[i] ? (from[i] ?? -1) : (left.get(key)?.shift() ?? -1)))
}

/** The fewest pods that have to move from one placement to the other. */
function movesBetween(keys: readonly string[], from: readonly number[], to: readonly number[]): number {
  return stayPut(keys, from, to).reduce((count, node, i) => count + Number(node !== from[i]), 0)
}

function moves(list: readonly Pod[], now: readonly number[], a: readonly number[], b: readonly number[]): PodMove[] {
  const all = list.map(({ metadata: { namespace = '', name = '' } }, i): PodMove => {
    return { namespace, name, now: now[i] ?? -1, first: a[i] ?? -1, second: b[i] ?? -1 }
  })
  const different = all.filter((move) => move.first !== move.second)
  const same = all.filter((move) => move.first === move.second && move.first !== move.now)
  return [...different, ...same].slice(0, MOST_MOVES)
}
