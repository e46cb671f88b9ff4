import type { KubeObject, ResourceRef } from '../apimachinery/resource.ts'
import { notFound } from '../apimachinery/errors.ts'
import type { Client } from '../client/client.ts'
import { Informer } from '../client/informer.ts'

interface Watched<T extends KubeObject> {
  readonly informer: Informer<T>
  readonly users: Map<string, () => void>
}

/**
 * ConfigMaps and Secrets that pods of the node refer to; each is watched alone, while a pod uses it.
 * k8s 1.36: kubelet/util/manager watch based manager.
 */
export class ObjectCache<T extends KubeObject> {
  private readonly client: Client
  private readonly ref: ResourceRef<T>
  private readonly watched = new Map<string, Watched<T>>()

  constructor(client: Client, ref: ResourceRef<T>) {
    this.client = client
    this.ref = ref
  }

  /** The object, or NotFound. Watches it from now on; `onChange` is called when it comes, changes or goes. */
  get(user: string, namespace: string, name: string, onChange?: () => void): T {
    const key = `${namespace}/${name}`
    let entry = this.watched.get(key)
    if (!entry) {
      const informer = new Informer(this.client, this.ref, { namespace, fieldSelector: `metadata.name=${name}` })
      const users = new Map<string, () => void>()
      entry = { informer, users }
      this.watched.set(key, entry)
      informer.start()
      const tell = () => {
        for (const listener of users.values()) listener()
      }
      informer.addHandler({ onUpdate: tell, onDelete: tell })
      // Those that are there already were just read.
      let ready = false
      informer.addHandler({ onAdd: () => ready && tell() })
      ready = true
    }
    if (onChange || !entry.users.has(user)) entry.users.set(user, onChange ?? (() => undefined))
    const object = entry.informer.get(namespace, name)
    if (!object) throw notFound(this.ref, name)
    return object
  }

  /** A pod no longer needs anything. */
  release(user: string): void {
    for (const [key, entry] of this.watched) {
      if (!entry.users.delete(user) || entry.users.size > 0) continue
      entry.informer.stop()
      this.watched.delete(key)
    }
  }

  stop(): void {
    for (const { informer } of this.watched.values()) informer.stop()
    this.watched.clear()
  }
}
