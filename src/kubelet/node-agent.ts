import { jsonEqual } from '../apimachinery/equal.ts'
import { isAlreadyExists, isNotFound, StatusError } from '../apimachinery/errors.ts'
import { csinodes, leases, nodes } from '../apimachinery/generated/resources.ts'
import type { CSINode, Lease, Node } from '../apimachinery/generated/types.ts'
import type { Client } from '../client/client.ts'
import { Informer } from '../client/informer.ts'
import type { EventRecorder } from '../client/recorder.ts'
import { sleep, type Task, type TaskHandle } from '../sim/task.ts'
import { formatMicroTime } from '../sim/time.ts'
import { statusPatch } from './status-patch.ts'
import { initialNode, nodeStatus, type NodeFacts } from './node-status.ts'
import type { CsiDriverInfo } from './node-volumes.ts'

const LEASE_NAMESPACE = 'kube-node-lease'
const LEASE_SECONDS = 40
const RENEW_MS = 10_000
/** How often the kubelet looks whether its node status has to be written. */
const STATUS_PERIOD_MS = 10_000

/**
 * Registers the node, keeps its lease alive and its status true. Nothing is written while nothing changes:
 * SIMPLIFIED: lastHeartbeatTime of node conditions is not refreshed every five minutes; the lease tells liveness.
 */
export class NodeAgent {
  private readonly client: Client
  private readonly recorder: EventRecorder | null
  private readonly facts: () => NodeFacts
  private readonly leaseKey: string
  private readonly own: Informer<Node>
  private task: TaskHandle | null = null
  private startedMs = 0
  private pending = false
  /** Something changed while the Node was being registered. */
  private missed = false
  private drivers: readonly CsiDriverInfo[] = []
  /** The Node as last written or read; undefined before registration. */
  node: Node | undefined

  constructor(client: Client, recorder: EventRecorder | null, nodeName: string, facts: () => NodeFacts) {
    this.client = client
    this.recorder = recorder
    this.facts = facts
    this.leaseKey = `${LEASE_NAMESPACE}/${nodeName}`
    this.own = new Informer(client, nodes, { fieldSelector: `metadata.name=${nodeName}` })
    // A control plane that gave the node up wrote over its conditions: they are put right at the next look.
    this.own.addHandler({
      onUpdate: (node) => {
        if (node.status?.conditions?.some((condition) => condition.reason === 'NodeStatusUnknown')) this.refresh('next look')
      },
    })
  }

  /** `onRegistered` is called once the Node is there. */
  start(onRegistered: () => void): void {
    this.startedMs = this.client.sim.now
    this.task = this.client.sim.spawn(
      this.run(() => {
        this.own.start()
        onRegistered()
      }),
    )
  }

  stop(): void {
    this.own.stop()
    this.task?.cancel()
    this.task = null
    this.pending = false
    this.client.heartbeats.end(this.leaseKey)
  }

  /** The lease can't be renewed any more. */
  disconnect(): void {
    this.client.heartbeats.end(this.leaseKey)
  }

  /** The lease can be renewed again, and the status be told. */
  reconnect(): void {
    if (!this.node) return
    this.client.sim.spawn(this.retried(() => this.renewLease()))
    this.refresh('now')
  }

  /** The status may have changed: writes it at once, or at the next of the kubelet's ten-second looks. */
  refresh(when: 'now' | 'next look'): void {
    if (!this.node) this.missed = true
    if (!this.node || this.pending) return
    const { sim } = this.client
    this.pending = true
    const passed = (sim.now - this.startedMs) % STATUS_PERIOD_MS
    sim.schedule(when === 'now' ? 0 : STATUS_PERIOD_MS - passed, () => {
      if (!this.pending) return
      this.pending = false
      this.task = sim.spawn(this.retried(() => this.writeStatus()))
    })
  }

