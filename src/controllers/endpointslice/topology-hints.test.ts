import { expect, test } from 'vitest'
import type { Endpoint, EndpointSlice, Node } from '../../apimachinery/generated/types.ts'
import { allocate, cpuRatios, isOverloaded, moves, wantsTopologyHints, withTopologyHints } from './topology-hints.ts'

const node = (zone: string | undefined, cpu: string, ready = 'True'): Node => ({
  metadata: { labels: zone === undefined ? {} : { 'topology.kubernetes.io/zone': zone } },
  status: { allocatable: { cpu }, conditions: [{ type: 'Ready', status: ready }] },
})
const endpoint = (zone: string, ready = true): Endpoint => ({ addresses: ['10.0.0.1'], conditions: { ready }, zone })
const slice = (name: string, zones: readonly string[]): EndpointSlice => ({
  metadata: { name },
  addressType: 'IPv4',
  endpoints: zones.map((zone) => endpoint(zone)),
})
const RATIOS = new Map([
  ['a', 0.5],
  ['b', 0.25],
  ['c', 0.25],
])
const zones = ({ endpoints }: EndpointSlice) => endpoints?.map(({ hints }) => hints?.forZones?.[0]?.name)

test('the parts of the CPUs come from ready nodes, and need a zone on each', () => {
  expect(cpuRatios([node('a', '2'), node('b', '1'), node('b', '1'), node('c', '9', 'False')])).toEqual(
    new Map([
      ['a', 0.5],
      ['b', 0.5],
    ]),
  )
  expect(cpuRatios([node('a', '2'), node(undefined, '2')])).toBeNull()
  expect(cpuRatios([node('a', '2'), node('a', '2')])).toBeNull()
})

test('each zone has a least and a most number of endpoints', () => {
  expect(allocate(8, RATIOS)).toEqual(
    new Map([
      ['a', { minimum: 4, desired: 4, maximum: 4 }],
      ['b', { minimum: 2, desired: 2, maximum: 2 }],
      ['c', { minimum: 2, desired: 2, maximum: 2 }],
    ]),
  )
  expect(allocate(2, RATIOS)).toBe('Insufficient number of endpoints (2 endpoints, 3 zones)')
  expect(allocate(3, RATIOS)).toMatch(/^Unable to allocate minimum required endpoints .* \(3 endpoints, 3 zones\)$/)
  expect(allocate(5, null)).toMatch(/^Insufficient Node information/)
})

test('zones with too many endpoints give to those with too few', () => {
  const wanted = allocate(8, RATIOS)
  if (typeof wanted === 'string') throw new Error(wanted)
  const { give, take } = moves(wanted, new Map([['a', 8]]))
  expect([give, take]).toEqual([
    new Map([['a', 4]]),
    new Map([
      ['b', 2],
      ['c', 2],
    ]),
  ])
})

test('endpoints are hinted at their own zone, and at others to make it even', () => {
  const plan = { create: [slice('', ['a', 'a', 'a', 'a', 'a', 'a', 'b', 'c'])], update: [], remove: [] }
  const made = withTopologyHints(plan, [], RATIOS)
  expect(made.plan.create.map(zones)).toEqual([['b', 'c', 'a', 'a', 'a', 'a', 'b', 'c']])
  expect(made.counts).toEqual(
    new Map([
      ['a', 4],
      ['b', 2],
      ['c', 2],
    ]),
  )
  const kept = withTopologyHints({ create: [], update: [], remove: [] }, made.plan.create, RATIOS)
  expect(kept.plan.update).toEqual([])
  const lost = withTopologyHints({ create: [], update: [], remove: [] }, made.plan.create, null)
  expect(lost.plan.update.map(zones)).toEqual([Array(8).fill(undefined)])
  expect(lost.problem).toMatch(/^Insufficient Node information/)
})

test('a service is overloaded when a zone has too few', () => {
  expect(
    isOverloaded(
      new Map([
        ['a', 4],
        ['b', 2],
        ['c', 2],
      ]),
      RATIOS,
    ),
  ).toBe(false)
  expect(
    isOverloaded(
      new Map([
        ['a', 6],
        ['b', 1],
        ['c', 1],
      ]),
      RATIOS,
    ),
  ).toBe(true)
  expect(isOverloaded(new Map([['a', 8]]), null)).toBe(true)
})

test('the annotation asks for it', () => {
  const service = (annotations: Record<string, string>) => ({ metadata: { annotations } })
  expect(wantsTopologyHints(service({ 'service.kubernetes.io/topology-mode': 'Auto' }))).toBe(true)
  expect(wantsTopologyHints(service({ 'service.kubernetes.io/topology-aware-hints': 'auto' }))).toBe(true)
  expect(wantsTopologyHints(service({ 'service.kubernetes.io/topology-mode': 'Disabled' }))).toBe(false)
  expect(wantsTopologyHints(service({}))).toBe(false)
})
