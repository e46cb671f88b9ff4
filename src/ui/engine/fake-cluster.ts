import { POD_STATES } from '../../worker/protocol.ts'
import type { ApiCall, ApiReply, NodeRow, PodRow, PodState } from '../../worker/protocol.ts'
import type { JsonObject, KubeObject } from '../../apimachinery/resource.ts'

/**
 * A toy for unit tests of the page: objects in a map, Deployments that make pods, pods that get ready after a
 * while. It reproduces nothing of Kubernetes beyond what the page's code needs to be exercised.
 */
interface Template {
  readonly spec: { readonly containers: readonly { readonly name: string; readonly image: string }[] }
}
interface ToyDeployment extends KubeObject {
  readonly spec: { readonly replicas: number; readonly template: Template }
}
export interface ToyPod {
  readonly slot: number
  readonly namespace: string
  readonly name: string
  readonly owner: string
  readonly template: string
  readonly bornMs: number
  node: number
  state: PodState
  dueMs: number
}

export const TOY_KINDS = [
  ['', 'v1', 'pods', 'Pod', true, 'po'],
  ['', 'v1', 'nodes', 'Node', false, 'no'],
  ['', 'v1', 'namespaces', 'Namespace', false, 'ns'],
  ['', 'v1', 'services', 'Service', true, 'svc'],
  ['', 'v1', 'configmaps', 'ConfigMap', true, 'cm'],
  ['', 'v1', 'secrets', 'Secret', true, ''],
  ['', 'v1', 'events', 'Event', true, 'ev'],
  ['', 'v1', 'serviceaccounts', 'ServiceAccount', true, 'sa'],
  ['', 'v1', 'persistentvolumeclaims', 'PersistentVolumeClaim', true, 'pvc'],
  ['apps', 'v1', 'deployments', 'Deployment', true, 'deploy'],
  ['apps', 'v1', 'replicasets', 'ReplicaSet', true, 'rs'],
  ['apps', 'v1', 'statefulsets', 'StatefulSet', true, 'sts'],
  ['apps', 'v1', 'daemonsets', 'DaemonSet', true, 'ds'],
  ['batch', 'v1', 'jobs', 'Job', true, ''],
  ['batch', 'v1', 'cronjobs', 'CronJob', true, 'cj'],
  ['networking.k8s.io', 'v1', 'ingresses', 'Ingress', true, 'ing'],
] as const

export class ToyCluster {
  nowMs = Date.UTC(2026, 0, 1, 9, 0, 0)
  revision = 100
  readonly startMs = this.nowMs
  readonly objects = new Map<string, KubeObject>()
  readonly nodes: NodeRow[] = []
  readonly pods = new Map<number, ToyPod>()
  readonly touched = new Set<number>()
  readonly removed: number[] = []
  #nextSlot = 0

  constructor(workers: number) {
    for (const name of ['default', 'kube-system', 'kube-node-lease']) this.put('', 'namespaces', 'v1', 'Namespace', '', name, {})
    for (let i = 0; i <= workers; i++) this.#addNode(i)
    this.put('', 'services', 'v1', 'Service', 'default', 'kubernetes', { spec: { clusterIP: '10.96.0.1', type: 'ClusterIP' } })
    this.deploy('kube-system', 'coredns', 2, 'registry.k8s.io/coredns/coredns:v1.13.1')
    this.deploy('default', 'web', 6, 'nginx:1.29')
    this.advance(20_000)
  }

  deploy(namespace: string, name: string, replicas: number, image: string): void {
    const template = { metadata: { labels: { app: name } }, spec: { containers: [{ name, image }] } }
    this.put('apps', 'deployments', 'apps/v1', 'Deployment', namespace, name, {
      spec: { replicas, selector: { matchLabels: { app: name } }, template },
    })
  }

