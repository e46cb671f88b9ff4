import { ADMISSION } from '../apiserver/admission/registry.ts'
import { STRATEGIES } from '../apiserver/kinds/registry.ts'
import { ApiServer } from '../apiserver/server.ts'
import type { Etcd } from '../etcd/etcd.ts'
import { Simulation } from '../sim/simulation.ts'
import type { Cluster } from './cluster.ts'

/** How much of a start is shown as done in the past. SIMPLIFIED: how far a pull had come at some moment is not kept. */
const PAST_PROGRESS = 0.5

/**
 * A cluster as it was: the past store behind an API server of its own, at a clock that stands still. For reading only;
 * nothing runs in it. `powered` tells which machines had power then.
 */
export function pastCluster(live: Cluster, etcd: Etcd, timeMs: number, powered: (node: string) => boolean): Cluster {
  const sim = new Simulation({ seed: live.sim.seed, startTimeMs: live.sim.startTimeMs })
  sim.now = timeMs
  const api = new ApiServer({ sim, etcd, strategies: STRATEGIES, admission: ADMISSION })
  api.startRevision = live.api.startRevision
  const machines = [...live.machines()].map((host) => Object.create(host, { powered: { value: powered(host.name) } }))
  return Object.create(live, {
    past: { value: true },
    sim: { value: sim },
    etcd: { value: etcd },
    api: { value: api },
    machines: { value: () => machines.values() },
    startProgress: { value: () => PAST_PROGRESS },
  }) as Cluster
}
