/** Adapter between the recorded table of slice packing and the plan. */
import type { EndpointSlice, Pod, Service } from '../../apimachinery/generated/types.ts'
import { endpointOf, newSlice, portsFor } from '../endpointslice/slices.ts'
import { describePod, planSlices } from '../endpointslice/plan.ts'

interface PackingInput {
  readonly pods: number
  readonly notReady: number
  readonly terminatingReady: number
  readonly existingSliceSizes: readonly number[]
  readonly existingStillWanted: readonly number[]
  readonly maxEndpointsPerSlice: number
}

const SERVICE: Service = {
  metadata: { name: 'web', namespace: 'default', uid: 'svc' },
  spec: {
    clusterIP: '10.0.0.1',
    ipFamilies: ['IPv4'],
    selector: { app: 'web' },
    ports: [{ port: 80, targetPort: 80, protocol: 'TCP' }],
  },
}

function pod(number: number, ready: boolean, terminating: boolean): Pod {
  const ip = `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`
  return {
    metadata: {
      name: `web-${number}`,
      namespace: 'default',
      uid: `pod-${number}`,
      ...(terminating ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
    spec: { containers: [], nodeName: 'node-1' },
    status: { phase: 'Running', podIP: ip, podIPs: [{ ip }], conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  }
}

export function slicePacking(input: PackingInput) {
  const pods = Array.from({ length: input.pods }, (_, i) =>
    pod(i, i >= input.notReady, i >= input.notReady && i < input.notReady + input.terminatingReady),
  )
  const node = { metadata: { name: 'node-1' } }
  let next = 0
  let gone = 100_000
  const slices: EndpointSlice[] = input.existingSliceSizes.map((size, i) => {
    const wanted = input.existingStillWanted[i] ?? 0
    const members = Array.from({ length: size }, (_, j) =>
      j < wanted ? (pods[next++] ?? pod(gone++, true, false)) : pod(gone++, true, false),
    )
    const endpoints = members.map((member) => endpointOf(member, node, SERVICE, 'IPv4'))
    const slice = newSlice(SERVICE, 'IPv4', portsFor(SERVICE, pod(0, true, false)), endpoints)
    return { ...slice, metadata: { ...slice.metadata, name: `web-${i}`, uid: `slice-${i}` } }
  })
  const entries = new Map(
    pods.flatMap((p) => {
      const entry = describePod(SERVICE, p, () => node)
      return entry ? [[p.metadata.name ?? '', entry] as const] : []
    }),
  )
  const [plan] = planSlices({ service: SERVICE, entries, slices, maxPerSlice: input.maxEndpointsPerSlice })
  if (!plan) return null
  const touched = new Set([...plan.update, ...plan.remove].map((slice) => slice.metadata.name))
  const after = [...slices.filter((slice) => !touched.has(slice.metadata.name)), ...plan.update, ...plan.create]
  const endpoints = after.flatMap((slice) => slice.endpoints ?? [])
  return {
    creates: plan.create.length,
    updates: plan.update.length,
    deletes: plan.remove.length,
    sliceSizes: after.map((slice) => slice.endpoints?.length ?? 0).toSorted((a, b) => b - a),
    ready: endpoints.filter((e) => e.conditions?.ready).length,
    serving: endpoints.filter((e) => e.conditions?.serving).length,
    terminating: endpoints.filter((e) => e.conditions?.terminating).length,
  }
}