  put(
    group: string,
    resource: string,
    apiVersion: string,
    kind: string,
    namespace: string,
    name: string,
    rest: JsonObject,
  ): KubeObject {
    const key = `${group}/${resource}/${namespace}/${name}`
    const metadata = {
      uid: key,
      resourceVersion: String(++this.revision),
      creationTimestamp: new Date(this.nowMs).toISOString(),
      ...(rest['metadata'] as object | undefined),
      name,
      ...(namespace === '' ? {} : { namespace }),
    }
    const object = { ...rest, apiVersion, kind, metadata } as KubeObject
    this.objects.set(key, object)
    return object
  }

  /** Runs in steps of 100 ms. */
  advance(byMs: number): void {
    for (const end = this.nowMs + byMs; this.nowMs < end;) {
      this.nowMs += 100
      this.#reconcile()
      for (const pod of this.pods.values()) if (pod.dueMs <= this.nowMs) this.#next(pod)
    }
  }

  podRow(pod: ToyPod): PodRow {
    const status = {
      ready: 'Running',
      notReady: 'Running',
      pending: 'Pending',
      starting: 'ContainerCreating',
      terminating: 'Terminating',
      image: 'ImagePullBackOff',
    }
    return {
      slot: pod.slot,
      uid: `pod-${pod.slot}-${pod.bornMs}`,
      namespace: pod.namespace,
      name: pod.name,
      node: pod.node,
      state: POD_STATES.indexOf(pod.state),
      status: status[pod.state as keyof typeof status] ?? pod.state,
      readyContainers: pod.state === 'ready' ? 1 : 0,
      containers: 1,
      restarts: 0,
      progress: pod.state === 'starting' ? Math.max(0, 1 - (pod.dueMs - this.nowMs) / 2000) : 1,
      ...(pod.state === 'terminating' ? { graceEndsMs: pod.dueMs } : {}),
      owner: `Deployment/${pod.owner}`,
      ip: pod.node < 0 ? '' : `10.244.${pod.node}.${pod.slot + 2}`,
    }
  }

  call(request: ApiCall): ApiReply {
    const [path = ''] = request.path.split('?')
    const m = /^\/(?:api|apis\/([^/]+))\/([^/]+)(?:\/namespaces\/([^/]+)(?=\/))?\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(path)
    if (m === null) return this.#status(404, 'the server could not find the requested resource')
    const [, group = '', version = '', namespace = '', resource = '', name, sub] = m
    const key = `${group}/${resource}/${namespace}/${name ?? ''}`
    const object = this.objects.get(key)
    if (request.method === 'GET' && name === undefined) {
      const prefix = `${group}/${resource}/${namespace}`
      const items = [...this.objects].filter(([k]) => k.startsWith(prefix)).map(([, o]) => o)
      return { code: 200, warnings: [], body: { kind: 'List', items } }
    }
    if (sub === 'eviction') return this.#deletePod(namespace, name ?? '')
    if (resource === 'pods' && request.method === 'DELETE') return this.#deletePod(namespace, name ?? '')
    if (object === undefined) return this.#status(404, `${resource} "${name}" not found`)
    if (request.method === 'DELETE') this.objects.delete(key)
    if (request.method === 'PATCH') {
      const merged = mergePatch(object as unknown as JsonObject, request.body) as unknown as KubeObject & JsonObject
      this.put(
        group,
        resource,
        group === '' ? version : `${group}/${version}`,
        String(object.kind),
        namespace,
        name ?? '',
        merged,
      )
    }
    return { code: 200, warnings: [], body: (this.objects.get(key) ?? object) as unknown as JsonObject }
  }

