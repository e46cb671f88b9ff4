import type { Pod, PodCondition } from '../../apimachinery/generated/types.ts'
import { parseTime } from '../../sim/time.ts'

/** Questions that controllers ask about pods. k8s 1.36: controller_utils.go, api/v1/pod/util.go. */

export function podCondition(pod: Pod, type: string): PodCondition | undefined {
  return pod.status?.conditions?.find((condition) => condition.type === type)
}

/** Neither finished nor on its way out. */
export function isPodActive(pod: Pod): boolean {
  return !isPodTerminal(pod) && pod.metadata.deletionTimestamp === undefined
}

/** Finished, well or not. */
export function isPodTerminal(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
}

/** On its way out and not finished. */
export function isPodTerminating(pod: Pod): boolean {
  return !isPodTerminal(pod) && pod.metadata.deletionTimestamp !== undefined
}

export function isPodReady(pod: Pod): boolean {
  return podCondition(pod, 'Ready')?.status === 'True'
}

/** Ready for at least `minReadySeconds`. */
export function isPodAvailable(pod: Pod, minReadySeconds: number, nowMs: number): boolean {
  const ready = podCondition(pod, 'Ready')
  if (ready?.status !== 'True') return false
  if (minReadySeconds === 0) return true
  return ready.lastTransitionTime !== undefined && parseTime(ready.lastTransitionTime) + minReadySeconds * 1000 <= nowMs
}

/** Milliseconds until the next of these ready pods becomes available, or undefined when none will. */
export function nextAvailabilityMs(pods: readonly Pod[], minReadySeconds: number, nowMs: number): number | undefined {
  let next: number | undefined
  for (const pod of pods) {
    const ready = podCondition(pod, 'Ready')
    if (ready?.status !== 'True' || ready.lastTransitionTime === undefined) continue
    const wait = parseTime(ready.lastTransitionTime) + minReadySeconds * 1000 - nowMs
    if (wait > 0 && (next === undefined || wait < next)) next = wait
  }
  return next
}
