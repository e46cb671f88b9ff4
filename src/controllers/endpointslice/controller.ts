import { StatusError } from '../../apimachinery/errors.ts'
import { endpointslices, nodes, pods, services } from '../../apimachinery/generated/resources.ts'
import type { EndpointSlice, Service } from '../../apimachinery/generated/types.ts'
import { keyOf, splitKey } from '../../apimachinery/resource.ts'
import type { Client } from '../../client/client.ts'
import { ControllerLoop, Requeue } from '../../client/controller.ts'
import { DEFAULT_RATE_LIMITS } from '../../client/workqueue.ts'
import type { Task } from '../../sim/task.ts'
import type { Controller, ControllerContext } from '../context.ts'
import { controllerFrom } from '../shared/controller.ts'
import { indexByNamespace } from '../shared/owners.ts'
import { isNamespaceTerminating } from '../shared/pod-control.ts'
import { SelectedPods } from '../shared/selected-pods.ts'
import { indexByLabel, selectedIn, TriggerTimes, watchPodsForServices, withTriggerTime } from '../shared/service-endpoints.ts'
import { MANAGED_BY_LABEL, SERVICE_NAME_LABEL, serviceKeyOf, SliceTracker } from '../shared/slice-tracker.ts'
import type { SlicePlan } from './packing.ts'
import { describePod, planChanges, planSlices } from './plan.ts'
import { MANAGER } from './slices.ts'
import { TopologyBook } from './topology-book.ts'
import { wantsTopologyHints } from './topology-hints.ts'

const WORKERS = 5
const MAX_RETRIES = 15
const MAX_ENDPOINTS_PER_SLICE = 100
const SLICE_CHANGE_DELAY_MS = 1000
const RATE_LIMITS = { ...DEFAULT_RATE_LIMITS, baseDelayMs: 1000 }

