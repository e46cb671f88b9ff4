import { services } from '../../apimachinery/generated/resources.ts'
import type { Service } from '../../apimachinery/generated/types.ts'
import type { Client } from '../../client/client.ts'
import { ControllerLoop } from '../../client/controller.ts'
import type { Informer, InformerFactory } from '../../client/informer.ts'
import type { EventRecorder } from '../../client/recorder.ts'
import type { Task } from '../../sim/task.ts'
import { allocate, ipaddresspools, POOL_ANNOTATION, type IPAddressPool } from './pools.ts'

export interface LoadBalancerParts {
  readonly client: Client
  readonly informers: InformerFactory
  readonly recorder: EventRecorder
}

/** Gives Services of type LoadBalancer an address from the pools. Source: MetalLB 0.15, controller. */
export function loadBalancerController({ client, informers, recorder }: LoadBalancerParts): ControllerLoop {
  const list = informers.for(services)
  const pools = informers.for(ipaddresspools)
  const loop = new ControllerLoop(client.sim, {
    name: 'metallb-controller',
    workers: 1,
    reconcile: (key) => reconcile(key, client, list, pools, recorder),
  })
  const add = (service: Service) => loop.queue.add(`${service.metadata.namespace}/${service.metadata.name}`)
  // A free address, or a new pool, may serve those that wait.
  const again = () => {
    for (const service of list.list()) if (isWaiting(service)) add(service)
  }
  list.addHandler({ onAdd: add, onUpdate: add, onDelete: again })
  pools.addHandler({ onAdd: again, onUpdate: again })
  return loop
}

function* reconcile(
  key: string,
  client: Client,
  list: Informer<Service>,
  pools: Informer<IPAddressPool>,
  recorder: EventRecorder,
): Task {
  const slash = key.indexOf('/')
  const service = list.get(key.slice(0, slash), key.slice(slash + 1))
  if (!service || service.metadata.deletionTimestamp || service.spec?.loadBalancerClass !== undefined) return
  const present = service.status?.loadBalancer?.ingress?.[0]?.ip
  if (service.spec?.type !== 'LoadBalancer') {
    if (present !== undefined && service.metadata.annotations?.[POOL_ANNOTATION] !== undefined) yield* give(client, service, null)
    return
  }
  const taken = new Set<string>()
  for (const other of list.list())
    if (other !== service) for (const { ip } of other.status?.loadBalancer?.ingress ?? []) if (ip) taken.add(ip)
  const sorted = [...pools.list()].sort((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1))
  const allocation = allocate(service, sorted, taken)
  if ('problem' in allocation) {
    recorder.event(service, 'Warning', 'AllocationFailed', `Failed to allocate IP for "${key}": ${allocation.problem}`)
    if (present !== undefined) yield* give(client, service, null)
    return
  }
  if (allocation.address === present) return
  yield* give(client, service, allocation)
  recorder.event(service, 'Normal', 'IPAllocated', `Assigned IP ["${allocation.address}"]`)
}

/** Writes the address, or takes it away. */
function* give(
  client: Client,
  { metadata }: Service,
  allocation: { readonly address: string; readonly pool: string } | null,
): Task {
  const { namespace = '', name = '' } = metadata
  const annotations = { [POOL_ANNOTATION]: allocation?.pool ?? null }
  yield* client.patch(services, namespace, name, { metadata: { annotations } }, 'merge')
  const loadBalancer = { ingress: allocation ? [{ ip: allocation.address, ipMode: 'VIP' }] : null }
  yield* client.patch(services, namespace, name, { status: { loadBalancer } }, 'merge', { subresource: 'status' })
}

function isWaiting({ spec, status }: Service): boolean {
  return spec?.type === 'LoadBalancer' && spec.loadBalancerClass === undefined && !status?.loadBalancer?.ingress?.length
}
