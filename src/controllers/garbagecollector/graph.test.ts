import { describe, expect, test } from 'vitest'
import { pods } from '../../apimachinery/generated/resources.ts'
import type { OwnerReference } from '../../apimachinery/generated/types.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import { blockingDependents, decide, OwnerGraph, type ClassifiedReference, type GraphNode } from './graph.ts'

const ref = (uid: string, block = false): OwnerReference => ({
  apiVersion: 'v1',
  kind: 'Pod',
  name: uid,
  uid,
  blockOwnerDeletion: block,
})
const object = (uid: string, owners: OwnerReference[] = [], extra: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { uid, name: uid, namespace: 'default', ...(owners.length > 0 ? { ownerReferences: owners } : {}), ...extra },
})
function setup() {
  const log: string[] = []
  const graph = new OwnerGraph({
    attemptToDelete: (node) => log.push(`delete? ${node.uid}`),
    attemptToOrphan: (node) => log.push(`orphan ${node.uid}`),
  })
  const set = (o: KubeObject, old?: KubeObject) => graph.set(pods, o, old)
  const take = () => log.splice(0)
  return { graph, set, take }
}
const goes = (finalizer: string) => ({ deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: [finalizer] })

describe('the graph of owners', () => {
  test('asks about owners that it has not seen, and about dependents of what goes', () => {
    const { graph, set, take } = setup()
    set(object('child', [ref('owner')]))
    expect(take()).toEqual(['delete? owner'])
    set(object('owner'))
    expect(take()).toEqual([])
    graph.remove('owner')
    expect(take()).toEqual(['delete? child'])
  })

  test('foreground: dependents first, then the owner that waits for them', () => {
    const { graph, set, take } = setup()
    const owner = object('owner')
    set(owner)
    set(object('a', [ref('owner', true)]))
    set(object('b', [ref('owner')]))
    set(object('owner', [], goes('foregroundDeletion')), owner)
    expect(take()).toEqual(['delete? a', 'delete? b', 'delete? owner'])
    expect(blockingDependents(graph.nodes.get('owner') as GraphNode).map((n) => n.uid)).toEqual(['a'])
    graph.remove('a')
    expect(take()).toEqual(['delete? owner'])
  })

  test('orphan: the owner is looked at, not its dependents', () => {
    const { set, take } = setup()
    const owner = object('owner')
    set(owner)
    set(object('a', [ref('owner')]))
    set(object('owner', [], goes('orphan')), owner)
    expect(take()).toEqual(['orphan owner'])
  })

  test('an owner that waits is looked at when a dependent stops blocking it', () => {
    const { set, take } = setup()
    const owner = object('owner')
    const child = object('a', [ref('owner', true)])
    set(owner)
    set(child)
    set(object('owner', [], goes('foregroundDeletion')), owner)
    take()
    set(object('a'), child)
    expect(take()).toEqual(['delete? owner'])
  })
})

describe('an object is', () => {
  const state = (s: ClassifiedReference['state'], uid: string = s): ClassifiedReference => ({ reference: ref(uid), state: s })
  const none = new Set<GraphNode>()
  test.each<[string, ClassifiedReference[], object, unknown]>([
    ['kept with a solid owner', [state('solid')], {}, { act: 'keep' }],
    [
      'freed of dangling owners',
      [state('solid'), state('dangling'), state('waiting')],
      {},
      { act: 'unlink', uids: ['dangling', 'waiting'] },
    ],
    ['deleted without owners left', [state('dangling')], {}, { act: 'delete', policy: 'Background', unblock: false }],
    [
      'deleted as its finalizer says',
      [state('dangling')],
      { finalizers: ['orphan'] },
      { act: 'delete', policy: 'Orphan', unblock: false },
    ],
    [
      'deleted in the background for a waiting owner when nothing hangs on it',
      [state('waiting')],
      {},
      { act: 'delete', policy: 'Background', unblock: false },
    ],
  ])('%s', (_, references, extra, decision) => {
    expect(decide(object('x', [], extra), references, none)).toEqual(decision)
  })
})
