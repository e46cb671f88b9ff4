import { keyOf, type KubeObject, type ResourceRef } from '../apimachinery/resource.ts'
import { watchCause, type RequestOptions, type WatchEvent, type WatchHandle } from '../apiserver/api.ts'
import type { Simulation } from '../sim/simulation.ts'
import type { Client } from './client.ts'

export interface EventHandler<T> {
  readonly onAdd?: (object: T) => void
  readonly onUpdate?: (object: T, old: T) => void
  readonly onDelete?: (object: T) => void
}

/** Gives the keys under which an index lists an object. */
export type IndexFunction<T> = (object: T) => readonly string[]

export interface InformerOptions {
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
}

/**
 * A local copy of one resource: list, then watch. Reads are free; handlers run after the copy has changed, with the
 * simulation's cause set to the watch event. k8s 1.36: client-go SharedIndexInformer.
 */
export class Informer<T extends KubeObject = KubeObject> {
  readonly ref: ResourceRef<T>
  private readonly client: Client
  private readonly sim: Simulation
  private readonly options: InformerOptions
  private readonly objects = new Map<string, T>()
  private readonly indexers = new Map<
    string,
    { readonly keysOf: IndexFunction<T>; readonly entries: Map<string, Map<string, T>> }
  >()
  private handlers: readonly EventHandler<T>[] = []
  private handle: WatchHandle | null = null
  /** Whether the first list has been taken in. */
  synced = false

  constructor(client: Client, ref: ResourceRef<T>, options: InformerOptions = {}) {
    this.client = client
    this.sim = client.sim
    this.ref = ref
    this.options = options
  }

  /** Adds an index; objects already here are indexed at once. */
  addIndex(name: string, keysOf: IndexFunction<T>): void {
    if (this.indexers.has(name)) return
    const index = { keysOf, entries: new Map<string, Map<string, T>>() }
    this.indexers.set(name, index)
    for (const [key, object] of this.objects) for (const value of keysOf(object)) put(index.entries, value, key, object)
  }

  /** Objects under that key of an index, in no particular but a stable order. */
  byIndex(name: string, value: string): T[] {
    const found = this.indexers.get(name)?.entries.get(value)
    return found ? [...found.values()] : []
  }

  /** Adds a handler; if the copy is already filled, it gets an onAdd for each object at once. Gives the function that removes it. */
  addHandler(handler: EventHandler<T>): () => void {
    this.handlers = [...this.handlers, handler]
    if (this.synced) for (const object of this.objects.values()) handler.onAdd?.(object)
    return () => {
      this.handlers = this.handlers.filter((other) => other !== handler)
    }
  }

  get(namespace: string, name: string): T | undefined {
    return this.objects.get(namespace === '' ? name : `${namespace}/${name}`)
  }

  getByKey(key: string): T | undefined {
    return this.objects.get(key)
  }

  list(): IterableIterator<T> {
    return this.objects.values()
  }

  get size(): number {
    return this.objects.size
  }

  /** Lists and begins to watch. Safe to call again. */
  start(): void {
    if (this.handle) return
    const { namespace = '', ...selection } = this.options
    const options: RequestOptions = selection
    const list = this.client.listNow(this.ref, namespace, options)
    this.replace(list.items)
    this.synced = true
    this.handle = this.client.watch(
      this.ref,
      namespace,
      { ...options, resourceVersion: list.metadata.resourceVersion },
      (events) => this.take(events as readonly WatchEvent<T>[]),
    )
  }

  /** Ends the watch; the copy stays as it is and grows stale. start() lists anew and reports the differences. */
  stop(): void {
    this.handle?.stop()
    this.handle = null
  }

  private replace(items: readonly T[]): void {
    const seen = new Set<string>()
    for (const item of items) {
      const key = keyOf(item)
      seen.add(key)
      const old = this.objects.get(key)
      if (old?.metadata.resourceVersion === item.metadata.resourceVersion) continue
      this.set(key, item, old)
    }
    for (const [key, object] of this.objects) if (!seen.has(key)) this.unset(key, object, object)
  }

  private take(events: readonly WatchEvent<T>[]): void {
    for (const event of events) {
      this.sim.cause = watchCause(event)
      const key = keyOf(event.object)
      if (event.type === 'DELETED') {
        const old = this.objects.get(key)
        if (old) this.unset(key, old, event.object)
      } else if (event.type === 'ADDED' || event.type === 'MODIFIED') this.set(key, event.object, this.objects.get(key))
    }
  }

  private set(key: string, object: T, old: T | undefined): void {
    this.objects.set(key, object)
    for (const { keysOf, entries } of this.indexers.values())
      reindex(entries, key, object, keysOf(object), old ? keysOf(old) : [])
    for (const handler of this.handlers) {
      if (old) handler.onUpdate?.(object, old)
      else handler.onAdd?.(object)
    }
  }

  private unset(key: string, old: T, last: T): void {
    this.objects.delete(key)
    for (const { keysOf, entries } of this.indexers.values()) reindex(entries, key, old, [], keysOf(old))
    for (const handler of this.handlers) handler.onDelete?.(last)
  }
}

function put<T>(entries: Map<string, Map<string, T>>, value: string, key: string, object: T): void {
  let bucket = entries.get(value)
  if (!bucket) entries.set(value, (bucket = new Map()))
  bucket.set(key, object)
}

function reindex<T>(
  entries: Map<string, Map<string, T>>,
  key: string,
  object: T,
  now: readonly string[],
  before: readonly string[],
): void {
  for (const value of before) {
    if (now.includes(value)) continue
    const bucket = entries.get(value)
    bucket?.delete(key)
    if (bucket?.size === 0) entries.delete(value)
  }
  for (const value of now) put(entries, value, key, object)
}

/** The informers of one process: each resource is listed and watched once, whoever asks. */
export class InformerFactory {
  private readonly client: Client
  private readonly informers = new Map<string, Informer>()
  private started = false

  constructor(client: Client) {
    this.client = client
  }

  /** The shared informer of that resource. Started at once if the factory already runs. */
  for<T extends KubeObject>(ref: ResourceRef<T>): Informer<T> {
    const key = `${ref.group}/${ref.version}/${ref.resource}`
    let informer = this.informers.get(key)
    if (!informer) {
      informer = new Informer(this.client, ref) as unknown as Informer
      this.informers.set(key, informer)
      if (this.started) informer.start()
    }
    return informer as unknown as Informer<T>
  }

  start(): void {
    this.started = true
    for (const informer of this.informers.values()) informer.start()
  }

  stop(): void {
    this.started = false
    for (const informer of this.informers.values()) informer.stop()
  }
}
