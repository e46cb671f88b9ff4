/** Runs the rows of the recorded function tables against ours. */
import type { Container, ContainerState, ContainerStatus, PodCondition, PodSpec } from '../apimachinery/generated/types.ts'
import { formatGoDuration } from '../apimachinery/duration.ts'
import { defaultPod } from '../apiserver/kinds/shared/pod-spec-defaults.ts'
import { computeQos } from '../apiserver/kinds/shared/qos.ts'
import { crashLoopBackoff, imagePullBackoff } from './backoff.ts'
import { containersReadyCondition, initializedCondition, readyCondition } from './pod-conditions.ts'
import { podPhase } from './pod-phase.ts'

interface PhaseRow {
  readonly containers: readonly string[]
  readonly initContainers?: readonly { readonly state: string; readonly sidecar?: boolean }[]
  readonly restartPolicy: string
  readonly podIsTerminal?: boolean
  readonly podHasInitialized?: boolean
}

const ended = (exitCode: number) => ({ terminated: { exitCode } })
const STATES: { readonly [name: string]: { state: ContainerState; lastState?: ContainerState; started?: boolean } } = {
  none: { state: {} },
  waiting: { state: { waiting: {} } },
  crash0: { state: { waiting: {} }, lastState: ended(0) },
  crash1: { state: { waiting: {} }, lastState: ended(1) },
  running: { state: { running: {} }, started: true },
  runningNotStarted: { state: { running: {} }, started: false },
  exit0: { state: ended(0) },
  exit1: { state: ended(1) },
}

function phaseRow(row: PhaseRow) {
  const statuses: ContainerStatus[] = []
  const add = (name: string, state: string) => {
    const known = STATES[state]
    if (known) statuses.push({ name, image: '', imageID: '', ready: false, restartCount: 0, ...known })
  }
  row.containers.forEach((state, i) => add(`c${i}`, state))
  row.initContainers?.forEach(({ state }, i) => add(`i${i}`, state))
  const spec: PodSpec = {
    restartPolicy: row.restartPolicy,
    containers: row.containers.map((_, i) => ({ name: `c${i}` })),
    initContainers: row.initContainers?.map(({ sidecar }, i) => ({
      name: `i${i}`,
      ...(sidecar ? { restartPolicy: 'Always' } : {}),
    })),
  }
  const terminal = row.podIsTerminal ?? false
  return { phase: podPhase({ spec, statuses, terminal, initialized: row.podHasInitialized ?? false }) }
}

interface ConditionsRow {
  readonly containers: readonly string[]
  readonly initContainers?: readonly string[]
  readonly containerStatuses?: readonly ContainerStatus[]
  readonly initContainerStatuses?: readonly ContainerStatus[]
  readonly readinessGates?: readonly { readonly conditionType: string }[]
  readonly conditions?: readonly PodCondition[]
  readonly phase: string
}

function conditionsRow(row: ConditionsRow) {
  const container = (text: string): Container =>
    text.endsWith('*') ? { name: text.slice(0, -1), restartPolicy: 'Always' } : { name: text }
  const known = row.containerStatuses !== undefined || row.initContainerStatuses !== undefined
  const input = {
    spec: {
      containers: row.containers.map(container),
      initContainers: row.initContainers?.map(container),
      readinessGates: row.readinessGates,
    },
    phase: row.phase,
    statuses: known ? [...(row.initContainerStatuses ?? []), ...(row.containerStatuses ?? [])] : undefined,
    conditions: row.conditions ?? [],
  }
  return { conditions: [initializedCondition(input), readyCondition(input), containersReadyCondition(input)] }
}

function crashLoopRow({ runSeconds }: { readonly runSeconds: readonly number[] }) {
  const backoff = crashLoopBackoff()
  let startedAt = 0
  const restarts = runSeconds.map((run) => {
    const finishedAt = startedAt + run
    let now = finishedAt
    let shown = ''
    while (backoff.isWaitingSince('c', finishedAt * 1000, now * 1000)) {
      shown = formatGoDuration(backoff.get('c'))
      now++
    }
    backoff.next('c', finishedAt * 1000, now * 1000)
    const restart = { startedAt, finishedAt, nextRestartAfter: now - finishedAt, backoffShown: shown }
    startedAt = now
    return restart
  })
  return { restarts }
}

interface PullRow {
  readonly pullSucceedsOnAttempt: number | null
  readonly syncEverySeconds: number
  readonly syncs: number
}

function imagePullRow(row: PullRow) {
  const backoff = imagePullBackoff()
  const attempts: number[] = []
  const reasons: [string, number][] = []
  const note = (reason: string) => {
    const last = reasons.at(-1)
    if (last?.[0] === reason) last[1]++
    else reasons.push([reason, 1])
  }
  for (let i = 0; i < row.syncs; i++) {
    const now = i * row.syncEverySeconds
    if (backoff.isWaiting('p', now * 1000)) {
      note('ImagePullBackOff')
      continue
    }
    attempts.push(now)
    if (attempts.length === row.pullSucceedsOnAttempt) {
      note('pulled')
      break
    }
    backoff.next('p', now * 1000, now * 1000)
    note('ErrImagePull')
  }
  return { pullAttemptsAtSeconds: attempts, reasons }
}

/** Gives what the row's `expect` should be. */
export function runTable(topic: string, input: unknown): unknown {
  switch (topic) {
    case 'pod-phase':
      return phaseRow(input as PhaseRow)
    case 'pod-conditions':
      return conditionsRow(input as ConditionsRow)
    case 'pod-qos':
      return { qosClass: computeQos(defaultPod((input as { spec: PodSpec }).spec)) }
    case 'crash-loop-backoff':
      return crashLoopRow(input as { readonly runSeconds: readonly number[] })
    case 'image-pull-backoff':
      return imagePullRow(input as PullRow)
    default:
      throw new Error(`no table '${topic}' here`)
  }
}
