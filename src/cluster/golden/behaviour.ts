import type { Deployment, Job, Node, Pod, StatefulSet } from '../../apimachinery/generated/types.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import type { Change } from '../../etcd/etcd.ts'
import { Cluster } from '../cluster.ts'
import { ADMIN } from '../identities.ts'
import { differencesOf } from './compare.ts'
import { Anonymizer, collapse, lineOf, type TraceLine } from './trace.ts'

/** A recorded scenario: what was done, and every write that followed. */
export interface BehaviourCase {
  readonly name: string
  readonly namespace: string
  readonly steps: readonly Step[]
  readonly trace: readonly TraceLine[]
}
interface Step {
  readonly at: number
  readonly action: {
    readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
    readonly path?: string
    readonly body?: unknown
    readonly contentType?: string
    readonly waitFor?: string
    readonly sleep?: number
    readonly do?: string
  }
  readonly code?: number
  readonly satisfied?: boolean
}

export interface CaseResult {
  readonly ok: boolean
  readonly differences: readonly string[]
}

const WAIT_LIMIT_MS = 20 * 60_000
const QUIET_MS = 1500
const CATCH_UP_MS = 75_000
const KUBELET_RETURN_MS = 20_000

/** Plays a scenario on three hollow nodes and compares what happens with the recording. */
export function runBehaviourCase(golden: BehaviourCase): CaseResult {
  const cluster = new Cluster({ hollow: { writes: 'all' }, workers: 3 })
  cluster.boot()
  // What the nodes' arrival sets going is over before the scenario begins.
  cluster.sim.runFor(30_000)
  const run = new Run(cluster, golden)
  return run.play()
}

class Run {
  private readonly cluster: Cluster
  private readonly golden: BehaviourCase
  private readonly anonymizer = new Anonymizer()
  private readonly lines: TraceLine[] = []
  private readonly problems: string[] = []
  private readonly used = new Map<string, string>()
  private readonly recordedKinds: ReadonlySet<string>
  private startMs = 0
  private lastWriteMs = 0

  constructor(cluster: Cluster, golden: BehaviourCase) {
    this.cluster = cluster
    this.golden = golden
    this.recordedKinds = new Set(golden.trace.map((line) => `${line.kind}/${line.name ?? ''}`))
  }

