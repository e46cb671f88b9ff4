import { isConflict, isNotFound, StatusError } from '../../apimachinery/errors.ts'
import { namespaces, pods } from '../../apimachinery/generated/resources.ts'
import type { Namespace, Pod } from '../../apimachinery/generated/types.ts'
import { keyOf, type KubeObject, type ResourceRef } from '../../apimachinery/resource.ts'
import type { Client } from '../../client/client.ts'
import { ControllerLoop, Requeue } from '../../client/controller.ts'
import type { InformerFactory } from '../../client/informer.ts'
import type { Simulation } from '../../sim/simulation.ts'
import type { Task } from '../../sim/task.ts'
import { parseTime } from '../../sim/time.ts'
import type { Controller, ControllerContext } from '../context.ts'
import { controllerFrom } from '../shared/controller.ts'
import { indexByNamespace, inNamespace } from '../shared/owners.ts'
import { isPodTerminal } from '../shared/pods.ts'
import { eachResource, resourceKey } from '../shared/resources.ts'
import { countRemaining, nextConditions, type Remaining } from './conditions.ts'

const WORKERS = 10
/** So that clients in other parts see the namespace go before its content does. */
const GRACE_MS = 5000
/** A guess for how long finalizers take, in seconds. */
const FINALIZER_ESTIMATE = 15
const TOKEN = 'kubernetes'

/** Empties namespaces that are being deleted. k8s 1.36: pkg/controller/namespace. */
export function namespaceController(context: ControllerContext): Controller {
  const client = context.client('namespace-controller', { qps: 400, burst: 3000 })
  const informer = context.informers.for(namespaces)
  const resources: ResourceRef[] = []
  eachResource(context.informers, (ref) => {
    if (!ref.namespaced) return
    resources.push(ref)
    indexByNamespace(context.informers.for(ref))
  })
  const loop: ControllerLoop = new ControllerLoop(context.sim, {
    name: 'namespace',
    workers: WORKERS,
    limits: { baseDelayMs: 5, maxDelayMs: 60_000, qps: 10, burst: 100 },
    *reconcile(name) {
      if (!informer.get('', name)) return
      const estimate = yield* new NamespaceDeletion(context.sim, client, context.informers, resources, name).run()
      if (estimate > 0) loop.queue.addAfter(name, (Math.floor(estimate / 2) + 1) * 1000)
    },
  })
  const enqueue = (namespace: Namespace) => {
    const ends = namespace.metadata.deletionTimestamp !== undefined && (namespace.spec?.finalizers ?? []).length > 0
    if (ends) loop.queue.addAfter(keyOf(namespace), GRACE_MS)
  }
  informer.addHandler({ onAdd: enqueue, onUpdate: enqueue })
  return controllerFrom('namespace-controller', [loop])
}

/** One attempt at emptying one namespace. k8s 1.36: namespacedResourcesDeleter.Delete. */
class NamespaceDeletion {
  private readonly sim: Simulation
  private readonly client: Client
  private readonly informers: InformerFactory
  private readonly resources: readonly ResourceRef[]
  private readonly name: string
  private readonly errors: string[] = []
  private estimate = 0

  constructor(sim: Simulation, client: Client, informers: InformerFactory, resources: readonly ResourceRef[], name: string) {
    this.sim = sim
    this.client = client
    this.informers = informers
    this.resources = resources
    this.name = name
  }

  /** Seconds until what remains may be gone; 0 when the namespace is done with. */
  *run(): Task<number> {
    let namespace = yield* this.read()
    if (!namespace || namespace.metadata.deletionTimestamp === undefined) return 0
    if (namespace.status?.phase !== 'Terminating')
      namespace = yield* this.client.updateStatus(namespaces, {
        ...namespace,
        status: { ...namespace.status, phase: 'Terminating' },
      })
    if ((namespace.spec?.finalizers ?? []).length === 0) return 0
    yield* this.empty(namespace)
    if (this.errors.length > 0) throw new Requeue(this.errors.join(', '))
    if (this.estimate === 0) yield* this.finalize()
    return this.estimate
  }

  private *read(): Task<Namespace | null> {
    try {
      return yield* this.client.get(namespaces, '', this.name)
    } catch (error) {
      if (isNotFound(error)) return null
      throw error
    }
  }

  /** Pods go first; the rest follows once none is left. */
  private *empty(namespace: Namespace): Task {
    const deletedMs = parseTime(namespace.metadata.deletionTimestamp ?? '')
    const podsLeft = yield* this.emptyResource(pods, deletedMs)
    if (podsLeft && podsLeft.count > 0) return yield* this.report(namespace, null)
    const remaining: Remaining[] = []
    for (const ref of this.resources) {
      if (resourceKey(ref) === resourceKey(pods)) continue
      const left = yield* this.emptyResource(ref, deletedMs)
      if (left) remaining.push(left)
    }
    yield* this.report(namespace, remaining)
  }

  /**
   * Deletes all objects of a resource; what is left. Null when there were none.
   * SIMPLIFIED: the cache tells which resources have objects here; the others get no requests.
   */
  private *emptyResource(ref: ResourceRef, deletedMs: number): Task<Remaining | null> {
    const cached = inNamespace(this.informers.for(ref), this.name)
    if (cached.length === 0) return null
    const graceSeconds = resourceKey(ref) === resourceKey(pods) ? longestGrace(cached as Pod[]) : 0
    const graceLeft = this.sim.now - deletedMs >= graceSeconds * 1000 ? 0 : graceSeconds
    try {
      yield* this.client.deleteCollection(ref, this.name, { propagationPolicy: 'Background' })
      const { items } = yield* this.client.list(ref, this.name)
      const remaining = countRemaining(ref, items)
      if (items.length > 0) this.expect(ref, remaining, graceLeft)
      return remaining
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      if (!isNotFound(error)) this.errors.push(error.message)
      return null
    }
  }

  private expect(ref: ResourceRef, remaining: Remaining, graceLeft: number): void {
    if (graceLeft > 0) this.estimate = Math.max(this.estimate, graceLeft)
    else if (remaining.finalizers.size > 0) this.estimate = Math.max(this.estimate, FINALIZER_ESTIMATE)
    else {
      const gvr = `${ref.group}/${ref.version}, Resource=${ref.resource}`
      this.errors.push(`unexpected items still remain in namespace: ${this.name} for gvr: ${gvr}`)
    }
  }

  private *report(namespace: Namespace, remaining: readonly Remaining[] | null): Task {
    const conditions = nextConditions(namespace, { errors: this.errors, remaining }, this.sim.now)
    if (!conditions) return
    try {
      yield* this.client.updateStatus(namespaces, { ...namespace, status: { ...namespace.status, conditions } })
    } catch (error) {
      // Conditions are for information only.
      if (!(error instanceof StatusError)) throw error
    }
  }

  private *finalize(): Task {
    for (;;) {
      const namespace = yield* this.read()
      if (!namespace) return
      const finalizers = (namespace.spec?.finalizers ?? []).filter((finalizer) => finalizer !== TOKEN).toSorted()
      try {
        yield* this.client.update<KubeObject>(namespaces, { ...namespace, spec: { finalizers } } as KubeObject, {
          subresource: 'finalize',
        })
        return
      } catch (error) {
        if (isNotFound(error)) return
        if (!isConflict(error)) throw error
      }
    }
  }
}

/** The longest grace period of pods that have not ended, in seconds. */
function longestGrace(list: readonly Pod[]): number {
  return list.reduce((most, pod) => (isPodTerminal(pod) ? most : Math.max(most, pod.spec?.terminationGracePeriodSeconds ?? 0)), 0)
}
