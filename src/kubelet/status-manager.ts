import { jsonEqual } from '../apimachinery/equal.ts'
import { StatusError } from '../apimachinery/errors.ts'
import { pods } from '../apimachinery/generated/resources.ts'
import type { Pod, PodStatus } from '../apimachinery/generated/types.ts'
import type { Client } from '../client/client.ts'
import { sleep, type Task } from '../sim/task.ts'
import { formatTime } from '../sim/time.ts'
import { isKubeletCondition, withTransitionTimes } from './pod-conditions.ts'
import { isMirrorPod, isStaticPod, isTerminalPhase } from './pod-facts.ts'
import { statusPatch } from './status-patch.ts'

interface Entry {
  status: PodStatus
  /** Everything of the pod has ended and been cleaned up: its object may go. */
  finished: boolean
  dirty: boolean
  writing: boolean
  /** Newest form of the API object that is known; for a static pod its mirror, undefined while there is none. */
  api: Pod | undefined
}

/** What the manager must know about pods. */
export interface PodLedger {
  /** Whether containers of the pod may still be running; its phase is then not shown as terminal. */
  mayBeRunning(uid: string): boolean
}

const RETRY_MS = 10_000

const readiness = (status: PodStatus | undefined) => status?.conditions?.find((condition) => condition.type === 'Ready')?.status

/**
 * Brings pod statuses to the API server: one write at a time per pod, always of the newest status.
 * SIMPLIFIED: starts from the watched object instead of reading it anew before each patch.
 * k8s 1.36: kubelet/status status_manager.go.
 */
export class StatusManager {
  private readonly client: Client
  private readonly ledger: PodLedger
  private readonly entries = new Map<string, Entry>()
  private stopped = false

  constructor(client: Client, ledger: PodLedger) {
    this.client = client
    this.ledger = ledger
  }

  /** The status as generated last. */
  get(uid: string): PodStatus | undefined {
    return this.entries.get(uid)?.status
  }

  /** Takes a generated status in; gives it as kept, with times. Written only when it differs. */
  set(pod: Pod, generated: PodStatus, finished = false): PodStatus {
    const uid = pod.metadata.uid ?? ''
    let entry = this.entries.get(uid)
    const old = entry?.status ?? pod.status ?? {}
    const nowText = formatTime(this.client.sim.now)
    const status: PodStatus = {
      ...generated,
      observedGeneration: Math.max(pod.metadata.generation ?? 0, old.observedGeneration ?? 0) || undefined,
      conditions: generated.conditions && withTransitionTimes(generated.conditions, old.conditions, nowText),
      startTime: old.startTime ?? nowText,
    }
    const force = finished || pod.metadata.deletionTimestamp !== undefined
    if (entry && !force && jsonEqual(entry.status, status)) return entry.status
    if (entry) {
      entry.status = status
      entry.finished ||= finished
      if (!isStaticPod(pod)) entry.api = newer(pod, entry.api)
    } else {
      entry = { status, finished, dirty: true, writing: false, api: isStaticPod(pod) ? undefined : pod }
      this.entries.set(uid, entry)
    }
    entry.dirty = true
    this.flush(entry)
    return status
  }

  /** The kubelet ends the pod for the node's sake; others learn of it with the pod's terminal phase. */
  disrupt(pod: Pod, message: string): void {
    const entry = this.entries.get(pod.metadata.uid ?? '')
    if (!entry) return
    const condition = {
      type: 'DisruptionTarget',
      observedGeneration: pod.metadata.generation,
      status: 'True',
      reason: 'TerminationByKubelet',
      message,
      lastTransitionTime: formatTime(this.client.sim.now),
    }
    const others = (entry.status.conditions ?? []).filter((c) => c.type !== 'DisruptionTarget')
    entry.status = { ...entry.status, conditions: [...others, condition] }
  }

  /** The API object changed. Readiness that others wrote (a node given up too early) is put right. */
  observe(pod: Pod): void {
    const entry = this.entries.get(pod.metadata.uid ?? '')
    if (!entry) return
    entry.api = newer(pod, entry.api)
    if (entry.dirty || entry.writing || readiness(entry.api.status) === readiness(entry.status)) return
    entry.dirty = true
    this.flush(entry)
  }