  play(): CaseResult {
    const { cluster, golden } = this
    this.rehearseNodes()
    this.startMs = cluster.sim.now
    cluster.etcd.watchAll((change) => this.see(change))
    cluster.call(
      {
        method: 'POST',
        path: '/api/v1/namespaces',
        body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: golden.namespace } },
      },
      ADMIN,
    )
    cluster.sim.runFor(50)
    let before = 0
    const unlisted = unlistedDeletes(golden)
    for (const step of golden.steps) {
      for (; unlisted[0] && unlisted[0].at <= step.at; unlisted.shift()) this.perform(unlisted[0], 0)
      this.perform(step, (step.at - before) * 1000)
      before = step.at
    }
    for (const step of unlisted) this.perform(step, 0)
    const endSeconds = (cluster.sim.now - this.startMs) / 1000
    this.settle(3000)
    const differences = [...this.problems, ...differencesOf(golden.trace, this.lines, this.anonymizer, endSeconds)]
    return { ok: differences.length === 0, differences }
  }

  /**
   * Scenarios were recorded twice in one cluster, and the node controller remembers the health of nodes by name for
   * good: what is recorded of a node made by hand is its second life.
   */
  private rehearseNodes(): void {
    const { cluster } = this
    const made = this.golden.steps.filter(({ action }) => action.method === 'POST' && action.path === '/api/v1/nodes')
    for (const { action } of made) {
      cluster.call({ method: 'POST', path: '/api/v1/nodes', body: action.body }, ADMIN)
      cluster.sim.runFor(8000)
      const name = (action.body as KubeObject).metadata.name ?? ''
      cluster.call({ method: 'DELETE', path: `/api/v1/nodes/${name}` }, ADMIN)
    }
    if (made.length > 0) cluster.sim.runFor(117_000)
  }

  private see(change: Change): void {
    const { namespace, name } = change.value.metadata
    if (change.bucket.startsWith('leases')) return
    const about =
      change.bucket === 'events'
        ? (change.value as { involvedObject?: { namespace?: string; kind?: string; name?: string } }).involvedObject
        : undefined
    const inside = namespace === this.golden.namespace || (change.bucket === 'namespaces' && name === this.golden.namespace)
    const recorded = this.recordedKinds.has(`${change.value.kind ?? ''}/${name ?? ''}`)
    const clusterEvent =
      about?.kind === 'Node' || about?.kind === 'PersistentVolume'
        ? this.recordedKinds.has(`${about.kind}/${about.name ?? ''}`)
        : false
    if (
      !inside &&
      !recorded &&
      !clusterEvent &&
      (namespace !== undefined || change.bucket === 'nodes' || !this.golden.trace.some((line) => line.kind === change.value.kind))
    )
      return
    if (name === 'kube-root-ca.crt' && !recorded) return
    this.lastWriteMs = this.cluster.sim.now
    this.anonymizer.learn(change.value)
    this.lines.push(lineOf(change, this.startMs))
  }

  private perform({ action, code, satisfied, at }: Step, sinceMs: number): void {
    if (action.sleep !== undefined) this.cluster.sim.runFor(action.sleep * 1000)
    else if (action.waitFor !== undefined) this.wait(action.waitFor, satisfied !== false, sinceMs, at)
    else if (action.do !== undefined) this.act(action.do)
    else if (action.method && action.path !== undefined) {
      const reply = this.cluster.call(
        {
          method: action.method,
          path: this.resolve(action.path),
          body: this.resolveBody(action.body),
          contentType: action.contentType ?? (action.method === 'PATCH' ? 'application/merge-patch+json' : undefined),
        },
        ADMIN,
      )
      if (code !== undefined && reply.code !== code)
        this.problems.push(
          `${action.method} ${action.path}: ${reply.code}, recorded ${code}: ${String(reply.body['message'] ?? '')}`,
        )
      this.cluster.sim.runFor(20)
    }
  }

  private act(what: string): void {
    const node = /node-\d+/.exec(what)?.[0]
    const host = node === undefined ? undefined : this.cluster.machine(node)
    if (!host) return
    if (what.startsWith('freeze')) host.kubelet.stop()
    if (!what.startsWith('thaw') && !what.startsWith('restart')) return
    host.kubelet.stop()
    // The recorded kubelets needed this long until they had new connections.
    this.cluster.sim.schedule(KUBELET_RETURN_MS, () => host.kubelet.start())
  }

  private wait(text: string, expected: boolean, recordedMs: number, atSeconds: number): void {
    const condition = this.conditionOf(text)
    if (!condition) {
      // A condition known only by a phrase: let at least the recorded time pass, then until nothing moves.
      this.cluster.sim.runFor(Math.max(recordedMs, 0))
      this.settle(20_000)
      if (expected) this.catchUp(atSeconds)
      return
    }
    const met = this.cluster.sim.runUntilTrue(condition, expected ? WAIT_LIMIT_MS : recordedMs + 5000)
    if (met !== expected) this.problems.push(`"${text}" ${met ? 'came true' : 'did not come true'}`)
    this.cluster.sim.runFor(300)
  }

  /** Until as many objects have come and gone as had by then in the recording: what waits for a full minute may be late. */
  private catchUp(atSeconds: number): void {
    const seen = new Map<string, number>()
    for (const { t, event, kind } of this.golden.trace)
      if (t < atSeconds && kind !== 'Event' && event !== 'MODIFIED')
        seen.set(`${event} ${kind}`, (seen.get(`${event} ${kind}`) ?? 0) + 1)
    const isThere = () =>
      [...seen].every(
        ([what, count]) =>
          this.lines.filter(({ event, kind }) => kind !== 'Event' && `${event} ${kind}` === what).length >= count,
      )
    if (!isThere()) this.cluster.sim.runUntilTrue(isThere, CATCH_UP_MS)
  }

  private settle(limitMs: number): void {
    const end = this.cluster.sim.now + limitMs
    this.lastWriteMs = this.cluster.sim.now
    while (this.cluster.sim.now < end && this.cluster.sim.now - this.lastWriteMs < QUIET_MS) this.cluster.sim.runFor(100)
  }

  private conditionOf(text: string): (() => boolean) | null {
    if (text.startsWith('deployment complete')) return () => this.objects<Deployment>('deployments.apps').every(isComplete)
    const active = /^(\d+) active pods$/.exec(text)
    if (active)
      return () => this.pods().filter((pod) => !pod.metadata.deletionTimestamp && !hasEnded(pod)).length === Number(active[1])
    const ready = /^(\d+) pods Ready( and StatefulSet status caught up)?$/.exec(text)
    if (ready)
      return () =>
        this.pods().filter(isReady).length === Number(ready[1]) &&
        (!ready[2] ||
          this.objects<StatefulSet>('statefulsets.apps').every(
            (set) => set.status?.readyReplicas === Number(ready[1]) && set.status.observedGeneration === set.metadata.generation,
          ))
    const job = /^Job condition (\w+)$/.exec(text)
    if (job)
      return () =>
        this.objects<Job>('jobs.batch').some((object) =>
          object.status?.conditions?.some((c) => c.type === job[1] && c.status === 'True'),
        )
    const nth = /^(first|second|third) Job\b/.exec(text)?.[1]
    if (nth) {
      const wanted = ['first', 'second', 'third'].indexOf(nth) + 1
      return () => this.lines.filter((line) => line.event === 'ADDED' && line.kind === 'Job').length >= wanted
    }
    const node = /^(node-\d+) (Unknown|Ready True)$/.exec(text)
    if (node)
      return () =>
        readyStatus(this.cluster.etcd.get('nodes', node[1] ?? '')?.value as Node | undefined) ===
        (node[2] === 'Unknown' ? 'Unknown' : 'True')
    if (text === 'no pods' || text === 'pods gone') return () => this.pods().length === 0
    const count = /^(\d+) pods?( again)?$/.exec(text)
    if (count) return () => this.pods().length === Number(count[1])
    if (text === 'namespace gone') return () => this.cluster.etcd.get('namespaces', this.golden.namespace) === undefined
    return null
  }

  private objects<T extends KubeObject>(bucket: string): T[] {
    return this.cluster.etcd.range(bucket, `${this.golden.namespace}/`).map((entry) => entry.value as T)
  }

  private pods(): Pod[] {
    return this.objects<Pod>('pods')
  }

  private resolveBody(body: unknown): unknown {
    if (body === undefined) return undefined
    const text = JSON.stringify(body)
    if (!text.includes('<')) return body
    const named = this.resolve(text)
      .replaceAll('"<time>"', '"2026-01-05T09:00:00Z"')
      .replace(/<ip(\d+)>/g, '10.0.0.$1')
    return JSON.parse(named, (_key, value: unknown) => this.withUid(value)) as unknown
  }

  /** References to recorded objects get the uid that the object has here. */
  private withUid(value: unknown): unknown {
    const { kind, name, uid } = (value ?? {}) as { kind?: string; name?: string; uid?: unknown }
    if (typeof uid !== 'string' || !uid.startsWith('<uid')) return value
    const found = this.cluster.etcd.history().find(({ value: object }) => object.kind === kind && object.metadata.name === name)
    return { ...(value as object), uid: found?.value.metadata.uid ?? '00000000-0000-4000-8000-000000000000' }
  }

  /** Puts this run's names where the recording has numbered placeholders. */
  private resolve(text: string): string {
    return text.replace(/[\w.-]*<(?:hash|x|min)\d+>[\w.<>-]*/g, (placeholder) => {
      const known = this.used.get(placeholder)
      if (known !== undefined) return known
      const names = [
        ...new Set(this.lines.filter((line) => line.event === 'ADDED' && line.name !== undefined).map((line) => line.name ?? '')),
      ]
      const taken = new Set(this.used.values())
      const found = names.find((name) => !taken.has(name) && this.anonymizer.text(name) === collapse(placeholder))
      if (found === undefined) return placeholder
      this.used.set(placeholder, found)
      return found
    })
  }
}

