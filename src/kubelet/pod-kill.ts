/** Stopping containers. Source: k8s 1.36 kuberuntime killContainer, terminationOrdering. */
import type { Container, Pod } from '../apimachinery/generated/types.ts'
import type { EventRecorder } from '../client/recorder.ts'
import type { Simulation } from '../sim/simulation.ts'
import { all, waitFor, type Task } from '../sim/task.ts'
import type { CriContainer, CriPod, RuntimeService } from './cri.ts'
import { runHook } from './hooks.ts'
import { containerPath } from './image-manager.ts'
import type { KillReason } from './pod-actions.ts'
import { allContainers } from './pod-facts.ts'
import { isSidecar } from './restart-rules.ts'

/** A container gets at least this long. */
const MINIMUM_GRACE_SECONDS = 2

export interface Killer {
  readonly sim: Simulation
  readonly runtime: RuntimeService
  readonly recorder: EventRecorder
}

export interface KillRequest {
  readonly pod: Pod
  readonly container: Container
  readonly cri: CriContainer
  readonly message?: string
  readonly reason?: KillReason
  /** In place of the pod's own grace period. */
  readonly graceSeconds?: number
  /** Waits until it is this container's turn to end; gives how long that took. */
  readonly turn?: (graceSeconds: number) => Task<number>
}

function graceOf({ pod, container, reason, graceSeconds }: KillRequest): number {
  if (graceSeconds !== undefined) return graceSeconds
  if (pod.metadata.deletionGracePeriodSeconds !== undefined) return pod.metadata.deletionGracePeriodSeconds
  const own =
    reason === 'startup'
      ? container.startupProbe?.terminationGracePeriodSeconds
      : reason === 'liveness'
        ? container.livenessProbe?.terminationGracePeriodSeconds
        : undefined
  return own ?? pod.spec?.terminationGracePeriodSeconds ?? MINIMUM_GRACE_SECONDS
}

/** Event, preStop hook, SIGTERM, and SIGKILL when the time is up; ends when the container has. */
export function* killContainer(killer: Killer, request: KillRequest): Task {
  const { sim, runtime, recorder } = killer
  const { pod, container, cri } = request
  recorder.event(
    pod,
    'Normal',
    'Killing',
    request.message ?? `Stopping container ${container.name}`,
    containerPath(pod, container),
  )
  let grace = graceOf(request)
  const hook = container.lifecycle?.preStop
  if (hook && grace > 0) {
    const beganMs = sim.now
    const failure = yield* within(sim, grace * 1000, runHook(runtime, pod, container, cri, hook))
    if (failure !== undefined)
      recorder.event(pod, 'Warning', 'FailedPreStopHook', 'PreStopHook failed', containerPath(pod, container))
    grace -= Math.floor((sim.now - beganMs) / 1000)
  }
  if (request.turn && grace > 0) grace -= yield* request.turn(grace)
  yield* runtime.stopContainer(cri.id, Math.max(grace, MINIMUM_GRACE_SECONDS))
}

/** A task's result, or undefined when it takes longer; it goes on by itself then. */
function within<T>(sim: Simulation, limitMs: number, task: Task<T>): Task<T | undefined> {
  return waitFor<T | undefined>((resume, fail) => {
    const timer = sim.schedule(limitMs, () => resume(undefined))
    const handle = sim.spawn(
      task,
      (value) => {
        timer.cancel()
        resume(value)
      },
      fail,
    )
    return () => {
      timer.cancel()
      handle.cancel()
    }
  })
}

/** Regular containers end first, then sidecars one after the other, last started first. */
class Ordering {
  private readonly sim: Simulation
  private readonly left = new Set<string>()
  private readonly before = new Map<string, readonly string[]>()
  private waiting: (() => void)[] = []

  constructor(sim: Simulation, pod: Pod, running: readonly CriContainer[]) {
    this.sim = sim
    for (const c of running) this.left.add(c.name)
    let earlier = (pod.spec?.containers ?? []).map((c) => c.name)
    for (const sidecar of (pod.spec?.initContainers ?? []).filter(isSidecar).toReversed()) {
      this.before.set(sidecar.name, earlier)
      earlier = [...earlier, sidecar.name]
    }
  }

  *turn(name: string, graceSeconds: number): Task<number> {
    const beganMs = this.sim.now
    const endMs = beganMs + graceSeconds * 1000
    while (this.sim.now < endMs && this.before.get(name)?.some((other) => this.left.has(other))) {
      yield* waitFor<void>((resume) => {
        const timer = this.sim.scheduleAt(endMs, () => resume())
        this.waiting.push(() => {
          timer.cancel()
          resume()
        })
        return () => timer.cancel()
      })
    }
    return Math.floor((this.sim.now - beganMs) / 1000)
  }

  ended(name: string): void {
    this.left.delete(name)
    const { waiting } = this
    this.waiting = []
    for (const wake of waiting) wake()
  }
}

/** Stops all that runs of a pod, then its sandbox. */
export function* killPod(killer: Killer, pod: Pod, cri: CriPod | undefined, graceSeconds?: number): Task {
  if (!cri) return
  const containers = allContainers(pod)
  const running = cri.containers.filter((c) => c.state === 'running')
  const ordering = new Ordering(killer.sim, pod, running)
  const kills: Task<void>[] = []
  for (const c of running) {
    const container = containers.find((spec) => spec.name === c.name)
    if (container) kills.push(killInTurn(killer, { pod, container, cri: c, graceSeconds }, ordering))
  }
  yield* all(kills)
  for (const sandbox of cri.sandboxes) if (sandbox.ready) yield* killer.runtime.stopPodSandbox(sandbox.id)
}

function* killInTurn(killer: Killer, request: KillRequest, ordering: Ordering): Task {
  const { name } = request.container
  yield* killContainer(killer, { ...request, turn: (grace) => ordering.turn(name, grace) })
  ordering.ended(name)
}
