import { expect, it } from 'vitest'
import { applyFile } from '../kubectl/apply.ts'
import type { DoorRequest } from '../kubectl/door.ts'
import { Cluster } from './cluster.ts'
import { ADMIN } from './identities.ts'
import { historyHash } from './testing/history-hash.ts'

const SCENARIO: readonly (readonly [afterMs: number, act: (cluster: Cluster) => void])[] = [
  [1000, (cluster) => apply(cluster, 'web', 'registry.k8s.io/pause:3.10')],
  [20_000, (cluster) => cluster.powerOff('worker')],
  [45_000, (cluster) => apply(cluster, 'web', 'no-such-image:1')],
  [30_000, (cluster) => cluster.powerOn('worker')],
  [60_000, (cluster) => cluster.addNodes({ count: 1 })],
]

function apply(cluster: Cluster, name: string, image: string): void {
  const call = (request: DoorRequest) => cluster.call(request, ADMIN)
  const findKind = (apiVersion: string, kind: string) => cluster.api.resources.findKind(apiVersion, kind)
  const labels = { app: name }
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas: 4,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'c', image }] } },
    },
  }
  applyFile({ call, findKind }, JSON.stringify(deployment))
}

/** Runs the scenario; `pauses` cuts the waiting into pieces, as a page that is paused and stepped does. */
function run(seed: number, pauses = 1): string {
  const cluster = new Cluster({ seed })
  cluster.boot()
  for (const [afterMs, act] of SCENARIO) {
    const end = cluster.sim.now + afterMs
    for (let i = pauses; i > 0; i--) cluster.sim.runUntil(end - Math.floor((afterMs * (i - 1)) / pauses))
    act(cluster)
  }
  cluster.sim.runFor(60_000)
  return historyHash(cluster.etcd.history())
}

it('same seed and inputs, same history, byte for byte', () => {
  const first = run(7)
  expect(run(7)).toBe(first)
  expect(run(7, 13)).toBe(first)
  expect(run(8)).not.toBe(first)
})
