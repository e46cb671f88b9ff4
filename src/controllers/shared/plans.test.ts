import { describe, expect, test } from 'vitest'
import type { Pod } from '../../apimachinery/generated/types.ts'
import { countRemaining, nextConditions } from '../namespace/conditions.ts'
import { CidrSet } from '../nodeipam/cidr-set.ts'
import { byEvictionAndAge } from '../podgc/plan.ts'
import { tolerationMs } from '../tainteviction/tolerations.ts'
import { nextStep } from '../ttl/controller.ts'
import { planClaim } from './claim.ts'

describe('claims', () => {
  const owner = { metadata: { uid: 'me', namespace: 'a' } }
  const leaving = { metadata: { ...owner.metadata, deletionTimestamp: 'now' } }
  const owned = (uid: string) => ({
    metadata: { namespace: 'a', ownerReferences: [{ apiVersion: 'v1', kind: 'X', name: 'x', uid, controller: true }] },
  })
  const orphan = { metadata: { namespace: 'a' } }
  test.each([
    ['keep', owned('me'), owner, true],
    ['release', owned('me'), owner, false],
    ['ignore', owned('me'), leaving, false],
    ['ignore', owned('other'), owner, true],
    ['adopt', orphan, owner, true],
    ['ignore', orphan, owner, false],
    ['ignore', orphan, leaving, true],
    ['ignore', { metadata: { namespace: 'a', deletionTimestamp: 'now' } }, owner, true],
    ['ignore', { metadata: { namespace: 'b' } }, owner, true],
  ])('%s', (claim, object, by, matches) => {
    expect(planClaim(object, by, matches)).toBe(claim)
  })
})

test('tolerations: the shortest of those used counts, none means now, no limit means for ever', () => {
  const unreachable = { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' }
  const other = { key: 'other', value: 'x', effect: 'NoExecute' }
  const five = { key: unreachable.key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }
  expect(tolerationMs([unreachable], [])).toBe(0)
  expect(tolerationMs([unreachable], [five])).toBe(300_000)
  expect(tolerationMs([unreachable, other], [five])).toBe(0)
  expect(tolerationMs([unreachable, other], [five, { operator: 'Exists' }])).toBe(300_000)
  expect(tolerationMs([unreachable], [{ operator: 'Exists' }])).toBe(Infinity)
  expect(tolerationMs([other], [{ key: 'other', operator: 'Equal', value: 'y' }])).toBe(0)
  expect(tolerationMs([other], [{ key: 'other', value: 'x', tolerationSeconds: -1 }])).toBe(0)
})

test('subnets go out in turn, freed ones last, and go on beyond the first range', () => {
  const set = new CidrSet()
  expect([set.allocate(), set.allocate(), set.allocate()]).toEqual(['10.244.0.0/24', '10.244.1.0/24', '10.244.2.0/24'])
  set.release('10.244.1.0/24')
  set.occupy('10.244.3.0/24')
  expect(set.allocate()).toBe('10.244.4.0/24')
  for (let i = 5; i < 256; i++) set.allocate()
  expect(set.allocate()).toBe('10.244.1.0/24')
  expect([set.allocate(), set.allocate()]).toEqual(['10.128.0.0/24', '10.128.1.0/24'])
})

test('the cache time follows the size of the cluster with some slack', () => {
  expect([nextStep(0, 100), nextStep(0, 101), nextStep(1, 95), nextStep(1, 89), nextStep(4, 5000)]).toEqual([0, 1, 1, 0, 4])
})

test('evicted pods are collected first, then the oldest', () => {
  const pod = (name: string, creationTimestamp: string, reason?: string): Pod => ({
    metadata: { name, creationTimestamp },
    status: { phase: 'Failed', reason },
  })
  const list = [
    pod('b', '2026-01-02T00:00:00Z'),
    pod('a', '2026-01-02T00:00:00Z'),
    pod('old', '2026-01-01T00:00:00Z'),
    pod('out', '2026-01-03T00:00:00Z', 'Evicted'),
  ]
  expect(list.toSorted(byEvictionAndAge).map((p) => p.metadata.name)).toEqual(['out', 'old', 'a', 'b'])
})

test('a namespace tells what is left in it and what holds it', () => {
  const left = countRemaining({ group: 'apps', resource: 'deployments' }, [
    { metadata: { finalizers: ['x.io/hold'] } },
    { metadata: {} },
  ])
  const namespace = { metadata: { name: 'a' }, status: { phase: 'Terminating' } }
  const conditions = nextConditions(namespace, { errors: [], remaining: [left] }, 1_767_225_600_000)
  expect(conditions?.map((c) => `${c.type}=${c.status} ${c.reason ?? ''}: ${c.message ?? ''}`)).toEqual([
    'NamespaceDeletionDiscoveryFailure=False ResourcesDiscovered: All resources successfully discovered',
    'NamespaceDeletionGroupVersionParsingFailure=False ParsedGroupVersions: All legacy kube types successfully parsed',
    'NamespaceDeletionContentFailure=False ContentDeleted: All content successfully deleted, may be waiting on finalization',
    'NamespaceContentRemaining=True SomeResourcesRemain: Some resources are remaining: deployments.apps has 2 resource instances',
    'NamespaceFinalizersRemaining=True SomeFinalizersRemain: Some content in the namespace has finalizers remaining: x.io/hold in 1 resource instances',
  ])
  const again = { ...namespace, status: { phase: 'Terminating', conditions: conditions ?? [] } }
  expect(nextConditions(again, { errors: [], remaining: [left] }, 0)).toBeNull()
})
