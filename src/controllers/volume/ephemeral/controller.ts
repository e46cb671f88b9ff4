import { StatusError } from '../../../apimachinery/errors.ts'
import { persistentvolumeclaims, pods } from '../../../apimachinery/generated/resources.ts'
import type { Pod, Volume } from '../../../apimachinery/generated/types.ts'
import { keyOf } from '../../../apimachinery/resource.ts'
import { ControllerLoop, Requeue } from '../../../client/controller.ts'
import type { Task } from '../../../sim/task.ts'
import type { Controller, ControllerContext } from '../../context.ts'
import { controllerFrom } from '../../shared/controller.ts'
import { newControllerRef } from '../../shared/owners.ts'
import { claimNameOf, indexByClaim, isClaimOf, podsUsing } from '../shared/claims.ts'

const WORKERS = 5

/** Makes the claims of pods' ephemeral volumes. k8s 1.36: pkg/controller/volume/ephemeral. */
export function ephemeralVolumeController(context: ControllerContext): Controller {
  const client = context.client('ephemeral-volume-controller')
  const recorder = context.recorder(client, 'ephemeral_volume')
  const claims = context.informers.for(persistentvolumeclaims)
  const podInformer = context.informers.for(pods)
  indexByClaim(podInformer)
  const loop: ControllerLoop = new ControllerLoop(context.sim, {
    name: 'ephemeral_volume',
    workers: WORKERS,
    *reconcile(key) {
      const pod = podInformer.getByKey(key)
      if (!pod || pod.metadata.deletionTimestamp !== undefined) return
      for (const volume of pod.spec?.volumes ?? []) {
        const problem = volume.ephemeral ? yield* makeClaim(pod, volume) : ''
        if (problem === '') continue
        const text = `ephemeral volume ${volume.name}: ${problem}`
        recorder.event(pod, 'Warning', 'FailedBinding', text)
        throw new Requeue(`pod ${key}, ${text}`)
      }
    },
  })
  /** Gives what is wrong, or ''. */
  function* makeClaim(pod: Pod, volume: Volume): Task<string> {
    const { namespace = '' } = pod.metadata
    const name = claimNameOf(pod, volume)
    const existing = claims.get(namespace, name)
    if (existing)
      return isClaimOf(pod, existing) ? '' : `PVC ${namespace}/${name} was not created for pod ${keyOf(pod)} (pod is not owner)`
    const { metadata, spec } = volume.ephemeral?.volumeClaimTemplate ?? {}
    const { labels, annotations } = metadata ?? {}
    try {
      yield* client.create(persistentvolumeclaims, {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: {
          name,
          namespace,
          ...(labels ? { labels } : {}),
          ...(annotations ? { annotations } : {}),
          ownerReferences: [newControllerRef(pod, pods)],
        },
        spec,
      })
      return ''
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      return `create PVC ${name}: ${error.message}`
    }
  }
  const consider = (pod: Pod) => {
    const wanted = pod.metadata.deletionTimestamp === undefined && pod.spec?.volumes?.some(({ ephemeral }) => ephemeral)
    if (wanted) loop.queue.add(keyOf(pod))
  }
  podInformer.addHandler({ onAdd: consider })
  claims.addHandler({ onDelete: (claim) => podsUsing(podInformer, keyOf(claim)).forEach(consider) })
  return controllerFrom('ephemeral-volume-controller', [loop])
}
