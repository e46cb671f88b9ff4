import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import type { CronProgress, JobProgress } from '../../../worker/rollout/protocol.ts'
import { age } from '../../panels/format.ts'
import styles from './JobPanel.module.css'
import { indexStates, MOST_INDEXES } from './job.ts'

/** How far a Job has come: its counts, its back-off budget, and for an indexed one every index. */
export function JobPanel({ job, nowMs }: { readonly job: JobProgress; readonly nowMs: number }) {
  const { t } = useTranslation('rollout')
  const wanted = job.completions ?? job.parallelism
  const indexes = indexStates(job)
  return (
    <section className={styles.panel} aria-label={t('job.title')}>
      <div className={styles.bar} role="img" aria-label={t('job.done', { done: job.succeeded, all: wanted })}>
        <i data-part="succeeded" style={{ flexGrow: job.succeeded }} />
        <i data-part="active" style={{ flexGrow: job.active }} />
        <i data-part="left" style={{ flexGrow: Math.max(0, wanted - job.succeeded - job.active) }} />
      </div>
      <dl className={styles.facts}>
        <Fact name={t('job.completions')} value={`${job.succeeded}/${job.completions ?? t('job.any')}`} />
        <Fact name={t('job.active')} value={`${job.active} (${t('job.ready', { count: job.ready })})`} />
        <Fact name={t('job.parallelism')} value={String(job.parallelism)} />
        <Fact name={t('job.failed')} value={failedText(job, t)} />
        {job.startedMs !== null && <Fact name={t('job.duration')} value={age((job.endedMs ?? nowMs) - job.startedMs)} />}
        {job.endedMs !== null && job.ttlSeconds !== null && (
          <Fact name={t('job.goes')} value={age(Math.max(0, job.endedMs + job.ttlSeconds * 1000 - nowMs))} />
        )}
        {job.ended !== '' && <Fact name={t('job.ended')} value={job.ended} />}
      </dl>
      {indexes.length > 0 && (
        <ol className={styles.indexes} aria-label={t('job.indexes')}>
          {indexes.map((state, index) => (
            // The position is the index.
            // oxlint-disable-next-line react/no-array-index-key
            <li key={index} data-state={state} title={`${index}: ${t(`job.state.${state}`)}`}>
              {index}
              <span aria-hidden="true">{MARKS[state]}</span>
            </li>
          ))}
        </ol>
      )}
      {(job.completions ?? 0) > MOST_INDEXES && job.indexed && <p className="muted">{t('job.more', { count: MOST_INDEXES })}</p>}
    </section>
  )
}

/** With a limit per index the Job's own limit is as high as numbers go. */
const NO_LIMIT = 2 ** 31 - 1

function failedText({ failed, backoffLimit }: JobProgress, t: TFunction<'rollout'>): string {
  return backoffLimit === NO_LIMIT ? String(failed) : t('job.ofLimit', { failed, limit: backoffLimit })
}

const MARKS = { succeeded: '✓', failed: '✗', open: '·' } as const

/** When a CronJob runs next and ran last. */
export function CronPanel({ cron, nowMs }: { readonly cron: CronProgress; readonly nowMs: number }) {
  const { t } = useTranslation('rollout')
  const ago = (ms: number | null) => (ms === null ? t('cron.never') : t('cron.ago', { age: age(Math.max(0, nowMs - ms)) }))
  return (
    <section className={styles.panel} aria-label={t('cron.title')}>
      <dl className={styles.facts}>
        <Fact name={t('cron.schedule')} value={`${cron.schedule}${cron.timeZone === '' ? '' : ` (${cron.timeZone})`}`} />
        <Fact
          name={t('cron.next')}
          value={cron.nextMs === null ? t('cron.never') : t('cron.in', { age: age(Math.max(0, cron.nextMs - nowMs)) })}
        />
        <Fact name={t('cron.last')} value={ago(cron.lastMs)} />
        <Fact name={t('cron.lastSuccess')} value={ago(cron.lastSuccessMs)} />
        <Fact name={t('cron.policy')} value={cron.concurrencyPolicy} />
      </dl>
    </section>
  )
}

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}
