/**
 * A Deployment until all its replicas are ready. Arguments: replicas, worker nodes. Prints one JSON line with the CPU
 * time from apply to ready, the whole process' CPU time, and memory.
 */
import { Cluster } from '../../src/cluster/cluster.ts'
import { ADMIN } from '../../src/cluster/identities.ts'
import { tuneForEngine } from '../../src/server/tune.ts'

tuneForEngine()

const replicas = Number(process.argv[2] ?? 300)
const workers = Number(process.argv[3] ?? 2)

const cluster = new Cluster({ workers: workers, external: true })
cluster.boot()
if (!cluster.ready) throw new Error('the cluster did not become ready')
const began = process.cpuUsage()
const simBegan = cluster.sim.now
const reply = cluster.call(
  {
    method: 'POST',
    path: '/apis/apps/v1/namespaces/default/deployments',
    body: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: {
        replicas,
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { containers: [{ name: 'c', image: 'registry.k8s.io/pause:3.10' }] },
        },
      },
    },
  },
  ADMIN,
)
if (reply.code !== 201) throw new Error(JSON.stringify(reply.body))
const readyReplicas = () =>
  (cluster.etcd.get('deployments.apps', 'default/web')?.value as { status?: { readyReplicas?: number } } | undefined)?.status
    ?.readyReplicas ?? 0
const done = cluster.sim.runUntilTrue(() => readyReplicas() === replicas, 3_600_000)
const { user, system } = process.cpuUsage(began)
const total = process.cpuUsage()
console.log(
  JSON.stringify({
    ready: done ? replicas : readyReplicas(),
    cpuMs: (user + system) / 1000,
    totalCpuMs: (total.user + total.system) / 1000,
    simulatedSeconds: (cluster.sim.now - simBegan) / 1000,
    rssMB: process.memoryUsage().rss / 1e6,
    heapMB: process.memoryUsage().heapUsed / 1e6,
    revisions: cluster.etcd.revision,
  }),
)
process.exit(done ? 0 : 1)
