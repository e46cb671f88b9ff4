/**
 * Hollow nodes full of pods. Arguments: nodes, pods. Prints one JSON line with the time until all pods run, what one pod
 * cost, and memory.
 */
import { Cluster } from '../../src/cluster/cluster.ts'
import { ADMIN } from '../../src/cluster/identities.ts'
import { tuneForEngine } from '../../src/server/tune.ts'

tuneForEngine()

const nodes = Number(process.argv[2] ?? 5000)
const pods = Number(process.argv[3] ?? nodes * 30)
/** Several Deployments, as a cluster of that size would have. */
const PER_DEPLOYMENT = 3000

const wallBegan = Date.now()
const cluster = new Cluster({ workers: nodes, hollow: { writes: 'few' } })
cluster.boot()
if (!cluster.ready) throw new Error('the cluster did not become ready')
const bootMs = Date.now() - wallBegan
const began = process.cpuUsage()
const simBegan = cluster.sim.now
const sizes = Array.from({ length: Math.ceil(pods / PER_DEPLOYMENT) }, (_, i) =>
  Math.min(PER_DEPLOYMENT, pods - i * PER_DEPLOYMENT),
)
sizes.forEach((replicas, i) => {
  const app = `app-${i}`
  const reply = cluster.call(
    {
      method: 'POST',
      path: '/apis/apps/v1/namespaces/default/deployments',
      body: {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: app },
        spec: {
          replicas,
          selector: { matchLabels: { app } },
          template: {
            metadata: { labels: { app } },
            spec: { containers: [{ name: 'c', image: 'registry.k8s.io/pause:3.10' }] },
          },
        },
      },
    },
    ADMIN,
  )
  if (reply.code !== 201) throw new Error(JSON.stringify(reply.body))
})
let ready = new Set<string>()
cluster.etcd.watch('deployments.apps', ({ key, value }) => {
  const { spec, status } = value as { spec?: { replicas?: number }; status?: { readyReplicas?: number } }
  if (status?.readyReplicas === spec?.replicas) ready.add(key)
})
const done = cluster.sim.runUntilTrue(() => ready.size === sizes.length, 24 * 3_600_000)
const { user, system } = process.cpuUsage(began)
const cpuMs = (user + system) / 1000
console.log(
  JSON.stringify({
    ready: done ? pods : -1,
    bootMs,
    wallMs: Date.now() - wallBegan,
    cpuMs,
    cpuMsPerPod: cpuMs / pods,
    simulatedSeconds: (cluster.sim.now - simBegan) / 1000,
    rssMB: process.memoryUsage().rss / 1e6,
    heapMB: process.memoryUsage().heapUsed / 1e6,
    revisions: cluster.etcd.revision,
  }),
)
process.exit(done ? 0 : 1)
