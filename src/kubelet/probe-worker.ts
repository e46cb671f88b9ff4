import type { Container, ContainerStatus, Pod, Probe } from '../apimachinery/generated/types.ts'
import type { EventRecorder } from '../client/recorder.ts'
import type { Simulation, Timer } from '../sim/simulation.ts'
import type { TaskHandle } from '../sim/task.ts'
import { parseTime } from '../sim/time.ts'
import type { CriContainer, RuntimeService } from './cri.ts'
import { containerPath } from './image-manager.ts'
import { runProbe, type ProbeOutcome } from './prober.ts'

export type ProbeKind = 'liveness' | 'readiness' | 'startup'

const TITLE = { liveness: 'Liveness', readiness: 'Readiness', startup: 'Startup' } as const
/** One object's events are let through 25 times, then every five minutes. */
const FLOOD = 25
const QUIET_MS = 300_000

export interface ProbeHost {
  readonly sim: Simulation
  readonly runtime: RuntimeService
  readonly recorder: EventRecorder
  pod(): Pod
  podIP(): string
  /** The container as the runtime has it. */
  cri(name: string): CriContainer | undefined
  /** A container that started before this was started by an earlier process of the kubelet: its readiness is kept. */
  readonly ranBeforeMs: number
  /** A verdict changed. */
  onVerdict(kind: ProbeKind, container: Container, healthy: boolean): void
}

/**
 * One probe of one container. The real worker asks at every tick of its period; this one asks only at those ticks whose
 * answer can matter: after an answer that would stay the same it waits until something in the pod has changed.
 * k8s 1.36: kubelet/prober/worker.go.
 */
export class ProbeWorker {
  readonly kind: ProbeKind
  private readonly host: ProbeHost
  private readonly container: Container
  private readonly spec: Probe
  private readonly periodMs: number
  /** A tick; the others are whole periods away. */
  private tickMs: number
  private timer: Timer | null = null
  /** End of the initial delay. */
  private earliestMs = 0
  private task: TaskHandle | null = null
  private containerId = ''
  private mayProbe = false
  private onHold = false
  private isIdle = false
  private isDirty = false
  private failures = 0
  private lastHealthy: boolean | undefined
  private run = 0
  private unwatch: (() => void) | null = null
  private verdict: boolean | undefined

  constructor(host: ProbeHost, kind: ProbeKind, container: Container, spec: Probe) {
    this.host = host
    this.kind = kind
    this.container = container
    this.spec = spec
    this.periodMs = Math.max(1, spec.periodSeconds ?? 10) * 1000
    this.tickMs = host.sim.now
  }

