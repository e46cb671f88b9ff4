import { jsonEqual } from '../../apimachinery/equal.ts'
import type { Pod, Service, ServicePort } from '../../apimachinery/generated/types.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import { keyOf } from '../../apimachinery/resource.ts'
import { mapSelects, type Labels } from '../../apimachinery/selectors.ts'
import type { Informer } from '../../client/informer.ts'
import { parseTime } from '../../sim/time.ts'
import { inNamespace } from './owners.ts'
import { isPodReady, isPodTerminal, podCondition } from './pods.ts'

/** What Endpoints and EndpointSlices have in common. k8s 1.36: k8s.io/endpointslice util. */

export const LAST_CHANGE_TRIGGER_TIME = 'endpoints.kubernetes.io/last-change-trigger-time'
export const HEADLESS_LABEL = 'service.kubernetes.io/headless'

export const isServiceIPSet = (service: Service): boolean => {
  const ip = service.spec?.clusterIP ?? ''
  return ip !== '' && ip !== 'None'
}

/** Whether a pod has an address to publish. k8s 1.36: ShouldPodBeInEndpoints. */
export function shouldBeInEndpoints(pod: Pod, includeTerminating: boolean): boolean {
  if (isPodTerminal(pod)) return false
  if (!pod.status?.podIP && (pod.status?.podIPs ?? []).length === 0) return false
  return includeTerminating || pod.metadata.deletionTimestamp === undefined
}

/** The pod's name under a headless service, if it has one. k8s 1.36: ShouldSetHostname. */
export function endpointHostname(pod: Pod, service: Service): string | undefined {
  const { hostname, subdomain } = pod.spec ?? {}
  const same = subdomain === service.metadata.name && service.metadata.namespace === pod.metadata.namespace
  return hostname && same ? hostname : undefined
}

/** The pod's port behind a service port, or undefined when it has none of that name. k8s 1.36: endpointslice FindPort. */
export function findPort(pod: Pod, port: ServicePort): number | undefined {
  const target = port.targetPort ?? port.port
  if (typeof target === 'number') return target
  const sidecars = pod.spec?.initContainers?.filter((container) => container.restartPolicy === 'Always') ?? []
  for (const container of [...(pod.spec?.containers ?? []), ...sidecars])
    for (const candidate of container.ports ?? [])
      if (candidate.name === target && (candidate.protocol ?? 'TCP') === (port.protocol ?? 'TCP')) return candidate.containerPort
  return undefined
}

/** Whether a change of a pod matters to the services that select it. k8s 1.36: endpointslice util podEndpointsChanged. */
function endpointsChanged(pod: Pod, old: Pod): boolean {
  return (
    pod.metadata.deletionTimestamp !== old.metadata.deletionTimestamp ||
    isPodTerminal(pod) !== isPodTerminal(old) ||
    isPodReady(pod) !== isPodReady(old) ||
    !jsonEqual(pod.status?.podIPs, old.status?.podIPs)
  )
}

/** Calls `wake` with the key of each service whose endpoints may change with a pod, and the pod's. */
export function watchPodsForServices(
  pods: Informer<Pod>,
  services: Informer<Service>,
  wake: (serviceKey: string, podKey: string) => void,
): void {
  const selecting = (pod: Pod, test: (selector: Labels) => boolean) => {
    for (const service of inNamespace(services, pod.metadata.namespace)) {
      const selector = service.spec?.selector
      if (selector && test(selector)) wake(keyOf(service), keyOf(pod))
    }
  }
  const both = (pod: Pod) => selecting(pod, (s) => mapSelects(s, pod.metadata.labels))
  pods.addHandler({
    onAdd: both,
    onDelete: both,
    onUpdate(pod, old) {
      const changed = endpointsChanged(pod, old)
      const relabeled = !jsonEqual(pod.metadata.labels, old.metadata.labels)
      if (!changed && !relabeled) return
      selecting(pod, (selector) => {
        const now = mapSelects(selector, pod.metadata.labels)
        const before = mapSelects(selector, old.metadata.labels)
        return changed ? now || before : now !== before
      })
    },
  })
}

const LABEL_INDEX = 'namespace and label'

/** Prepares an informer for selectedIn(). */
export function indexByLabel<T extends KubeObject>(informer: Informer<T>): void {
  informer.addIndex(LABEL_INDEX, ({ metadata }) => {
    const keys: string[] = []
    for (const key in metadata.labels) keys.push(`${metadata.namespace ?? ''}/${key}=${metadata.labels[key] ?? ''}`)
    return keys
  })
}

/** The namespace's objects that have all those labels; there must be at least one. */
export function selectedIn<T extends KubeObject>(informer: Informer<T>, namespace: string | undefined, selector: Labels): T[] {
  const first = Object.entries(selector)[0]
  if (!first) return []
  const found = informer.byIndex(LABEL_INDEX, `${namespace ?? ''}/${first[0]}=${first[1]}`)
  return Object.keys(selector).length === 1 ? found : found.filter((object) => mapSelects(selector, object.metadata.labels))
}

interface TriggerState {
  readonly podMs: Map<string, number>
  serviceMs: number
}

/**
 * Finds out which change led to an update of a service's endpoints, for the last-change-trigger-time annotation.
 * k8s 1.36: endpointslice util TriggerTimeTracker.
 */
export class TriggerTimes {
  private readonly states = new Map<string, TriggerState>()

  /** The oldest readiness or service change since the last call among these pods, as text, or undefined. */
  compute(service: Service, pods: readonly Pod[]): string | undefined {
    const key = keyOf(service)
    const known = this.states.get(key)
    const state: TriggerState = known ?? { podMs: new Map(), serviceMs: 0 }
    this.states.set(key, state)
    let oldest = Infinity
    let text: string | undefined
    const consider = (time: string, lastMs: number) => {
      const ms = parseTime(time)
      if (ms > lastMs && ms < oldest) {
        oldest = ms
        text = time
      }
      return ms
    }
    for (const pod of pods) {
      const name = pod.metadata.name ?? ''
      const time = podCondition(pod, 'Ready')?.lastTransitionTime
      if (time !== undefined) state.podMs.set(name, consider(time, state.podMs.get(name) ?? 0))
    }
    const { creationTimestamp } = service.metadata
    if (creationTimestamp !== undefined) state.serviceMs = consider(creationTimestamp, state.serviceMs)
    return known ? text : creationTimestamp
  }

  /** Forgets a pod that is gone. */
  forgetPod(service: Service, podName: string): void {
    this.states.get(keyOf(service))?.podMs.delete(podName)
  }

  forget(key: string): void {
    this.states.delete(key)
  }
}

/** Annotations with or without a trigger time; undefined when none is left. */
export function withTriggerTime(annotations: Labels | undefined, time: string | undefined): Labels | undefined {
  const { [LAST_CHANGE_TRIGGER_TIME]: _, ...rest } = annotations ?? {}
  if (time !== undefined) return { ...rest, [LAST_CHANGE_TRIGGER_TIME]: time }
  return Object.keys(rest).length > 0 ? rest : undefined
}
