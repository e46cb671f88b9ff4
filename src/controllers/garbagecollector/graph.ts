import type { OwnerReference } from '../../apimachinery/generated/types.ts'
import type { KubeObject, ResourceRef } from '../../apimachinery/resource.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'

export const FOREGROUND = 'foregroundDeletion'
export const ORPHAN = 'orphan'

/** An object as the graph knows it, or an owner that is only heard of from its dependents. */
export interface GraphNode {
  readonly uid: string
  readonly ref: ResourceRef | null
  readonly apiVersion: string
  readonly kind: string
  readonly namespace: string
  readonly name: string
  owners: readonly OwnerReference[]
  readonly dependents: Set<GraphNode>
  /** False for owners that no watch has shown yet. */
  observed: boolean
  beingDeleted: boolean
  /** Deleted in the foreground: it waits for its dependents. */
  deletingDependents: boolean
}

/** What a change of the graph asks the workers to look at. */
export interface GraphWork {
  attemptToDelete(node: GraphNode): void
  attemptToOrphan(node: GraphNode): void
  /** An object names an owner that is in another namespace. */
  reportForeignOwner?(node: GraphNode, owner: OwnerReference): void
}

const has = (object: KubeObject | undefined, finalizer: string) =>
  object?.metadata.deletionTimestamp !== undefined && (object.metadata.finalizers ?? []).includes(finalizer)

/**
 * Who owns whom, kept up from watch events. k8s 1.36: garbagecollector GraphBuilder.processGraphChanges.
 * SIMPLIFIED: owner references whose kind contradicts the owner's are not told apart by coordinates.
 */
export class OwnerGraph {
  readonly nodes = new Map<string, GraphNode>()
  private readonly work: GraphWork

  constructor(work: GraphWork) {
    this.work = work
  }

  /** Takes in a new or changed object. */
  set(ref: ResourceRef, object: KubeObject, old: KubeObject | undefined): void {
    const { uid = '', ownerReferences = [] } = object.metadata
    let node = this.nodes.get(uid)
    if (node?.observed) this.updateOwners(node, ownerReferences)
    else {
      node = this.adoptVirtual(ref, object, node)
      this.nodes.set(uid, node)
      this.link(node, ownerReferences)
    }
    if (object.metadata.deletionTimestamp !== undefined) node.beingDeleted = true
    this.transitions(node, object, old)
  }

  /** Takes an object out: its dependents may be garbage now, owners that waited for it may go. */
  remove(uid: string): void {
    const node = this.nodes.get(uid)
    if (!node) return
    this.nodes.delete(uid)
    for (const { uid: owner } of node.owners) this.nodes.get(owner)?.dependents.delete(node)
    for (const dependent of node.dependents) this.work.attemptToDelete(dependent)
    for (const { uid: ownerUid } of node.owners) {
      const owner = this.nodes.get(ownerUid)
      if (owner?.deletingDependents) this.work.attemptToDelete(owner)
    }
  }

  private adoptVirtual(ref: ResourceRef, object: KubeObject, virtual: GraphNode | undefined): GraphNode {
    const { uid = '', name = '', namespace = '', ownerReferences = [] } = object.metadata
    const node: GraphNode = {
      uid,
      ref,
      apiVersion: object.apiVersion ?? '',
      kind: ref.kind,
      namespace,
      name,
      owners: ownerReferences,
      dependents: virtual?.dependents ?? new Set(),
      observed: true,
      beingDeleted: false,
      deletingDependents: false,
    }
    if (virtual) for (const { uid: owner } of virtual.owners) this.nodes.get(owner)?.dependents.delete(virtual)
    return node
  }

  /** Makes a node a dependent of its owners; unknown ones become nodes that are looked up. */
  private link(node: GraphNode, owners: readonly OwnerReference[]): void {
    for (const owner of owners) {
      let known = this.nodes.get(owner.uid)
      if (!known) {
        known = {
          uid: owner.uid,
          ref: null,
          apiVersion: owner.apiVersion,
          kind: owner.kind,
          namespace: node.namespace,
          name: owner.name,
          owners: [],
          dependents: new Set(),
          observed: false,
          beingDeleted: false,
          deletingDependents: false,
        }
        this.nodes.set(owner.uid, known)
        this.work.attemptToDelete(known)
      }
      if (known.observed && known.namespace !== '' && known.namespace !== node.namespace) {
        this.work.reportForeignOwner?.(node, owner)
        this.work.attemptToDelete(node)
      }
      known.dependents.add(node)
    }
  }

  private updateOwners(node: GraphNode, owners: readonly OwnerReference[]): void {
    const before = node.owners
    if (before === owners || jsonEqual(before, owners)) return
    node.owners = owners
    this.link(
      node,
      owners.filter((owner) => !before.some((old) => old.uid === owner.uid)),
    )
    for (const old of before) {
      const now = owners.find((owner) => owner.uid === old.uid)
      const owner = this.nodes.get(old.uid)
      if (!now) owner?.dependents.delete(node)
      // An owner that waited for this dependent need not any more.
      if (owner && old.blockOwnerDeletion && !now?.blockOwnerDeletion) this.work.attemptToDelete(owner)
    }
  }

  private transitions(node: GraphNode, object: KubeObject, old: KubeObject | undefined): void {
    if (has(object, ORPHAN) && !has(old, ORPHAN)) {
      this.work.attemptToOrphan(node)
      return
    }
    if (!has(object, FOREGROUND) || has(old, FOREGROUND)) return
    node.deletingDependents = true
    for (const dependent of node.dependents) this.work.attemptToDelete(dependent)
    this.work.attemptToDelete(node)
  }
}

/** Dependents that hold up the deletion of their owner. */
export function blockingDependents(node: GraphNode): GraphNode[] {
  const blocks = (dependent: GraphNode) => dependent.owners.some((o) => o.uid === node.uid && o.blockOwnerDeletion === true)
  return [...node.dependents].filter(blocks)
}

/** What an owner reference turned out to be. */
export interface ClassifiedReference {
  readonly reference: OwnerReference
  readonly state: 'solid' | 'dangling' | 'waiting'
}

export type GarbageDecision =
  | { readonly act: 'keep' }
  | { readonly act: 'unlink'; readonly uids: readonly string[] }
  | { readonly act: 'delete'; readonly policy: 'Orphan' | 'Foreground' | 'Background'; readonly unblock: boolean }

/**
 * What to do about an object, given the state of its owners. k8s 1.36: garbagecollector attemptToDeleteItem.
 */
export function decide(
  object: KubeObject,
  references: readonly ClassifiedReference[],
  dependents: ReadonlySet<GraphNode>,
): GarbageDecision {
  const uidsIn = (state: ClassifiedReference['state']) => references.filter((r) => r.state === state).map((r) => r.reference.uid)
  const waiting = uidsIn('waiting')
  if (uidsIn('solid').length > 0) {
    const uids = [...uidsIn('dangling'), ...waiting]
    return uids.length === 0 ? { act: 'keep' } : { act: 'unlink', uids }
  }
  if (waiting.length > 0 && dependents.size > 0)
    // Dependents that wait themselves: this may be a circle, so they must not block each other.
    return { act: 'delete', policy: 'Foreground', unblock: [...dependents].some((dependent) => dependent.deletingDependents) }
  const finalizers = object.metadata.finalizers ?? []
  const policy = finalizers.includes(ORPHAN) ? 'Orphan' : finalizers.includes(FOREGROUND) ? 'Foreground' : 'Background'
  return { act: 'delete', policy, unblock: false }
}
