import type { ApiCall, ApiReply, EngineApi } from '../../worker/protocol.ts'
import type { ObjectRef } from '../state/selection.ts'
import type { ActionId } from './available.ts'
import { drainNode } from './drain.ts'
import type { ClusterWait, DrainOptions, DrainProgress } from './drain.ts'
import { cordonCall, deleteCall, refusal, restartCall, scaleCall } from './requests.ts'
import { planUndo } from './undo.ts'

export interface ActionInput {
  readonly replicas: number
  readonly drain: DrainOptions
  /** Cluster time. */
  readonly nowMs: number
}
export interface ActionContext {
  readonly api: Pick<EngineApi, 'call' | 'command'>
  readonly wait: ClusterWait
  readonly signal: AbortSignal
  readonly onProgress: (progress: DrainProgress) => void
}
/** `message` is the server's own words, or '' when it had none. */
export type ActionResult =
  | { readonly outcome: 'done'; readonly message: string; readonly warnings: readonly string[] }
  | { readonly outcome: 'refused'; readonly message: string }
  | { readonly outcome: 'cancelled' }

/** Does what a button of the inspector says: API requests and simulator commands, nothing else. */
export async function runAction(
  action: ActionId,
  ref: ObjectRef,
  input: ActionInput,
  context: ActionContext,
): Promise<ActionResult> {
  const { api } = context
  const request = (call: ApiCall): Promise<ActionResult> => api.call(call).then(resultOf)
  switch (action) {
    case 'scale':
      return request(scaleCall(ref, input.replicas))
    case 'restart':
      return request(restartCall(ref, input.nowMs))
    case 'delete':
      return request(deleteCall(ref))
    case 'cordon':
    case 'uncordon':
      return request(cordonCall(ref, action === 'cordon'))
    case 'undo': {
      const plan = await planUndo(api, ref)
      return 'refused' in plan ? { outcome: 'refused', message: plan.refused } : request(plan.call)
    }
    case 'drain': {
      const result = await drainNode(api, ref, input.drain, context.wait, context.signal, context.onProgress)
      return result.outcome === 'done' ? { outcome: 'done', message: '', warnings: [] } : result
    }
    case 'powerOff':
    case 'powerOn':
      return commandResult(await api.command({ type: action === 'powerOn' ? 'power-on' : 'power-off', node: ref.name }))
    case 'removeNode': {
      const removed = commandResult(await api.command({ type: 'remove-node', node: ref.name }))
      return removed.outcome === 'done' ? request(deleteCall(ref)) : removed
    }
  }
}

function resultOf(reply: ApiReply): ActionResult {
  const refused = refusal(reply)
  return refused === null ? { outcome: 'done', message: '', warnings: reply.warnings } : { outcome: 'refused', message: refused }
}

function commandResult({ ok, message }: { readonly ok: boolean; readonly message: string }): ActionResult {
  return ok ? { outcome: 'done', message, warnings: [] } : { outcome: 'refused', message }
}
