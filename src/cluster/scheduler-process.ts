import { Scheduler } from '../scheduler/scheduler.ts'
import { InformerFactory } from '../client/informer.ts'
import { EventRecorder } from '../client/recorder.ts'
import type { Cluster } from './cluster.ts'
import { KUBE_SCHEDULER } from './identities.ts'

const LEASE = 'kube-system/kube-scheduler'

/** The kube-scheduler process. */
export class SchedulerProcess {
  private readonly cluster: Cluster
  private readonly informers: InformerFactory
  readonly scheduler: Scheduler
  running = false

  constructor(cluster: Cluster) {
    this.cluster = cluster
    const client = cluster.client(KUBE_SCHEDULER, 'kube-scheduler', { qps: 50, burst: 100 })
    this.informers = new InformerFactory(client)
    this.scheduler = new Scheduler({ sim: cluster.sim, client, informers: this.informers, recorder: new EventRecorder(client, 'default-scheduler') })
  }

  start(): void {
    if (this.running) return
    this.running = true
    this.informers.start()
    this.scheduler.start()
    this.cluster.api.heartbeats.begin(LEASE, 2000)
  }

  stop(): void {
    if (!this.running) return
    this.running = false
    this.scheduler.stop()
    this.informers.stop()
    this.cluster.api.heartbeats.end(LEASE)
  }
}
