import { dump, loadAll } from 'js-yaml'
import type {
  ClockState,
  DocumentResult,
  EngineApi,
  EventRow,
  FeedData,
  FeedRequest,
  MapDelta,
  ObjectView,
  Speed,
  TableColumn,
  TableDelta,
  TableRow,
  WorkerMessage,
} from '../../worker/protocol.ts'
import type { RolloutView } from '../../worker/rollout/protocol.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import { TOY_KINDS, ToyCluster } from './fake-cluster.ts'
import type { EngineTransport } from './transport.ts'

interface Subscription {
  readonly id: number
  readonly request: FeedRequest
  revision: number
}

/** A toy engine over the toy cluster. `tick` moves the clock and posts feeds; nothing happens by itself. */
export class FakeEngine implements EngineTransport {
  readonly api: EngineApi
  cluster = new ToyCluster(2)
  readonly subscriptions = new Map<number, Subscription>()
  running = true
  speed: Speed = 1
  terminated = false
  #listener: (message: WorkerMessage) => void = () => undefined
  #seed = 42

  constructor() {
    this.api = this.#makeApi()
  }
  onMessage(listener: (message: WorkerMessage) => void): void {
    this.#listener = listener
  }
  onFailure(): void {}
  terminate(): void {
    this.terminated = true
  }

  /** Lets wall time pass, at the speed that was set. */
  tick(wallMs: number): void {
    if (this.terminated) return
    if (this.running) this.cluster.advance(wallMs * (this.speed === 'max' ? 100 : this.speed))
    for (const subscription of this.subscriptions.values()) this.#post(subscription)
    this.cluster.touched.clear()
    this.cluster.removed.length = 0
  }

  crash(message: string): void {
    this.#listener({ type: 'crash', message, log: { options: { seed: this.#seed }, inputs: [], endTimeMs: this.cluster.nowMs } })
  }

  /** Drops the next message of every feed, so that the page sees a gap. */
  loseOneMessage(): void {
    for (const subscription of this.subscriptions.values()) subscription.revision++
  }

