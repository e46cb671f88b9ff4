/**
 * Looking about in a 10-minute history of a thousand pods, some of them crash-looping, with the map, a table, events, an
 * object and a rollout open. Arguments: pods, worker nodes. Prints one JSON line with milliseconds per look.
 */
import type { Host } from '../../src/worker/pacer.ts'
import { Engine } from '../../src/worker/engine.ts'

const pods = Number(process.argv[2] ?? 1000)
const workers = Number(process.argv[3] ?? 12)
const LOOKS = 60

const host: Host = { now: () => performance.now(), later: (ms, callback) => void setTimeout(callback, ms) }
let messages = 0
const engine = new Engine(host, () => void messages++)
const deployment = (name: string, replicas: number, command: string) => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec: { containers: [{ name: c, image: busybox, command: [sh, -c, ${JSON.stringify(command)}] }] }
`

await engine.start({ workers })
await engine.pause()
const startMs = (await engine.inputLog()).endTimeMs
await engine.apply(deployment('web', Math.round(pods * 0.95), 'sleep 3600'))
await engine.apply(deployment('crash', Math.round(pods * 0.05), 'sleep 2; exit 1'))
const ranCpu = process.cpuUsage()
engine.runFor(300_000)
await engine.apply(deployment('web', Math.round(pods * 0.95), 'sleep 7200'))
engine.runFor(300_000)
const ran = process.cpuUsage(ranCpu)
const endMs = (await engine.inputLog()).endTimeMs

await engine.subscribe(1, { feed: 'map' })
await engine.subscribe(2, { feed: 'table', group: '', version: 'v1', resource: 'pods' })
await engine.subscribe(3, { feed: 'events' })
const web = { group: 'apps', version: 'v1', resource: 'deployments', namespace: 'default', name: 'web' }
await engine.subscribe(4, { feed: 'object', ...web })
await engine.subscribe(5, { feed: 'rollout', ...web })
await engine.subscribe(6, { feed: 'travel' })
const began = performance.now()
await engine.subscribe(7, { feed: 'timeline' })
const timelineMs = performance.now() - began

async function timed(momentsMs: readonly number[]): Promise<number[]> {
  const times: number[] = []
  for (const momentMs of momentsMs) {
    const start = performance.now()
    await engine.lookAt(momentMs)
    times.push(performance.now() - start)
  }
  return times.sort((a, b) => a - b)
}
const at = (part: number) => startMs + (endMs - startMs) * part
const far = Array.from({ length: LOOKS }, (_, i) => at((i * 0.618034) % 1))
const near = Array.from({ length: LOOKS }, (_, i) => at(0.4 + i * 0.002))
const summary = (times: readonly number[]) => ({
  median: Math.round(times[times.length >> 1] ?? 0),
  worst: Math.round(times.at(-1) ?? 0),
})
const first = await timed([at(0.05)])
const looksCpu = process.cpuUsage()
const farTimes = await timed(far)
const nearTimes = await timed(near)
const looked = process.cpuUsage(looksCpu)
console.log(
  JSON.stringify({
    pods,
    revisions: engine.history().at(-1)?.revision,
    simulatedMinutes: (endMs - startMs) / 60_000,
    runCpuMs: (ran.user + ran.system) / 1000,
    firstLookMs: Math.round(first[0] ?? 0),
    farMs: summary(farTimes),
    nearMs: summary(nearTimes),
    cpuMsPerLook: Math.round((looked.user + looked.system) / 1000 / (far.length + near.length)),
    timelineSnapshotMs: Math.round(timelineMs),
    messages,
    heapMB: Math.round(process.memoryUsage().heapUsed / 1e6),
  }),
)
process.exit(0)
