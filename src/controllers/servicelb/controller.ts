import { isNotFound, StatusError } from '../../apimachinery/errors.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import { services } from '../../apimachinery/generated/resources.ts'
import type { LoadBalancerStatus, Service } from '../../apimachinery/generated/types.ts'
import { keyOf, splitKey } from '../../apimachinery/resource.ts'
import { ControllerLoop, Requeue } from '../../client/controller.ts'
import type { Task } from '../../sim/task.ts'
import type { Controller, ControllerContext } from '../context.ts'
import type { ControllerFactory } from '../registry.ts'
import { controllerFrom } from '../shared/controller.ts'

const WORKERS = 1
const FINALIZER = 'service.kubernetes.io/load-balancer-cleanup'
const RATE_LIMITS = { baseDelayMs: 5000, maxDelayMs: 300_000, qps: 10, burst: 100 }

/** Whoever provides load balancers: a cloud, or a component in the cluster. The seam that a cluster plugs into. */
export interface LoadBalancerProvider {
  /** Makes or updates the balancer and gives its addresses; null as long as it has none. */
  ensure(service: Service): LoadBalancerStatus | null
  /** Takes it away. Safe to call again. */
  release(service: Service): void
}

/** Whether the service asks the default provider for a balancer. */
function wantsBalancer({ spec, metadata }: Service): boolean {
  return spec?.type === 'LoadBalancer' && spec.loadBalancerClass === undefined && metadata.deletionTimestamp === undefined
}

const hasFinalizer = ({ metadata }: Service) => (metadata.finalizers ?? []).includes(FINALIZER)

/** Provides load balancers for services. k8s 1.36: cloud-provider controllers/service (service-lb-controller). */
export function serviceLbController(provider: LoadBalancerProvider): ControllerFactory {
  return (context: ControllerContext): Controller => {
    const client = context.client('service-controller')
    const recorder = context.recorder(client, 'service-controller')
    const informer = context.informers.for(services)

    function* setFinalizer(service: Service, present: boolean): Task {
      const { namespace = '', name = '' } = service.metadata
      const key = present ? 'finalizers' : '$deleteFromPrimitiveList/finalizers'
      yield* client.patch(services, namespace, name, { metadata: { [key]: [FINALIZER] } })
    }

    function* setStatus(service: Service, loadBalancer: LoadBalancerStatus): Task {
      if (jsonEqual(service.status?.loadBalancer ?? {}, loadBalancer)) return
      const { namespace = '', name = '' } = service.metadata
      const patch = { status: { loadBalancer: Object.keys(loadBalancer).length > 0 ? loadBalancer : null } }
      yield* client.patch(services, namespace, name, patch, 'merge', { subresource: 'status' })
    }

    function* ensure(service: Service): Task {
      recorder.event(service, 'Normal', 'EnsuringLoadBalancer', 'Ensuring load balancer')
      if (!hasFinalizer(service)) yield* setFinalizer(service, true)
      const status = provider.ensure(service)
      if (!status) {
        const text = 'the provider has no address to give'
        recorder.event(
          service,
          'Warning',
          'SyncLoadBalancerFailed',
          `Error syncing load balancer: failed to ensure load balancer: ${text}`,
        )
        throw new Requeue(text)
      }
      yield* setStatus(service, status)
      recorder.event(service, 'Normal', 'EnsuredLoadBalancer', 'Ensured load balancer')
    }

    function* release(service: Service): Task {
      recorder.event(service, 'Normal', 'DeletingLoadBalancer', 'Deleting load balancer')
      provider.release(service)
      try {
        yield* setStatus(service, {})
        if (hasFinalizer(service)) yield* setFinalizer(service, false)
      } catch (error) {
        if (!(error instanceof StatusError) || !isNotFound(error)) throw error
      }
      recorder.event(service, 'Normal', 'DeletedLoadBalancer', 'Deleted load balancer')
    }

    const loop: ControllerLoop = new ControllerLoop(context.sim, {
      name: 'service',
      workers: WORKERS,
      limits: RATE_LIMITS,
      *reconcile(key) {
        const { namespace, name } = splitKey(key)
        const service = informer.get(namespace, name)
        if (!service) return
        if (wantsBalancer(service)) yield* ensure(service)
        else if (hasFinalizer(service)) yield* release(service)
      },
    })
    informer.addHandler({
      onAdd(service) {
        if (wantsBalancer(service) || hasFinalizer(service)) loop.queue.add(keyOf(service))
      },
      onUpdate(service, old) {
        const changed =
          !jsonEqual(service.spec, old.spec) || service.metadata.deletionTimestamp !== old.metadata.deletionTimestamp
        if (changed && (wantsBalancer(service) || hasFinalizer(service))) loop.queue.add(keyOf(service))
      },
    })
    return controllerFrom('service-lb-controller', [loop])
  }
}
