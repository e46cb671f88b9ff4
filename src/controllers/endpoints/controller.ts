import { isNotFound, StatusError } from '../../apimachinery/errors.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import { endpoints as endpointsRef, pods, services } from '../../apimachinery/generated/resources.ts'
import type { Endpoints, Service } from '../../apimachinery/generated/types.ts'
import { keyOf, splitKey } from '../../apimachinery/resource.ts'
import type { Labels } from '../../apimachinery/selectors.ts'
import { ControllerLoop, Requeue } from '../../client/controller.ts'
import type { Task } from '../../sim/task.ts'
import type { Controller, ControllerContext } from '../context.ts'
import { controllerFrom } from '../shared/controller.ts'
import { indexByNamespace } from '../shared/owners.ts'
import { isNamespaceTerminating } from '../shared/pod-control.ts'
import { SelectedPods } from '../shared/selected-pods.ts'
import {
  HEADLESS_LABEL,
  indexByLabel,
  isServiceIPSet,
  TriggerTimes,
  watchPodsForServices,
  withTriggerTime,
} from '../shared/service-endpoints.ts'
import { SortedEntries } from './sorted-entries.ts'
import { describePod, isOverCapacity, repackSubsets, subsetsOf, truncateSubsets, type AddressEntry } from './subsets.ts'

const WORKERS = 5
const MAX_RETRIES = 15
const MANAGED_BY = 'endpoints.kubernetes.io/managed-by'
const MANAGER = 'endpoint-controller'
const OVER_CAPACITY = 'endpoints.kubernetes.io/over-capacity'

/** The Endpoints that a service should have, with entries in order, or null when the present ones will do. k8s 1.36: endpoint syncService. */
export function planEndpoints(
  service: Service,
  entries: readonly AddressEntry[],
  current: Endpoints | undefined,
  triggerTime: string | undefined,
  outdated = false,
): Endpoints | null {
  const subsets = subsetsOf(entries)
  if (current && !outdated && isCurrent(service, current, subsets)) return null
  const { [OVER_CAPACITY]: _, ...kept } = current?.metadata.annotations ?? {}
  const timed = withTriggerTime(kept, triggerTime)
  const annotations = isOverCapacity({ subsets }) ? { ...timed, [OVER_CAPACITY]: 'truncated' } : timed
  const { annotations: _old, ...metadata } = current?.metadata ?? {
    name: service.metadata.name,
    namespace: service.metadata.namespace,
  }
  const { [HEADLESS_LABEL]: _headless, ...labels } = service.metadata.labels ?? {}
  const { subsets: _subsets, ...rest } = current ?? { metadata: {} }
  return {
    ...rest,
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: {
      ...metadata,
      ...(annotations ? { annotations } : {}),
      labels: { ...labels, ...(isServiceIPSet(service) ? {} : { [HEADLESS_LABEL]: '' }), [MANAGED_BY]: MANAGER },
    },
    ...(subsets.length > 0 ? { subsets: truncateSubsets(subsets) } : {}),
  }
}

function isCurrent(service: Service, current: Endpoints, subsets: Endpoints['subsets']): boolean {
  return (
    jsonEqual(repackSubsets(current.subsets ?? []), subsets) &&
    labelsCorrect(current.metadata.labels, service.metadata.labels) &&
    !isOverCapacity(current) &&
    current.metadata.annotations?.[OVER_CAPACITY] === undefined
  )
}

function labelsCorrect(labels: Labels | undefined, wanted: Labels | undefined): boolean {
  const { [HEADLESS_LABEL]: _, [MANAGED_BY]: manager, ...own } = labels ?? {}
  return manager === MANAGER && jsonEqual(own, wanted ?? {})
}

/** Keeps Endpoints of services with a selector. k8s 1.36: pkg/controller/endpoint. */
export function endpointsController(context: ControllerContext): Controller {
  const client = context.client('endpoint-controller')
  const recorder = context.recorder(client, 'endpoint-controller')
  const serviceInformer = context.informers.for(services)
  const podInformer = context.informers.for(pods)
  const endpointsInformer = context.informers.for(endpointsRef)
  indexByNamespace(serviceInformer)
  indexByLabel(podInformer)
  const times = new TriggerTimes()
  /** Resource versions that were replaced by an update. */
  const replaced = new Map<string, string>()
  /** Resource versions that updates have stored. */
  const stored = new Map<string, string>()
  const selected = new SelectedPods(podInformer, times, describePod)
  const sorted = new SortedEntries()

  function* sync(key: string, service: Service): Task {
    if (service.spec?.type === 'ExternalName' || !service.spec?.selector) return
    const { namespace = '', name = '' } = service.metadata
    const current = endpointsInformer.get(namespace, name)
    if (current && replaced.get(key) === current.metadata.resourceVersion)
      throw new Requeue('endpoints informer cache is out of date')
    const refreshed = selected.refresh(service)
    const list = sorted.update(key, refreshed)
    const untouched = current !== undefined && stored.get(key) === current.metadata.resourceVersion
    if (untouched && refreshed.changes?.size === 0) return
    // What the last update stored is known to differ from what has changed since.
    const wanted = planEndpoints(service, list, current, refreshed.triggerTime, untouched && refreshed.changes !== null)
    if (!wanted) return
    try {
      if (!current) yield* client.create(endpointsRef, wanted)
      else {
        const { resourceVersion = '' } = (yield* client.update(endpointsRef, wanted)).metadata
        if (resourceVersion !== current.metadata.resourceVersion) replaced.set(key, current.metadata.resourceVersion ?? '')
        stored.set(key, resourceVersion)
      }
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      selected.forget(key)
      if (!current && isNamespaceTerminating(error)) return
      if (current)
        recorder.event(wanted, 'Warning', 'FailedToUpdateEndpoint', `Failed to update endpoint ${key}: ${error.message}`)
      else
        recorder.event(
          wanted,
          'Warning',
          'FailedToCreateEndpoint',
          `Failed to create endpoint for service ${key}: ${error.message}`,
        )
      throw error
    }
  }

  const loop: ControllerLoop = new ControllerLoop(context.sim, {
    name: 'endpoint',
    workers: WORKERS,
    maxRetries: MAX_RETRIES,
    *reconcile(key) {
      const { namespace, name } = splitKey(key)
      const service = serviceInformer.get(namespace, name)
      if (service) return yield* sync(key, service)
      times.forget(key)
      selected.forget(key)
      sorted.forget(key)
      replaced.delete(key)
      stored.delete(key)
      try {
        yield* client.delete(endpointsRef, namespace, name)
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
    },
  })
  const enqueue = (service: Service) => loop.queue.add(keyOf(service))
  serviceInformer.addHandler({ onAdd: enqueue, onUpdate: enqueue, onDelete: enqueue })
  watchPodsForServices(podInformer, serviceInformer, (key, podKey) => {
    selected.note(key, podKey)
    loop.queue.add(key)
  })
  endpointsInformer.addHandler({ onDelete: (endpoints) => loop.queue.add(keyOf(endpoints)) })
  return controllerFrom('endpoints-controller', [loop])
}
