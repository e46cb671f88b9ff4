import { isConflict, isNotFound } from '../../apimachinery/errors.ts'
import type { OwnerReference } from '../../apimachinery/generated/types.ts'
import type { KubeObject, ResourceRef } from '../../apimachinery/resource.ts'
import type { Client } from '../../client/client.ts'
import { Requeue } from '../../client/controller.ts'
import { all, type Task } from '../../sim/task.ts'
import { STORED_RESOURCES } from '../shared/resources.ts'
import {
  blockingDependents,
  decide,
  FOREGROUND,
  ORPHAN,
  type ClassifiedReference,
  type GraphNode,
  type OwnerGraph,
} from './graph.ts'

const BUILT_IN = new Set(STORED_RESOURCES)
const ABSENT_CACHE_SIZE = 500

/** Carries out what the graph asks for. k8s 1.36: garbagecollector GarbageCollector. */
export class GarbageCollection {
  private readonly client: Client
  private readonly graph: OwnerGraph
  /** Resources by 'group/Kind'. */
  private readonly refs: ReadonlyMap<string, ResourceRef>
  private readonly enqueue: (node: GraphNode) => void
  /** Owners known not to be in a namespace ('' for cluster-wide kinds), by 'namespace/uid'. */
  private readonly absent = new Set<string>()

  constructor(client: Client, graph: OwnerGraph, refs: ReadonlyMap<string, ResourceRef>, enqueue: (node: GraphNode) => void) {
    this.client = client
    this.graph = graph
    this.refs = refs
    this.enqueue = enqueue
  }

  /** Looks at one object and deletes it if nothing owns it any more. */
  *attemptToDelete(node: GraphNode): Task {
    if (node.beingDeleted && !node.deletingDependents) return
    const ref = node.ref ?? this.refFor(node)
    // SIMPLIFIED: owners of a kind that is not served are left alone rather than retried.
    if (!ref) return
    const latest = yield* this.read(ref, ref.namespaced ? node.namespace : '', node.name)
    if (latest?.metadata.uid !== node.uid) {
      this.remember(node.uid, ref.namespaced ? node.namespace : '')
      if (!node.observed) this.graph.remove(node.uid)
      return
    }
    if (!node.observed) throw new Requeue(`${node.kind} ${node.name} has not been seen by a watch yet`)
    if (node.deletingDependents) return yield* this.deleteDependentsFirst(node, ref)
    const owners = latest.metadata.ownerReferences ?? []
    if (owners.length === 0) return
    const references: ClassifiedReference[] = []
    for (const reference of owners) references.push({ reference, state: yield* this.classify(reference, node) })
    const decision = decide(latest, references, node.dependents)
    if (decision.act === 'unlink') yield* this.unlink(ref, latest, decision.uids)
    if (decision.act !== 'delete') return
    if (decision.unblock) yield* this.unblock(ref, latest)
    yield* this.deleteObject(ref, latest, decision.policy)
  }

  /** Frees all dependents of an object that is deleted with propagation Orphan, then lets it go. */
  *orphanDependents(node: GraphNode): Task {
    const ref = node.ref
    if (!ref) return
    yield* all([...node.dependents].map((dependent) => this.freeFrom(dependent, node.uid)))
    yield* this.removeFinalizer(ref, node, ORPHAN)
  }

  private refFor({ apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }): ResourceRef | undefined {
    const slash = apiVersion.indexOf('/')
    return this.refs.get(`${slash < 0 ? '' : apiVersion.slice(0, slash)}/${kind}`)
  }

  private *read(ref: ResourceRef, namespace: string, name: string): Task<KubeObject | null> {
    try {
      return yield* this.client.get(ref, namespace, name)
    } catch (error) {
      if (isNotFound(error)) return null
      throw error
    }
  }

