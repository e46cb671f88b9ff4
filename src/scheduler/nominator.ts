import type { PodInfo } from './pod-info.ts'

/**
 * Pods that wait for a node on which others are being removed for them: the node's room is kept for them.
 * k8s 1.36: scheduler queue nominator.
 */
export class Nominator {
  private readonly byNode = new Map<string, Map<string, PodInfo>>()
  private readonly nodeByUid = new Map<string, string>()

  get isEmpty(): boolean {
    return this.nodeByUid.size === 0
  }

  podsFor(nodeName: string): Iterable<PodInfo> | null {
    return this.byNode.get(nodeName)?.values() ?? null
  }

  uids(): readonly string[] {
    return [...this.nodeByUid.keys()]
  }

  /** Every nomination there is. */
  list(): readonly { readonly pod: PodInfo; readonly nodeName: string }[] {
    return [...this.byNode].flatMap(([nodeName, pods]) => [...pods.values()].map((pod) => ({ pod, nodeName })))
  }

  nodeOf(uid: string): string | undefined {
    return this.nodeByUid.get(uid)
  }

  /** Replaces the pod's nomination. '' only takes it back. */
  set(pod: PodInfo, nodeName: string): void {
    this.remove(pod.uid)
    if (nodeName === '') return
    this.nodeByUid.set(pod.uid, nodeName)
    const pods = this.byNode.get(nodeName)
    if (pods) pods.set(pod.uid, pod)
    else this.byNode.set(nodeName, new Map([[pod.uid, pod]]))
  }

  /**
   * The pod object changed. An update that has no nomination, before or after, keeps one that is only known here: the
   * API write is still under way.
   */
  update(old: PodInfo, pod: PodInfo): void {
    const stored = pod.pod.status?.nominatedNodeName ?? ''
    const keep = !old.pod.status?.nominatedNodeName && !stored ? this.nodeByUid.get(old.uid) : undefined
    this.remove(old.uid)
    this.set(pod, keep ?? stored)
  }

  remove(uid: string): void {
    const nodeName = this.nodeByUid.get(uid)
    if (nodeName === undefined) return
    this.nodeByUid.delete(uid)
    const pods = this.byNode.get(nodeName)
    pods?.delete(uid)
    if (pods?.size === 0) this.byNode.delete(nodeName)
  }
}
