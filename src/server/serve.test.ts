import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { promisify } from 'node:util'
import {
  AppsV1Api,
  CoreV1Api,
  Exec,
  KubeConfig,
  makeInformer,
  PatchStrategy,
  setHeaderOptions,
  Watch,
  type V1ConfigMap,
  type V1Status,
} from '@kubernetes/client-node'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { Cluster } from '../cluster/cluster.ts'
import { makeListener } from './http-listener.ts'
import { WallClock } from './wall-clock.ts'

/** The client's HTTP library expects Node 22; this fills in what Node 20 lacks of it, before it is loaded. */
vi.hoisted(() => {
  const fill = (target: object, name: string, value: unknown) => {
    if (!(name in target)) Object.assign(target, { [name]: value })
  }
  const zlib = process.getBuiltinModule('node:zlib')
  fill(zlib, 'createZstdDecompress', zlib.createGunzip)
  fill(process.getBuiltinModule('node:worker_threads'), 'markAsUncloneable', () => undefined)
  fill(Promise, 'withResolvers', () => {
    let settle = {}
    const promise = new Promise((resolve, reject) => (settle = { resolve, reject }))
    return { promise, ...settle }
  })
})

let server: Server
let clock: WallClock
let url = ''
const config = new KubeConfig()

beforeAll(async () => {
  const cluster = new Cluster({ workers: 1, startTimeMs: Date.now() - 15 * 60_000 })
  cluster.boot()
  cluster.sim.runUntil(Date.now())
  clock = new WallClock(cluster.sim)
  server = makeListener(cluster.api, clock)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  clock.start()
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  config.loadFromClusterAndUser({ name: 'simulated', server: url, skipTLSVerify: true }, { name: 'nobody' })
}, 20_000)

afterAll(() => {
  clock.stop()
  server.closeAllConnections()
  server.close()
})

/** Waits until `look` gives something. */
async function until<T>(what: string, look: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
  const end = Date.now() + 8_000
  for (;;) {
    const found = await look()
    if (found) return found
    if (Date.now() > end) throw new Error(`${what} did not come`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const mergePatch = setHeaderOptions('Content-Type', PatchStrategy.MergePatch)
const configMap = (name: string, data: Record<string, string>) => ({ metadata: { name, labels: { test: 'serve' } }, data })

describe('@kubernetes/client-node', () => {
  test('lists, creates, watches, patches and deletes', async () => {
    const core = config.makeApiClient(CoreV1Api)
    expect((await core.listNode()).items.map((node) => node.metadata?.name)).toEqual(['control-plane', 'worker'])
    const list = await core.listNamespacedConfigMap({ namespace: 'default', labelSelector: 'test=serve' })
    const seen: string[] = []
    const watching = await new Watch(config).watch(
      '/api/v1/namespaces/default/configmaps',
      { labelSelector: 'test=serve', resourceVersion: list.metadata?.resourceVersion },
      (type, object: V1ConfigMap) => seen.push(`${type} ${object.metadata?.name ?? ''} ${object.data?.['a'] ?? ''}`),
      () => undefined,
    )
    await core.createNamespacedConfigMap({ namespace: 'default', body: configMap('one', { a: '1' }) })
    await core.patchNamespacedConfigMap({ namespace: 'default', name: 'one', body: { data: { a: '2' } } }, mergePatch)
    await core.deleteNamespacedConfigMap({ namespace: 'default', name: 'one' })
    await until('the last event', () => seen.length >= 3)
    watching.abort()
    expect(seen).toEqual(['ADDED one 1', 'MODIFIED one 2', 'DELETED one 2'])
    await expect(core.readNamespacedConfigMap({ namespace: 'default', name: 'one' })).rejects.toMatchObject({ code: 404 })
  })

  test('informers follow', async () => {
    const core = config.makeApiClient(CoreV1Api)
    const informer = makeInformer(config, '/api/v1/namespaces/default/configmaps', () =>
      core.listNamespacedConfigMap({ namespace: 'default' }),
    )
    await informer.start()
    await core.createNamespacedConfigMap({ namespace: 'default', body: configMap('two', { a: '1' }) })
    await until('the object', () => informer.get('two', 'default'))
    await core.deleteNamespacedConfigMap({ namespace: 'default', name: 'two' })
    await until('its end', () => informer.get('two', 'default') === undefined)
    await informer.stop()
  })

  test('a deployment runs; commands run in its containers', async () => {
    const labels = { app: 'web' }
    await config.makeApiClient(AppsV1Api).createNamespacedDeployment({
      namespace: 'default',
      body: {
        metadata: { name: 'web' },
        spec: {
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'busybox', args: ['sleep', '99'] }] } },
        },
      },
    })
    const core = config.makeApiClient(CoreV1Api)
    const name = await until('the pod', async () => {
      const { items } = await core.listNamespacedPod({ namespace: 'default', labelSelector: 'app=web' })
      return items.find((pod) => pod.status?.phase === 'Running')?.metadata?.name
    })
    let out = ''
    const stdout = new Writable({
      write: (chunk: Buffer, _, done) => {
        out += chunk.toString()
        done()
      },
    })
    const status = await new Promise<V1Status>((resolve, reject) => {
      new Exec(config)
        .exec('default', name, 'web', ['sh', '-c', 'echo hello; exit 3'], stdout, null, null, false, resolve)
        .catch(reject)
    })
    expect(out).toBe('hello\n')
    expect(status).toMatchObject({ status: 'Failure', details: { causes: [{ reason: 'ExitCode', message: '3' }] } })
  })
})

function hasKubectl(): boolean {
  try {
    execFileSync('kubectl', ['version', '--client'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

describe(hasKubectl() ? 'kubectl' : 'kubectl (skipped: it is not installed)', () => {
  const run = promisify(execFile)
  const kubectl = async (...args: string[]) => (await run('kubectl', ['--kubeconfig', '/dev/null', '-s', url, ...args])).stdout

  test.runIf(hasKubectl())('applies, waits, shows, explains and deletes', { timeout: 20_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kubarium-'))
    try {
      const file = join(folder, 'pod.yaml')
      writeFileSync(
        file,
        'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: busybox, args: [sh, -c, "echo ready; sleep 99"]}]}\n',
      )
      expect(await kubectl('apply', '-f', file)).toBe('pod/p created\n')
      expect(await kubectl('apply', '-f', file)).toBe('pod/p unchanged\n')
      expect(await kubectl('wait', '--for=condition=Ready', 'pod/p', '--timeout=8s')).toBe('pod/p condition met\n')
      expect(await kubectl('get', 'pod', 'p')).toMatch(/^NAME +READY +STATUS +RESTARTS +AGE\np +1\/1 +Running +0 +\d+s\n$/)
      expect(await kubectl('logs', 'p')).toBe('ready\n')
      expect(await kubectl('exec', 'p', '--', 'echo', 'hi')).toBe('hi\n')
      expect(await kubectl('explain', 'pod.spec.containers.image')).toContain('FIELD: image <string>')
      expect(await kubectl('delete', 'pod', 'p', '--grace-period=0', '--force')).toContain('pod "p" force deleted')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
