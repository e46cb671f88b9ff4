import { describe, expect, test } from 'vitest'
import type { Node, Pod, PodSpec } from '../apimachinery/generated/types.ts'
import { makeProfiles } from './config.ts'
import { Action, eventMatches, nodeChanges, podChanges, type Change, type EventKind } from './events.ts'
import type { Listers } from './listers.ts'
import { podInfoOf } from './pod-info.ts'

const listers = { services: () => [] } as unknown as Listers
const profile = [...makeProfiles({}, { listers, nowMs: () => 0, isPreempting: () => false }).values()][0]

const pod = (name: string, spec: Partial<PodSpec> = {}, labels = {}): Pod => ({
  metadata: { name, namespace: 'default', uid: name, labels },
  spec: { containers: [], ...spec },
})
const asking = (cpu: string) => ({ containers: [{ name: 'c', resources: { requests: { cpu } } }] })
const node = (labels = {}, spec: Node['spec'] = {}, cpu = '2'): Node => ({
  metadata: { name: 'n', labels },
  spec,
  status: { allocatable: { cpu, memory: '8Gi', pods: '10' } },
})

/** Whether the event brings back a pod that the plugin rejected. */
function isRetried(plugin: string, waiting: Pod, kind: EventKind, action: number, change: Change): boolean {
  const hints = profile?.hints.get(plugin) ?? []
  return hints.some((h) => eventMatches(h, { kind, action }) && (h.worthRetrying?.(podInfoOf(waiting), change) ?? true))
}

const added = (n: Node): Change => ({ new: n })
const changed = (old: Node, now: Node): Change => ({ old, new: now })
const gone = (p: Pod): Change => ({ old: p })
const { Add, Delete, UpdateNodeAllocatable, UpdateNodeLabel, UpdateNodeTaint, UpdatePodLabel } = Action
const placed = { nodeName: 'n' }
const taint = { taints: [{ key: 'k', effect: 'NoSchedule' }] }
const zone = (value: string) => ({ zone: value })
const term = (app: string) => ({ topologyKey: 'zone', labelSelector: { matchLabels: { app } } })
const near = { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term('db')] } } }
const apart = { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term('db')] } } }
const spread = {
  topologySpreadConstraints: [
    { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { app: 'db' } } },
  ],
}
const port = { containers: [{ name: 'c', ports: [{ containerPort: 80, hostPort: 80 }] }] }
const wantsSsd = { nodeSelector: { disk: 'ssd' } }
const db = { app: 'db' }

describe('queueing hints', () => {
  test.each<[string, Partial<PodSpec>, EventKind, number, Change, boolean]>([
    ['NodeResourcesFit', asking('1'), 'Node', Add, added(node()), true],
    ['NodeResourcesFit', asking('3'), 'Node', Add, added(node()), false],
    ['NodeResourcesFit', asking('3'), 'Node', UpdateNodeAllocatable, changed(node(), node({}, {}, '4')), true],
    ['NodeResourcesFit', asking('1'), 'Node', UpdateNodeAllocatable, changed(node(), node()), false],
    ['NodeResourcesFit', asking('1'), 'Node', UpdateNodeLabel, changed(node(), node(zone('a'))), false],
    ['NodeResourcesFit', asking('1'), 'Pod', Delete, gone(pod('x', placed)), true],
    ['NodeResourcesFit', asking('1'), 'Pod', Delete, gone(pod('x')), false],
    ['TaintToleration', {}, 'Node', Add, added(node({}, taint)), false],
    ['TaintToleration', {}, 'Node', UpdateNodeTaint, changed(node({}, taint), node()), true],
    ['NodeUnschedulable', {}, 'Node', UpdateNodeTaint, changed(node({}, { unschedulable: true }), node()), true],
    ['NodeAffinity', wantsSsd, 'Node', UpdateNodeLabel, changed(node(), node({ disk: 'ssd' })), true],
    ['NodeAffinity', wantsSsd, 'Node', UpdateNodeLabel, changed(node({ disk: 'ssd' }), node({ disk: 'ssd', x: '' })), false],
    ['NodePorts', port, 'Pod', Delete, gone(pod('x', { ...placed, ...port })), true],
    ['NodePorts', port, 'Pod', Delete, gone(pod('x', placed)), false],
    ['InterPodAffinity', near, 'Pod', Add, { new: pod('x', placed, db) }, true],
    ['InterPodAffinity', near, 'Pod', Add, { new: pod('x', placed) }, false],
    ['InterPodAffinity', near, 'Pod', Add, { new: pod('x', {}, db) }, false],
    ['InterPodAffinity', apart, 'Pod', Delete, gone(pod('x', placed, db)), true],
    ['InterPodAffinity', apart, 'Pod', UpdatePodLabel, { old: pod('x', placed, db), new: pod('x', placed) }, true],
    ['InterPodAffinity', apart, 'Node', Add, added(node()), true],
    ['InterPodAffinity', near, 'Node', UpdateNodeLabel, changed(node(zone('a')), node(zone('b'))), true],
    ['PodTopologySpread', spread, 'Pod', Delete, gone(pod('x', placed, db)), true],
    ['PodTopologySpread', spread, 'Pod', Delete, gone(pod('x', placed)), false],
    ['PodTopologySpread', spread, 'Node', Add, added(node(zone('a'))), true],
    ['PodTopologySpread', spread, 'Node', Add, added(node()), false],
    ['DefaultPreemption', {}, 'Pod', Delete, gone(pod('x', placed)), false],
  ])('%s, pod %j, %s %i: %j', (plugin, spec, kind, action, change, expected) => {
    expect(isRetried(plugin, pod('waiting', spec), kind, action, change)).toBe(expected)
  })
})

describe('what an update means', () => {
  test('of a pod', () => {
    const kinds = (old: Pod, now: Pod) => podChanges(old, now).map(({ action }) => action)
    expect(kinds(pod('a'), pod('a', {}, db))).toEqual([Action.UpdatePodLabel])
    expect(kinds(pod('a', asking('2')), pod('a', asking('1')))).toEqual([Action.UpdatePodScaleDown])
    expect(kinds(pod('a', { schedulingGates: [{ name: 'g' }] }), pod('a'))).toEqual([Action.UpdatePodGatesEliminated])
    expect(kinds(pod('a'), pod('a'))).toEqual([Action.Update])
  })

  test('of a node: nothing, if only its heartbeat changed', () => {
    const ready = (lastHeartbeatTime: string) => ({
      ...node(),
      status: { ...node().status, conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime }] },
    })
    expect(nodeChanges(ready('2026-01-01T00:00:00Z'), ready('2026-01-01T00:05:00Z'))).toEqual([])
    expect(nodeChanges(node(), node(zone('a'))).map(({ action }) => action)).toEqual([Action.UpdateNodeLabel])
  })
})
