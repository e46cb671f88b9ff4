/** The columns of pods: READY, STATUS, RESTARTS. Source: k8s 1.36 printers.go, printPod. */
import type { ContainerStatus, Pod, PodCondition } from '../../../apimachinery/generated/types.ts'
import { parseTime } from '../../../sim/time.ts'
import type { TableColumnDefinition } from '../strategy.ts'
import { ageColumn, column, nameColumn, since, wideColumn } from './columns.ts'
import { isRestartableInit } from './qos.ts'

interface Summary {
  readonly ready: number
  readonly total: number
  readonly reason: string
  readonly restarts: number
  /** When a container was last seen to end before it started again. */
  readonly lastRestart: string | undefined
}

const isTrue = (conditions: readonly PodCondition[] | undefined, type: string) =>
  (conditions ?? []).some((c) => c.type === type && c.status === 'True')

function later(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return parseTime(b) > parseTime(a) ? b : a
}

const endedAt = (status: ContainerStatus) => status.lastState?.terminated?.finishedAt

interface Initialization {
  /** Empty once all have done their part. */
  readonly reason: string
  readonly readySidecars: number
}

/** How far the init containers are: the first that is not done gives the reason. */
function initialization(pod: Pod): Initialization {
  const containers = pod.spec?.initContainers ?? []
  const sidecars = new Set(containers.filter(isRestartableInit).map((c) => c.name))
  let readySidecars = 0
  for (const [i, status] of (pod.status?.initContainerStatuses ?? []).entries()) {
    const { terminated, waiting } = status.state ?? {}
    if (terminated !== undefined && terminated.exitCode === 0) continue
    if (sidecars.has(status.name) && status.started === true) {
      if (status.ready) readySidecars++
      continue
    }
    if (terminated !== undefined) return { reason: `Init:${endReason(terminated)}`, readySidecars }
    const why = waiting?.reason ?? ''
    if (why !== '' && why !== 'PodInitializing') return { reason: `Init:${why}`, readySidecars }
    return { reason: `Init:${i}/${containers.length}`, readySidecars }
  }
  return { reason: '', readySidecars }
}

function endReason(ended: { readonly reason?: string; readonly signal?: number; readonly exitCode: number }): string {
  if (ended.reason) return ended.reason
  return ended.signal ? `Signal:${ended.signal}` : `ExitCode:${ended.exitCode}`
}

/** The state of the containers, from the last to the first: the first one's reason wins. */
function running(pod: Pod, before: string): { reason: string; ready: number } {
  let reason = before
  let errorReason = ''
  let ready = 0
  for (const status of (pod.status?.containerStatuses ?? []).toReversed()) {
    const { terminated, waiting, running: run } = status.state ?? {}
    if (waiting?.reason) reason = waiting.reason
    else if (terminated !== undefined) {
      reason = endReason(terminated)
      if (terminated.exitCode !== 0) errorReason = reason
    } else if (status.ready && run !== undefined) ready++
  }
  if (reason !== 'Completed') return { reason, ready }
  if (ready > 0 && isTrue(pod.status?.conditions, 'Ready')) return { reason: 'Running', ready }
  if (errorReason !== '') return { reason: errorReason, ready }
  return { reason: ready > 0 ? 'NotReady' : reason, ready }
}

function restartsOf(statuses: readonly ContainerStatus[]): { count: number; last: string | undefined } {
  return {
    count: statuses.reduce((sum, s) => sum + (s.restartCount ?? 0), 0),
    last: statuses.map(endedAt).reduce(later, undefined),
  }
}

/** One pod's READY, STATUS and RESTARTS, as kubectl get shows them. */
export function summarizePod(pod: Pod): Summary {
  const { status = {}, spec } = pod
  const gated = (status.conditions ?? []).some((c) => c.type === 'PodScheduled' && c.reason === 'SchedulingGated')
  const phaseReason = gated ? 'SchedulingGated' : status.reason || (status.phase ?? '')
  const sidecars = (spec?.initContainers ?? []).filter(isRestartableInit).map((c) => c.name)
  const init = initialization(pod)
  const initStatuses = status.initContainerStatuses ?? []
  let reason = init.reason || phaseReason
  let ready = init.readySidecars
  let restarts = restartsOf(initStatuses)
  if (init.reason === '' || isTrue(status.conditions, 'Initialized')) {
    const state = running(pod, reason)
    reason = state.reason
    ready += state.ready
    const counted = initStatuses.filter((s) => sidecars.includes(s.name))
    restarts = restartsOf([...counted, ...(status.containerStatuses ?? [])])
  }
  const ended = status.phase === 'Succeeded' || status.phase === 'Failed'
  if (pod.metadata.deletionTimestamp !== undefined) {
    if (status.reason === 'NodeLost') reason = 'Unknown'
    else if (!ended) reason = 'Terminating'
  }
  const total = (spec?.containers ?? []).length + sidecars.length
  return { ready, total, reason, restarts: restarts.count, lastRestart: restarts.last }
}

function restartsCell(pod: Pod, nowMs: number): string {
  const { restarts, lastRestart } = summarizePod(pod)
  return restarts !== 0 && lastRestart !== undefined ? `${restarts} (${since(lastRestart, nowMs)} ago)` : String(restarts)
}

function gatesCell(pod: Pod): string {
  const gates = pod.spec?.readinessGates ?? []
  const open = gates.filter((g) => (pod.status?.conditions ?? []).find((c) => c.type === g.conditionType)?.status === 'True')
  return gates.length === 0 ? '<none>' : `${open.length}/${gates.length}`
}

const RESTARTS =
  'The number of times the containers in this pod have been restarted and when the last container in this pod has restarted.'

function readyCell(pod: Pod): string {
  const { ready, total } = summarizePod(pod)
  return `${ready}/${total}`
}

export const podColumns: readonly TableColumnDefinition<Pod>[] = [
  nameColumn,
  column('Ready', 'The aggregate readiness state of this pod for accepting traffic.', readyCell),
  column('Status', 'The aggregate status of the containers in this pod.', (pod) => summarizePod(pod).reason),
  column('Restarts', RESTARTS, restartsCell),
  ageColumn,
  wideColumn('IP', 'V1PodStatus.podIP', (pod) => pod.status?.podIPs?.[0]?.ip || '<none>'),
  wideColumn('Node', 'V1PodSpec.nodeName', (pod) => pod.spec?.nodeName || '<none>'),
  wideColumn('Nominated Node', 'V1PodStatus.nominatedNodeName', (pod) => pod.status?.nominatedNodeName || '<none>'),
  wideColumn('Readiness Gates', 'V1PodSpec.readinessGates', gatesCell),
]