  /** The container's status changed: decides whether and when to probe. */
  look(status: ContainerStatus): void {
    const id = status.containerID?.replace(/^.*:\/\//, '') ?? ''
    if (id === '') return
    const running = status.state?.running
    if (id !== this.containerId)
      this.adopt(id, running !== undefined && parseTime(running.startedAt ?? '') < this.host.ranBeforeMs)
    const deleting = this.host.pod().metadata.deletionTimestamp !== undefined
    if (!running) {
      this.pause()
      this.verdict = false
      return
    }
    if (deleting && this.kind !== 'readiness') {
      this.pause()
      this.verdict = true
      return
    }
    this.mayProbe = !this.onHold && (status.started === true) === (this.kind !== 'startup')
    if (!this.mayProbe) return this.pause()
    this.earliestMs = parseTime(running.startedAt ?? '') + (this.spec.initialDelaySeconds ?? 0) * 1000
    this.schedule(this.earliestMs)
  }

  /** Asks now and counts ticks from now on. k8s 1.36: manualTriggerCh. */
  trigger(): void {
    if (!this.mayProbe || this.task || this.isIdle) return
    const { now } = this.host.sim
    this.tickMs = now
    this.timer?.cancel()
    this.timer = null
    if (now < this.earliestMs) this.schedule(this.earliestMs)
    else this.ask()
  }

  /** What has been found about that very container. */
  verdictFor(containerId: string): boolean | undefined {
    return containerId === this.containerId ? this.verdict : undefined
  }

  stop(): void {
    this.pause()
    this.unwatch?.()
    this.unwatch = null
    this.mayProbe = false
  }

  private adopt(id: string, isInherited: boolean): void {
    this.pause()
    this.unwatch?.()
    this.containerId = id
    this.onHold = false
    this.isIdle = false
    this.run = 0
    this.lastHealthy = undefined
    this.failures = 0
    this.verdict = this.kind === 'startup' || isInherited ? undefined : this.kind === 'liveness'
    this.unwatch = this.host.runtime.watchPod(this.host.pod().metadata.uid ?? '', () => this.podChanged())
  }

  private pause(): void {
    this.timer?.cancel()
    this.timer = null
    this.task?.cancel()
    this.task = null
    this.isIdle = false
  }

  private podChanged(): void {
    this.isDirty = true
    this.failures = 0
    if (!this.isIdle) return
    this.isIdle = false
    this.schedule(0)
  }

  /** Sets the timer to the first tick that is not before `earliestMs` nor past. */
  private schedule(earliestMs: number): void {
    if (this.timer || this.task || this.isIdle) return
    const { now } = this.host.sim
    const from = Math.max(earliestMs, now + 1)
    const atMs = this.tickMs + Math.ceil((from - this.tickMs) / this.periodMs) * this.periodMs
    this.timer = this.host.sim.scheduleAt(atMs, () => {
      this.timer = null
      this.ask()
    })
  }

  private ask(): void {
    const cri = this.host.cri(this.container.name)
    if (!this.mayProbe || !cri || cri.id !== this.containerId || cri.state !== 'running') return
    this.isDirty = false
    const hostNetwork = this.host.pod().spec?.hostNetwork === true
    const probe = runProbe(this.host.runtime, this.spec, {
      container: this.container,
      cri,
      podIP: this.host.podIP(),
      hostNetwork,
    })
    this.task = this.host.sim.spawn(probe, (outcome) => {
      this.task = null
      this.take(outcome)
    })
    if (this.task.done) this.task = null
  }

  private take(outcome: ProbeOutcome): void {
    if (outcome.kind === 'error') {
      this.tell('Unhealthy', `${TITLE[this.kind]} probe errored and resulted in unknown state: ${outcome.message}`)
      return this.rest(false, outcome)
    }
    const healthy = outcome.kind !== 'failure'
    if (outcome.kind === 'warning') this.tell('ProbeWarning', `${TITLE[this.kind]} probe warning: ${outcome.message}`)
    if (!healthy) this.tell('Unhealthy', `${TITLE[this.kind]} probe failed: ${outcome.message}`)
    this.run = this.lastHealthy === healthy ? this.run + 1 : 1
    this.lastHealthy = healthy
    const threshold = healthy ? (this.spec.successThreshold ?? 1) : (this.spec.failureThreshold ?? 3)
    if (this.run < threshold) return this.schedule(0)
    const changed = this.verdict !== healthy
    this.verdict = healthy
    if ((this.kind === 'liveness' && !healthy) || this.kind === 'startup') {
      this.onHold = true
      this.mayProbe = false
      this.run = 0
    } else this.rest(healthy, outcome)
    if (changed) this.host.onVerdict(this.kind, this.container, healthy)
  }

  /** Waits for the next tick that can bring something new. */
  private rest(healthy: boolean, outcome: ProbeOutcome): void {
    if (!outcome.steady || this.isDirty) return this.schedule(0)
    if (healthy && outcome.kind === 'success') {
      this.isIdle = true
      return
    }
    // Each failure is told; once nobody is told any more, it is enough to ask as often as an event gets through.
    this.failures++
    this.schedule(this.failures > FLOOD ? this.host.sim.now + QUIET_MS : 0)
  }

  private tell(reason: string, message: string): void {
    const pod = this.host.pod()
    this.host.recorder.event(pod, 'Warning', reason, message, containerPath(pod, this.container))
  }
}
