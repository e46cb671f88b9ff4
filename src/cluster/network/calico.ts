/** calico's programs: what runs while their containers run. */
import { CalicoStore } from '../../network/cni/calico/store.ts'
import { print, untilTerminated, type Program, type ProgramTable } from '../../runtime/program.ts'
import { sleep, type Task } from '../../sim/task.ts'
import type { Cluster } from '../cluster.ts'
import { serviceAccountUser } from '../identities.ts'
import type { NodeHost } from '../node-host.ts'
import { policyEnforcer, type PolicyBooks } from './policy-books.ts'

const START_MS = 700
const MEMORY_BYTES = 95 * 1024 * 1024

/** Programs by name, for the machine on which each runs. `books`: what Felix knows when it enforces NetworkPolicies. */
export function calicoPrograms(hostOf: (address: string) => NodeHost | undefined, books: () => PolicyBooks): ProgramTable {
  const on = (act: (host: NodeHost, system: Parameters<Program>[0]) => Task<number>): Program =>
    function* (system) {
      const host = hostOf(system.ip)
      return host ? yield* act(host, system) : 1
    }
  return {
    start_runit: on(function* (host, system) {
      const ended = untilTerminated(system)
      system.setMemory(MEMORY_BYTES)
      system.setCpu(30)
      yield* sleep(START_MS)
      const refusal = host.calico.refusal(system.env)
      if (refusal !== undefined) {
        print(system, refusal)
        return 1
      }
      print(
        system,
        `Starting with ${system.env['CALICO_NETWORKING_BACKEND'] ?? 'bird'} backend; address ${host.calico.detected(system.env)}`,
      )
      host.calico.start(system.env, () => system.changed())
      const felix = policyEnforcer(host, 'calico', books().of('kube-system', 'calico-node'))
      felix.start()
      try {
        yield* ended
        return 0
      } finally {
        felix.stop()
        host.calico.stop()
      }
    }),
    'calico-node': on(function* (host, system) {
      if (!system.argv.includes('-bird-ready') && !system.argv.includes('-felix-ready')) return 0
      const { ok, text } = host.calico.readiness()
      if (!ok) print(system, text)
      return ok ? 0 : 1
    }),
    install: on(function* (host, system) {
      host.calico.installPlugin()
      print(system, '[INFO] cni-installer: Created /host/etc/cni/net.d/10-calico.conflist')
      return 0
    }),
  }
}

/** What all of calico's programs share by way of the API. */
export function calicoStore(cluster: Cluster): CalicoStore {
  return new CalicoStore(cluster.client(serviceAccountUser('kube-system', 'calico-node'), 'calico-node'), cluster.network.fabric)
}
