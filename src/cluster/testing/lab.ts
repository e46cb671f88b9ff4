import type { KubeObject } from '../../apimachinery/resource.ts'
import type { Pod } from '../../apimachinery/generated/types.ts'
import { Cluster, type ClusterSpec } from '../cluster.ts'
import { ADMIN } from '../identities.ts'

/** What a command in a container wrote, how it ended and how long it took. */
export interface Ran {
  readonly output: string
  readonly exitCode: number
  readonly tookMs: number
}

/** A booted cluster that tests put objects into and run commands in. */
export class Lab {
  readonly cluster: Cluster

  constructor(spec: ClusterSpec = {}) {
    this.cluster = new Cluster({ seed: 7, ...spec })
    this.cluster.boot()
  }

  /** Creates an object; throws what the API server answers when it refuses. */
  create(object: {
    readonly apiVersion: string
    readonly kind: string
    readonly metadata: KubeObject['metadata']
    readonly [field: string]: unknown
  }): void {
    const { api } = this.cluster
    const info = api.resources.findKind(object.apiVersion, object.kind)
    if (!info) throw new Error(`no such kind: ${object.kind}`)
    const namespace = info.namespaced ? (object.metadata.namespace ?? 'default') : ''
    const { group, version, resource } = info
    api.handle({
      verb: 'create',
      user: ADMIN,
      userAgent: 'lab',
      group,
      version,
      resource,
      namespace,
      body: object as KubeObject,
      options: {},
    })
  }

  pod(name: string, image: string, spec: object = {}, container: object = {}): void {
    const containers = [{ name: 'c', image, ...container }]
    this.create({ apiVersion: 'v1', kind: 'Pod', metadata: { name, labels: { app: name } }, spec: { containers, ...spec } })
  }

  service(name: string, app: string, spec: object = {}): void {
    this.create({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name },
      spec: { selector: { app }, ports: [{ name: 'http', port: 80 }], ...spec },
    })
  }

  podOf(name: string, namespace = 'default'): Pod | undefined {
    return this.cluster.etcd.get('pods', `${namespace}/${name}`)?.value as Pod | undefined
  }

  seconds(count: number): void {
    this.cluster.sim.runFor(count * 1000)
  }

  /** Runs a shell's command line in the first container of a pod, and lets time pass until it has ended. */
  run(name: string, line: string, limitMs = 300_000): Ran {
    const pod = this.podOf(name)
    const runtime = this.cluster.machine(pod?.spec?.nodeName ?? '')?.runtime
    const container = runtime?.pod(pod?.metadata.uid ?? '')?.containers.find(({ state }) => state === 'running')
    if (!runtime || !container) throw new Error(`${name} does not run`)
    const { sim } = this.cluster
    const startMs = sim.now
    let ran: Ran | undefined
    sim.spawn(runtime.execSync(container.id, ['sh', '-c', line], 0), ({ output, exitCode }) => {
      ran = { output, exitCode, tookMs: sim.now - startMs }
    })
    sim.runUntilTrue(() => ran !== undefined, limitMs)
    if (!ran) throw new Error(`${line}: did not end`)
    return ran
  }

  /** The log of a pod's containers. */
  log(name: string, namespace = 'default'): string {
    const pod = this.podOf(name, namespace)
    const containers = this.cluster.machine(pod?.spec?.nodeName ?? '')?.runtime?.pod(pod?.metadata.uid ?? '')?.containers ?? []
    return containers.flatMap((container) => container.log.all().map(({ text }) => text)).join('\n')
  }
}
