import type { Client } from '../client/client.ts'
import type { ControllerLoop } from '../client/controller.ts'
import type { InformerFactory } from '../client/informer.ts'
import type { EventRecorder } from '../client/recorder.ts'
import type { Simulation } from '../sim/simulation.ts'
import type { MetricsSource } from './horizontalpodautoscaler/metrics.ts'

/** What kube-controller-manager gives each of its controllers. */
export interface ControllerContext {
  readonly sim: Simulation
  /** Shared by all controllers of the process. */
  readonly informers: InformerFactory
  /**
   * A client of its own for the controller, as its service account, with its own rate limit: 20 a second, burst 30,
   * unless the controller asks for more.
   */
  client(controller: string, limits?: { readonly qps: number; readonly burst: number }): Client
  /** The metrics APIs, for autoscalers. Without it the cluster has none. */
  readonly metrics?: MetricsSource
  /** Writes events through that controller's client; `component` is the source, e.g. 'deployment-controller'. */
  recorder(client: Client, component: string): EventRecorder
}

/** A running controller. */
export interface Controller {
  /** Its name in kube-controller-manager, e.g. 'deployment-controller'. */
  readonly name: string
  /** Its loops, for views that show queues. */
  readonly loops: readonly ControllerLoop[]
  start(): void
  stop(): void
}
