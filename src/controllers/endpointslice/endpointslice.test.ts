import { describe, expect, test } from 'vitest'
import { endpoints, endpointslices, pods, services } from '../../apimachinery/generated/resources.ts'
import type { Pod, Service } from '../../apimachinery/generated/types.ts'
import { Random } from '../../sim/random.ts'
import { endpointsController } from '../endpoints/controller.ts'
import { Harness } from '../testing/harness.ts'
import { endpointSliceController } from './controller.ts'
import { describePod, planChanges, planSlices, type SliceEntry } from './plan.ts'
import type { SlicePlan } from './packing.ts'

const SERVICE: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default', uid: 'svc' },
  spec: {
    clusterIP: '10.96.0.9',
    ipFamilies: ['IPv4'],
    selector: { app: 'web' },
    ports: [{ port: 80, targetPort: 8080, protocol: 'TCP' }],
  },
}

function pod(number: number, ready: boolean): Pod {
  const ip = `10.244.${number >> 8}.${number & 255}`
  return {
    metadata: { name: `web-${number}`, namespace: 'default', uid: `u${number}`, labels: { app: 'web' } },
    spec: { containers: [], nodeName: 'node-1' },
    status: { phase: 'Running', podIP: ip, podIPs: [{ ip }], conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  }
}
const describeOne = (p: Pod) => describePod(SERVICE, p, () => ({ metadata: { name: 'node-1' } }))

describe('endpoint slices', () => {
  test('planned change by change hold the same endpoints as slices planned afresh', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = new Random(seed, 'slices')
      const entries = new Map<string, SliceEntry>()
      let slices: SlicePlan['update'] = []
      let names = 0
      const apply = (plan: SlicePlan) => {
        const touched = new Set([...plan.update, ...plan.remove].map((slice) => slice.metadata.name))
        const named = plan.create.map((slice) => ({ ...slice, metadata: { ...slice.metadata, name: `s${names++}` } }))
        slices = [...slices.filter((slice) => !touched.has(slice.metadata.name)), ...plan.update, ...named]
      }
      for (let step = 0; step < 60; step++) {
        const changes = new Map<string, { before: SliceEntry | undefined; now: SliceEntry | undefined }>()
        for (let i = random.int(6); i >= 0; i--) {
          const number = random.int(40)
          const key = `default/web-${number}`
          const before = entries.get(key)
          const now = random.next() < 0.4 ? undefined : describeOne(pod(number, random.next() < 0.5))
          if (now) entries.set(key, now)
          else entries.delete(key)
          changes.set(key, { before: changes.get(key)?.before ?? before, now })
        }
        const input = { service: SERVICE, entries, slices, maxPerSlice: 7 }
        const small = planChanges(input, changes)
        if (small) apply(small)
        else for (const plan of planSlices(input)) apply(plan)
        const texts = slices.flatMap((slice) => slice.endpoints ?? []).map((e) => `${e.targetRef?.name} ${e.conditions?.ready}`)
        const wanted = [...entries.values()]
          .flatMap((e) => e.endpoints)
          .map(({ endpoint: e }) => `${e.targetRef?.name} ${e.conditions?.ready}`)
        expect(texts.toSorted()).toEqual(wanted.toSorted())
        expect(slices.every((slice) => (slice.endpoints?.length ?? 0) <= 7)).toBe(true)
        for (const plan of planSlices({ ...input, slices })) expect([plan.create.length, plan.remove.length]).toEqual([0, 0])
      }
    }
  })

  test('and Endpoints follow pods as they become ready and go', () => {
    const h = new Harness([endpointsController, endpointSliceController])
    h.create(services, SERVICE)
    h.runPods(['node-1'])
    for (const number of [1, 2, 3])
      h.create(pods, {
        metadata: { name: `web-${number}`, namespace: 'default', labels: { app: 'web' } },
        spec: { containers: [{ name: 'c', image: 'x' }] },
      })
    h.sim.runFor(3000)
    const ready = () =>
      h
        .list(endpointslices)
        .flatMap((slice) => slice.endpoints ?? [])
        .filter((e) => e.conditions?.ready)
        .map((e) => e.targetRef?.name)
        .toSorted()
    const addresses = () =>
      (h.list(endpoints)[0]?.subsets ?? [])
        .flatMap((s) => s.addresses ?? [])
        .map((a) => a.targetRef?.name)
        .toSorted()
    expect([ready(), addresses()]).toEqual([
      ['web-1', 'web-2', 'web-3'],
      ['web-1', 'web-2', 'web-3'],
    ])
    h.run(h.client.delete(pods, 'default', 'web-2'))
    h.sim.runFor(3000)
    expect([ready(), addresses()]).toEqual([
      ['web-1', 'web-3'],
      ['web-1', 'web-3'],
    ])
    h.run(h.client.delete(services, 'default', 'web'))
    h.sim.runFor(3000)
    expect(h.list(endpoints)).toEqual([])
  })
})