/** Keeps EndpointSlices of services with a selector. k8s 1.36: pkg/controller/endpointslice. */
export function endpointSliceController(context: ControllerContext): Controller {
  const client = context.client('endpointslice-controller')
  const recorder = context.recorder(client, 'endpoint-slice-controller')
  const serviceInformer = context.informers.for(services)
  const podInformer = context.informers.for(pods)
  const nodeInformer = context.informers.for(nodes)
  const sliceInformer = context.informers.for(endpointslices)
  indexByNamespace(serviceInformer)
  indexByLabel(podInformer)
  indexByLabel(sliceInformer)
  const tracker = new SliceTracker()
  const times = new TriggerTimes()
  const selected = new SelectedPods(podInformer, times, (service, pod) =>
    describePod(service, pod, (node) => nodeInformer.get('', node)),
  )
  /** Services whose slices somebody else has changed. */
  const disturbed = new Set<string>()
  /** Slices whose watch event came before the answer to a write that may have caused it, by service. */
  const seenWhileWriting = new Map<string, EndpointSlice[]>()
  const managed = (slice: EndpointSlice) => slice.metadata.labels?.[MANAGED_BY_LABEL] === MANAGER

  function* sync(service: Service): Task {
    const { namespace, name = '' } = service.metadata
    if (service.spec?.type === 'ExternalName' || !service.spec?.selector) return
    const slices = selectedIn(sliceInformer, namespace, { [SERVICE_NAME_LABEL]: name, [MANAGED_BY_LABEL]: MANAGER }).filter(
      (slice) => slice.metadata.deletionTimestamp === undefined,
    )
    if (tracker.isStale(keyOf(service), slices)) throw new Requeue('EndpointSlice informer cache is out of date')
    const { entries, changes, triggerTime } = selected.refresh(service)
    const input = { service, entries, slices, maxPerSlice: MAX_ENDPOINTS_PER_SLICE, topology: topology.of(service) }
    if (!wantsTopologyHints(service)) topology.drop(service)
    const small = changes && !disturbed.has(keyOf(service)) ? planChanges(input, changes) : null
    disturbed.delete(keyOf(service))
    const problems: string[] = []
    if (!small) for (const { problem } of entries.values()) if (problem !== undefined) problems.push(problem)
    const seen: EndpointSlice[] = []
    seenWhileWriting.set(keyOf(service), seen)
    try {
      for (const plan of small ? [small] : planSlices(input)) {
        const problem = yield* carryOut(client, tracker, service, plan, triggerTime)
        if (problem) problems.push(problem)
      }
    } finally {
      seenWhileWriting.delete(keyOf(service))
    }
    for (const slice of seen) if (tracker.shouldSync(slice)) later(slice)
    if (problems.length === 0) return
    const text = problems.length === 1 ? (problems[0] ?? '') : `[${problems.join(', ')}]`
    const message = `Error updating Endpoint Slices for Service ${namespace ?? ''}/${name}: ${text}`
    recorder.event(service, 'Warning', 'FailedToUpdateEndpointSlices', message)
    selected.forget(keyOf(service))
    throw new Requeue(text)
  }

  const loop: ControllerLoop = new ControllerLoop(context.sim, {
    name: 'endpoint_slice',
    workers: WORKERS,
    limits: RATE_LIMITS,
    maxRetries: MAX_RETRIES,
    *reconcile(key) {
      const { namespace, name } = splitKey(key)
      const service = serviceInformer.get(namespace, name)
      if (service) return yield* sync(service)
      times.forget(key)
      tracker.forget(key)
      selected.forget(key)
      disturbed.delete(key)
      topology.forget(key)
    },
  })
  const topology = new TopologyBook(nodeInformer, recorder, (key) => loop.queue.add(key))
  const enqueue = (service: Service) => loop.queue.add(keyOf(service))
  serviceInformer.addHandler({ onAdd: enqueue, onUpdate: enqueue, onDelete: enqueue })
  watchPodsForServices(podInformer, serviceInformer, (key, podKey) => {
    selected.note(key, podKey)
    loop.queue.add(key)
  })
  const later = (slice: EndpointSlice) => {
    disturbed.add(serviceKeyOf(slice))
    loop.queue.addAfter(serviceKeyOf(slice), SLICE_CHANGE_DELAY_MS)
  }
  const consider = (slice: EndpointSlice) => {
    if (!managed(slice) || !tracker.shouldSync(slice)) return
    const seen = seenWhileWriting.get(serviceKeyOf(slice))
    if (seen) seen.push(slice)
    else later(slice)
  }
  sliceInformer.addHandler({
    onAdd: consider,
    onUpdate(slice, old) {
      if (serviceKeyOf(slice) !== serviceKeyOf(old)) {
        later(slice)
        later(old)
      } else if (managed(slice) !== managed(old)) later(slice)
      else consider(slice)
    },
    onDelete(slice) {
      if (managed(slice) && tracker.has(slice) && !tracker.handleDeletion(slice)) later(slice)
    },
  })
  return controllerFrom('endpointslice-controller', [loop])
}

/** Writes a plan: creates, updates, then deletes. Gives what went wrong, or ''. */
function* carryOut(
  client: Client,
  tracker: SliceTracker,
  service: Service,
  plan: SlicePlan,
  time: string | undefined,
): Task<string> {
  const { namespace = '', name = '' } = service.metadata
  const stamped = (slice: EndpointSlice): EndpointSlice => {
    const { annotations, ...metadata } = slice.metadata
    const next = withTriggerTime(annotations, time)
    return { ...slice, metadata: next ? { ...metadata, annotations: next } : metadata }
  }
  let what = ''
  try {
    for (const slice of service.metadata.deletionTimestamp === undefined ? plan.create : []) {
      what = `failed to create EndpointSlice for Service ${namespace}/${name}`
      tracker.update(yield* client.create(endpointslices, stamped(slice)))
    }
    for (const slice of plan.update) {
      what = `failed to update ${slice.metadata.name ?? ''} EndpointSlice for Service ${namespace}/${name}`
      tracker.update(yield* client.update(endpointslices, stamped(slice)))
    }
    for (const slice of plan.remove) {
      what = `failed to delete ${slice.metadata.name ?? ''} EndpointSlice for Service ${namespace}/${name}`
      yield* client.delete(endpointslices, namespace, slice.metadata.name ?? '')
      tracker.expectDeletion(slice)
    }
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    return isNamespaceTerminating(error) ? '' : `${what}: ${error.message}`
  }
  return ''
}
