import { StatusError } from '../../apimachinery/errors.ts'
import type { Client } from '../../client/client.ts'
import type { ControllerLoop } from '../../client/controller.ts'
import { InformerFactory } from '../../client/informer.ts'
import { EventRecorder } from '../../client/recorder.ts'
import type { Timer } from '../../sim/simulation.ts'
import type { ComponentProcess } from '../component-images.ts'
import type { VolumeStores } from '../volume-stores.ts'
import { DISK_DRIVER } from './zone-disks.ts'

/** What a helper beside the driver's controller works with. */
export interface SidecarParts {
  readonly client: Client
  readonly informers: InformerFactory
  readonly recorder: EventRecorder
  readonly stores: VolumeStores
}

/** The helpers' own back-off: a second, doubling to five minutes. k8s: csi external-* --retry-interval-start. */
export const SIDECAR_LIMITS = { baseDelayMs: 1000, maxDelayMs: 300_000, qps: 10, burst: 100 }
const RELIST_MS = 10_000

/** A helper container of the driver: works while it runs, and forgets what it knew when it ends. */
export class Sidecar implements ComponentProcess {
  private readonly client: Client
  private readonly stores: VolumeStores
  private readonly name: string
  private readonly make: (parts: SidecarParts) => readonly ControllerLoop[]
  private informers: InformerFactory | null = null
  private loops: readonly ControllerLoop[] = []
  private retry: Timer | null = null

  constructor(client: Client, stores: VolumeStores, name: string, make: (parts: SidecarParts) => readonly ControllerLoop[]) {
    this.client = client
    this.stores = stores
    this.name = name
    this.make = make
  }

  start(): void {
    if (this.informers) return
    const { client, stores } = this
    const informers = new InformerFactory(client)
    this.informers = informers
    const recorder = new EventRecorder(
      client,
      this.name === 'csi-provisioner'
        ? `${DISK_DRIVER}_disk-csi-controller`
        : `${this.name.replace('csi-', 'external-')} ${DISK_DRIVER}`,
    )
    this.loops = this.make({ client, informers, recorder, stores })
    this.list()
  }

  stop(): void {
    this.retry?.cancel()
    for (const loop of this.loops) loop.stop()
    this.informers?.stop()
    this.informers = null
    this.loops = []
  }

  /** Without the rights, or before its kinds are known, it tries again. */
  private list(): void {
    try {
      this.informers?.start()
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      this.retry = this.client.sim.schedule(RELIST_MS, () => this.list())
      return
    }
    for (const loop of this.loops) loop.start()
  }
}