  private *run(onRegistered: () => void): Task {
    yield* this.retried(() => this.register())
    onRegistered()
    if (this.missed) this.refresh('now')
    this.missed = false
    yield* this.retried(() => this.renewLease())
    yield* this.retried(() => this.createCsiNode())
    if (this.drivers.length > 0) yield* this.retried(() => this.announceDrivers())
  }

  /** Until it succeeds, with growing pauses. */
  private *retried(action: () => Task): Task {
    for (let delayMs = 200; ; delayMs = Math.min(delayMs * 2, 7000)) {
      try {
        return yield* action()
      } catch (error) {
        if (!(error instanceof StatusError)) throw error
      }
      yield* sleep(delayMs)
    }
  }

  private *register(): Task {
    const facts = this.facts()
    const wanted = initialNode(facts)
    this.event('Normal', 'Starting', 'Starting kubelet.')
    try {
      this.node = yield* this.client.create(nodes, wanted)
    } catch (error) {
      if (!isAlreadyExists(error)) throw error
      yield* this.rejoin(wanted, facts)
    }
    this.event('Normal', 'NodeHasSufficientMemory', `Node ${facts.nodeName} status is now: NodeHasSufficientMemory`)
    this.event('Normal', 'NodeHasNoDiskPressure', `Node ${facts.nodeName} status is now: NodeHasNoDiskPressure`)
    this.event('Normal', 'NodeHasSufficientPID', `Node ${facts.nodeName} status is now: NodeHasSufficientPID`)
    this.event('Normal', 'NodeAllocatableEnforced', 'Updated Node Allocatable limit across pods')
    if (facts.notReady === undefined) this.event('Normal', 'NodeReady', `Node ${facts.nodeName} status is now: NodeReady`)
  }

  /** The Node is there already: the labels that the kubelet sets and the status are brought up to date. */
  private *rejoin(wanted: Node, facts: NodeFacts): Task {
    let node = yield* this.client.get(nodes, '', facts.nodeName)
    const labels = { ...node.metadata.labels, ...wanted.metadata.labels }
    if (!jsonEqual(labels, node.metadata.labels))
      node = yield* this.client.patch(nodes, '', facts.nodeName, { metadata: { labels: wanted.metadata.labels } })
    const before = node.status?.nodeInfo?.bootID
    if (before && before !== facts.bootId)
      this.event('Warning', 'Rebooted', `Node ${facts.nodeName} has been rebooted, boot id: ${facts.bootId}`)
    this.node = node
    yield* this.writeStatus()
  }

  private *writeStatus(): Task {
    const facts = this.facts()
    try {
      this.node = yield* this.client.get(nodes, '', facts.nodeName)
    } catch (error) {
      // A deleted node stays away until the kubelet is started again.
      if (isNotFound(error)) return
      throw error
    }
    const old = this.node.status
    const status = nodeStatus(facts, old)
    if (old && sameStatus(status, old)) return
    const changes = statusPatch(old, status)
    this.node = yield* this.client.patch(nodes, '', facts.nodeName, { status: changes }, 'strategic', { subresource: 'status' })
    this.tellChanges(facts.nodeName, old?.conditions, status.conditions)
  }

  private tellChanges(name: string, old: readonly Cond[] | undefined, now: readonly Cond[] | undefined): void {
    for (const c of now ?? []) {
      if (old?.find((o) => o.type === c.type)?.status === c.status) continue
      const reason = CHANGE_REASON[`${c.type}=${c.status}`]
      if (reason) this.event('Normal', reason, `Node ${name} status is now: ${reason}`)
    }
  }

