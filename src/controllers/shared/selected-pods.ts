import { jsonEqual } from '../../apimachinery/equal.ts'
import type { Pod, Service } from '../../apimachinery/generated/types.ts'
import { keyOf, splitKey } from '../../apimachinery/resource.ts'
import { mapSelects } from '../../apimachinery/selectors.ts'
import type { Informer } from '../../client/informer.ts'
import { selectedIn, type TriggerTimes } from './service-endpoints.ts'

/** What a service publishes about a pod before and after a change; undefined for nothing. */
export interface EntryChange<E> {
  readonly before: E | undefined
  readonly now: E | undefined
}

/** A service's entries, by pod key, and which of them are new since the last look; null when any may be. */
export interface Refreshed<E> {
  readonly entries: ReadonlyMap<string, E>
  readonly changes: ReadonlyMap<string, EntryChange<E>> | null
  readonly triggerTime: string | undefined
}

interface State<E> {
  readonly service: Service
  readonly entries: Map<string, E>
}

/**
 * What services publish about their pods, kept up with the pods that change, so that a service of thousands of pods
 * costs little when one of them does. `describe` gives a pod's entry or undefined.
 */
export class SelectedPods<E> {
  private readonly pods: Informer<Pod>
  private readonly times: TriggerTimes
  private readonly describe: (service: Service, pod: Pod) => E | undefined
  private readonly states = new Map<string, State<E>>()
  private readonly noted = new Map<string, Set<string>>()

  constructor(pods: Informer<Pod>, times: TriggerTimes, describe: (service: Service, pod: Pod) => E | undefined) {
    this.pods = pods
    this.times = times
    this.describe = describe
  }

  /** Notes that a pod of a service has changed. */
  note(serviceKey: string, podKey: string): void {
    const pods = this.noted.get(serviceKey)
    if (pods) pods.add(podKey)
    else this.noted.set(serviceKey, new Set([podKey]))
  }

  refresh(service: Service): Refreshed<E> {
    const key = keyOf(service)
    const noted = this.noted.get(key) ?? new Set<string>()
    this.noted.delete(key)
    const state = this.states.get(key)
    return state?.service === service ? this.update(state, noted) : this.rebuild(key, service)
  }

  /** Makes the next look a full one: after a failure, or when the service is gone. */
  forget(serviceKey: string): void {
    this.states.delete(serviceKey)
  }

  private rebuild(key: string, service: Service): Refreshed<E> {
    const entries = new Map<string, E>()
    const selected = selectedIn(this.pods, service.metadata.namespace, service.spec?.selector ?? {})
    for (const pod of selected) {
      const entry = this.describe(service, pod)
      if (entry !== undefined) entries.set(keyOf(pod), entry)
    }
    this.states.set(key, { service, entries })
    return { entries, changes: null, triggerTime: this.times.compute(service, selected) }
  }

  private update({ service, entries }: State<E>, noted: ReadonlySet<string>): Refreshed<E> {
    const changes = new Map<string, EntryChange<E>>()
    const present: Pod[] = []
    for (const podKey of noted) {
      const pod = this.pods.getByKey(podKey)
      const selected = pod && mapSelects(service.spec?.selector, pod.metadata.labels) ? pod : undefined
      if (selected) present.push(selected)
      else this.times.forgetPod(service, splitKey(podKey).name)
      const before = entries.get(podKey)
      const now = selected && this.describe(service, selected)
      if (jsonEqual(before, now)) continue
      if (now === undefined) entries.delete(podKey)
      else entries.set(podKey, now)
      changes.set(podKey, { before, now })
    }
    return { entries, changes, triggerTime: this.times.compute(service, present) }
  }
}