  private *classify(reference: OwnerReference, node: GraphNode): Task<ClassifiedReference['state']> {
    const ref = this.refFor(reference)
    if (!ref) return 'solid'
    if (ref.namespaced && node.namespace === '') return 'dangling'
    const namespace = ref.namespaced ? node.namespace : ''
    if (this.absent.has(`${namespace}/${reference.uid}`)) return 'dangling'
    const owner = yield* this.read(ref, namespace, reference.name)
    if (owner?.metadata.uid !== reference.uid) {
      this.remember(reference.uid, namespace)
      return 'dangling'
    }
    const { deletionTimestamp, finalizers = [] } = owner.metadata
    return deletionTimestamp !== undefined && finalizers.includes(FOREGROUND) ? 'waiting' : 'solid'
  }

  /** Takes note that an owner is gone from its namespace. */
  remember(uid: string, namespace: string): void {
    if (this.absent.size >= ABSENT_CACHE_SIZE) {
      const [oldest] = this.absent
      if (oldest !== undefined) this.absent.delete(oldest)
    }
    this.absent.add(`${namespace}/${uid}`)
  }

  /** k8s 1.36: garbagecollector processDeletingDependentsItem. */
  private *deleteDependentsFirst(node: GraphNode, ref: ResourceRef): Task {
    const blocking = blockingDependents(node)
    if (blocking.length === 0) return yield* this.removeFinalizer(ref, node, FOREGROUND)
    for (const dependent of blocking) if (!dependent.deletingDependents) this.enqueue(dependent)
  }

  private *deleteObject(ref: ResourceRef, object: KubeObject, propagationPolicy: 'Orphan' | 'Foreground' | 'Background'): Task {
    const { namespace = '', name = '', uid } = object.metadata
    try {
      yield* this.client.delete(ref, namespace, name, { propagationPolicy, preconditions: { uid } })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }

  private *unlink(ref: ResourceRef, object: KubeObject, uids: readonly string[]): Task {
    const { namespace = '', name = '', uid, resourceVersion, ownerReferences = [] } = object.metadata
    if (BUILT_IN.has(ref)) {
      const metadata = { uid, ownerReferences: uids.map((owner) => ({ $patch: 'delete', uid: owner })) }
      yield* this.client.patch(ref, namespace, name, { metadata })
      return
    }
    const left = ownerReferences.filter((owner) => !uids.includes(owner.uid))
    const metadata = { resourceVersion, ownerReferences: left.length > 0 ? left : null }
    yield* this.client.patch(ref, namespace, name, { metadata }, 'merge')
  }

  /** Takes blockOwnerDeletion from all of an object's owner references. */
  private *unblock(ref: ResourceRef, object: KubeObject): Task {
    const { namespace = '', name = '', resourceVersion, ownerReferences = [] } = object.metadata
    const metadata = {
      resourceVersion,
      ownerReferences: ownerReferences.map((owner) => ({ ...owner, blockOwnerDeletion: false })),
    }
    yield* this.client.patch(ref, namespace, name, { metadata }, 'merge')
  }

  private *freeFrom(dependent: GraphNode, ownerUid: string): Task {
    const ref = dependent.ref
    if (!ref) return
    const { uid, name, namespace } = dependent
    try {
      if (BUILT_IN.has(ref)) return yield* this.unlink(ref, { metadata: { uid, name, namespace } }, [ownerUid])
      const object = yield* this.client.get(ref, namespace, name)
      if (object.metadata.ownerReferences?.some((owner) => owner.uid === ownerUid)) yield* this.unlink(ref, object, [ownerUid])
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }

  private *removeFinalizer(ref: ResourceRef, node: GraphNode, finalizer: string): Task {
    for (let attempt = 0; ; attempt++) {
      const object = yield* this.read(ref, node.namespace, node.name)
      const { finalizers = [], resourceVersion } = object?.metadata ?? {}
      if (!object || !finalizers.includes(finalizer)) return
      const left = finalizers.filter((other) => other !== finalizer)
      const metadata = { resourceVersion, finalizers: left.length > 0 ? left : null }
      try {
        yield* this.client.patch(ref, node.namespace, node.name, { metadata }, 'merge')
        return
      } catch (error) {
        if (isNotFound(error)) return
        if (!isConflict(error) || attempt >= 4) throw error
      }
    }
  }
}
