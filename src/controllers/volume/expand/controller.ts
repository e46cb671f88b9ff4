import { compareQuantities } from '../../../apimachinery/quantity.ts'
import { persistentvolumeclaims } from '../../../apimachinery/generated/resources.ts'
import type { PersistentVolumeClaim } from '../../../apimachinery/generated/types.ts'
import { keyOf } from '../../../apimachinery/resource.ts'
import { ControllerLoop } from '../../../client/controller.ts'
import type { Controller, ControllerContext } from '../../context.ts'
import { controllerFrom } from '../../shared/controller.ts'

/**
 * Says that a claim that has grown waits for the one that made its volume.
 * k8s 1.36: pkg/controller/volume/expand.
 * SIMPLIFIED: no volume plugin of the controller manager itself can grow a volume.
 */
export function volumeExpandController(context: ControllerContext): Controller {
  const client = context.client('expand-controller')
  const recorder = context.recorder(client, 'volume_expand')
  const informer = context.informers.for(persistentvolumeclaims)
  const loop: ControllerLoop = new ControllerLoop(context.sim, {
    name: 'volume_expand',
    workers: 1,
    *reconcile(key) {
      const claim = informer.getByKey(key)
      if (claim && wantsMore(claim)) recorder.event(claim, 'Normal', 'ExternalExpanding', TEXT)
    },
  })
  informer.addHandler({
    onUpdate(claim, old) {
      if (compareQuantities(requestOf(claim), requestOf(old)) > 0 && wantsMore(claim)) loop.queue.add(keyOf(claim))
    },
  })
  return controllerFrom('persistentvolume-expander-controller', [loop])
}

const TEXT = 'waiting for an external controller to expand this PVC'
const requestOf = ({ spec }: PersistentVolumeClaim) => spec?.resources?.requests?.['storage'] ?? '0'
const wantsMore = (claim: PersistentVolumeClaim) =>
  claim.status?.phase === 'Bound' && compareQuantities(requestOf(claim), claim.status.capacity?.['storage'] ?? '0') > 0
