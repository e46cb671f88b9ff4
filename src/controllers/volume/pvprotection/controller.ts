import { persistentvolumes } from '../../../apimachinery/generated/resources.ts'
import type { PersistentVolume } from '../../../apimachinery/generated/types.ts'
import { keyOf } from '../../../apimachinery/resource.ts'
import { ControllerLoop } from '../../../client/controller.ts'
import type { Controller, ControllerContext } from '../../context.ts'
import { controllerFrom } from '../../shared/controller.ts'
import { planProtection } from '../shared/protection.ts'

const FINALIZER = 'kubernetes.io/pv-protection'

/** Holds volumes while they are bound. k8s 1.36: pkg/controller/volume/pvprotection. */
export function persistentVolumeProtection(context: ControllerContext): Controller {
  const client = context.client('pv-protection-controller')
  const informer = context.informers.for(persistentvolumes)
  const loop: ControllerLoop = new ControllerLoop(context.sim, {
    name: 'pvprotection',
    workers: 1,
    *reconcile(key) {
      const volume = informer.getByKey(key)
      const next = volume && planProtection(volume, FINALIZER, volume.status?.phase === 'Bound')
      if (next) yield* client.update(persistentvolumes, next)
    },
  })
  const consider = (volume: PersistentVolume) => {
    if (planProtection(volume, FINALIZER, volume.status?.phase === 'Bound')) loop.queue.add(keyOf(volume))
  }
  informer.addHandler({ onAdd: consider, onUpdate: consider })
  return controllerFrom('persistentvolume-protection-controller', [loop])
}
