import { CONTROLLERS } from '../controllers/registry.ts'
import type { Controller, ControllerContext } from '../controllers/context.ts'
import { InformerFactory } from '../client/informer.ts'
import { EventRecorder } from '../client/recorder.ts'
import type { Cluster } from './cluster.ts'
import { controllerUser, KUBE_CONTROLLER_MANAGER } from './identities.ts'
import { LeaderElection } from './leader-election.ts'

/** The kube-controller-manager process: its shared informers and its controllers. */
export class ControllerManager {
  private readonly informers: InformerFactory
  readonly controllers: readonly Controller[]
  /** Its processes on the control plane's machines; one of them works. */
  readonly election: LeaderElection
  running = false

  constructor(cluster: Cluster) {
    this.informers = new InformerFactory(cluster.client(KUBE_CONTROLLER_MANAGER, 'kube-controller-manager'))
    const client = cluster.client(KUBE_CONTROLLER_MANAGER, 'kube-controller-manager')
    this.election = new LeaderElection(client, 'kube-controller-manager', this)
    const context: ControllerContext = {
      sim: cluster.sim,
      informers: this.informers,
      client: (controller, limits) =>
        cluster.client(userOf(controller), 'kube-controller-manager', { qps: 20, burst: 30, ...limits }),
      recorder: (client, component) => new EventRecorder(client, component),
      ...(cluster.metrics ? { metrics: cluster.metrics } : {}),
    }
    this.controllers = CONTROLLERS.map((make) => make(context))
  }

  start(): void {
    if (this.running) return
    this.running = true
    this.informers.start()
    for (const controller of this.controllers) controller.start()
  }

  /** The process ends: nothing reconciles until it starts again. */
  stop(): void {
    if (!this.running) return
    this.running = false
    for (const controller of this.controllers) controller.stop()
    this.informers.stop()
  }
}

/** Each controller has a service account of its own, but for the one that makes their tokens. */
const userOf = (controller: string) => (controller === 'tokens-controller' ? KUBE_CONTROLLER_MANAGER : controllerUser(controller))