  private *renewLease(): Task {
    const { sim } = this.client
    const { nodeName } = this.facts()
    const fresh: Lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        name: nodeName,
        namespace: LEASE_NAMESPACE,
        ...(this.node ? { ownerReferences: [ownerOf(this.node)] } : {}),
      },
      spec: { holderIdentity: nodeName, leaseDurationSeconds: LEASE_SECONDS, renewTime: formatMicroTime(sim.now) },
    }
    try {
      yield* this.client.create(leases, fresh)
    } catch (error) {
      if (!isAlreadyExists(error)) throw error
      const lease = yield* this.client.get(leases, LEASE_NAMESPACE, nodeName)
      yield* this.client.update(leases, { ...lease, spec: { ...lease.spec, ...fresh.spec } })
    }
    this.client.heartbeats.begin(this.leaseKey, RENEW_MS)
  }

  /** The storage drivers that run on the node have changed. */
  setDrivers(drivers: readonly CsiDriverInfo[]): void {
    this.drivers = drivers
    if (this.task) this.client.sim.spawn(this.retried(() => this.announceDrivers()))
  }

  /** Writes the drivers to the node's CSINode and their names for the node to the Node. */
  private *announceDrivers(): Task {
    const { nodeName } = this.facts()
    const ids = Object.fromEntries(this.drivers.map(({ name, nodeId }) => [name, nodeId]))
    const note = this.drivers.length > 0 ? JSON.stringify(ids) : null
    yield* this.client.patch(nodes, '', nodeName, { metadata: { annotations: { [NODE_ID]: note } } })
    const csiNode = yield* this.client.get(csinodes, '', nodeName)
    const drivers = this.drivers.map(({ name, nodeId, topologyKeys, maxVolumes }) => ({
      name,
      nodeID: nodeId,
      topologyKeys,
      ...(maxVolumes === undefined ? {} : { allocatable: { count: maxVolumes } }),
    }))
    if (!jsonEqual(csiNode.spec?.drivers ?? [], drivers)) yield* this.client.update(csinodes, { ...csiNode, spec: { drivers } })
  }

  /** The node's list of storage drivers. k8s 1.36: csi nodeinfomanager. */
  private *createCsiNode(): Task {
    if (!this.node) return
    const csiNode: CSINode = {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'CSINode',
      metadata: {
        name: this.node.metadata.name,
        annotations: { 'storage.alpha.kubernetes.io/migrated-plugins': MIGRATED_PLUGINS },
        ownerReferences: [ownerOf(this.node)],
      },
      spec: { drivers: [] },
    }
    try {
      yield* this.client.create(csinodes, csiNode)
    } catch (error) {
      if (!isAlreadyExists(error)) throw error
    }
  }

  private event(type: 'Normal' | 'Warning', reason: string, message: string): void {
    const { nodeName } = this.facts()
    // Node events carry the node's name as uid. k8s 1.36: kubelet nodeRef.
    this.recorder?.record({ kind: 'Node', name: nodeName, uid: nodeName }, type, reason, message)
  }
}

/** On Nodes: what each storage driver calls the machine. */
const NODE_ID = 'csi.volume.kubernetes.io/nodeid'
const MIGRATED_PLUGINS = ['aws-ebs', 'azure-disk', 'azure-file', 'cinder', 'gce-pd', 'portworx-volume', 'vsphere-volume']
  .map((name) => `kubernetes.io/${name}`)
  .join(',')

const ownerOf = (node: Node) => ({ apiVersion: 'v1', kind: 'Node', name: node.metadata.name ?? '', uid: node.metadata.uid ?? '' })

interface Cond {
  readonly type: string
  readonly status: string
}

const CHANGE_REASON: { readonly [change: string]: string } = {
  'Ready=True': 'NodeReady',
  'Ready=False': 'NodeNotReady',
  'MemoryPressure=True': 'NodeHasInsufficientMemory',
  'MemoryPressure=False': 'NodeHasSufficientMemory',
}

/** Equal but for heartbeat times. */
function sameStatus(a: Node['status'] & object, b: Node['status'] & object): boolean {
  const bare = (status: typeof a) => ({
    ...status,
    conditions: status.conditions?.map((c) => ({ ...c, lastHeartbeatTime: undefined })),
  })
  return jsonEqual(bare(a), bare(b))
}
