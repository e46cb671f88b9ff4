import { describe, expect, test } from 'vitest'
import type { Node, Pod, PodSpec } from '../apimachinery/generated/types.ts'
import { present } from '../sim/assert.ts'
import { Random } from '../sim/random.ts'
import { SchedulerCache } from './cache.ts'
import { makeProfiles } from './config.ts'
import { explainPod } from './explain.ts'
import type { Listers } from './listers.ts'
import { Nominator } from './nominator.ts'
import type { NodeInfo } from './node-info.ts'
import { podInfoOf } from './pod-info.ts'
import { selectVictims } from './preemption.ts'
import { prepareFilters, schedulePod } from './schedule-one.ts'
import type { Snapshot } from './snapshot.ts'

const services = [{ metadata: { name: 'web', namespace: 'default' }, spec: { selector: { app: 'web' } } }]
const listers = {
  namespace: (name: string) => ({ metadata: { name, labels: { 'kubernetes.io/metadata.name': name } } }),
  namespaces: () => [{ metadata: { name: 'default', labels: {} } }],
  services: () => services,
  disruptionBudgets: () => [],
} as unknown as Listers
const profile = present(
  makeProfiles({}, { listers, nowMs: () => 0, isPreempting: () => false }).get('default-scheduler'),
  'profile',
)

const ZONE = 'topology.kubernetes.io/zone'
const HOST = 'kubernetes.io/hostname'
const selecting = (app: string) => ({ labelSelector: { matchLabels: { app } } })
const spread = (topologyKey: string, whenUnsatisfiable: string) => ({
  maxSkew: 1,
  topologyKey,
  whenUnsatisfiable,
  ...selecting('web'),
})
const near = (topologyKey: string, app: string) => ({ topologyKey, ...selecting(app) })

/** Shapes of pods that between them use every plugin that looks at nodes and pods. */
const SHAPES: readonly Partial<PodSpec>[] = [
  {},
  { nodeSelector: { disk: 'ssd' } },
  { tolerations: [{ operator: 'Exists' }] },
  { topologySpreadConstraints: [spread(ZONE, 'DoNotSchedule')] },
  {
    topologySpreadConstraints: [spread(HOST, 'ScheduleAnyway'), { ...spread(ZONE, 'DoNotSchedule'), nodeTaintsPolicy: 'Honor' }],
  },
  { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [near(HOST, 'db')] } } },
  { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [near(ZONE, 'web')] } } },
  {
    affinity: {
      podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 7, podAffinityTerm: near(ZONE, 'db') }] },
      podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 3, podAffinityTerm: near(HOST, 'web') }] },
    },
  },
  { containers: [{ name: 'c', image: 'big', ports: [{ containerPort: 80, hostPort: 8080 }] }] },
]

/** The state a cache should show: what exists, in the order in which it came. */
class World {
  readonly nodes = new Map<string, Node>()
  readonly pods = new Map<string, { pod: Pod; nodeName: string }>()
  readonly cache = new SchedulerCache()
  private readonly random: Random
  private serial = 0

  constructor(seed: number) {
    this.random = new Random(seed, 'world')
  }

  makePod(): Pod {
    const name = `p${this.serial++}`
    const app = this.random.pick(['web', 'db', 'other'])
    const requests = { cpu: `${this.random.int(4) * 100}m`, memory: `${this.random.int(3) * 256}Mi` }
    const containers = [{ name: 'c', image: 'big', resources: { requests } }]
    return {
      metadata: { name, namespace: 'default', uid: `uid-${name}`, labels: { app } },
      spec: { schedulerName: 'default-scheduler', priority: this.random.int(3), containers, ...this.random.pick(SHAPES) },
    }
  }

  private makeNode(name: string): Node {
    const taints = this.random.int(6) === 0 ? [{ key: 'k', effect: this.random.pick(['NoSchedule', 'PreferNoSchedule']) }] : []
    const labels = { [HOST]: name, [ZONE]: `z${this.random.int(3)}`, ...(this.random.int(2) ? { disk: 'ssd' } : {}) }
    const images = this.random.int(2) ? [{ names: ['big:latest'], sizeBytes: 500_000_000 }] : []
    const allocatable = { cpu: '2', memory: '4Gi', pods: '12' }
    return {
      metadata: { name, labels },
      spec: { taints, unschedulable: this.random.int(9) === 0 },
      status: { allocatable, images },
    }
  }

  change(): void {
    const { random } = this
    const name = `n${random.int(12)}`
    const node = this.nodes.get(name)
    const existing = this.pods.size > 0 ? random.pick([...this.pods.values()]) : undefined
    switch (random.int(7)) {
      case 0:
        if (node) this.cache.updateNode(node, this.put(name))
        else this.cache.addNode(this.put(name))
        return
      case 1:
        if (!node || random.int(3) > 0) return
        this.nodes.delete(name)
        this.cache.removeNode(node)
        return
      case 2:
        if (!existing) return
        this.pods.delete(existing.pod.metadata.uid ?? '')
        if (this.cache.isAssumed(existing.pod)) this.cache.forget(existing.pod)
        else this.cache.removePod(existing.pod)
        return
      case 3:
        if (!existing) return
        return this.bind({ ...existing.pod, metadata: { ...existing.pod.metadata, labels: { app: 'web' } } }, existing.nodeName)
      default: {
        const pod = this.makePod()
        this.pods.set(pod.metadata.uid ?? '', { pod, nodeName: name })
        this.cache.assume(pod, name)
        if (random.int(2)) this.bind(pod, name)
      }
    }
  }

