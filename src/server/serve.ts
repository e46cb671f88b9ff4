/** npm run serve: a simulated cluster behind the Kubernetes HTTP API, in real time, on the loopback address. */
import { Cluster } from '../cluster/cluster.ts'
import { makeListener } from './http-listener.ts'
import { readOptions } from './options.ts'
import { tuneForEngine } from './tune.ts'
import { WallClock } from './wall-clock.ts'

const HOST = '127.0.0.1'
/** The cluster's boot, in simulated time, must fit in here: it then continues at the present. */
const HEAD_START_MS = 15 * 60_000

function main(): void {
  tuneForEngine()
  const options = readOptions(process.argv.slice(2), { port: 8001, nodes: 2, seed: 42 })
  const cluster = new Cluster({ seed: options.seed, workers: options.nodes, startTimeMs: Date.now() - HEAD_START_MS })
  cluster.boot()
  if (!cluster.ready) throw new Error('the cluster did not become ready')
  cluster.sim.runUntil(Date.now())
  const clock = new WallClock(cluster.sim)
  const server = makeListener(cluster.api, clock)
  server.on('error', (error: NodeJS.ErrnoException) => {
    console.error(error.code === 'EADDRINUSE' ? `port ${options.port} is in use; choose another with --port N` : error.message)
    process.exit(1)
  })
  server.listen(options.port, HOST, () => {
    clock.start()
    console.log(`Kubernetes API on http://${HOST}:${options.port}  (kubectl -s http://${HOST}:${options.port} get pods -A)`)
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      clock.stop()
      server.closeAllConnections()
      server.close(() => process.exit(0))
    })
}

try {
  main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
}