  #status(code: number, message: string): ApiReply {
    return {
      code,
      warnings: [],
      body: { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: code === 404 ? 'NotFound' : '', code, message },
    }
  }

  #deletePod(namespace: string, name: string): ApiReply {
    for (const pod of this.pods.values()) {
      if (pod.namespace !== namespace || pod.name !== name) continue
      this.#set(pod, 'terminating', 3000)
      return { code: 200, warnings: [], body: { kind: 'Status', status: 'Success' } }
    }
    return this.#status(404, `pods "${name}" not found`)
  }

  #addNode(index: number): void {
    const name = index === 0 ? 'control-plane' : `worker-${index}`
    this.put('', 'nodes', 'v1', 'Node', '', name, { spec: {} })
    this.nodes.push({
      slot: index,
      name,
      roles: index === 0 ? ['control-plane'] : [],
      status: 'Ready',
      ready: true,
      unschedulable: false,
      powered: true,
      zone: index % 2 === 0 ? 'zone-a' : 'zone-b',
      taints: index === 0 ? ['node-role.kubernetes.io/control-plane:NoSchedule'] : [],
      podCapacity: 110,
      cpuMilliAllocatable: 4000,
      cpuMilliRequested: 500,
      memoryBytesAllocatable: 8 * 2 ** 30,
      memoryBytesRequested: 2 ** 30,
    })
  }

  #reconcile(): void {
    for (const [key, object] of this.objects) {
      if (!key.startsWith('apps/deployments/')) continue
      const { spec, metadata } = object as ToyDeployment
      const template = JSON.stringify(spec.template)
      const mine = [...this.pods.values()].filter(
        (pod) => pod.owner === metadata.name && pod.namespace === metadata.namespace && pod.state !== 'terminating',
      )
      const fresh = mine.filter((pod) => pod.template === template)
      const ready = mine.filter((pod) => pod.state === 'ready')
      const extra =
        mine.find((pod) => pod.template !== template && ready.length >= spec.replicas) ??
        (fresh.length > spec.replicas ? fresh[0] : undefined)
      if (extra !== undefined) this.#set(extra, 'terminating', 3000)
      else if (fresh.length < spec.replicas && mine.length <= spec.replicas)
        this.#create(metadata.namespace ?? '', metadata.name ?? '', template)
    }
  }

  #create(namespace: string, owner: string, template: string): void {
    const slot = this.#nextSlot++
    const name = `${owner}-${hash(template)}-${hash(`${slot}${owner}`).slice(0, 5)}`
    const image = /"image":"([^"]*)"/.exec(template)?.[1] ?? ''
    const pod: ToyPod = {
      slot,
      namespace,
      name,
      owner,
      template,
      bornMs: this.nowMs,
      node: -1,
      state: 'pending',
      dueMs: this.nowMs + 300,
    }
    this.pods.set(slot, pod)
    this.touched.add(slot)
    this.put('', 'pods', 'v1', 'Pod', namespace, name, {
      metadata: {
        labels: { app: owner },
        ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: owner, uid: owner, controller: true }],
      },
      spec: { containers: [{ name: owner, image }] },
      status: { phase: 'Pending' },
    })
  }

  #next(pod: ToyPod): void {
    if (pod.state === 'pending') {
      pod.node = 1 + (pod.slot % (this.nodes.length - 1))
      this.#set(pod, 'starting', 2000)
    } else if (pod.state === 'starting')
      this.#set(pod, pod.template.includes('nosuch') ? 'image' : 'notReady', pod.template.includes('nosuch') ? Infinity : 1000)
    else if (pod.state === 'notReady') this.#set(pod, 'ready', Infinity)
    else if (pod.state === 'terminating') {
      this.pods.delete(pod.slot)
      this.objects.delete(`/pods/${pod.namespace}/${pod.name}`)
      this.touched.delete(pod.slot)
      this.removed.push(pod.slot)
      this.revision++
    }
  }

  #set(pod: ToyPod, state: PodState, forMs: number): void {
    pod.state = state
    pod.dueMs = this.nowMs + forMs
    this.touched.add(pod.slot)
    this.revision++
  }
}

function hash(text: string): string {
  let value = 2166136261
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 16777619)
  return (value >>> 0).toString(36)
}

/** RFC 7386, enough for the page's patches. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch
  const base = typeof target === 'object' && target !== null && !Array.isArray(target) ? (target as JsonObject) : {}
  const merged: { [key: string]: unknown } = { ...base }
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key]
    else merged[key] = mergePatch(base[key], value)
  }
  return merged
}
