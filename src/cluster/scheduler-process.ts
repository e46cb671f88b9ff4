import { Scheduler } from '../scheduler/scheduler.ts'
import type { Cluster } from './cluster.ts'
import { KUBE_SCHEDULER } from './identities.ts'
import { LeaderLease } from './leader-lease.ts'

/** The kube-scheduler process. */
export class SchedulerProcess {
  readonly scheduler: Scheduler
  private readonly lease: LeaderLease

  constructor(cluster: Cluster) {
    // k8s 1.36: kube-scheduler clientConnection, 50 requests a second and a burst of 100.
    this.scheduler = new Scheduler(cluster.client(KUBE_SCHEDULER, 'kube-scheduler', { qps: 50, burst: 100 }))
    this.lease = new LeaderLease(cluster.client(KUBE_SCHEDULER, 'kube-scheduler'), 'kube-scheduler')
  }

  get running(): boolean {
    return this.scheduler.running
  }

  start(): void {
    if (this.running) return
    this.scheduler.start()
    this.lease.hold()
  }

  stop(): void {
    if (!this.running) return
    this.scheduler.stop()
    this.lease.release()
  }
}
