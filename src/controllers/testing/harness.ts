/** A small stand-in for a cluster, for tests of controllers: API server, some controllers, a binder, hollow kubelets. */
import { StatusError } from '../../apimachinery/errors.ts'
import { nodes, pods } from '../../apimachinery/generated/resources.ts'
import type { Node, Pod } from '../../apimachinery/generated/types.ts'
import { keyOf, type KubeObject, type ResourceRef } from '../../apimachinery/resource.ts'
import { STRATEGIES } from '../../apiserver/kinds/registry.ts'
import { ApiServer } from '../../apiserver/server.ts'
import { Client } from '../../client/client.ts'
import { Informer, InformerFactory } from '../../client/informer.ts'
import { EventRecorder } from '../../client/recorder.ts'
import { Etcd } from '../../etcd/etcd.ts'
import { Simulation } from '../../sim/simulation.ts'
import { sleep, type Task } from '../../sim/task.ts'
import { formatTime } from '../../sim/time.ts'
import type { Controller } from '../context.ts'
import { targetNodeOf } from '../daemonset/pod-template.ts'
import type { ControllerFactory } from '../registry.ts'

const START_MS = 1_767_225_600_000

export class Harness {
  readonly sim = new Simulation({ seed: 7, startTimeMs: START_MS })
  readonly api: ApiServer
  readonly client: Client
  readonly controllers: readonly Controller[]
  /** One line per write, as '<verb> <kind>/<name>' with what a test asked to see. */
  readonly log: string[] = []
  private readonly informers: InformerFactory

  constructor(factories: readonly ControllerFactory[]) {
    this.api = new ApiServer({ sim: this.sim, etcd: new Etcd(), strategies: STRATEGIES, admission: [] })
    this.client = this.newClient('admin')
    this.informers = new InformerFactory(this.newClient('kube-controller-manager'))
    this.controllers = factories.map((make) =>
      make({
        sim: this.sim,
        informers: this.informers,
        client: (name) => this.newClient(name, 20, 30),
        recorder: (client, component) => new EventRecorder(client, component),
      }),
    )
    this.informers.start()
    for (const controller of this.controllers) controller.start()
  }

  /** The controllers' process ends and begins again after a while. */
  restart(pauseMs: number): void {
    for (const controller of this.controllers) controller.stop()
    this.informers.stop()
    this.sim.runFor(pauseMs)
    this.informers.start()
    for (const controller of this.controllers) controller.start()
  }

  private newClient(name: string, qps = Infinity, burst = Infinity): Client {
    return new Client(this.api, this.sim, { user: { name, groups: [] }, userAgent: name, qps, burst })
  }

  /** Runs a task to its end. */
  run<T>(task: Task<T>): T {
    let outcome: { value: T } | { error: unknown } | undefined
    this.sim.spawn(
      task,
      (value) => (outcome = { value }),
      (error) => (outcome = { error }),
    )
    this.sim.runUntilTrue(() => outcome !== undefined, 600_000)
    if (!outcome) throw new Error('the task did not end')
    if ('error' in outcome) throw outcome.error
    return outcome.value
  }

  create<T extends KubeObject>(ref: ResourceRef<T>, object: T): T {
    return this.run(
      this.client.create(ref, { apiVersion: ref.group ? `${ref.group}/${ref.version}` : ref.version, kind: ref.kind, ...object }),
    )
  }

  get<T extends KubeObject>(ref: ResourceRef<T>, key: string): T | undefined {
    return this.list(ref).find((object) => keyOf(object) === key)
  }

  list<T extends KubeObject>(ref: ResourceRef<T>): readonly T[] {
    return this.client.listNow(ref, '', {}).items
  }

  /** Notes each write of a resource in the log. */
  record<T extends KubeObject>(ref: ResourceRef<T>, describe: (object: T) => string): void {
    const informer = new Informer(this.client, ref)
    const note = (sign: string) => (object: T) => {
      this.log.push(`${sign} ${ref.kind}/${object.metadata.name ?? ''} ${describe(object)}`.trim())
    }
    informer.addHandler({ onAdd: note('+'), onUpdate: note('~'), onDelete: note('-') })
    informer.start()
  }

  /** Binds each new pod to the next node in turn, runs it a second later, and lets deleted pods go after a moment. */
  runPods(nodeNames: readonly string[] = ['node-1', 'node-2', 'node-3']): void {
    for (const name of nodeNames) this.create<Node>(nodes, { metadata: { name } })
    const informer = new Informer(this.client, pods)
    let turn = 0
    const running = new Set<string>()
    const act = (pod: Pod) => {
      const { uid = '' } = pod.metadata
      if (pod.metadata.deletionTimestamp !== undefined) {
        if (!running.has(`gone ${uid}`)) this.sim.spawn(this.stopPod(pod))
        running.add(`gone ${uid}`)
        return
      }
      if (running.has(uid)) return
      running.add(uid)
      const nodeName = targetNodeOf(pod) || nodeNames[turn++ % nodeNames.length]
      this.sim.spawn(this.startPod(pod, nodeName ?? ''))
    }
    informer.addHandler({ onAdd: act, onUpdate: act })
    informer.start()
  }

  private *startPod(pod: Pod, nodeName: string): Task {
    const { namespace = '', name = '' } = pod.metadata
    try {
      yield* sleep(20)
      yield* this.client.createSubresource(pods, namespace, name, 'binding', {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name, namespace },
        target: { kind: 'Node', name: nodeName },
      } as KubeObject)
      yield* sleep(1000)
      const time = formatTime(this.sim.now)
      const ip = `10.244.0.${(this.sim.random('pod ips').int(250) + 2).toString()}`
      const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: time }]
      const status = { phase: 'Running', startTime: time, podIP: ip, podIPs: [{ ip }], conditions }
      yield* this.client.patch(pods, namespace, name, { status }, 'merge', { subresource: 'status' })
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
    }
  }

  private *stopPod(pod: Pod): Task {
    const { namespace = '', name = '' } = pod.metadata
    yield* sleep(500)
    try {
      yield* this.client.delete(pods, namespace, name, { gracePeriodSeconds: 0 })
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
    }
  }
}
