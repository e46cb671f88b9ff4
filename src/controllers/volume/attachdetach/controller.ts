import { isAlreadyExists, isNotFound, StatusError } from '../../../apimachinery/errors.ts'
import {
  csidrivers,
  nodes as nodesRef,
  persistentvolumeclaims,
  persistentvolumes,
  pods as podsRef,
  volumeattachments,
} from '../../../apimachinery/generated/resources.ts'
import type {
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  VolumeAttachment,
} from '../../../apimachinery/generated/types.ts'
import { sha256Hex } from '../../../apimachinery/sha256.ts'
import { ControllerLoop, Requeue } from '../../../client/controller.ts'
import type { Task } from '../../../sim/task.ts'
import type { Controller, ControllerContext } from '../../context.ts'
import { controllerFrom } from '../../shared/controller.ts'
import { isPodTerminal } from '../../shared/pods.ts'
import { claimNameOf, indexByClaim, podsUsing } from '../shared/claims.ts'
import { planAttachments } from './plan.ts'

const WORKERS = 10
/** Failed operations on one volume: half a second, doubling to about two minutes. k8s 1.36: goroutinemap exponentialbackoff. */
const LIMITS = { baseDelayMs: 500, maxDelayMs: 122_000, qps: Infinity, burst: Infinity }
/** The controller looks around ten times a second. k8s 1.36: attachdetach reconcilerSyncDuration. */
const LOOK_MS = 100

/** Sees to it that volumes of storage drivers are attached where pods need them. k8s 1.36: pkg/controller/volume/attachdetach. */
export function attachDetachController(context: ControllerContext): Controller {
  const controller = new AttachDetach(context)
  return controllerFrom('persistentvolume-attach-detach-controller', [controller.loop], { end: () => controller.forget() })
}

class AttachDetach {
  readonly loop: ControllerLoop
  private readonly context: ControllerContext
  private readonly client
  private readonly recorder
  private readonly pods
  private readonly claims
  private readonly volumes
  private readonly nodes
  private readonly drivers
  private readonly attachments
  /** Since when a volume is not wanted on a node, by 'volume/node'. */
  private readonly unwanted = new Map<string, number>()
  /** What each node's status is to say, by node. */
  private readonly reported = new Map<string, Set<string>>()
  /** Multi-attach errors that have been told, by 'volume/node'. */
  private readonly told = new Set<string>()
  /** Attachments whose success or failure has been told, by name; the failure's text. */
  private readonly outcomes = new Map<string, string>()

  constructor(context: ControllerContext) {
    const { informers, sim } = context
    this.context = context
    this.client = context.client('attachdetach-controller')
    this.recorder = context.recorder(this.client, 'attachdetach-controller')
    this.pods = informers.for(podsRef)
    this.claims = informers.for(persistentvolumeclaims)
    this.volumes = informers.for(persistentvolumes)
    this.nodes = informers.for(nodesRef)
    this.drivers = informers.for(csidrivers)
    this.attachments = informers.for(volumeattachments)
    indexByClaim(this.pods)
    this.attachments.addIndex(BY_VOLUME, ({ spec }) => [spec?.source.persistentVolumeName ?? ''])
    this.loop = new ControllerLoop(sim, {
      name: 'attach_detach',
      workers: WORKERS,
      limits: LIMITS,
      reconcile: (name) => this.reconcile(name),
    })
    this.watch()
  }

  forget(): void {
    this.reported.clear()
    this.unwanted.clear()
    this.told.clear()
    this.outcomes.clear()
  }

