import { isAlreadyExists, isConflict, isNotFound } from '../apimachinery/errors.ts'
import { leases } from '../apimachinery/generated/resources.ts'
import type { Lease } from '../apimachinery/generated/types.ts'
import type { Client } from '../client/client.ts'
import { EventRecorder } from '../client/recorder.ts'
import { sleep, waitFor, type Task, type TaskHandle } from '../sim/task.ts'
import { formatMicroTime, parseTime } from '../sim/time.ts'
import type { ComponentProcess } from './component-images.ts'

const LEASE_SECONDS = 15
const RETRY_MS = 2000
/** From exec to work, as for the other components. */
const RESTART_MS = 500

/**
 * Which of several equal processes works: the one that holds the lease. It renews it every two seconds for as long as it
 * lives; when it dies, the others wait until the lease has run out. A process that starts anew has another identity and
 * waits as well. k8s 1.36: client-go leaderelection defaults.
 * SIMPLIFIED: a leader that can't reach the API server keeps its lease; the real one gives up after ten seconds.
 */
export class LeaderElection {
  private readonly client: Client
  private readonly name: string
  private readonly key: string
  private readonly component: ComponentProcess
  private readonly recorder: EventRecorder
  private readonly campaigns = new Map<string, TaskHandle>()
  /** The machine whose process leads. */
  leader: string | null = null

  /** `component` starts when one of the processes leads, and stops when that one ends. */
  constructor(client: Client, name: string, component: ComponentProcess) {
    this.client = client
    this.name = name
    this.key = `kube-system/${name}`
    this.component = component
    this.recorder = new EventRecorder(client, name)
  }

  /** A process of the component on some machine. */
  candidate(node: string): ComponentProcess {
    return { start: () => this.join(node), stop: () => this.leave(node) }
  }

  /** The leading process ends and starts again. Does nothing while none leads. */
  restart(): void {
    const { leader } = this
    if (leader === null) return
    this.leave(leader)
    this.campaigns.set(leader, this.client.sim.spawn(this.campaign(leader, RESTART_MS)))
  }

  private join(node: string): void {
    if (this.leader === node) return
    this.campaigns.get(node)?.cancel()
    this.campaigns.set(node, this.client.sim.spawn(this.campaign(node)))
  }

  private leave(node: string): void {
    this.campaigns.get(node)?.cancel()
    this.campaigns.delete(node)
    if (this.leader !== node) return
    this.leader = null
    this.component.stop()
    this.client.heartbeats.end(this.key)
  }

  private *campaign(node: string, delayMs = 0): Task {
    const { sim } = this.client
    yield* sleep(delayMs)
    const identity = `${node}_${this.newUid()}`
    const startedMs = sim.now
    for (;;) {
      const lease = yield* this.read()
      if (lease && this.client.heartbeats.isLive(this.key)) {
        yield* this.untilOver()
        continue
      }
      // It runs out that long after this process saw it renewed, or saw it at all.
      const renewedMs = lease?.spec?.renewTime ? Math.max(startedMs, parseTime(lease.spec.renewTime)) : -Infinity
      const waitMs = renewedMs + LEASE_SECONDS * 1000 - sim.now
      if (waitMs > 0) yield* sleep(waitMs + sim.random(`leader-election/${this.name}`).int(RETRY_MS))
      else if (yield* this.take(lease, identity)) break
      else yield* sleep(RETRY_MS)
    }
    this.campaigns.delete(node)
    this.leader = node
    this.component.start()
  }

  private *read(): Task<Lease | null> {
    try {
      return yield* this.client.get(leases, 'kube-system', this.name)
    } catch (error) {
      if (isNotFound(error)) return null
      throw error
    }
  }

  /** Writes this process into the lease; false when another was faster. */
  private *take(lease: Lease | null, holderIdentity: string): Task<boolean> {
    const now = formatMicroTime(this.client.sim.now)
    const spec = { holderIdentity, leaseDurationSeconds: LEASE_SECONDS, acquireTime: now, renewTime: now }
    const transitions = lease ? (lease.spec?.leaseTransitions ?? 0) + 1 : 0
    try {
      const taken = lease
        ? yield* this.client.update(leases, { ...lease, spec: { ...spec, leaseTransitions: transitions } })
        : yield* this.client.create(leases, {
            metadata: { name: this.name, namespace: 'kube-system' },
            spec: { ...spec, leaseTransitions: transitions },
          })
      this.client.heartbeats.begin(this.key, RETRY_MS)
      this.recorder.event(taken, 'Normal', 'LeaderElection', `${holderIdentity} became leader`)
      return true
    } catch (error) {
      if (isAlreadyExists(error) || isConflict(error)) return false
      throw error
    }
  }

  /** SIMPLIFIED: instead of reading the lease every two seconds while somebody renews it. */
  private untilOver(): Task {
    return waitFor<void>((resume) => this.client.heartbeats.onEnd(this.key, () => resume()))
  }

  private newUid(): string {
    const random = this.client.sim.random(`leader-election/${this.name}`)
    const digits = Array.from({ length: 8 }, () => random.int(0x10000).toString(16).padStart(4, '0'))
    return `${digits[0]}${digits[1]}-${digits.slice(2, 5).join('-')}-${digits.slice(5).join('')}`
  }
}