  private put(name: string): Node {
    const node = this.makeNode(name)
    this.nodes.set(name, node)
    return node
  }

  private bind(unbound: Pod, nodeName: string): void {
    const pod = { ...unbound, spec: { containers: [], ...unbound.spec, nodeName } }
    this.pods.set(pod.metadata.uid ?? '', { pod, nodeName })
    this.cache.setPod(pod)
  }

  /** A cache filled anew, without the pods of these UIDs. */
  recount(order: readonly NodeInfo[], without: ReadonlySet<string> = new Set()): SchedulerCache {
    const fresh = new SchedulerCache()
    for (const { name } of order) {
      const node = this.nodes.get(name)
      if (node) fresh.addNode(node)
    }
    for (const [uid, { pod, nodeName }] of this.pods) if (!without.has(uid)) fresh.assume(pod, nodeName)
    return fresh
  }
}

function summary(snapshot: Snapshot) {
  const total = ({ name, requested, nonZeroCpuMilli, nonZeroMemoryBytes, usedPorts, pods, podsWithAffinity }: NodeInfo) => ({
    name,
    requested,
    nonZeroCpuMilli,
    nonZeroMemoryBytes,
    ports: usedPorts.length,
    pods: pods.map((p) => p.uid).toSorted(),
    withAffinity: podsWithAffinity.map((p) => p.uid).toSorted(),
  })
  return {
    nodes: snapshot.nodes.map(total).toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    withAffinity: [...snapshot.withAffinity].toSorted(),
    withAntiAffinity: [...snapshot.withRequiredAntiAffinity].toSorted(),
    images: [...snapshot.images].map(([name, { nodes }]) => [name, [...nodes].toSorted()]),
  }
}

function verdicts(snapshot: Snapshot, pod: Pod) {
  const explanation = explainPod(snapshot, podInfoOf(pod), profile, new Random(1, 'x'), new Nominator())
  const order = explanation.feasible.map(({ name }, i) => [
    name,
    explanation.totals[i],
    explanation.scores.map((s) => [s.plugin, s.raw[i]]),
  ])
  return {
    rejected: [...explanation.verdicts].map(([name, s]) => [name, s?.plugin, s?.reasons]).toSorted(),
    scores: order.toSorted(),
    best: explanation.best.toSorted(),
  }
}

describe('scheduler cache', () => {
  for (const seed of [1, 2, 3, 4, 5])
    test(`after any changes equals a recount, and so does what is decided on it (seed ${seed})`, () => {
      const world = new World(seed)
      const random = new Random(seed, 'choice')
      for (let step = 0; step < 250; step++) {
        world.change()
        if (step % 5 !== 0) continue
        const snapshot = world.cache.snapshot()
        const fresh = world.recount(snapshot.nodes).snapshot()
        expect(summary(snapshot)).toEqual(summary(fresh))
        const pod = world.makePod()
        const expected = verdicts(fresh, pod)
        expect(verdicts(snapshot, pod)).toEqual(expected)
        if (snapshot.nodes.length === 0) continue
        const result = schedulePod(snapshot, podInfoOf(pod), profile, random, {
          nominator: new Nominator(),
          startIndex: random.int(snapshot.nodes.length),
        })
        if (result.kind === 'placed') expect(expected.best).toContain(result.nodeName)
        else expect(expected.best).toEqual([])
      }
    })
})

describe('preemption', () => {
  for (const seed of [11, 12, 13])
    test(`what a dry run supposes holds once the pods are gone (seed ${seed})`, () => {
      const world = new World(seed)
      let candidates = 0
      for (let step = 0; step < 300; step++) {
        world.change()
        if (step % 20 !== 0) continue
        const snapshot = world.cache.snapshot()
        const made = world.makePod()
        const pod = podInfoOf({ ...made, spec: { containers: [], ...made.spec, priority: 5 - (step % 4) } })
        const cycle = { pod, snapshot, nominator: new Nominator(), random: new Random(1, 'x') }
        const { filters } = prepareFilters(cycle, profile)
        for (const node of snapshot.nodes) {
          const before = filters.check(node)
          const result = selectVictims(filters, node, [], 0)
          expect(filters.check(node)).toEqual(before)
          const lower = node.pods.filter((p) => p.priority < pod.priority).map((p) => p.uid)
          const gone = 'victims' in result ? result.victims.map((v) => v.uid) : lower
          const fresh = world.recount(snapshot.nodes, new Set(gone)).snapshot()
          const verdict = explainPod(fresh, pod, profile, new Random(1, 'x'), new Nominator()).verdicts.get(node.name)
          if ('victims' in result) candidates++
          if ('victims' in result) expect(verdict).toBeNull()
          else if (lower.length > 0) expect(verdict).not.toBeNull()
        }
      }
      expect(candidates).toBeGreaterThan(20)
    })
})