  private watch(): void {
    const wake = (volumeName: string | undefined) => {
      if (volumeName && this.isAttachable(this.volumes.get('', volumeName))) this.loop.queue.addAfter(volumeName, LOOK_MS)
    }
    const wakePod = (pod: Pod) => {
      if (!pod.spec?.nodeName) return
      for (const volume of pod.spec.volumes ?? []) {
        const name = claimNameOf(pod, volume)
        if (name !== '') wake(this.claims.get(pod.metadata.namespace ?? '', name)?.spec?.volumeName)
      }
    }
    this.pods.addHandler({
      onAdd: wakePod,
      onUpdate: (pod, old) => {
        if (pod.spec?.nodeName !== old.spec?.nodeName || isPodTerminal(pod) !== isPodTerminal(old)) wakePod(pod)
      },
      onDelete: wakePod,
    })
    const wakeClaim = ({ spec }: PersistentVolumeClaim) => wake(spec?.volumeName)
    this.claims.addHandler({ onAdd: wakeClaim, onUpdate: wakeClaim })
    const wakeAttachment = ({ spec }: VolumeAttachment) => wake(spec?.source.persistentVolumeName)
    this.attachments.addHandler({ onAdd: wakeAttachment, onUpdate: wakeAttachment, onDelete: wakeAttachment })
    const wakeNode = ({ metadata }: Node) => {
      for (const attachment of this.attachments.list())
        if (attachment.spec?.nodeName === metadata.name) wakeAttachment(attachment)
    }
    this.nodes.addHandler({
      onUpdate: (node, old) => {
        if (
          this.attachments.size > 0 &&
          (node.status?.volumesInUse !== old.status?.volumesInUse || node.spec?.taints !== old.spec?.taints)
        )
          wakeNode(node)
      },
      onDelete: (node) => {
        this.reported.delete(node.metadata.name ?? '')
        wakeNode(node)
      },
    })
  }

  /** SIMPLIFIED: volumes of CSI drivers only; the plugins inside Kubernetes that need attaching are all gone or migrated. */
  private isAttachable(volume: PersistentVolume | undefined): boolean {
    const driver = volume?.spec?.csi?.driver
    return driver !== undefined && this.drivers.get('', driver)?.spec?.attachRequired !== false
  }

  private *reconcile(name: string): Task {
    const volume = this.volumes.get('', name)
    const attachments = this.attachments.byIndex(BY_VOLUME, name)
    if (!volume) return
    const wanted = this.wantedBy(volume)
    const { csi } = volume.spec ?? {}
    if (!csi || !this.isAttachable(volume)) return
    const uniqueName = `kubernetes.io/csi/${csi.driver}^${csi.volumeHandle}`
    this.noteWants(name, wanted, attachments)
    const plan = planAttachments({
      volume,
      uniqueName,
      wanted,
      attachments,
      node: (node) => this.nodes.get('', node),
      unwantedSinceMs: (node) => this.unwanted.get(`${name}/${node}`) ?? this.context.sim.now,
      nowMs: this.context.sim.now,
    })
    for (const { node, by } of plan.blocked) this.tellBlocked(name, node, by, wanted)
    for (const { attachment } of plan.detach) yield* this.detach(attachment, uniqueName)
    for (const node of plan.attach) yield* this.attach(name, csi.driver, csi.volumeHandle, node)
    let failure = ''
    for (const attachment of attachments) failure = (yield* this.follow(attachment, uniqueName, wanted)) || failure
    if (plan.lookAgainMs !== undefined) this.loop.queue.addAfter(name, plan.lookAgainMs - this.context.sim.now)
    if (failure !== '') throw new Requeue(failure)
  }

  /** Pods that want the volume, by node. k8s 1.36: desired_state_of_world_populator. */
  private wantedBy({ spec }: PersistentVolume): Map<string, Pod[]> {
    const wanted = new Map<string, Pod[]>()
    const { namespace = '', name = '' } = spec?.claimRef ?? {}
    for (const pod of podsUsing(this.pods, `${namespace}/${name}`)) {
      const node = pod.spec?.nodeName
      if (!node || isPodTerminal(pod)) continue
      wanted.set(node, [...(wanted.get(node) ?? []), pod])
    }
    return wanted
  }

  private noteWants(name: string, wanted: ReadonlyMap<string, unknown>, attachments: readonly VolumeAttachment[]): void {
    for (const { spec } of attachments) {
      const key = `${name}/${spec?.nodeName ?? ''}`
      if (wanted.has(spec?.nodeName ?? '')) this.unwanted.delete(key)
      else if (!this.unwanted.has(key)) this.unwanted.set(key, this.context.sim.now)
    }
  }

