import { AttemptLog } from '../scheduler/attempts.ts'
import type { SchedulerConfig } from '../scheduler/config.ts'
import { Scheduler } from '../scheduler/scheduler.ts'
import { sleep, type Task, type TaskHandle } from '../sim/task.ts'
import type { Cluster } from './cluster.ts'
import { KUBE_SCHEDULER } from './identities.ts'
import { LeaderLease } from './leader-lease.ts'

/** From exec to work, as for the other components. */
const START_MS = 500

/** The kube-scheduler process. */
export class SchedulerProcess {
  readonly scheduler: Scheduler
  readonly attempts: AttemptLog
  private readonly lease: LeaderLease
  private readonly cluster: Cluster
  private restarting: TaskHandle | null = null

  constructor(cluster: Cluster) {
    this.cluster = cluster
    // k8s 1.36: kube-scheduler clientConnection, 50 requests a second and a burst of 100.
    this.scheduler = new Scheduler(cluster.client(KUBE_SCHEDULER, 'kube-scheduler', { qps: 50, burst: 100 }))
    this.attempts = new AttemptLog(this.scheduler, () => cluster.sim.now)
    this.lease = new LeaderLease(cluster.client(KUBE_SCHEDULER, 'kube-scheduler'), 'kube-scheduler')
  }

  get running(): boolean {
    return this.scheduler.running
  }

  /**
   * Writes the file that --config names. A running process ends and starts with it; another reads it when it starts.
   * SIMPLIFIED: the container stays the same; with kubeadm one edits the static pod's manifest, and the pod is replaced.
   */
  configure(config: SchedulerConfig): void {
    this.scheduler.config = config
    if (!this.running && !this.restarting) return
    this.stop()
    this.restarting = this.cluster.sim.spawn(this.startLater())
  }

  private *startLater(): Task {
    yield* sleep(START_MS)
    this.restarting = null
    this.start()
  }

  start(): void {
    if (this.running) return
    this.scheduler.start()
    this.lease.hold()
  }

  stop(): void {
    this.restarting?.cancel()
    this.restarting = null
    if (!this.running) return
    this.scheduler.stop()
    this.lease.release()
  }
}
