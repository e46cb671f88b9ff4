import type { Client } from '../../client/client.ts'
import type { ControllerLoop } from '../../client/controller.ts'
import { InformerFactory } from '../../client/informer.ts'
import { EventRecorder } from '../../client/recorder.ts'
import type { ComponentProcess } from '../component-images.ts'
import { RetriedProcess, startOrEnd } from '../retried-process.ts'
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

/** A helper container of the driver: works while it runs, and forgets what it knew when it ends. */
export function sidecar(
  client: Client,
  stores: VolumeStores,
  name: string,
  make: (parts: SidecarParts) => readonly ControllerLoop[],
): ComponentProcess {
  const source =
    name === 'csi-provisioner' ? `${DISK_DRIVER}_disk-csi-controller` : `${name.replace('csi-', 'external-')} ${DISK_DRIVER}`
  return new RetriedProcess(client.sim, () => {
    const informers = new InformerFactory(client)
    const loops = make({ client, informers, recorder: new EventRecorder(client, source), stores })
    const end = () => {
      for (const loop of loops) loop.stop()
      informers.stop()
    }
    return startOrEnd(() => {
      informers.start()
      for (const loop of loops) loop.start()
    }, end)
  })
}
