import type { Pod } from '../../apimachinery/generated/types.ts'
import type { ApiReply, EngineApi } from '../../worker/protocol.ts'
import { podRef } from '../state/selection.ts'
import type { ObjectRef } from '../state/selection.ts'
import { cordonCall, evictCall, objectPath, refusal } from './requests.ts'

export interface DrainOptions {
  /** Also evict pods that no controller will bring back. */
  readonly force: boolean
  /** Also evict pods whose emptyDir data will be lost. */
  readonly deleteEmptyDirData: boolean
}
export interface DrainProgress {
  readonly done: number
  readonly total: number
  /** The server's reason why an eviction waits, or ''. */
  readonly waiting: string
}
export type DrainOutcome =
  | { readonly outcome: 'done'; readonly evicted: number }
  | { readonly outcome: 'cancelled' }
  | { readonly outcome: 'refused'; readonly message: string }

/** Resolves after that much cluster time, or rejects when the signal aborts. */
export type ClusterWait = (delayMs: number, signal: AbortSignal) => Promise<void>

/** k8s 1.36: kubectl drain, EvictErrorRetryDelay and the interval of waitForDelete. */
const RETRY_MS = 5000
const POLL_MS = 1000

/** k8s 1.36: kubectl drain, makeFilters: which pods of a node are evicted, and which forbid draining it. */
export function podsToEvict(
  pods: readonly Pod[],
  options: DrainOptions,
): { readonly evict: readonly Pod[]; readonly refused: string | null } {
  const evict: Pod[] = []
  const problems = new Map<string, string[]>()
  for (const pod of pods) {
    const verdict = drainVerdict(pod, options)
    if (verdict === 'evict') evict.push(pod)
    else if (verdict !== 'skip')
      problems.set(verdict, [...(problems.get(verdict) ?? []), `${pod.metadata?.namespace}/${pod.metadata?.name}`])
  }
  if (problems.size === 0) return { evict, refused: null }
  const lines = [...problems].map(([problem, names]) => `cannot delete ${problem}: ${names.join(', ')}`)
  return { evict, refused: lines.join('\n') }
}

function drainVerdict(pod: Pod, options: DrainOptions): 'evict' | 'skip' | string {
  const finished = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
  const controller = pod.metadata?.ownerReferences?.find((ref) => ref.controller === true)
  if (controller?.kind === 'DaemonSet' && controller.apiVersion === 'apps/v1' && !finished) return 'skip'
  if (pod.metadata?.annotations?.['kubernetes.io/config.mirror'] !== undefined) return 'skip'
  if (finished) return 'evict'
  const local = pod.spec?.volumes?.some((volume) => volume.emptyDir !== undefined && volume.emptyDir !== null) ?? false
  if (local && !options.deleteEmptyDirData) return 'Pods with local storage (use --delete-emptydir-data to override)'
  if (controller === undefined && !options.force) return 'Pods that declare no controller (use --force to override)'
  return 'evict'
}

/**
 * Cordons the node, then evicts its pods side by side, waiting for each to be gone. A refusal with 429 (a disruption
 * budget) is tried again every five seconds of cluster time, until the signal aborts.
 */
export async function drainNode(
  api: Pick<EngineApi, 'call'>,
  node: ObjectRef,
  options: DrainOptions,
  wait: ClusterWait,
  signal: AbortSignal,
  onProgress: (progress: DrainProgress) => void,
): Promise<DrainOutcome> {
  const cordoned = refusal(await api.call(cordonCall(node, true)))
  if (cordoned !== null) return { outcome: 'refused', message: cordoned }
  const path = `/api/v1/pods?fieldSelector=${encodeURIComponent(`spec.nodeName=${node.name}`)}`
  const list = await api.call({ method: 'GET', path })
  const unread = refusal(list)
  if (unread !== null) return { outcome: 'refused', message: unread }
  const pods = (Array.isArray(list.body['items']) ? list.body['items'] : []) as readonly Pod[]
  const { evict, refused } = podsToEvict(pods, options)
  if (refused !== null) return { outcome: 'refused', message: refused }

  let done = 0
  onProgress({ done, total: evict.length, waiting: '' })
  const errors: string[] = []
  const evictions = evict.map(async (pod) => {
    const error = await evictPod(api, pod, wait, signal, (waiting) => onProgress({ done, total: evict.length, waiting }))
    if (error !== null) errors.push(error)
    else onProgress({ done: ++done, total: evict.length, waiting: '' })
  })
  try {
    await Promise.all(evictions)
  } catch (error) {
    if (signal.aborted) return { outcome: 'cancelled' }
    throw error
  }
  return errors.length > 0 ? { outcome: 'refused', message: errors.join('\n') } : { outcome: 'done', evicted: done }
}

/** Null once the pod is gone, else the refusal that ended the attempt. */
async function evictPod(
  api: Pick<EngineApi, 'call'>,
  pod: Pod,
  wait: ClusterWait,
  signal: AbortSignal,
  onWaiting: (message: string) => void,
): Promise<string | null> {
  const { namespace = '', name = '', uid } = pod.metadata ?? {}
  for (;;) {
    signal.throwIfAborted()
    const reply = await api.call(evictCall(namespace, name))
    if (reply.code === 404) return null
    if (reply.code < 400) break
    if (reply.code !== 429 && !isNamespaceTerminating(reply)) return refusal(reply)
    onWaiting(refusal(reply) ?? '')
    await wait(RETRY_MS, signal)
  }
  for (;;) {
    signal.throwIfAborted()
    const reply = await api.call({ method: 'GET', path: objectPath(podRef(namespace, name)) })
    const metadata = reply.body['metadata'] as { readonly uid?: string } | undefined
    if (reply.code === 404 || metadata?.uid !== uid) return null
    await wait(POLL_MS, signal)
  }
}

function isNamespaceTerminating(reply: ApiReply): boolean {
  if (reply.code !== 403) return false
  const details = reply.body['details'] as { readonly causes?: readonly { readonly reason?: string }[] } | undefined
  return details?.causes?.some((cause) => cause.reason === 'NamespaceTerminating') ?? false
}
