import { isNotFound } from '../../apimachinery/errors.ts'
import { jobs } from '../../apimachinery/generated/resources.ts'
import type { Job } from '../../apimachinery/generated/types.ts'
import { keyOf, splitKey } from '../../apimachinery/resource.ts'
import { ControllerLoop } from '../../client/controller.ts'
import { parseTime } from '../../sim/time.ts'
import type { Controller, ControllerContext } from '../context.ts'
import { trueCondition } from '../job/condition.ts'
import { controllerFrom } from '../shared/controller.ts'

const WORKERS = 5

/** Deletes finished Jobs, and their pods with them, when their time to live is over. k8s 1.36: pkg/controller/ttlafterfinished. */
export function ttlAfterFinishedController(context: ControllerContext): Controller {
  const client = context.client('ttl-after-finished-controller')
  const informer = context.informers.for(jobs)
  const loop: ControllerLoop = new ControllerLoop(context.sim, {
    name: 'ttl_jobs_to_delete',
    workers: WORKERS,
    *reconcile(key) {
      const { namespace, name } = splitKey(key)
      if (!isDue(informer.get(namespace, name), key)) return
      try {
        // The cache may not know of a time to live that has just been changed.
        const fresh = yield* client.get(jobs, namespace, name)
        if (!isDue(fresh, key)) return
        const preconditions = { uid: fresh.metadata.uid }
        yield* client.delete(jobs, namespace, name, { propagationPolicy: 'Foreground', preconditions })
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
    },
  })
  /** Whether the Job is to go now; one that is to go later is looked at again then. */
  function isDue(job: Job | undefined, key: string): boolean {
    const expiresMs = job && expiryMs(job)
    if (expiresMs === undefined) return false
    if (expiresMs > context.sim.now) loop.queue.addAfter(key, expiresMs - context.sim.now)
    return expiresMs <= context.sim.now
  }
  const consider = (job: Job) => {
    if (expiryMs(job) !== undefined) loop.queue.add(keyOf(job))
  }
  informer.addHandler({ onAdd: consider, onUpdate: consider })
  return controllerFrom('ttl-after-finished-controller', [loop])
}

/** When the Job is to be deleted, or undefined. */
function expiryMs(job: Job): number | undefined {
  const { ttlSecondsAfterFinished } = job.spec ?? {}
  const finished = trueCondition(job, 'Complete') ?? trueCondition(job, 'Failed')
  if (job.metadata.deletionTimestamp !== undefined || ttlSecondsAfterFinished === undefined) return undefined
  return finished?.lastTransitionTime === undefined
    ? undefined
    : parseTime(finished.lastTransitionTime) + ttlSecondsAfterFinished * 1000
}
