import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ClockState } from '../../../worker/protocol.ts'
import type { ActionId } from '../../actions/available.ts'
import type { DrainOptions, DrainProgress } from '../../actions/drain.ts'
import { runAction } from '../../actions/run.ts'
import { reported } from '../../app/report.ts'
import { clusterWait } from '../../engine/cluster-wait.ts'
import { useSession } from '../../engine/hooks.ts'
import type { ObjectRef } from '../../state/selection.ts'
import { say } from '../../state/status.ts'

export interface ActionForm {
  readonly replicas: number
  readonly drain: DrainOptions
}
interface RunningAction {
  readonly running: boolean
  /** What is being done, translated. */
  readonly text: string
  readonly progress: DrainProgress | null
  readonly run: (action: ActionId, form: ActionForm) => void
  readonly cancel: () => void
}

/** Runs one action at a time and tells the status line how it went. */
export function useAction(selected: ObjectRef, onDone: () => void): RunningAction {
  const { t } = useTranslation('shell')
  const { api, hub } = useSession()
  const [text, setText] = useState<string | null>(null)
  const [progress, setProgress] = useState<DrainProgress | null>(null)
  const abort = useRef<AbortController | null>(null)

  const perform = async (action: ActionId, form: ActionForm): Promise<void> => {
    const names = { action: t(`action.${action}`), name: `${selected.kind.toLowerCase()}/${selected.name}` }
    const controller = new AbortController()
    abort.current = controller
    setText(t('action.running', names))
    try {
      const nowMs = (hub.read({ feed: 'clock' }).data as ClockState | undefined)?.nowMs ?? 0
      const context = { api, wait: clusterWait(hub), signal: controller.signal, onProgress: setProgress }
      const result = await runAction(action, selected, { ...form, nowMs }, context)
      if (result.outcome === 'refused') say('error', result.message)
      else if (result.outcome === 'cancelled') say('warning', t('action.cancelled', names))
      else {
        for (const warning of result.warnings) say('warning', `Warning: ${warning}`)
        say('success', result.message === '' ? t('action.done', names) : result.message)
        onDone()
      }
    } finally {
      setText(null)
      setProgress(null)
    }
  }
  return {
    running: text !== null,
    text: progress === null ? (text ?? '') : t('action.drainProgress', { done: progress.done, total: progress.total }),
    progress,
    run: (action, form) => reported(perform(action, form)),
    cancel: () => abort.current?.abort(),
  }
}
