/** What has to be done to a pod's containers. Source: k8s 1.36 kuberuntime computePodActions, computeInitContainerActions. */
import type { Container, Pod } from '../apimachinery/generated/types.ts'
import type { CriContainer, CriPod } from './cri.ts'
import { ephemeralContainers, newest, readySandbox, shouldBeStarted, specHash } from './pod-facts.ts'
import { isSidecar, restartsAfterKill, shouldRestartAfterExit } from './restart-rules.ts'

export type KillReason = 'liveness' | 'startup' | 'other'

export interface KillOrder {
  readonly container: Container
  readonly id: string
  readonly message: string
  readonly reason: KillReason
}

export interface PodActions {
  /** Nothing is to run any more, or everything starts over in a new sandbox. */
  readonly killPod: boolean
  readonly createSandbox: boolean
  readonly attempt: number
  readonly initToStart: readonly Container[]
  readonly toStart: readonly Container[]
  readonly ephemeralToStart: readonly Container[]
  readonly toKill: readonly KillOrder[]
}

/** What the probes have found so far about a container; undefined: nothing yet. */
export interface ProbeVerdicts {
  liveness(containerId: string): boolean | undefined
  startup(containerId: string): boolean | undefined
}

const NOTHING = { initToStart: [], toStart: [], ephemeralToStart: [], toKill: [] }

const succeeded = (status: CriContainer | undefined) => status?.state === 'exited' && status.exitCode === 0

function sandboxActions(pod: Pod, cri: CriPod | undefined): PodActions {
  const spec = pod.spec ?? { containers: [] }
  const last = cri?.sandboxes[0]
  const attempt = last ? last.attempt + 1 : 0
  const base = { ...NOTHING, killPod: true, createSandbox: true, attempt }
  const hasContainers = (cri?.containers.length ?? 0) > 0
  if (spec.restartPolicy === 'Never' && attempt !== 0 && hasContainers) return { ...base, createSandbox: false }
  const toStart = spec.containers.filter(
    (c) => !((c.restartPolicy ?? spec.restartPolicy) === 'OnFailure' && succeeded(newest(cri, c.name))),
  )
  if (toStart.length === 0 && spec.containers.some((c) => newest(cri, c.name))) return { ...base, createSandbox: false }
  const first = spec.initContainers?.[0]
  return first ? { ...base, initToStart: [first] } : { ...base, toStart }
}

interface InitPlan {
  readonly initialized: boolean
  readonly killPod: boolean
  readonly toStart: readonly Container[]
  readonly toKill: readonly KillOrder[]
}

/** Walks the init containers from the last to the first: the first that has a status tells where things stand. */
function initPlan(pod: Pod, cri: CriPod | undefined, verdicts: ProbeVerdicts): InitPlan {
  const spec = pod.spec ?? { containers: [] }
  const inits = spec.initContainers ?? []
  let initialized =
    inits.length === 0 ||
    spec.containers.some((c) => {
      const state = newest(cri, c.name)?.state
      return state === 'running' || state === 'created'
    })
  let earlier = initialized
  const toStart: Container[] = []
  const toKill: KillOrder[] = []
  const done = (i: number) => {
    const following = inits[i + 1]
    if (!following) initialized = true
    else if (!earlier) toStart.push(following)
  }
  for (let i = inits.length - 1; i >= 0; i--) {
    const container = inits[i] as Container
    const status = newest(cri, container.name)
    const sidecar = isSidecar(container)
    if (!status) {
      if (earlier && sidecar) toStart.push(container)
      continue
    }
    if (earlier && !sidecar) continue
    if (status.state === 'created') toStart.push(container)
    else if (status.state === 'running') {
      if (sidecar && sidecarStarted(container, status, verdicts, toStart, toKill)) {
        done(i)
        const order = sidecarKill(container, status, verdicts)
        if (order) {
          toKill.push(order)
          toStart.push(container)
        }
      }
    } else if (sidecar) toStart.push(container)
    else if (status.exitCode !== 0) {
      if (!shouldRestartAfterExit(container, spec, status.exitCode))
        return { initialized: false, killPod: true, toStart: [], toKill }
      toStart.push(container)
    } else done(i)
    earlier = true
  }
  if (!earlier && inits[0]) toStart.push(inits[0])
  return { initialized, killPod: false, toStart: toStart.toReversed(), toKill }
}

/** Whether a running sidecar counts as started; one that failed its startup probe is replaced. */
function sidecarStarted(
  container: Container,
  status: CriContainer,
  verdicts: ProbeVerdicts,
  toStart: Container[],
  toKill: KillOrder[],
): boolean {
  if (!container.startupProbe) return true
  const verdict = verdicts.startup(status.id)
  if (verdict === false) {
    toKill.push({ container, id: status.id, message: `Init container ${container.name} failed startup probe`, reason: 'startup' })
    toStart.push(container)
  }
  return verdict === true
}

function sidecarKill(container: Container, status: CriContainer, verdicts: ProbeVerdicts): KillOrder | undefined {
  if (status.specHash !== specHash(container))
    return { container, id: status.id, message: `Init container ${container.name} definition changed`, reason: 'other' }
  if (container.livenessProbe && verdicts.liveness(status.id) === false)
    return { container, id: status.id, message: `Init container ${container.name} failed liveness probe`, reason: 'liveness' }
  return undefined
}

function killOrder(container: Container, status: CriContainer, verdicts: ProbeVerdicts): KillOrder | undefined {
  const { id } = status
  const { name } = container
  if (status.specHash !== specHash(container))
    return { container, id, message: `Container ${name} definition changed`, reason: 'other' }
  if (verdicts.liveness(id) === false)
    return { container, id, message: `Container ${name} failed liveness probe`, reason: 'liveness' }
  if (verdicts.startup(id) === false)
    return { container, id, message: `Container ${name} failed startup probe`, reason: 'startup' }
  return undefined
}

/** The next steps for a pod that is to run. */
export function podActions(pod: Pod, cri: CriPod | undefined, verdicts: ProbeVerdicts): PodActions {
  const sandbox = readySandbox(cri)
  if (!sandbox) return sandboxActions(pod, cri)
  const spec = pod.spec ?? { containers: [] }
  const ephemeralToStart = ephemeralContainers(pod).filter((c) => !newest(cri, c.name))
  const init = initPlan(pod, cri, verdicts)
  const base = {
    createSandbox: false,
    attempt: sandbox.attempt,
    ephemeralToStart,
    initToStart: init.toStart,
    toKill: init.toKill,
  }
  if (init.killPod || !init.initialized) return { ...base, killPod: init.killPod, toStart: [] }
  const toStart: Container[] = []
  const toKill: KillOrder[] = [...init.toKill]
  let kept = 0
  for (const container of spec.containers) {
    const status = newest(cri, container.name)
    if (status?.state !== 'running') {
      if (shouldBeStarted(pod, container, cri)) toStart.push(container)
      continue
    }
    const order = killOrder(container, status, verdicts)
    if (!order) {
      kept++
      continue
    }
    const changed = order.reason === 'other'
    const restart = changed || restartsAfterKill(container, spec)
    if (restart) toStart.push(container)
    toKill.push(restart ? { ...order, message: `${order.message}, will be restarted` } : order)
  }
  const killPod = kept === 0 && toStart.length === 0
  return { ...base, killPod, initToStart: killPod ? [] : init.toStart, toStart, toKill }
}
