import { useEffect, useRef, useState } from 'react'
import type { FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import type { KubeObject } from '../../../apimachinery/resource.ts'
import { actionsFor } from '../../actions/available.ts'
import type { ActionId } from '../../actions/available.ts'
import { kubectlCommand } from '../../actions/commands.ts'
import type { KubectlAction } from '../../actions/commands.ts'
import type { ObjectRef } from '../../state/selection.ts'
import { CommandLine } from '../CommandLine.tsx'
import styles from './Actions.module.css'
import { useAction } from './use-action.ts'
import type { ActionForm } from './use-action.ts'
import { useNodeRow } from './use-map-rows.ts'

interface ActionsProps {
  readonly selected: ObjectRef
  readonly object: KubeObject | null
}

/** The buttons; a chosen one opens its form in place, so that the cluster stays in sight. */
export function Actions({ selected, object }: ActionsProps) {
  const { t } = useTranslation('shell')
  const [open, setOpen] = useState<ActionId | null>(null)
  const powered = useNodeRow(selected)?.powered ?? true
  const spec = specOf(object)
  const action = useAction(selected, () => setOpen(null))
  const actions = actionsFor(selected, spec.unschedulable === true, powered)
  if (object === null && !action.running) return null
  return (
    <section className={styles.actions} aria-label={t('action.title')}>
      <div className={styles.buttons}>
        {actions.map((id) => (
          <button
            key={id}
            type="button"
            className={id === 'delete' || id === 'removeNode' ? 'btn danger' : 'btn'}
            aria-expanded={open === id}
            disabled={action.running}
            onClick={() => setOpen(open === id ? null : id)}
          >
            {t(`action.${id}`)}
          </button>
        ))}
      </div>
      {open !== null && !action.running && (
        <Form
          key={open}
          action={open}
          selected={selected}
          replicas={spec.replicas ?? 1}
          onRun={(form) => action.run(open, form)}
          onCancel={() => setOpen(null)}
        />
      )}
      {action.running && (
        <div className={styles.form} role="status">
          <p>{action.text}</p>
          {action.progress !== null && action.progress.total > 0 && (
            <progress aria-label={t('action.drain')} max={action.progress.total} value={action.progress.done} />
          )}
          {action.progress?.waiting && (
            <p className="muted wrap-anywhere">{t('action.drainWaiting', { message: action.progress.waiting })}</p>
          )}
          <button type="button" className="btn" onClick={action.cancel}>
            {t('action.stop')}
          </button>
        </div>
      )}
    </section>
  )
}

function specOf(object: KubeObject | null): { readonly replicas?: number; readonly unschedulable?: boolean } {
  const spec = object !== null && 'spec' in object ? object.spec : undefined
  return typeof spec === 'object' && spec !== null ? spec : {}
}

interface FormProps {
  readonly action: ActionId
  readonly selected: ObjectRef
  readonly replicas: number
  readonly onRun: (form: ActionForm) => void
  readonly onCancel: () => void
}

function Form({ action, selected, replicas: present, onRun, onCancel }: FormProps) {
  const { t } = useTranslation('shell')
  const [replicas, setReplicas] = useState(String(present))
  const [force, setForce] = useState(false)
  const [deleteEmptyDirData, setDeleteEmptyDirData] = useState(false)
  const first = useRef<HTMLFormElement>(null)
  useEffect(() => first.current?.querySelector<HTMLElement>('input, [type=submit]')?.focus(), [])
  const form = { replicas: Number(replicas), drain: { force, deleteEmptyDirData } }
  const commands = commandsFor(action, selected, form)
  const hint = HINTS[action]
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    onRun(form)
  }
  return (
    <form
      ref={first}
      className={styles.form}
      onSubmit={submit}
      onKeyDown={(event) => event.key === 'Escape' && (event.stopPropagation(), onCancel())}
    >
      {hint !== undefined && <p className="muted">{t(`action.${hint}`)}</p>}
      {action === 'scale' && (
        <label className={styles.field}>
          {t('action.replicas')}
          <input
            className="field"
            type="number"
            min={0}
            max={100000}
            required
            value={replicas}
            onChange={(event) => setReplicas(event.target.value)}
          />
        </label>
      )}
      {action === 'drain' && (
        <div className={styles.checks}>
          <label className="mono">
            <input type="checkbox" checked={force} onChange={() => setForce(!force)} /> --force
          </label>
          <label className="mono">
            <input type="checkbox" checked={deleteEmptyDirData} onChange={() => setDeleteEmptyDirData(!deleteEmptyDirData)} />
            --delete-emptydir-data
          </label>
        </div>
      )}
      {commands.map((command) => (
        <CommandLine key={command} command={command} />
      ))}
      {commands.length === 0 && <p className="muted">{t('action.noCommand')}</p>}
      <div className={styles.submit}>
        <button
          type="submit"
          className={action === 'delete' || action === 'removeNode' ? 'btn danger' : 'btn primary'}
          aria-label={t('action.confirm', { action: t(`action.${action}`), name: selected.name })}
        >
          {t(`action.${action}`)}
        </button>
        <button type="button" className="btn" onClick={onCancel}>
          {t('action.cancel')}
        </button>
      </div>
    </form>
  )
}

const HINTS: { readonly [action in ActionId]?: string } = {
  restart: 'restartHint',
  undo: 'undoHint',
  cordon: 'cordonHint',
  uncordon: 'uncordonHint',
  drain: 'drainHint',
  powerOff: 'powerOffHint',
  powerOn: 'powerOnHint',
  removeNode: 'removeNodeHint',
  delete: 'deleteHint',
}

function commandsFor(action: ActionId, ref: ObjectRef, form: ActionForm): readonly string[] {
  if (action === 'powerOff' || action === 'powerOn') return []
  const command: KubectlAction = action === 'removeNode' ? 'delete' : action
  return [kubectlCommand(command, ref, { replicas: form.replicas, ...form.drain })]
}
