import { AttemptLog } from '../scheduler/attempts.ts'
import type { SchedulerConfig } from '../scheduler/config.ts'
import { Scheduler } from '../scheduler/scheduler.ts'
import type { Cluster } from './cluster.ts'
import { KUBE_SCHEDULER } from './identities.ts'
import { LeaderElection } from './leader-election.ts'

/** The kube-scheduler process. */
export class SchedulerProcess {
  readonly scheduler: Scheduler
  readonly attempts: AttemptLog
  /** Its processes on the control plane's machines; one of them works. */
  readonly election: LeaderElection

  constructor(cluster: Cluster) {
    // k8s 1.36: kube-scheduler clientConnection, 50 requests a second and a burst of 100.
    this.scheduler = new Scheduler(cluster.client(KUBE_SCHEDULER, 'kube-scheduler', { qps: 50, burst: 100 }))
    this.attempts = new AttemptLog(this.scheduler, () => cluster.sim.now)
    this.election = new LeaderElection(cluster.client(KUBE_SCHEDULER, 'kube-scheduler'), 'kube-scheduler', this)
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
    this.election.restart()
  }

  start(): void {
    if (this.running) return
    this.scheduler.start()
  }

  stop(): void {
    if (this.running) this.scheduler.stop()
  }
}
