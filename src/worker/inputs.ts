import { applyFile, deleteFile } from '../kubectl/apply.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { resizeEtcd, startEtcdMember, stopEtcdMember } from '../cluster/etcd-members.ts'
import type { JsonObject } from '../apimachinery/resource.ts'
import { MAX_PODS, tooManyPods } from './limits.ts'
import { deskOf } from './network/desk.ts'
import type { ApplyOptions, DocumentResult, LoggedInput, SimCommand } from './protocol.ts'
import { parseSchedulerConfig } from './scheduling/compare.ts'
import type { World } from './world.ts'

/** Carries out an input of a log. */
export function perform(world: World, { input }: LoggedInput): void {
  const { door, cluster } = world
  if (input.call) door.call(input.call)
  if (input.apply) applyTo(world, input.apply.yaml, input.apply.options)
  if (input.remove !== undefined) deleteFile(door, input.remove)
  if (input.command) commandTo(cluster, input.command)
}

/** kubectl apply -f, unless it asks for more pods than a cluster holds. */
export function applyTo({ door }: World, yaml: string, options: ApplyOptions): readonly DocumentResult[] {
  const refusal = tooManyPods([], yaml)
  return refusal ? [refusedDocument(refusal)] : applyFile(door, yaml, options)
}

/** Acts on the world. */
export function commandTo(cluster: Cluster, command: SimCommand): { ok: boolean; message: string } {
  switch (command.type) {
    case 'power-off':
      return cluster.powerOff(command.node)
    case 'power-on':
      return cluster.powerOn(command.node)
    case 'add-node':
      return cluster.addNodes(command)
    case 'remove-node':
      return cluster.removeMachine(command.node)
    case 'etcd-resize':
      return resizeEtcd(cluster, command.members)
    case 'etcd-stop':
      return stopEtcdMember(cluster, command.member)
    case 'etcd-start':
      return startEtcdMember(cluster, command.member)
    case 'set-load':
      return cluster.setLoad(command.namespace, command.workload, command.cpuMilli, command.spread)
    case 'set-metric':
      return cluster.setMetric(command.value, command.valueMilli)
    case 'network':
      return deskOf(cluster).act(command.action)
    case 'configure-scheduler':
      return configureScheduler(cluster, command.yaml)
  }
}

/** An answer for a file that was not even looked at. */
export function refusedDocument({ line, message }: { readonly line: number; readonly message: string }): DocumentResult {
  return { index: 0, line, outcome: 'failed', message, warnings: [], markers: [{ line, column: 1, message }] }
}

/** The Status of a request that never reached the API server. */
export function refusalStatus(message: string): JsonObject {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    reason: 'Invalid',
    message,
    code: 422,
    details: { maxPods: MAX_PODS },
  }
}

function configureScheduler(cluster: Cluster, yaml: string): { ok: boolean; message: string } {
  const { config, errors } = parseSchedulerConfig(yaml)
  if (errors.length > 0) return { ok: false, message: errors.join('; ') }
  cluster.scheduler.configure(config)
  return { ok: true, message: 'kube-scheduler restarts with the configuration' }
}
