/**
 * The same job in the peer: 300 replicas on its three nodes until all are ready. Bundled by bench/peers.ts and run
 * as a process of its own; prints one JSON line.
 */
import { BaseImage, Cluster, type ProcessContext } from '@ngrok/webernetes'

class Idle extends BaseImage {
  static readonly imageName = 'idle'
  static readonly imageVersion = '1.0'
  readonly defaultCommand = ['server']
  override async exec(context: ProcessContext): Promise<number> {
    return await context.waitUntilKilled()
  }
}

const replicas = Number(process.argv[2] ?? 300)
const cluster = new Cluster()
cluster.registerImage(Idle)
await cluster.init()
const began = process.cpuUsage()
const wallBegan = Date.now()
await cluster.apply([
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'idle:1.0' }] } },
    },
  },
])
let ready = 0
const deadline = Date.now() + 120_000
while (ready < replicas && Date.now() < deadline) {
  await new Promise((resolve) => setTimeout(resolve, 100))
  const deployment = await cluster.api.appsv1.readNamespacedDeployment({ namespace: 'default', name: 'web' })
  ready = deployment.status?.readyReplicas ?? 0
}
const { user, system } = process.cpuUsage(began)
console.log(
  JSON.stringify({
    ready,
    cpuMs: (user + system) / 1000,
    wallMs: Date.now() - wallBegan,
    rssMB: process.memoryUsage().rss / 1e6,
    heapMB: process.memoryUsage().heapUsed / 1e6,
  }),
)
process.exit(ready === replicas ? 0 : 1)
