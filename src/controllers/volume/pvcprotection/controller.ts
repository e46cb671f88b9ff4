import { persistentvolumeclaims, pods } from '../../../apimachinery/generated/resources.ts'
import type { PersistentVolumeClaim, Pod } from '../../../apimachinery/generated/types.ts'
import { keyOf } from '../../../apimachinery/resource.ts'
import { ControllerLoop } from '../../../client/controller.ts'
import type { Task } from '../../../sim/task.ts'
import type { Controller, ControllerContext } from '../../context.ts'
import { controllerFrom } from '../../shared/controller.ts'
import { isPodTerminal } from '../../shared/pods.ts'
import { claimNameOf, indexByClaim, isClaimOf, podsUsing } from '../shared/claims.ts'
import { planProtection } from '../shared/protection.ts'

const FINALIZER = 'kubernetes.io/pvc-protection'

/** Holds claims while pods use them. k8s 1.36: pkg/controller/volume/pvcprotection. */
export function claimProtection(context: ControllerContext): Controller {
  const client = context.client('pvc-protection-controller')
  const informer = context.informers.for(persistentvolumeclaims)
  const podInformer = context.informers.for(pods)
  indexByClaim(podInformer)
  const loop: ControllerLoop = new ControllerLoop(context.sim, {
    name: 'pvcprotection',
    workers: 1,
    *reconcile(key) {
      const claim = informer.getByKey(key)
      if (!claim || !planProtection(claim, FINALIZER, false)) return
      const leaving = claim.metadata.deletionTimestamp !== undefined
      const next = planProtection(claim, FINALIZER, leaving && (yield* isUsed(claim)))
      if (next) yield* client.update(persistentvolumeclaims, next)
    },
  })
  /** The cache may lack a pod that has just been scheduled: the server is asked before a claim goes. */
  function* isUsed(claim: PersistentVolumeClaim): Task<boolean> {
    const uses = (pod: Pod) => podUses(pod, claim)
    if (podsUsing(podInformer, keyOf(claim)).some(uses)) return true
    const { items } = yield* client.list(pods, claim.metadata.namespace)
    return items.some(uses)
  }
  const consider = (claim: PersistentVolumeClaim) => {
    if (planProtection(claim, FINALIZER, false)) loop.queue.add(keyOf(claim))
  }
  const release = (pod: Pod) => {
    for (const volume of pod.spec?.volumes ?? []) {
      const claim = informer.get(pod.metadata.namespace ?? '', claimNameOf(pod, volume))
      if (claim) consider(claim)
    }
  }
  const changed = (pod: Pod) => {
    if (isPodTerminal(pod) || !pod.spec?.nodeName) release(pod)
  }
  informer.addHandler({ onAdd: consider, onUpdate: consider })
  podInformer.addHandler({ onAdd: changed, onUpdate: changed, onDelete: release })
  return controllerFrom('persistentvolumeclaim-protection-controller', [loop])
}

/** A pod that has no node yet will not start with a claim that is going. An ephemeral claim may go with its pod. */
function podUses(pod: Pod, claim: PersistentVolumeClaim): boolean {
  if (!pod.spec?.nodeName) return false
  const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata
  const stopped = deletionTimestamp !== undefined && deletionGracePeriodSeconds === 0
  return (pod.spec.volumes ?? []).some((volume) => {
    if (claimNameOf(pod, volume) !== claim.metadata.name) return false
    return !volume.ephemeral || (!stopped && isClaimOf(pod, claim))
  })
}
