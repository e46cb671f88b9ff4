import { assert } from '../sim/assert.ts'
import type { Node, Pod } from '../apimachinery/generated/types.ts'
import { makeNodeInfo, withNode, withoutPod, withPod, type NodeInfo } from './node-info.ts'
import { NodeTree } from './node-tree.ts'
import { adopt, podInfoOf, type PodInfo } from './pod-info.ts'
import { Snapshot, type ImageState } from './snapshot.ts'

/**
 * Nodes and the pods on them, from watch events and from the scheduler's own decisions: an assumed pod counts on its
 * node from the moment it is chosen, before the API server knows. Each operation costs what it changes.
 * k8s 1.36: scheduler backend cache.
 */
export class SchedulerCache {
  private readonly nodes = new Map<string, NodeInfo>()
  /** Pods on nodes that are not known (yet, or any more). They wait here for their node. */
  private readonly ghosts = new Map<string, NodeInfo>()
  private readonly pods = new Map<string, { info: PodInfo; nodeName: string }>()
  private readonly assumed = new Set<string>()
  private readonly images = new Map<string, { sizeBytes: number; nodes: Set<string> }>()
  private readonly tree = new NodeTree()
  private readonly dirty = new Set<string>()
  private orderChanged = false
  private readonly view = new Snapshot()

  /** The snapshot, brought up to date with every change so far. */
  snapshot(): Snapshot {
    if (this.dirty.size === 0 && !this.orderChanged) return this.view
    const changes = new Map([...this.dirty].map((name) => [name, this.nodes.get(name)] as const))
    this.view.update(changes, this.orderChanged ? this.tree.list() : null)
    this.view.images = this.images as ReadonlyMap<string, ImageState>
    this.dirty.clear()
    this.orderChanged = false
    return this.view
  }

  /** Goes up with every change. */
  version = 0

  /** The nodes as they are known now, in the order in which they are tried. The snapshot stays as it is. */
  list(): NodeInfo[] {
    if (this.dirty.size === 0 && !this.orderChanged) return [...this.view.nodes]
    return this.tree.list().flatMap((name) => this.nodes.get(name) ?? [])
  }

  get imageStates(): ReadonlyMap<string, ImageState> {
    return this.images
  }

  get nodeCount(): number {
    return this.nodes.size
  }

  addNode(node: Node): void {
    const name = node.metadata.name ?? ''
    const old = this.nodes.get(name)
    if (old) return this.updateNode(old.node, node)
    const ghost = this.ghosts.get(name)
    this.ghosts.delete(name)
    this.set(name, ghost ? withNode(ghost, node) : makeNodeInfo(node))
    this.addImages(node, name)
    this.tree.add(node)
    this.orderChanged = true
  }

  updateNode(old: Node, node: Node): void {
    const name = node.metadata.name ?? ''
    const info = this.nodes.get(name)
    if (!info) return this.addNode(node)
    if (info.node.status?.images !== node.status?.images) {
      this.removeImages(info.node, name)
      this.addImages(node, name)
    }
    this.set(name, withNode(info, node))
    if (this.tree.update(old, node)) this.orderChanged = true
  }

  removeNode(node: Node): void {
    const name = node.metadata.name ?? ''
    const info = this.nodes.get(name)
    if (!info) return
    this.removeImages(info.node, name)
    this.nodes.delete(name)
    this.dirty.add(name)
    this.version++
    if (info.pods.length > 0) this.ghosts.set(name, info)
    this.tree.remove(info.node)
    this.orderChanged = true
  }

  /** Counts the pod on the node from now on, although the API server does not say so yet. */
  assume(pod: Pod, nodeName: string): void {
    const info = podInfoOf(pod)
    assert(!this.pods.has(info.uid), `pod ${info.namespace}/${info.name} is in the cache, so can't be assumed`)
    this.put(info, nodeName)
    this.assumed.add(info.uid)
  }

  /** Takes back assume(). */
  forget(pod: Pod): void {
    const { uid } = podInfoOf(pod)
    if (this.assumed.delete(uid)) this.take(uid)
  }

  isAssumed(pod: Pod): boolean {
    return this.assumed.has(podInfoOf(pod).uid)
  }

  /** The node on which the cache counts the pod. */
  nodeOf(pod: Pod): string | undefined {
    return this.pods.get(podInfoOf(pod).uid)?.nodeName
  }

  /** A pod that is bound, new or newer than what was known: confirms an assumed one. */
  setPod(pod: Pod): void {
    const nodeName = pod.spec?.nodeName ?? ''
    const { uid = '' } = pod.metadata
    const counted = this.pods.get(uid)
    if (counted?.nodeName === nodeName && adopt(counted.info, pod)) {
      this.assumed.delete(uid)
      return
    }
    const info = podInfoOf(pod)
    const known = this.pods.get(info.uid)
    this.assumed.delete(info.uid)
    if (known?.info === info && known.nodeName === nodeName) return
    if (known) this.take(info.uid)
    this.put(info, nodeName)
  }

  removePod(pod: Pod): void {
    const { uid } = podInfoOf(pod)
    this.assumed.delete(uid)
    this.take(uid)
  }

  /** Runs `look` as if the pod were on no node. */
  without<T>(pod: Pod, look: () => T): T {
    const known = this.pods.get(podInfoOf(pod).uid)
    if (!known) return look()
    this.take(known.info.uid)
    try {
      return look()
    } finally {
      this.put(known.info, known.nodeName)
    }
  }

  private put(info: PodInfo, nodeName: string): void {
    this.pods.set(info.uid, { info, nodeName })
    const node = this.nodes.get(nodeName)
    if (node) return this.set(nodeName, withPod(node, info))
    const ghost = this.ghosts.get(nodeName) ?? makeNodeInfo({ metadata: { name: nodeName } })
    this.ghosts.set(nodeName, withPod(ghost, info))
  }

  private take(uid: string): void {
    const known = this.pods.get(uid)
    if (!known) return
    this.pods.delete(uid)
    const node = this.nodes.get(known.nodeName)
    if (node) return this.set(known.nodeName, withoutPod(node, uid))
    const ghost = this.ghosts.get(known.nodeName)
    if (!ghost) return
    const left = withoutPod(ghost, uid)
    if (left.pods.length > 0) this.ghosts.set(known.nodeName, left)
    else this.ghosts.delete(known.nodeName)
  }

  private set(name: string, info: NodeInfo): void {
    this.nodes.set(name, info)
    this.dirty.add(name)
    this.version++
  }

  private addImages(node: Node, nodeName: string): void {
    for (const { names = [], sizeBytes = 0 } of node.status?.images ?? [])
      for (const name of names) {
        const image = this.images.get(name)
        if (image) image.nodes.add(nodeName)
        else this.images.set(name, { sizeBytes, nodes: new Set([nodeName]) })
      }
  }

  private removeImages(node: Node, nodeName: string): void {
    for (const { names = [] } of node.status?.images ?? [])
      for (const name of names) {
        const image = this.images.get(name)
        if (image?.nodes.delete(nodeName) && image.nodes.size === 0) this.images.delete(name)
      }
  }
}
