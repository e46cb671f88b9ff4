import type { Container, ContainerStatus, PodSpec } from '../apimachinery/generated/types.ts'
import { isSidecar, shouldRestartAfterExit } from './restart-rules.ts'

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed'

export interface PhaseInput {
  readonly spec: PodSpec
  /** Of regular and init containers, in any order. */
  readonly statuses: readonly ContainerStatus[]
  /** The pod is being terminated; nothing will be restarted. */
  readonly terminal: boolean
  /** A regular container has been started in the present sandbox. */
  readonly initialized: boolean
  readonly isStatic?: boolean
}

const RESTARTING_ALL = 'RestartingAllContainers'

const restartable = (container: Container, spec: PodSpec, end: { exitCode: number; reason?: string }) =>
  shouldRestartAfterExit(container, spec, end.exitCode) || end.reason === RESTARTING_ALL

interface InitCount {
  /** Not yet done. */
  pending: number
  /** Failed for good. */
  failed: number
}

function countInit({ spec, statuses }: PhaseInput): InitCount {
  const count: InitCount = { pending: 0, failed: 0 }
  for (const container of spec.initContainers ?? []) {
    if (isSidecar(container)) continue
    const status = statuses.find((s) => s.name === container.name)
    const end = status?.state?.terminated ?? (status?.state?.waiting ? status.lastState?.terminated : undefined)
    if (!end) count.pending++
    else if (end.exitCode !== 0 && !restartable(container, spec, end)) count.failed++
  }
  return count
}

/** The pod's phase by its containers. k8s 1.36: kubelet getPhase. */
export function podPhase(input: PhaseInput): PodPhase {
  const { spec, statuses } = input
  const init = countInit(input)
  let pendingSidecars = 0
  let unknown = 0
  let running = 0
  let waiting = 0
  let stopped = 0
  let final = 0
  let succeeded = 0
  for (const container of spec.initContainers ?? []) {
    if (!isSidecar(container)) continue
    const status = statuses.find((s) => s.name === container.name)
    const state = status?.state
    if (!status) unknown++
    else if (state?.running) {
      if (!status.started) pendingSidecars++
      running++
    } else if (state?.terminated) continue
    else if (state?.waiting) {
      if (status.lastState?.terminated) continue
      pendingSidecars++
      waiting++
    } else {
      pendingSidecars++
      unknown++
    }
  }
  for (const container of spec.containers) {
    const status = statuses.find((s) => s.name === container.name)
    const state = status?.state
    if (state?.running) running++
    else if (state?.terminated) {
      stopped++
      if (!restartable(container, spec, state.terminated)) final++
      if (state.terminated.exitCode === 0) succeeded++
    } else if (state?.waiting) {
      const last = status?.lastState?.terminated
      if (last) {
        stopped++
        if (!restartable(container, spec, last)) final++
      } else waiting++
    } else unknown++
  }
  if (init.failed > 0) return 'Failed'
  if (init.pending > 0 || (pendingSidecars > 0 && !input.initialized) || waiting > 0) return 'Pending'
  if (running > 0 && unknown === 0) return 'Running'
  if (running === 0 && stopped > 0 && unknown === 0) {
    if (input.terminal && !input.isStatic) return stopped === succeeded ? 'Succeeded' : 'Failed'
    if (stopped !== final) return 'Running'
    return stopped === succeeded ? 'Succeeded' : 'Failed'
  }
  return 'Pending'
}
