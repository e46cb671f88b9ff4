import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import type { SimCommand } from '../../../worker/protocol.ts'
import type { MetricSetting, RolloutView } from '../../../worker/rollout/protocol.ts'
import { useEngine } from '../../engine/hooks.ts'
import { exampleText } from '../../gallery/examples.ts'
import { CommandLine } from '../../panels/CommandLine.tsx'
import styles from './LoadPanel.module.css'

/** Thousandths of a CPU: the slider's end. */
const MOST_MILLI = 4000

/** What users of the workload make it do: CPU, and metrics that only an adapter knows. */
export function LoadPanel({ view }: { readonly view: RolloutView }) {
  const { t } = useTranslation('rollout')
  const engine = useEngine()
  const [message, setMessage] = useState('')
  const command = async (request: SimCommand) => {
    const answer = await engine.command(request)
    setMessage(answer.ok ? '' : answer.message)
  }
  return (
    <details className={styles.panel} open={view.autoscaler !== undefined || view.load !== undefined}>
      <summary>{t('load.title')}</summary>
      <Cpu view={view} command={command} />
      <Metrics view={view} command={command} />
      {message !== '' && <p role="alert">{message}</p>}
    </details>
  )
}

interface PartProps {
  readonly view: RolloutView
  readonly command: (request: SimCommand) => Promise<void>
}

function Cpu({ view, command }: PartProps) {
  const { t } = useTranslation('rollout')
  const { namespace, name: workload } = view
  const { cpuMilli = 0, spread = 'shared' } = view.load ?? {}
  const set = (change: { readonly cpuMilli?: number; readonly spread?: 'each' | 'shared' }) =>
    void command({ type: 'set-load', namespace, workload, cpuMilli, spread, ...change })
  return (
    <div className={styles.row}>
      <label>
        {t('load.cpu')}
        <input
          type="range"
          min={0}
          max={MOST_MILLI}
          step={50}
          value={Math.min(cpuMilli, MOST_MILLI)}
          aria-valuetext={`${cpuMilli}m`}
          onChange={(event) => set({ cpuMilli: event.target.valueAsNumber })}
        />
        <output className="mono">{cpuMilli}m</output>
      </label>
      <SpreadChoice name={`spread-${namespace}-${workload}`} value={spread} onChange={(chosen) => set({ spread: chosen })} />
    </div>
  )
}

interface SpreadProps {
  readonly name: string
  readonly value: 'each' | 'shared'
  readonly onChange: (value: 'each' | 'shared') => void
}

function SpreadChoice({ name, value, onChange }: SpreadProps) {
  const { t } = useTranslation('rollout')
  return (
    <span role="radiogroup" aria-label={t('load.spread')} className={styles.spread}>
      {(['shared', 'each'] as const).map((choice) => (
        <label key={choice}>
          <input type="radio" name={name} checked={value === choice} onChange={() => onChange(choice)} />
          {t(`load.${choice}`)}
        </label>
      ))}
    </span>
  )
}

function Metrics({ view, command }: PartProps) {
  const { t } = useTranslation('rollout')
  const engine = useEngine()
  if (!view.adapter)
    return (
      <div className={styles.adapter}>
        <p className="muted">{t('load.noAdapter')}</p>
        <button type="button" className="btn" onClick={() => void engine.apply(exampleText('metrics-adapter'))}>
          {t('load.install')}
        </button>
        <CommandLine command="kubectl apply -f metrics-adapter.yaml" />
      </div>
    )
  return (
    <>
      {view.metrics.map(({ value, valueMilli }) => (
        <MetricRow key={`${value.metric} ${subjectText(value)}`} value={value} valueMilli={valueMilli} command={command} />
      ))}
      <AddMetric view={view} command={command} />
    </>
  )
}

function MetricRow({
  value,
  valueMilli,
  command,
}: {
  readonly value: MetricSetting
  readonly valueMilli: number
  readonly command: PartProps['command']
}) {
  const { t } = useTranslation('rollout')
  const set = (next: number | null) => void command({ type: 'set-metric', value, valueMilli: next })
  return (
    <div className={styles.row}>
      <label>
        <span className="mono">{value.metric}</span> <span className="muted">{subjectText(value)}</span>
        <input
          type="number"
          min={0}
          step="any"
          value={valueMilli / 1000}
          onChange={(event) => {
            if (!Number.isNaN(event.target.valueAsNumber)) set(Math.round(event.target.valueAsNumber * 1000))
          }}
        />
      </label>
      {value.subject.source === 'pods' && <span className="muted">{t(`load.${value.subject.spread}`)}</span>}
      <button type="button" className="btn bare" onClick={() => set(null)}>
        {t('load.remove')}
      </button>
    </div>
  )
}

function AddMetric({ view, command }: PartProps) {
  const { t } = useTranslation('rollout')
  const [source, setSource] = useState<MetricSetting['subject']['source']>('pods')
  const [metric, setMetric] = useState('')
  const [about, setAbout] = useState('')
  const add = (event: FormEvent) => {
    event.preventDefault()
    const value = { namespace: view.namespace, metric: metric.trim(), subject: subjectOf(source, view.name, about.trim()) }
    void command({ type: 'set-metric', value, valueMilli: 0 })
    setMetric('')
  }
  return (
    <form className={styles.row} onSubmit={add} aria-label={t('load.add')}>
      <select value={source} aria-label={t('load.source')} onChange={(event) => setSource(event.target.value as typeof source)}>
        <option value="pods">{t('load.pods', { name: view.name })}</option>
        <option value="object">{t('load.object')}</option>
        <option value="external">{t('load.external')}</option>
      </select>
      <input
        value={metric}
        required
        pattern="\S+"
        placeholder={t('load.metric')}
        aria-label={t('load.metric')}
        onChange={(event) => setMetric(event.target.value)}
      />
      {source !== 'pods' && (
        <input
          value={about}
          required={source === 'object'}
          pattern={source === 'object' ? '\\w+/\\S+' : '([^=]+=[^=]+)?'}
          placeholder={source === 'object' ? 'Ingress/main' : 'queue=mails'}
          aria-label={t(source === 'object' ? 'load.object' : 'load.labels')}
          onChange={(event) => setAbout(event.target.value)}
        />
      )}
      <button type="submit" className="btn">
        {t('load.add')}
      </button>
    </form>
  )
}

function subjectOf(source: MetricSetting['subject']['source'], workload: string, about: string): MetricSetting['subject'] {
  if (source === 'pods') return { source, workload, spread: 'shared' }
  if (source === 'object') {
    const [kind = '', name = ''] = about.split('/')
    return { source, kind, name }
  }
  const [label = '', value = ''] = about.split('=')
  return label === '' ? { source } : { source, labels: { [label]: value } }
}

function subjectText({ subject }: MetricSetting): string {
  if (subject.source === 'pods') return subject.workload
  if (subject.source === 'object') return `${subject.kind}/${subject.name}`
  return Object.entries(subject.labels ?? {})
    .map(([name, value]) => `${name}=${value}`)
    .join(',')
}
