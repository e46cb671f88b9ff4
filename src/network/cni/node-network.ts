import { sleep, type Task } from '../../sim/task.ts'
import { podNetns } from '../link/machine.ts'
import type { ListenerLookup, Netns } from '../link/netns.ts'
import { CniError } from './host-local.ts'
import type { Attachment, CniPlugin, PodSandbox } from './plugin.ts'

/** How long wiring up one pod takes (veth pair, bridge, address). */
const ADD_MS = 20

interface Wire {
  readonly attachment: Attachment
  readonly plugin: CniPlugin
  /** Made when somebody looks. */
  netns: Netns | null
}

/**
 * The pod network of one machine: what the kubelet asks for, carried out by the plugin whose configuration lies in
 * /etc/cni/net.d. It is not ready until the network daemon has written one. Namespaces, veth pairs and rules are made
 * when the machine's network is looked at: a machine that nobody looks at pays for addresses only.
 */
export class NodeNetwork {
  private readonly plugins = new Map<string, CniPlugin>()
  private readonly wires = new Map<string, Wire>()
  /** Pods that came or went since the last look, oldest first. */
  private pending: { readonly wire: Wire; readonly isAdded: boolean }[] = []
  private listeners: (() => void)[] = []
  /** Who listens in a pod. */
  private readonly listenersOf: (podUid: string) => ListenerLookup

  constructor(listenersOf: (podUid: string) => ListenerLookup = () => () => undefined) {
    this.listenersOf = listenersOf
  }

  /** Puts a plugin's configuration into /etc/cni/net.d. */
  install(plugin: CniPlugin): void {
    if (this.plugins.get(plugin.file) === plugin) return
    this.plugins.set(plugin.file, plugin)
    for (const listener of this.listeners) listener()
  }

  /** Takes a configuration file away. Pods that have been joined stay joined. */
  uninstall(file: string): void {
    if (!this.plugins.delete(file)) return
    for (const listener of this.listeners) listener()
  }

  /** The files in /etc/cni/net.d, in order. */
  get files(): readonly string[] {
    return [...this.plugins.keys()].toSorted()
  }

  /** The content of those files, and of what daemons have written for them: by path. */
  writtenFiles(): ReadonlyMap<string, string> {
    const files = new Map<string, string>()
    for (const plugin of this.plugins.values()) {
      files.set(`/etc/cni/net.d/${plugin.file}`, plugin.text)
      for (const [path, text] of plugin.runFiles?.() ?? []) files.set(path, text)
    }
    return files
  }

  notReadyReason(): string | undefined {
    if (this.plugins.size > 0) return undefined
    return 'container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized'
  }

  onChange(listener: () => void): void {
    this.listeners = [...this.listeners, listener]
  }

  /** CNI ADD; gives the pod's address. */
  *addPod(pod: PodSandbox): Task<string> {
    yield* sleep(ADD_MS)
    const known = this.wires.get(pod.uid)
    if (known) return known.attachment.addresses[0] ?? ''
    const plugin = this.plugins.get(this.files[0] ?? '')
    if (!plugin) throw new CniError('cni plugin not initialized')
    const wire: Wire = { attachment: { ...pod, addresses: plugin.allocate(pod) }, plugin, netns: null }
    this.wires.set(pod.uid, wire)
    this.pending.push({ wire, isAdded: true })
    return wire.attachment.addresses[0] ?? ''
  }

  /** CNI DEL. */
  removePod(uid: string): void {
    const wire = this.wires.get(uid)
    if (!wire) return
    this.wires.delete(uid)
    wire.plugin.release(uid)
    const waiting = this.pending.findIndex((entry) => entry.wire === wire)
    if (waiting === -1) this.pending.push({ wire, isAdded: false })
    else this.pending.splice(waiting, 1)
  }

  /** All addresses of a pod that is joined. */
  addressesOf(uid: string): readonly string[] {
    return this.wires.get(uid)?.attachment.addresses ?? []
  }

  has(uid: string): boolean {
    return this.wires.has(uid)
  }

  attachments(): readonly Attachment[] {
    return [...this.wires.values()].map((wire) => wire.attachment)
  }

  /** The namespace of a joined pod, after the machine's has been settled. */
  netnsOf(uid: string): Netns | undefined {
    return this.wires.get(uid)?.netns ?? undefined
  }

  /** Lays and takes up the cables of pods that came and went since the last look. */
  settle(host: Netns): void {
    if (this.pending.length === 0) return
    const todo = this.pending
    this.pending = []
    for (const { wire, isAdded } of todo) {
      const { attachment, plugin } = wire
      if (!isAdded) plugin.unplug(host, attachment)
      else {
        wire.netns = podNetns(host.node, `${attachment.namespace}/${attachment.name}`)
        wire.netns.listens = this.listenersOf(attachment.uid)
        wire.netns.carrier = host.carrier
        plugin.plug(host, wire.netns, attachment)
      }
    }
  }

  /** The machine restarts: no sandbox survives. Configuration files are on the disk and stay. */
  clear(): void {
    this.wires.clear()
    this.pending = []
    for (const plugin of this.plugins.values()) plugin.clear()
  }
}
