/** An idle three-node cluster: how much time passes in it per second of CPU. Prints one JSON line. */
import { Cluster } from '../../src/cluster/cluster.ts'
import { tuneForEngine } from '../../src/server/tune.ts'

tuneForEngine()

const cluster = new Cluster()
cluster.boot()
if (!cluster.ready) throw new Error('the cluster did not become ready')
const hours = Number(process.argv[2] ?? 24)
const began = process.cpuUsage()
const executed = cluster.sim.executed
cluster.sim.runFor(hours * 3_600_000)
const { user, system } = process.cpuUsage(began)
console.log(
  JSON.stringify({
    simulatedSeconds: hours * 3600,
    cpuMs: (user + system) / 1000,
    secondsPerCpuSecond: (hours * 3600) / ((user + system) / 1e6),
    events: cluster.sim.executed - executed,
  }),
)