  #post(subscription: Subscription): void {
    const data = this.#data(subscription.request, subscription.revision === 0)
    if (data !== null) this.#listener({ type: 'feed', id: subscription.id, revision: subscription.revision++, data })
  }

  #makeApi(): EngineApi {
    const apply = (yaml: string): readonly DocumentResult[] =>
      (loadAll(yaml) as KubeObject[]).map((document, index) => this.#applyOne(document, index))
    return {
      start: async (options) => {
        this.#seed = options.seed ?? 42
        this.cluster = new ToyCluster(options.workers ?? 2)
      },
      restore: async () => {
        this.cluster = new ToyCluster(2)
      },
      inputLog: async () => ({ options: { seed: this.#seed }, inputs: [], endTimeMs: this.cluster.nowMs }),
      play: async () => void (this.running = true),
      pause: async () => void (this.running = false),
      setSpeed: async (speed) => void (this.speed = speed),
      step: async () => {
        this.running = false
        this.cluster.advance(100)
      },
      call: async (request) => this.cluster.call(request),
      apply: async (yaml) => apply(yaml),
      remove: async () => [],
      lint: async () => [],
      command: async (command) => ({ ok: true, message: command.type }),
      lookAt: async () => undefined,
      stepBack: async () => undefined,
      continueFrom: async () => undefined,
      returnTo: async () => undefined,
      cancelReplay: async () => undefined,
      setBreakpoints: async () => undefined,
      whatIf: async () => ({ error: 'a toy has no scheduler', before: null, after: null, replicas: [], configYaml: '' }),
      compareSchedulers: async () => Promise.reject(new Error('a toy has no scheduler')),
      story: async () => ({ entries: [], omitted: 0 }),
      changeStory: async () => null,
      sendPacket: async () => ({ id: null, message: 'a toy has no network' }),
      nodeCommand: async () => ({ stdout: '', stderr: 'a toy has no network', exitCode: 1 }),
      ruleTables: async () => null,
      modeComparison: async () => ({ growth: [], service: '', connections: 0, traffic: [] }),
      subscribe: async (id, request) => {
        this.subscriptions.set(id, { id, request, revision: 0 })
      },
      unsubscribe: async (id) => void this.subscriptions.delete(id),
    }
  }

  #applyOne(document: KubeObject, index: number): DocumentResult {
    const known = TOY_KINDS.find(([, , , kind]) => kind === document.kind)
    const { name = '', namespace = 'default' } = document.metadata
    const base = { index, line: 1, kind: document.kind ?? '', name, namespace, warnings: [], markers: [] }
    if (known === undefined) return { ...base, outcome: 'failed', message: `no matches for kind "${document.kind}"` }
    const [group, version, resource, kind, namespaced] = known
    this.cluster.put(group, resource, group === '' ? version : `${group}/${version}`, kind, namespaced ? namespace : '', name, {
      ...document,
    })
    return { ...base, outcome: 'created', message: `${kind.toLowerCase()}/${name} created` }
  }

  #data(request: FeedRequest, first: boolean): FeedData | null {
    switch (request.feed) {
      case 'clock':
        return { feed: 'clock', clock: this.#clock() }
      case 'map':
        return { feed: 'map', map: this.#map(first) }
      case 'kinds':
        return { feed: 'kinds', kinds: TOY_KINDS.map((kind) => this.#kind(kind)) }
      case 'table':
        return { feed: 'table', table: this.#table(request.group, request.resource, request.namespace ?? '') }
      case 'object':
        return { feed: 'object', object: this.#object(request.group, request.resource, request.namespace ?? '', request.name) }
      case 'events':
        return first ? { feed: 'events', events: { reset: true, upserts: this.#events(), removed: [] } } : null
      case 'rollout':
        return { feed: 'rollout', rollout: this.#rollout(request.namespace, request.name) }
      case 'scheduling':
        return { feed: 'scheduling', scheduling: null }
      case 'travel':
      case 'timeline':
      case 'controlplane':
      case 'network':
      case 'packet':
        return null
    }
  }

  #clock(): ClockState {
    const { nowMs, startMs, revision } = this.cluster
    const reachedSpeed = !this.running ? 0 : this.speed === 'max' ? 97 : this.speed
    return { nowMs, startMs, running: this.running, speed: this.speed, reachedSpeed, seed: this.#seed, revision, ready: true }
  }

  #map(first: boolean): MapDelta {
    const { nodes, pods, touched, removed } = this.cluster
    const changed = [...pods.values()].filter((pod) => first || touched.has(pod.slot) || pod.state === 'starting')
    return {
      reset: first,
      nodes: first ? nodes : [],
      removedNodes: [],
      pods: changed.map((pod) => this.cluster.podRow(pod)),
      removedPods: first ? [] : [...removed],
    }
  }

  #kind([group, version, resource, kind, namespaced, short]: (typeof TOY_KINDS)[number]) {
    const count = [...this.cluster.objects.keys()].filter((key) => key.startsWith(`${group}/${resource}/`)).length
    return { group, version, resource, kind, namespaced, shortNames: short === '' ? [] : [short], count }
  }

  #table(group: string, resource: string, namespace: string): TableDelta {
    const prefix = `${group}/${resource}/${namespace}${namespace === '' ? '' : '/'}`
    const found = [...this.cluster.objects].filter(([key]) => key.startsWith(prefix)).map(([, object]) => object)
    const names = resource === 'pods' ? ['Name', 'Ready', 'Status', 'Restarts', 'Age', 'IP', 'Node'] : ['Name', 'Age']
    const columns = names.map((name): TableColumn => ({
      name,
      type: 'string',
      description: '',
      priority: name === 'IP' || name === 'Node' ? 1 : 0,
    }))
    return { reset: true, columns, rows: found.map((object) => this.#row(object, resource)), removed: [] }
  }

  #row(object: KubeObject, resource: string): TableRow {
    const { name = '', namespace = '', uid = '' } = object.metadata
    const base = { key: namespace === '' ? name : `${namespace}/${name}`, namespace, name, uid }
    const age = `${Math.round((this.cluster.nowMs - Date.parse(String(object.metadata.creationTimestamp))) / 1000)}s`
    const pod =
      resource === 'pods' ? [...this.cluster.pods.values()].find((p) => p.name === name && p.namespace === namespace) : undefined
    if (pod === undefined) return { ...base, cells: [name, age] }
    const row = this.cluster.podRow(pod)
    const node = this.cluster.nodes[pod.node]?.name ?? '<none>'
    return { ...base, state: row.state, cells: [name, `${row.readyContainers}/1`, row.status, 0, age, row.ip, node] }
  }

  #object(group: string, resource: string, namespace: string, name: string): ObjectView {
    const object = this.cluster.objects.get(`${group}/${resource}/${namespace}/${name}`) ?? null
    const pods =
      resource === 'deployments'
        ? [...this.cluster.pods.values()].filter((pod) => pod.owner === name && pod.namespace === namespace)
        : []
    const links = pods.map((pod) => ({
      group: '',
      version: 'v1',
      resource: 'pods',
      kind: 'Pod',
      namespace,
      name: pod.name,
      relation: 'owned',
      status: this.cluster.podRow(pod).status,
    }))
    return { object, links, events: this.#events(), yaml: object === null ? '' : dump(object) }
  }

  #events(): EventRow[] {
    return [...this.cluster.pods.values()].map((pod) => ({
      uid: `event-${pod.slot}`,
      type: 'Normal',
      reason: 'Scheduled',
      source: 'default-scheduler',
      count: 1,
      firstMs: pod.bornMs,
      lastMs: pod.bornMs,
      message: `Successfully assigned ${pod.namespace}/${pod.name} to worker-1`,
      namespace: pod.namespace,
      kind: 'Pod',
      name: pod.name,
    }))
  }

  #rollout(namespace: string, name: string): RolloutView | null {
    if (!this.cluster.objects.has(`apps/deployments/${namespace}/${name}`)) return null
    return {
      kind: 'Deployment',
      namespace,
      name,
      strategy: 'RollingUpdate',
      paused: false,
      desired: 6,
      maxTotal: 8,
      minAvailable: 5,
      maxSurge: '25%',
      maxUnavailable: '25%',
      conditions: [],
      statusLine: `deployment "${name}" successfully rolled out`,
      lanes: [],
      points: [],
      metrics: [],
      adapter: false,
    }
  }
}