  /** k8s 1.36: attachdetach reportMultiAttachError. */
  private tellBlocked(name: string, node: string, by: readonly string[], wanted: ReadonlyMap<string, readonly Pod[]>): void {
    const key = `${name}/${node}`
    if (this.told.has(key)) return
    this.told.add(key)
    const users = by.flatMap((other) => wanted.get(other) ?? [])
    for (const pod of wanted.get(node) ?? []) {
      const local = users.filter(({ metadata }) => metadata.namespace === pod.metadata.namespace)
      const why =
        users.length === 0
          ? "Volume is already exclusively attached to one node and can't be attached to another"
          : `Volume is already used by pod(s) ${local.map(({ metadata }) => metadata.name ?? '').join(', ')}`
      this.recorder.event(pod, 'Warning', 'FailedAttachVolume', `Multi-Attach error for volume "${name}" ${why}`)
    }
  }

  private *attach(volume: string, driver: string, handle: string, nodeName: string): Task {
    this.told.delete(`${volume}/${nodeName}`)
    const attachment: VolumeAttachment = {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'VolumeAttachment',
      metadata: { name: `csi-${sha256Hex(`${handle}${driver}${nodeName}`)}` },
      spec: { attacher: driver, nodeName, source: { persistentVolumeName: volume } },
    }
    try {
      yield* this.client.create(volumeattachments, attachment)
    } catch (error) {
      if (!isAlreadyExists(error)) throw error
    }
  }

  /** The node is told first, so that it mounts nothing that is going. */
  private *detach({ metadata, spec }: VolumeAttachment, uniqueName: string): Task {
    const name = metadata.name ?? ''
    this.outcomes.delete(name)
    this.unwanted.delete(`${spec?.source.persistentVolumeName ?? ''}/${spec?.nodeName ?? ''}`)
    yield* this.report(spec?.nodeName ?? '', uniqueName, false)
    try {
      yield* this.client.delete(volumeattachments, '', name)
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }

  /** Takes note of what came of an attachment; gives the failure's text, or ''. */
  private *follow(attachment: VolumeAttachment, uniqueName: string, wanted: ReadonlyMap<string, readonly Pod[]>): Task<string> {
    const { metadata, spec, status } = attachment
    const name = metadata.name ?? ''
    const node = spec?.nodeName ?? ''
    if (metadata.deletionTimestamp !== undefined || !wanted.has(node)) return ''
    const volume = spec?.source.persistentVolumeName ?? ''
    const tell = (type: 'Normal' | 'Warning', reason: string, text: string) => {
      for (const pod of wanted.get(node) ?? []) this.recorder.event(pod, type, reason, text)
    }
    if (status?.attached) {
      yield* this.report(node, uniqueName, true)
      if (this.outcomes.get(name) === '') return ''
      this.outcomes.set(name, '')
      tell('Normal', 'SuccessfulAttachVolume', `AttachVolume.Attach succeeded for volume "${volume}" `)
      return ''
    }
    const problem = status?.attachError?.message
    if (!problem) return ''
    tell('Warning', 'FailedAttachVolume', `AttachVolume.Attach failed for volume "${volume}" : ${problem}`)
    return problem
  }

  /** Says in the node's status what is attached. k8s 1.36: attachdetach nodeStatusUpdater. */
  private *report(nodeName: string, uniqueName: string, attached: boolean): Task {
    const node = this.nodes.get('', nodeName)
    if (!node) return
    const before = (node.status?.volumesAttached ?? []).map(({ name }) => name)
    // The list is written as a whole: what was written a moment ago may not be in the cache yet.
    let names = this.reported.get(nodeName)
    if (!names) this.reported.set(nodeName, (names = new Set(before)))
    if (attached) names.add(uniqueName)
    else names.delete(uniqueName)
    if (before.includes(uniqueName) === attached) return
    const volumesAttached = [...names].map((name) => ({ name, devicePath: '' }))
    const status = { volumesAttached: volumesAttached.length > 0 ? volumesAttached : null }
    try {
      yield* this.client.patch(nodesRef, '', nodeName, { status }, 'merge', { subresource: 'status' })
    } catch (error) {
      if (!(error instanceof StatusError) || !isNotFound(error)) throw error
    }
  }
}

const BY_VOLUME = 'volume'
