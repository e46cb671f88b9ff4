import { StatusError } from '../apimachinery/errors.ts'
import type { Client } from '../client/client.ts'
import type { Task } from '../sim/task.ts'
import type { Profile } from './config.ts'
import type { PreparedFilter } from './node-filter.ts'
import type { PodInfo } from './pod-info.ts'
import { tryPatchStatus } from './pod-status.ts'

/** Sets aside what the pod needs on its node. Null, or what went wrong; then nothing is set aside. */
export function reserve(states: readonly PreparedFilter[], nodeName: string): string | null {
  for (const { plugin, state } of states) {
    const status = state.reserve?.(nodeName)
    if (!status) continue
    unreserve(states, nodeName)
    return `running Reserve plugin "${plugin}": ${status.reasons.join(', ')}`
  }
  return null
}

export function unreserve(states: readonly PreparedFilter[], nodeName: string): void {
  for (const { state } of states.toReversed()) state.unreserve?.(nodeName)
}

/** Carries out a placement through the API. Null, or what went wrong. k8s 1.36: bindingCycle. */
export function* bindPod(
  client: Client,
  profile: Profile,
  pod: PodInfo,
  nodeName: string,
  states: readonly PreparedFilter[],
): Task<string | null> {
  let running = ''
  try {
    const working = states.filter(({ state }) => state.needsPreBind?.(nodeName))
    // Lets others see where the pod is going while its volumes are being made.
    if (working.length > 0) yield* tryPatchStatus(client, pod.pod, { nominatedNodeName: nodeName })
    for (const { plugin, state } of working) {
      running = `running PreBind plugin "${plugin}": `
      const status = state.preBind ? yield* state.preBind(client, nodeName) : null
      if (status) return running + status.reasons.join(', ')
    }
    const binder = profile.binders[0]
    running = `running Bind plugin "${binder?.name ?? ''}": `
    if (binder?.bind) yield* binder.bind(client, pod.pod, nodeName)
    return null
  } catch (error) {
    if (error instanceof StatusError) return running + error.message
    throw error
  }
}
