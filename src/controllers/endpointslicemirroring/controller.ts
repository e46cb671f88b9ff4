import { isNotFound, StatusError } from '../../apimachinery/errors.ts'
import { endpoints as endpointsRef, endpointslices, services } from '../../apimachinery/generated/resources.ts'
import type { Endpoints, EndpointSlice, Service } from '../../apimachinery/generated/types.ts'
import { keyOf, splitKey } from '../../apimachinery/resource.ts'
import { ControllerLoop, Requeue } from '../../client/controller.ts'
import { DEFAULT_RATE_LIMITS } from '../../client/workqueue.ts'
import type { Task } from '../../sim/task.ts'
import type { Controller, ControllerContext } from '../context.ts'
import { controllerFrom } from '../shared/controller.ts'
import { isNamespaceTerminating } from '../shared/pod-control.ts'
import { indexByLabel, selectedIn } from '../shared/service-endpoints.ts'
import { MANAGED_BY_LABEL, SERVICE_NAME_LABEL, serviceKeyOf, SliceTracker } from '../shared/slice-tracker.ts'
import { MANAGER, planMirror } from './plan.ts'

const WORKERS = 5
const MAX_RETRIES = 15
const MAX_PER_SUBSET = 1000
const RATE_LIMITS = { ...DEFAULT_RATE_LIMITS, baseDelayMs: 1000, maxDelayMs: 100_000 }

/** Whether nobody has asked for these Endpoints not to be mirrored. */
function isMirrored({ metadata }: Endpoints): boolean {
  const skipped = metadata.labels?.['endpointslice.kubernetes.io/skip-mirror'] === 'true'
  return !skipped && metadata.annotations?.['control-plane.alpha.kubernetes.io/leader'] === undefined
}

/** Mirrors hand-made Endpoints of services without selector to slices. k8s 1.36: pkg/controller/endpointslicemirroring. */
export function endpointSliceMirroringController(context: ControllerContext): Controller {
  const client = context.client('endpointslicemirroring-controller')
  const recorder = context.recorder(client, 'endpoint-slice-mirroring-controller')
  const serviceInformer = context.informers.for(services)
  const endpointsInformer = context.informers.for(endpointsRef)
  const sliceInformer = context.informers.for(endpointslices)
  indexByLabel(sliceInformer)
  const tracker = new SliceTracker()
  const managed = (slice: EndpointSlice) => slice.metadata.labels?.[MANAGED_BY_LABEL] === MANAGER
  const mirrorsOf = (namespace: string, name: string) =>
    selectedIn(sliceInformer, namespace, { [SERVICE_NAME_LABEL]: name, [MANAGED_BY_LABEL]: MANAGER })

  function* removeMirrors(namespace: string, name: string): Task {
    tracker.forget(`${namespace}/${name}`)
    for (const slice of mirrorsOf(namespace, name)) {
      try {
        yield* client.delete(endpointslices, namespace, slice.metadata.name ?? '')
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
    }
  }

  function* mirror(source: Endpoints): Task {
    const { namespace = '', name = '' } = source.metadata
    const slices = mirrorsOf(namespace, name)
    if (tracker.isStale(keyOf(source), slices)) throw new Requeue('EndpointSlice informer cache is out of date')
    const plan = planMirror(source, slices)
    if (plan.skipped > 0) {
      const text = `A max of ${MAX_PER_SUBSET} addresses can be mirrored to EndpointSlices per Endpoints subset. ${plan.skipped} addresses were skipped`
      recorder.event(source, 'Warning', 'TooManyAddressesToMirror', text)
    }
    try {
      if (source.metadata.deletionTimestamp === undefined)
        for (const slice of plan.create) tracker.update(yield* client.create(endpointslices, slice))
      for (const slice of plan.update) tracker.update(yield* client.update(endpointslices, slice))
      for (const slice of plan.remove) {
        yield* client.delete(endpointslices, namespace, slice.metadata.name ?? '')
        tracker.expectDeletion(slice)
      }
    } catch (error) {
      if (!(error instanceof StatusError) || !isNamespaceTerminating(error)) throw error
    }
  }

  const loop: ControllerLoop = new ControllerLoop(context.sim, {
    name: 'endpoint_slice_mirroring',
    workers: WORKERS,
    limits: RATE_LIMITS,
    maxRetries: MAX_RETRIES,
    *reconcile(key) {
      const { namespace, name } = splitKey(key)
      const source = endpointsInformer.get(namespace, name)
      const service = serviceInformer.get(namespace, name)
      if (source && isMirrored(source) && service && !service.spec?.selector) yield* mirror(source)
      else yield* removeMirrors(namespace, name)
    },
  })
  const wake = (object: Endpoints | Service) => loop.queue.add(keyOf(object))
  const wakeIfMirrored = (source: Endpoints) => {
    if (isMirrored(source)) wake(source)
  }
  endpointsInformer.addHandler({
    onAdd: wakeIfMirrored,
    onUpdate(source, old) {
      if (isMirrored(source) || isMirrored(old)) wake(source)
    },
    onDelete: wakeIfMirrored,
  })
  const wakeWithoutSelector = (service: Service) => {
    if (!service.spec?.selector) wake(service)
  }
  serviceInformer.addHandler({
    onAdd: wakeWithoutSelector,
    onUpdate(service, old) {
      if (!service.spec?.selector !== !old.spec?.selector) wake(service)
    },
    onDelete: wakeWithoutSelector,
  })
  const wakeFor = (slice: EndpointSlice) => loop.queue.add(serviceKeyOf(slice))
  sliceInformer.addHandler({
    onAdd(slice) {
      if (managed(slice) && tracker.shouldSync(slice)) wakeFor(slice)
    },
    onUpdate(slice, old) {
      if (managed(slice) !== managed(old) || (managed(slice) && tracker.shouldSync(slice))) wakeFor(slice)
    },
    onDelete(slice) {
      if (managed(slice) && tracker.has(slice) && !tracker.handleDeletion(slice)) wakeFor(slice)
    },
  })
  return controllerFrom('endpointslice-mirroring-controller', [loop])
}
