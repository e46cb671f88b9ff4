import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { BREAK_OPERATORS } from '../../worker/protocol.ts'
import type { BreakCondition, BreakOperator, KindCount } from '../../worker/protocol.ts'
import { Dialog } from '../app/Dialog.tsx'
import dialog from '../app/Dialog.module.css'
import { useEngine, useFeed } from '../engine/hooks.ts'
import { Icon } from '../icons/Icon.tsx'
import { useSelection } from '../state/selection.ts'
import { conditionText, freeId, STATUS_WORDS, takesValue } from './conditions.ts'
import styles from './Travel.module.css'

/** When the clock is to stop: a list, and a form for one more. */
export default function BreakpointsDialog() {
  const { t } = useTranslation('timeline')
  const engine = useEngine()
  const { data: travel } = useFeed({ feed: 'travel' })
  const [error, setError] = useState('')
  const conditions = travel?.breakpoints ?? []
  const set = (next: readonly BreakCondition[]): void => {
    setError('')
    engine.setBreakpoints(next).catch((reason: unknown) => setError(reason instanceof Error ? reason.message : String(reason)))
  }
  return (
    <Dialog title={t('break.title')}>
      <div className={dialog.body}>
        <p className="muted">{t('break.explain')}</p>
        {conditions.length > 0 && (
          <ul className={styles.conditions} aria-label={t('break.list')}>
            {conditions.map((condition) => (
              <li key={condition.id}>
                <span className="wrap-anywhere">{conditionText(condition, t)}</span>
                <button
                  type="button"
                  className="btn bare icon"
                  aria-label={t('break.remove', { condition: conditionText(condition, t) })}
                  onClick={() => set(conditions.filter(({ id }) => id !== condition.id))}
                >
                  <Icon name="close" />
                </button>
              </li>
            ))}
          </ul>
        )}
        <StatusForm onAdd={(make) => set([...conditions, make(freeId(conditions))])} />
        <FieldForm onAdd={(make) => set([...conditions, make(freeId(conditions))])} />
        <ExpressionForm add={(make) => engine.setBreakpoints([...conditions, make(freeId(conditions))])} />
        {error !== '' && (
          <p role="alert" className={styles.error}>
            {error}
          </p>
        )}
      </div>
    </Dialog>
  )
}

interface FormProps {
  readonly onAdd: (make: (id: number) => BreakCondition) => void
}

function StatusForm({ onAdd }: FormProps) {
  const { t } = useTranslation('timeline')
  const [status, setStatus] = useState<string>('CrashLoopBackOff')
  const [namespace, setNamespace] = useState('')
  return (
    <form
      className={styles.form}
      aria-label={t('break.statusForm')}
      onSubmit={(event) => {
        event.preventDefault()
        onAdd((id) => ({ id, type: 'status', status: status.trim(), namespace: namespace.trim() }))
      }}
    >
      <h3>{t('break.statusForm')}</h3>
      <label>
        {t('break.status')}
        <input
          className="field mono"
          list="break-status-words"
          required
          value={status}
          onChange={(event) => setStatus(event.target.value)}
        />
        <datalist id="break-status-words">
          {STATUS_WORDS.map((word) => (
            <option key={word} value={word} />
          ))}
        </datalist>
      </label>
      <label>
        {t('namespace')}
        <input
          className="field mono"
          placeholder={t('break.any')}
          value={namespace}
          onChange={(event) => setNamespace(event.target.value)}
        />
      </label>
      <button type="submit" className="btn">
        {t('break.add')}
      </button>
    </form>
  )
}

/** Kinds worth watching come first; the rest follow in the server's order. */
function usefulFirst(kinds: readonly KindCount[]): readonly KindCount[] {
  const first = ['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet', 'Job', 'Pod', 'Node', 'Service']
  const rank = ({ kind }: KindCount): number => (first.includes(kind) ? first.indexOf(kind) : first.length)
  return kinds.toSorted((a, b) => rank(a) - rank(b))
}

