import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { Cluster } from '../cluster.ts'
import { applyManifest } from './apply.ts'
import { runChaos } from './chaos.ts'
import { Invariants, unsettled } from './invariants.ts'

/** Simulated hours, one seed each; CHAOS_HOURS=1000 runs as many. */
const HOURS = Number(process.env['CHAOS_HOURS'] ?? 6)
const SETTLE_MS = 30 * 60_000
/** An hour of chaos is a few seconds of work; a machine that has much else to do takes longer. */
const LIMIT_MS = 120_000

/** Machines in two zones, and disks in them. */
function withDisks(cluster: Cluster): void {
  for (let i = 0; i < 4; i++) cluster.addNodes({ name: `zone-${i}`, zone: i % 2 === 0 ? 'a' : 'b' })
  cluster.sim.runFor(60_000)
  applyManifest(cluster, readFileSync(new URL('../../ui/gallery/manifests/disk-driver.yaml', import.meta.url), 'utf8'))
  cluster.sim.runFor(120_000)
}

function run(seed: number, storage = false): { broken: readonly string[]; left: readonly string[]; log: readonly string[] } {
  const cluster = new Cluster({ seed, workers: storage ? 0 : 4, external: true })
  cluster.boot()
  if (storage) withDisks(cluster)
  const invariants = new Invariants(cluster)
  const chaos = runChaos(cluster, storage ? 20 : 60, () => invariants.check(), storage)
  cluster.sim.runUntilTrue(() => unsettled(cluster).length === 0, SETTLE_MS)
  invariants.check()
  return { broken: invariants.broken, left: unsettled(cluster), log: chaos.log }
}

describe('under random faults nothing unsafe happens, and after healing everything converges', () => {
  for (let seed = 1; seed <= HOURS; seed++) {
    test(
      `one hour, seed ${seed}`,
      () => {
        const { broken, left, log } = run(seed)
        expect(broken, log.join('\n')).toEqual([])
        expect(left, log.join('\n')).toEqual([])
      },
      LIMIT_MS,
    )
  }
  test(
    'a third of an hour with pods on disks',
    () => {
      const { broken, left, log } = run(1, true)
      expect(broken, log.join('\n')).toEqual([])
      expect(left, log.join('\n')).toEqual([])
    },
    LIMIT_MS,
  )
})
