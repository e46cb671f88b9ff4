import { validatingadmissionpolicies } from '../../apimachinery/generated/resources.ts'
import type { ValidatingAdmissionPolicy } from '../../apimachinery/generated/types.ts'
import { keyOf } from '../../apimachinery/resource.ts'
import { ControllerLoop } from '../../client/controller.ts'
import type { Controller, ControllerContext } from '../context.ts'
import { controllerFrom } from '../shared/controller.ts'

const WORKERS = 5

/**
 * Notes on each policy that its expressions have been checked. k8s 1.36: pkg/controller/validatingadmissionpolicystatus.
 * SIMPLIFIED: expressions are not checked against types, so there are never warnings.
 */
export function validatingAdmissionPolicyStatusController(context: ControllerContext): Controller {
  const client = context.client('validatingadmissionpolicy-status-controller')
  const informer = context.informers.for(validatingadmissionpolicies)
  const loop: ControllerLoop = new ControllerLoop(context.sim, {
    name: 'validatingadmissionpolicy_status',
    workers: WORKERS,
    *reconcile(name) {
      const policy = informer.get('', name)
      const { generation } = policy?.metadata ?? {}
      if (!policy || policy.status?.observedGeneration === generation) return
      yield* client.updateStatus(validatingadmissionpolicies, {
        ...policy,
        status: { ...policy.status, observedGeneration: generation, typeChecking: {} },
      })
    },
  })
  const enqueue = (policy: ValidatingAdmissionPolicy) => loop.queue.add(keyOf(policy))
  informer.addHandler({ onAdd: enqueue, onUpdate: enqueue })
  return controllerFrom('validatingadmissionpolicy-status-controller', [loop])
}