const CLEANED_UP: { readonly [kind: string]: string } = {
  Pod: '/api/v1/namespaces/NAMESPACE/pods/',
  PersistentVolumeClaim: '/api/v1/namespaces/NAMESPACE/persistentvolumeclaims/',
  PersistentVolume: '/api/v1/persistentvolumes/',
  StorageClass: '/apis/storage.k8s.io/v1/storageclasses/',
}

/** Nobody but a user deletes a StorageClass: where no step does, the recorder removed what it had made without saying so. */
function unlistedDeletes({ namespace, steps, trace }: BehaviourCase): Step[] {
  const isListed = (name: string) => steps.some(({ action }) => action.method === 'DELETE' && action.path?.endsWith(`/${name}`))
  const gone = trace.filter(({ event, name }) => event === 'DELETED' && name !== undefined && !isListed(name))
  if (!gone.some(({ kind }) => kind === 'StorageClass')) return []
  return gone.flatMap(({ kind, name }): Step[] => {
    const path = CLEANED_UP[kind]?.replace('NAMESPACE', namespace)
    const first = trace.find(
      (line) => line.kind === kind && line.name === name && (line.changes?.[DYING] || line.event === 'DELETED'),
    )
    return path && first ? [{ at: first.t, action: { method: 'DELETE', path: `${path}${name ?? ''}` } }] : []
  })
}
const DYING = 'metadata.deletionTimestamp'

function isComplete({ metadata, spec, status }: Deployment): boolean {
  const wanted = spec?.replicas ?? 1
  return (
    status?.observedGeneration === metadata.generation &&
    (status?.replicas ?? 0) === wanted &&
    (status?.updatedReplicas ?? 0) === wanted &&
    (status?.availableReplicas ?? 0) === wanted
  )
}

/** The recorder counts a pod by its Ready condition, which hollow nodes set before the containers run. */
const isReady = (pod: Pod): boolean =>
  pod.metadata.deletionTimestamp === undefined &&
  pod.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') === true
const hasEnded = (pod: Pod): boolean => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
const readyStatus = (node: Node | undefined): string | undefined =>
  node?.status?.conditions?.find((c) => c.type === 'Ready')?.status
