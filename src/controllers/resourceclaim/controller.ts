import { pods, resourceclaims, resourceclaimtemplates } from '../../apimachinery/generated/resources.ts'
import type { Pod, ResourceV1ResourceClaim as ResourceClaim } from '../../apimachinery/generated/types.ts'
import { isNotFound, StatusError } from '../../apimachinery/errors.ts'
import { keyOf, splitKey } from '../../apimachinery/resource.ts'
import { ControllerLoop, Requeue } from '../../client/controller.ts'
import type { Task } from '../../sim/task.ts'
import type { Controller, ControllerContext } from '../context.ts'
import { controllerFrom } from '../shared/controller.ts'
import { indexByController, ownedBy } from '../shared/owners.ts'
import { isPodTerminal } from '../shared/pods.ts'
import { patchPodStatus } from '../shared/pod-status.ts'
import { claimFor, missingClaims, newClaim, releasedStatus } from './plan.ts'

const WORKERS = 10

/**
 * Makes ResourceClaims from templates for pods and frees claims of pods that are done. k8s 1.36: pkg/controller/resourceclaim.
 * SIMPLIFIED: extended resources and admin access get no treatment of their own.
 */
export function resourceClaimController(context: ControllerContext): Controller {
  const client = context.client('resource-claim-controller')
  const recorder = context.recorder(client, 'resource_claim')
  const podInformer = context.informers.for(pods)
  const claimInformer = context.informers.for(resourceclaims)
  const templates = context.informers.for(resourceclaimtemplates)
  indexByController(claimInformer)

  function* makeClaims(pod: Pod): Task {
    const { namespace = '', uid } = pod.metadata
    const statuses = [...(pod.status?.resourceClaimStatuses ?? [])]
    for (const { name, template: templateName } of missingClaims(pod)) {
      const template = templates.get(namespace, templateName)
      try {
        if (!template) throw new Requeue(`resource claim template ${JSON.stringify(templateName)}: not found`)
        const claim =
          claimFor(pod, name, ownedBy(claimInformer, uid)) ??
          (yield* client.create(resourceclaims, newClaim(pod, name, template)))
        statuses.push({ name, resourceClaimName: claim.metadata.name })
      } catch (error) {
        if (!(error instanceof StatusError) && !(error instanceof Requeue)) throw error
        recorder.event(pod, 'Warning', 'FailedResourceClaimCreation', `PodResourceClaim ${name}: ${error.message}`)
        throw error
      }
    }
    yield* patchPodStatus(client, pod, { resourceClaimStatuses: statuses })
  }

  const podLoop: ControllerLoop = new ControllerLoop(context.sim, {
    name: 'resource_claim_pods',
    workers: WORKERS,
    *reconcile(key) {
      const { namespace, name } = splitKey(key)
      const pod = podInformer.get(namespace, name)
      if (pod && !isPodTerminal(pod) && pod.metadata.deletionTimestamp === undefined && missingClaims(pod).length > 0)
        yield* makeClaims(pod)
    },
  })
  const claimLoop: ControllerLoop = new ControllerLoop(context.sim, {
    name: 'resource_claim',
    workers: WORKERS,
    *reconcile(key) {
      const { namespace, name } = splitKey(key)
      const claim = claimInformer.get(namespace, name)
      const status = claim && releasedStatus(claim, (pod) => podInformer.get(namespace, pod))
      if (!claim || status === null) return
      try {
        yield* client.updateStatus(resourceclaims, { ...claim, status })
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
    },
  })
  const wakeClaims = (pod: Pod) => {
    for (const { resourceClaimName } of pod.status?.resourceClaimStatuses ?? [])
      if (resourceClaimName !== undefined) claimLoop.queue.add(`${pod.metadata.namespace ?? ''}/${resourceClaimName}`)
    for (const { resourceClaimName } of pod.spec?.resourceClaims ?? [])
      if (resourceClaimName !== undefined) claimLoop.queue.add(`${pod.metadata.namespace ?? ''}/${resourceClaimName}`)
  }
  const consider = (pod: Pod) => {
    if (!pod.spec?.resourceClaims?.length) return
    if (isPodTerminal(pod)) wakeClaims(pod)
    else if (missingClaims(pod).length > 0) podLoop.queue.add(keyOf(pod))
  }
  podInformer.addHandler({ onAdd: consider, onUpdate: consider, onDelete: wakeClaims })
  const enqueue = (claim: ResourceClaim) => {
    if ((claim.status?.reservedFor ?? []).length > 0) claimLoop.queue.add(keyOf(claim))
  }
  claimInformer.addHandler({ onAdd: enqueue, onUpdate: enqueue })
  return controllerFrom('resourceclaim-controller', [podLoop, claimLoop])
}
