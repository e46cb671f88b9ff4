import type { Simulation } from '../sim/simulation.ts'
import { sleep, type Task } from '../sim/task.ts'
import { parseReference } from './reference.ts'
import type { Manifest, Registry } from './registry.ts'

export interface StoredImage {
  readonly id: string
  readonly names: readonly string[]
  readonly sizeBytes: number
}

interface Speed {
  readonly pullOverheadMs: number
  readonly pullBytesPerMs: number
}

/** The images on one machine. Layers are shared: what is here is not downloaded again. */
export class ImageStore {
  private readonly sim: Simulation
  private readonly registry: Registry
  private readonly nodeName: string
  private readonly speed: Speed
  private readonly byName = new Map<string, { readonly manifest: Manifest; readonly info: StoredImage }>()
  private readonly layers = new Set<string>()
  private readonly downloads = new Map<string, { readonly beganMs: number; readonly endsMs: number }>()

  constructor(sim: Simulation, registry: Registry, nodeName: string, speed: Speed) {
    this.sim = sim
    this.registry = registry
    this.nodeName = nodeName
    this.speed = speed
  }

  status(name: string): StoredImage | undefined {
    return this.byName.get(keyOf(name))?.info
  }

  manifest(name: string): Manifest | undefined {
    return this.byName.get(keyOf(name))?.manifest
  }

  all(): readonly StoredImage[] {
    return [...new Set([...this.byName.values()].map(({ info }) => info))]
  }

  /** Puts an image here at once. Throws CriError when there is no such image. */
  add(name: string): void {
    this.keep(this.registry.resolve(name, true))
  }

  /** Downloads what is missing. Throws CriError. */
  *pull(name: string, authenticated: boolean): Task<StoredImage> {
    const jitter = 1 + this.sim.random(`runtime/${this.nodeName}`).next() * 0.3
    // What is complete already only has its manifest looked up.
    yield* sleep(this.speed.pullOverheadMs * jitter * (this.manifest(name) ? 0.25 : 1))
    const manifest = this.registry.resolve(name, authenticated)
    let missing = 0
    for (const layer of manifest.layers) if (!this.layers.has(layer.id)) missing += layer.bytes
    if (missing > 0) yield* this.download(keyOf(name), (missing / this.speed.pullBytesPerMs) * jitter)
    return this.keep(manifest)
  }

  /** How much of an image is here, 0..1 by bytes. */
  progress(name: string): number {
    if (this.manifest(name)) return 1
    const download = this.downloads.get(keyOf(name))
    return download ? Math.min((this.sim.now - download.beganMs) / (download.endsMs - download.beganMs), 1) : 0
  }

  private *download(key: string, ms: number): Task {
    this.downloads.set(key, { beganMs: this.sim.now, endsMs: this.sim.now + ms })
    try {
      yield* sleep(ms)
    } finally {
      this.downloads.delete(key)
    }
  }

  remove(id: string): void {
    for (const [key, { info }] of this.byName) if (info.id === id) this.byName.delete(key)
    this.layers.clear()
    for (const { manifest } of this.byName.values()) for (const layer of manifest.layers) this.layers.add(layer.id)
  }

  private keep(manifest: Manifest): StoredImage {
    const { reference, digest, sizeBytes } = manifest
    for (const layer of manifest.layers) this.layers.add(layer.id)
    const byDigest = `${reference.repository}@${digest}`
    const names = reference.tag ? [byDigest, `${reference.repository}:${reference.tag}`] : [byDigest]
    const info = { id: digest, names, sizeBytes }
    for (const name of names) this.byName.set(name, { manifest, info })
    return info
  }
}

/** The name under which an image is kept: in full, with the tag or else the digest. */
function keyOf(name: string): string {
  const reference = parseReference(name)
  if (!reference) return name
  return reference.digest ? `${reference.repository}@${reference.digest}` : `${reference.repository}:${reference.tag}`
}