function FieldForm({ onAdd }: FormProps) {
  const { t } = useTranslation('timeline')
  const { data } = useFeed({ feed: 'kinds' })
  const selected = useSelection((state) => state.selected)
  const kinds = usefulFirst(data ?? [])
  const keyOf = ({ group, version, resource }: Pick<KindCount, 'group' | 'version' | 'resource'>) =>
    `${group}/${version}/${resource}`
  const [chosen, setChosen] = useState(selected ? keyOf(selected) : 'apps/v1/deployments')
  const [namespace, setNamespace] = useState(selected?.namespace ?? '')
  const [name, setName] = useState(selected?.name ?? '')
  const [path, setPath] = useState('.status.readyReplicas')
  const [operator, setOperator] = useState<BreakOperator>('<')
  const [value, setValue] = useState('2')
  const kind = kinds.find((entry) => keyOf(entry) === chosen)
  const submit = (): void => {
    if (!kind) return
    const { group, version, resource, namespaced } = kind
    const where = { namespace: namespaced ? namespace.trim() : '', name: name.trim() }
    const test = { path: path.trim(), operator, value: takesValue(operator) ? value.trim() : '' }
    onAdd((id) => ({ id, type: 'field', group, version, resource, kind: kind.kind, ...where, ...test }))
  }
  const text = (label: string, content: string, change: (next: string) => void, required = false) => (
    <label>
      {label}
      <input
        className="field mono"
        required={required}
        placeholder={required ? '' : t('break.any')}
        value={content}
        onChange={(event) => change(event.target.value)}
      />
    </label>
  )
  return (
    <form
      className={styles.form}
      aria-label={t('break.fieldForm')}
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <h3>{t('break.fieldForm')}</h3>
      <label>
        {t('break.kind')}
        <select className="field" value={chosen} onChange={(event) => setChosen(event.target.value)}>
          {kinds.map((entry) => (
            <option key={keyOf(entry)} value={keyOf(entry)}>
              {entry.kind}
              {entry.group === '' ? '' : ` (${entry.group})`}
            </option>
          ))}
        </select>
      </label>
      {kind?.namespaced !== false && text(t('namespace'), namespace, setNamespace)}
      {text(t('break.name'), name, setName)}
      {text(t('break.path'), path, setPath, true)}
      <label>
        {t('break.operator')}
        <select
          className="field"
          value={operator}
          onChange={(event) => setOperator(BREAK_OPERATORS.find((known) => known === event.target.value) ?? '==')}
        >
          {BREAK_OPERATORS.map((known) => (
            <option key={known} value={known}>
              {takesValue(known) ? known : t(`break.${known}`)}
            </option>
          ))}
        </select>
      </label>
      {takesValue(operator) && text(t('break.value'), value, setValue)}
      <button type="submit" className="btn" disabled={!kind}>
        {t('break.add')}
      </button>
      <p className={`muted ${styles.wide}`}>{t('break.pathHint')}</p>
    </form>
  )
}

interface ExpressionFormProps {
  /** Rejects when the expression is wrong. */
  readonly add: (make: (id: number) => BreakCondition) => Promise<void>
}

/** What is wrong with the expression stands below its field. */
function ExpressionForm({ add }: ExpressionFormProps) {
  const { t } = useTranslation('timeline')
  const { data } = useFeed({ feed: 'kinds' })
  const kinds = usefulFirst(data ?? [])
  const [chosen, setChosen] = useState('')
  const [namespace, setNamespace] = useState('')
  const [expression, setExpression] = useState("object.kind == 'Pod' && object.status.phase == 'Failed'")
  const [error, setError] = useState('')
  const kind = kinds.find(({ resource, group }) => `${resource}.${group}` === chosen)
  const submit = (): void => {
    const { group = '', version = '', resource = '', kind: name = '' } = kind ?? {}
    const filter = { group, version, resource, kind: name, namespace: namespace.trim() }
    add((id) => ({ id, type: 'expression', ...filter, expression: expression.trim() })).then(
      () => setError(''),
      (reason: unknown) => setError(reason instanceof Error ? reason.message : String(reason)),
    )
  }
  return (
    <form
      className={styles.form}
      aria-label={t('break.expressionForm')}
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <h3>{t('break.expressionForm')}</h3>
      <label>
        {t('break.kind')}
        <select className="field" value={chosen} onChange={(event) => setChosen(event.target.value)}>
          <option value="">{t('break.anyKind')}</option>
          {kinds.map(({ resource, group, kind: name }) => (
            <option key={`${resource}.${group}`} value={`${resource}.${group}`}>
              {name}
              {group === '' ? '' : ` (${group})`}
            </option>
          ))}
        </select>
      </label>
      <label>
        {t('namespace')}
        <input
          className="field mono"
          placeholder={t('break.any')}
          value={namespace}
          onChange={(event) => setNamespace(event.target.value)}
        />
      </label>
      <label className={styles.wide}>
        {t('break.expression')}
        <input
          className="field mono"
          required
          spellCheck={false}
          aria-invalid={error !== ''}
          aria-describedby={error === '' ? undefined : 'break-expression-error'}
          value={expression}
          onChange={(event) => {
            setExpression(event.target.value)
            setError('')
          }}
        />
      </label>
      {error !== '' && (
        <p role="alert" id="break-expression-error" className={`${styles.error} ${styles.wide} ${styles.compiler}`}>
          {error}
        </p>
      )}
      <button type="submit" className="btn">
        {t('break.add')}
      </button>
      <p className={`muted ${styles.wide}`}>{t('break.expressionHint')}</p>
    </form>
  )
}
