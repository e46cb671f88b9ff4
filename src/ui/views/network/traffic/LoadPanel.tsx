import { memo, useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import type { LoadRow, LoadSpec, NetTopology } from '../../../../worker/network/protocol.ts'
import { reported } from '../../../app/report.ts'
import { useSession } from '../../../engine/hooks.ts'
import { say } from '../../../state/status.ts'
import { SourceSelect } from '../SenderBar.tsx'
import { likelySource, parseSource, presetsOf, sourceId } from '../sources.ts'
import { DistributionChart, LatencyChart, StatusChart } from './LoadCharts.tsx'
import styles from './Traffic.module.css'

interface LoadPanelProps {
  readonly topology: NetTopology
  readonly loads: readonly LoadRow[]
}

/** Clients that ask the same thing again and again: set up, started, stopped, and what comes of them. */
export function LoadPanel({ topology, loads }: LoadPanelProps) {
  const { t } = useTranslation('network')
  return (
    <section className={styles.panel} aria-label={t('load.title')}>
      <h3>{t('load.title')}</h3>
      <LoadForm topology={topology} nextId={1 + Math.max(0, ...loads.map(({ id }) => id))} />
      {loads.length === 0 && <p className="muted">{t('load.none')}</p>}
      {loads.toReversed().map((load) => (
        <Load key={load.id} load={load} />
      ))}
    </section>
  )
}

const LoadForm = memo(function LoadForm({ topology, nextId }: { readonly topology: NetTopology; readonly nextId: number }) {
  const { t } = useTranslation('network')
  const { api } = useSession()
  const suggested = presetsOf(topology).find(({ id }) => id === 'service')?.draft.to ?? ''
  const [from, setFrom] = useState('')
  const [url, setUrl] = useState<string | null>(null)
  const [rate, setRate] = useState('50')
  const [clients, setClients] = useState('10')
  const [keepAlive, setKeepAlive] = useState(false)
  const id = from === '' ? likelySource(topology) : from
  const target = url ?? suggested
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    const source = parseSource(id)
    if (!source) return
    const load: LoadSpec = { id: nextId, source, url: target, rate: Number(rate), clients: Number(clients), keepAlive }
    const { ok, message } = await api.command({ type: 'network', action: { act: 'load-start', load } })
    if (!ok) say('error', message)
  }
  return (
    <form className={styles.form} onSubmit={(event) => reported(submit(event))}>
      <label className={styles.wide}>
        <span>{t('send.from')}</span>
        <SourceSelect topology={topology} value={id} onChange={setFrom} />
      </label>
      <label className={styles.wide}>
        <span>{t('load.url')}</span>
        <input
          className="field mono"
          value={target}
          placeholder="http://web/"
          spellCheck={false}
          onChange={(event) => setUrl(event.target.value)}
        />
      </label>
      <label>
        <span>{t('load.rate')}</span>
        <input className="field" inputMode="decimal" value={rate} onChange={(event) => setRate(event.target.value)} />
      </label>
      <label>
        <span>{t('load.clients')}</span>
        <input className="field" inputMode="numeric" value={clients} onChange={(event) => setClients(event.target.value)} />
      </label>
      <label className={styles.check}>
        <input type="checkbox" checked={keepAlive} onChange={(event) => setKeepAlive(event.target.checked)} />{' '}
        {t('load.keepAlive')}
      </label>
      <button type="submit" className="btn primary" disabled={target.trim() === ''}>
        {t('load.start')}
      </button>
    </form>
  )
})

function Load({ load }: { readonly load: LoadRow }) {
  const { t } = useTranslation('network')
  const { api } = useSession()
  const { id, source, url, rate, clients, running, total, failed, bins, endpoints, keepAlive } = load
  const act = async (): Promise<void> => {
    const again: LoadSpec = { id, source, url, rate, clients, keepAlive }
    const action = running ? ({ act: 'load-stop', id } as const) : ({ act: 'load-start', load: again } as const)
    const { ok, message } = await api.command({ type: 'network', action })
    if (!ok) say('error', message)
  }
  return (
    <article className={styles.load} data-running={running || undefined} aria-label={t('load.name', { url })}>
      <header>
        <p className="wrap-anywhere">
          <b className="mono">{sourceId(source).replace(/^(pod|node):/, '')}</b> → <b className="mono">{url}</b>
        </p>
        <button type="button" className="btn" onClick={() => reported(act())}>
          {t(running ? 'load.stop' : 'load.again')}
        </button>
      </header>
      <p className="muted">
        {t('load.facts', { rate, clients, total })}
        {failed > 0 && <span className={styles.bad}> {t('load.failed', { count: failed })}</span>}
      </p>
      <LatencyChart bins={bins} />
      <StatusChart bins={bins} />
      <DistributionChart endpoints={endpoints} keepAlive={keepAlive} />
    </article>
  )
}
