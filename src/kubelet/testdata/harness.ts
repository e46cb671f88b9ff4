import { events, pods } from '../../apimachinery/generated/resources.ts'
import type { Container, Pod, PodSpec } from '../../apimachinery/generated/types.ts'
import type { KubeObject, ResourceRef } from '../../apimachinery/resource.ts'
import { ApiServer } from '../../apiserver/server.ts'
import { Client } from '../../client/client.ts'
import { Informer } from '../../client/informer.ts'
import { Etcd } from '../../etcd/etcd.ts'
import { Runtime } from '../../runtime/runtime.ts'
import { Registry } from '../../runtime/registry.ts'
import { IMAGES } from '../../runtime/images/catalog.ts'
import { Simulation } from '../../sim/simulation.ts'
import { Kubelet } from '../kubelet.ts'
import type { KubeletOptions } from '../options.ts'
import { STRATEGIES } from '../../apiserver/kinds/registry.ts'

/** One node with a runtime behind an API server that knows pods by node, and nobody else. */
export function oneNode(options: Partial<KubeletOptions> = {}) {
  const sim = new Simulation({ seed: 1, startTimeMs: Date.UTC(2026, 0, 1) })
  const api = new ApiServer({ sim, etcd: new Etcd(), strategies: STRATEGIES, admission: [] })
  const user = { name: 'system:node:n1', groups: ['system:nodes', 'system:masters'] }
  const client = new Client(api, sim, { user, userAgent: 'kubelet' })
  const registry = new Registry(IMAGES)
  const runtime = new Runtime({ sim, registry, nodeName: 'n1' })
  const machine = { cpuMilli: 4000, memoryBytes: 8 * 1024 ** 3, ephemeralStorageBytes: 100 * 1024 ** 3, address: '10.0.0.1' }
  const kubelet = new Kubelet({ nodeName: 'n1', client, machine, runtime, ...options })
  const log: string[] = []
  const watcher = new Informer(client, pods)
  watcher.addHandler({
    onAdd: (pod) => log.push(`${at()} ${describe(pod)}`),
    onUpdate: (pod) => log.push(`${at()} ${describe(pod)}`),
    onDelete: (pod) => log.push(`${at()} ${pod.metadata.name} gone`),
  })
  watcher.start()
  const at = () => ((sim.now - sim.startTimeMs) / 1000).toFixed(2)
  const create = <T extends KubeObject>(ref: ResourceRef<T>, object: T) => sim.spawn(client.create(ref, object))
  const pod = (name = 'p') => watcher.get('default', name)
  return {
    sim,
    api,
    client,
    kubelet,
    runtime,
    registry,
    log,
    create,
    pod,
    /** Runs for some simulated seconds. */
    run: (seconds: number) => sim.runFor(seconds * 1000),
    status: (name = 'p') => pod(name)?.status?.containerStatuses?.[0],
    condition: (type: string, name = 'p') => pod(name)?.status?.conditions?.find((c) => c.type === type)?.status,
    /** Reasons and messages of all events about pods, in the order of their first time. */
    events: (reason?: string) =>
      client
        .listNow(events, '', {})
        .items.filter((e) => e.involvedObject.kind === 'Pod' && (!reason || e.reason === reason))
        .toSorted((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion)),
    logs: (name = 'p', container = 'c', previous = false) => {
      const found = pod(name)
      const text = found && kubelet.podApi?.logs(found, { container, previous })
      return text === '' ? [] : text?.replace(/\n$/, '').split('\n')
    },
  }
}

function describe(pod: Pod): string {
  const states = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])].map((s) => {
    const state = s.state?.running
      ? 'running'
      : s.state?.terminated
        ? `exit ${s.state.terminated.exitCode} ${s.state.terminated.reason}`
        : s.state?.waiting?.reason
    return `${s.name}:${state}${s.ready ? '+' : ''}${s.restartCount > 0 ? `(${s.restartCount})` : ''}`
  })
  return [pod.metadata.name, pod.status?.phase, ...states].join(' ')
}

/** A pod on node n1 with one container named c. */
export function makePod(container: Partial<Container>, spec: Partial<PodSpec> = {}, name = 'p'): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: {
      nodeName: 'n1',
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      containers: [{ name: 'c', image: 'nginx', ...container }],
      ...spec,
    },
  }
}
