import { CONTROLLERS } from '../controllers/registry.ts'
import type { Controller, ControllerContext } from '../controllers/context.ts'
import { InformerFactory } from '../client/informer.ts'
import { EventRecorder } from '../client/recorder.ts'
import type { Cluster } from './cluster.ts'
import { controllerUser, KUBE_CONTROLLER_MANAGER } from './identities.ts'

const LEASE = 'kube-system/kube-controller-manager'

/** The kube-controller-manager process: its shared informers and its controllers. */
export class ControllerManager {
  private readonly cluster: Cluster
  private readonly informers: InformerFactory
  readonly controllers: readonly Controller[]
  running = false

  constructor(cluster: Cluster) {
    this.cluster = cluster
    this.informers = new InformerFactory(cluster.client(KUBE_CONTROLLER_MANAGER, 'kube-controller-manager'))
    const context: ControllerContext = {
      sim: cluster.sim,
      informers: this.informers,
      client: (controller) => cluster.client(controllerUser(controller), 'kube-controller-manager', { qps: 20, burst: 30 }),
      recorder: (client, component) => new EventRecorder(client, component),
    }
    this.controllers = CONTROLLERS.map((make) => make(context))
  }

  start(): void {
    if (this.running) return
    this.running = true
    this.informers.start()
    for (const controller of this.controllers) controller.start()
    holdLease(this.cluster, LEASE)
  }

  /** The process ends: nothing reconciles until it starts again. */
  stop(): void {
    if (!this.running) return
    this.running = false
    for (const controller of this.controllers) controller.stop()
    this.informers.stop()
    this.cluster.api.heartbeats.end(LEASE)
  }
}

/** The leader's lease, renewed every two seconds for as long as the process lives. k8s 1.36: leaderelection defaults. */
export function holdLease(cluster: Cluster, key: string): void {
  cluster.api.heartbeats.begin(key, 2000)
}
