import { persistentvolumeclaims, persistentvolumes, pods, storageclasses } from '../../../apimachinery/generated/resources.ts'
import type { PersistentVolume, PersistentVolumeClaim } from '../../../apimachinery/generated/types.ts'
import { keyOf } from '../../../apimachinery/resource.ts'
import { ControllerLoop } from '../../../client/controller.ts'
import type { Controller, ControllerContext } from '../../context.ts'
import { controllerFrom } from '../../shared/controller.ts'
import { indexByClaim } from '../shared/claims.ts'
import type { BinderParts } from './binding.ts'
import { Latest } from './latest.ts'
import { ClaimSync } from './sync-claim.ts'
import { VolumeSync } from './sync-volume.ts'

const RESYNC_MS = 15_000

/** Binds claims and volumes, and reclaims volumes whose claims are gone. k8s 1.36: pkg/controller/volume/persistentvolume. */
export function persistentVolumeBinder(context: ControllerContext): Controller {
  const { sim, informers } = context
  const client = context.client('persistent-volume-binder')
  const volumeInformer = informers.for(persistentvolumes)
  const claimInformer = informers.for(persistentvolumeclaims)
  const podInformer = informers.for(pods)
  indexByClaim(podInformer)
  let startedMs = sim.now
  const claimLoop: ControllerLoop = new ControllerLoop(sim, {
    name: 'claims',
    workers: 1,
    *reconcile(key) {
      const claim = parts.claims.get(key)
      if (claim) yield* new ClaimSync(parts, claim).run()
    },
  })
  const volumeLoop: ControllerLoop = new ControllerLoop(sim, {
    name: 'volumes',
    workers: 1,
    *reconcile(key) {
      const volume = parts.volumes.get(key)
      if (volume) yield* new VolumeSync(parts, volume).run()
    },
  })
  const parts: BinderParts = {
    sim,
    client,
    recorder: context.recorder(client, 'persistentvolume-controller'),
    volumes: new Latest(volumeInformer),
    claims: new Latest(claimInformer),
    classes: informers.for(storageclasses),
    pods: podInformer,
    claimQueue: claimLoop.queue,
    untilResyncMs: () => RESYNC_MS - ((sim.now - startedMs) % RESYNC_MS),
  }
  const wakeVolume = (volume: PersistentVolume) => volumeLoop.queue.add(keyOf(volume))
  const wakeClaim = (claim: PersistentVolumeClaim) => claimLoop.queue.add(keyOf(claim))
  volumeInformer.addHandler({
    onAdd: wakeVolume,
    onUpdate: wakeVolume,
    onDelete({ spec }) {
      if (spec?.claimRef) claimLoop.queue.add(`${spec.claimRef.namespace ?? ''}/${spec.claimRef.name ?? ''}`)
    },
  })
  claimInformer.addHandler({
    onAdd: wakeClaim,
    onUpdate: wakeClaim,
    onDelete({ spec }) {
      if (spec?.volumeName) volumeLoop.queue.add(spec.volumeName)
    },
  })
  /** A volume that has come free is found by claims that wait, at the latest at the next periodic look. */
  return controllerFrom('persistentvolume-binder-controller', [claimLoop, volumeLoop], { begin: () => (startedMs = sim.now) })
}