  /** The mirror of a static pod came or changed. */
  setMirror(uid: string, mirror: Pod): void {
    const entry = this.entries.get(uid)
    if (!entry) return
    const isNew = entry.api?.metadata.uid !== mirror.metadata.uid
    entry.api = isNew ? mirror : newer(mirror, entry.api)
    if (!isNew) return
    entry.dirty = true
    this.flush(entry)
  }

  forget(uid: string): void {
    this.entries.delete(uid)
  }

  stop(): void {
    this.stopped = true
  }

  private flush(entry: Entry): void {
    if (entry.writing || !entry.api) return
    entry.writing = true
    this.client.sim.spawn(this.write(entry), () => {
      entry.writing = false
    })
  }

  private *write(entry: Entry): Task {
    while (entry.dirty && !this.stopped) {
      entry.dirty = false
      try {
        yield* this.writeOnce(entry)
      } catch (error) {
        if (!(error instanceof StatusError)) throw error
        if (error.code === 404) return this.lose(entry)
        entry.dirty = true
        yield* sleep(RETRY_MS)
      }
    }
  }

  /** The object is gone: a mirror will be made anew, anything else is over. */
  private lose(entry: Entry): void {
    const { api } = entry
    if (!api) return
    if (isMirrorPod(api)) entry.api = undefined
    else this.forget(api.metadata.uid ?? '')
  }

  private *writeOnce(entry: Entry): Task {
    const { api } = entry
    if (!api) return
    const { namespace = '', name = '', uid = '' } = api.metadata
    const merged = mergeStatus(
      api,
      entry.status,
      !isMirrorPod(api) && this.ledger.mayBeRunning(uid),
      formatTime(this.client.sim.now),
    )
    const changes = statusPatch(api.status, merged)
    if (changes) {
      const written = yield* this.client.patch(pods, namespace, name, { metadata: { uid }, status: changes }, 'strategic', {
        subresource: 'status',
      })
      entry.api = newer(written, entry.api)
    }
    const now = entry.api ?? api
    if (!entry.finished || now.metadata.deletionTimestamp === undefined || isMirrorPod(now)) return
    if (!isTerminalPhase(now.status?.phase)) return
    yield* this.client.delete(pods, namespace, name, { gracePeriodSeconds: 0, preconditions: { uid } })
    this.forget(uid)
  }
}

const newer = (a: Pod, b: Pod | undefined) =>
  !b || Number(a.metadata.resourceVersion) >= Number(b.metadata.resourceVersion) ? a : b

/** What is written: others' conditions stay, and a pod is not shown as ended while something of it may run. */
function mergeStatus(api: Pod, own: PodStatus, mayBeRunning: boolean, nowText: string): PodStatus {
  const old = api.status ?? {}
  const ending = !isTerminalPhase(old.phase) && isTerminalPhase(own.phase)
  const disruption = own.conditions?.find((c) => c.type === 'DisruptionTarget')
  const others = (old.conditions ?? []).filter((c) => !isKubeletCondition(c.type))
  const shared =
    disruption && ending && !mayBeRunning
      ? [...others.filter((c) => c.type !== 'DisruptionTarget'), { ...disruption, lastTransitionTime: nowText }]
      : others
  const hold = ending && mayBeRunning
  const phase = hold ? old.phase : own.phase
  return {
    ...own,
    ...(hold ? { phase: old.phase, reason: old.reason, message: old.message } : {}),
    conditions: [
      ...shared,
      ...(own.conditions ?? [])
        .filter((c) => isKubeletCondition(c.type))
        .map((c) =>
          isTerminalPhase(phase) && (c.type === 'Ready' || c.type === 'ContainersReady') && c.status === 'True'
            ? { ...c, status: 'False', reason: phase === 'Failed' ? 'PodFailed' : 'PodCompleted', lastTransitionTime: nowText }
            : c,
        ),
    ],
    ...(old.nominatedNodeName ? { nominatedNodeName: old.nominatedNodeName } : {}),
    ...(old.resourceClaimStatuses ? { resourceClaimStatuses: old.resourceClaimStatuses } : {}),
    ...(old.extendedResourceClaimStatus ? { extendedResourceClaimStatus: old.extendedResourceClaimStatus } : {}),
  }
}
