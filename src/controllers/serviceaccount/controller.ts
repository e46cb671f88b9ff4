import { isAlreadyExists } from '../../apimachinery/errors.ts'
import { namespaces, serviceaccounts } from '../../apimachinery/generated/resources.ts'
import type { Namespace } from '../../apimachinery/generated/types.ts'
import { keyOf } from '../../apimachinery/resource.ts'
import { ControllerLoop } from '../../client/controller.ts'
import type { Controller, ControllerContext } from '../context.ts'
import { controllerFrom } from '../shared/controller.ts'
import { isNamespaceTerminating } from '../shared/pod-control.ts'

const DEFAULT_NAME = 'default'

/** Gives every active namespace its default ServiceAccount. k8s 1.36: pkg/controller/serviceaccount. */
export function serviceAccountController(context: ControllerContext): Controller {
  const client = context.client('service-account-controller')
  const namespaceInformer = context.informers.for(namespaces)
  const accountInformer = context.informers.for(serviceaccounts)
  const loop: ControllerLoop = new ControllerLoop(context.sim, {
    name: 'serviceaccount',
    workers: 1,
    *reconcile(name) {
      if (namespaceInformer.get('', name)?.status?.phase !== 'Active') return
      if (accountInformer.get(name, DEFAULT_NAME)) return
      try {
        yield* client.create(serviceaccounts, {
          apiVersion: 'v1',
          kind: 'ServiceAccount',
          metadata: { name: DEFAULT_NAME, namespace: name },
        })
      } catch (error) {
        if (!isAlreadyExists(error) && !isNamespaceTerminating(error)) throw error
      }
    },
  })
  const enqueue = (namespace: Namespace) => loop.queue.add(keyOf(namespace))
  namespaceInformer.addHandler({ onAdd: enqueue, onUpdate: enqueue })
  accountInformer.addHandler({ onDelete: (account) => loop.queue.add(account.metadata.namespace ?? '') })
  return controllerFrom('serviceaccount-controller', [loop])
}
