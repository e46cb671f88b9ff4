import type { Container, ContainerStatus, Pod } from '../apimachinery/generated/types.ts'
import { parseTime } from '../sim/time.ts'
import type { ProbeVerdicts } from './pod-actions.ts'
import type { Readiness } from './pod-status.ts'
import { ProbeWorker, type ProbeHost, type ProbeKind } from './probe-worker.ts'
import { isSidecar } from './restart-rules.ts'

const bareId = (id: string | undefined) => id?.replace(/^.*:\/\//, '') ?? ''

/** The probes of one pod. k8s 1.36: kubelet/prober manager. */
export class PodProbes implements ProbeVerdicts, Readiness {
  private readonly host: ProbeHost
  private readonly workers = new Map<string, ProbeWorker>()
  private readonly ids = new Map<string, string>()
  private added = false

  constructor(host: ProbeHost) {
    this.host = host
  }

  /** Starts a worker for each probe of regular containers and sidecars. */
  add(pod: Pod): void {
    if (this.added) return
    this.added = true
    const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? []).filter(isSidecar)]
    for (const container of containers) {
      this.addWorker('startup', container, container.startupProbe)
      this.addWorker('readiness', container, container.readinessProbe)
      this.addWorker('liveness', container, container.livenessProbe)
    }
  }

  private addWorker(kind: ProbeKind, container: Container, spec: Container['livenessProbe']): void {
    if (spec) this.workers.set(`${kind}/${container.name}`, new ProbeWorker(this.host, kind, container, spec))
  }

  liveness(containerId: string): boolean | undefined {
    return this.verdictOf('liveness', containerId)
  }

  startup(containerId: string): boolean | undefined {
    return this.verdictOf('startup', containerId)
  }

  private verdictOf(kind: ProbeKind, containerId: string): boolean | undefined {
    const name = this.ids.get(containerId)
    return name === undefined ? undefined : this.workers.get(`${kind}/${name}`)?.verdictFor(containerId)
  }

  /** Fills `started` and `ready`, and lets the workers know what runs. */
  apply(statuses: readonly ContainerStatus[], init: boolean): ContainerStatus[] {
    return statuses.map((status) => {
      const withStarted = { ...status, started: this.isStarted(status) }
      if (init && !this.isProbed(status.name)) {
        const done = status.state?.terminated?.exitCode === 0
        return done ? { ...withStarted, ready: true } : withStarted
      }
      return { ...withStarted, ready: withStarted.started && this.isReady(withStarted) }
    })
  }

  /** The workers look at statuses as they were kept. */
  look(statuses: readonly ContainerStatus[]): void {
    for (const status of statuses) {
      const id = bareId(status.containerID)
      if (id) this.ids.set(id, status.name)
      for (const kind of ['startup', 'readiness', 'liveness'] as const) this.workers.get(`${kind}/${status.name}`)?.look(status)
      // A container that has just started is asked for readiness at once.
      const readiness = this.workers.get(`readiness/${status.name}`)
      if (readiness && status.started && status.state?.running && !status.ready) readiness.trigger()
    }
  }

  stopLivenessAndStartup(): void {
    for (const worker of this.workers.values()) if (worker.kind !== 'readiness') worker.stop()
  }

  stop(): void {
    for (const worker of this.workers.values()) worker.stop()
  }

  /** Regular containers and sidecars, as opposed to init containers that run to their end. */
  private isProbed(name: string): boolean {
    const init = this.host.pod().spec?.initContainers?.find((c) => c.name === name)
    return init === undefined || isSidecar(init)
  }

  private isStarted(status: ContainerStatus): boolean {
    if (!status.state?.running) return false
    const worker = this.workers.get(`startup/${status.name}`)
    const verdict = worker?.verdictFor(bareId(status.containerID))
    if (verdict !== undefined) return verdict
    if (status.started) return true
    return worker === undefined
  }

  private isReady(status: ContainerStatus): boolean {
    if (!status.state?.running) return false
    const worker = this.workers.get(`readiness/${status.name}`)
    if (!worker) return true
    const verdict = worker.verdictFor(bareId(status.containerID))
    if (verdict !== undefined) return verdict
    // Not asked yet since the kubelet was restarted: what was ready stays so.
    const isInherited = parseTime(status.state.running.startedAt ?? '') < this.host.ranBeforeMs
    return isInherited && (this.host.pod().status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ?? false)
  }
}
