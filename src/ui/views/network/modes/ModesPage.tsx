import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { GrowthPoint, ModeComparison, ModeTraffic, NetTopology, ProxyMode } from '../../../../worker/network/protocol.ts'
import type { ClockState } from '../../../../worker/protocol.ts'
import { reported } from '../../../app/report.ts'
import { useSession } from '../../../engine/hooks.ts'
import { CommandLine } from '../../../panels/CommandLine.tsx'
import { say } from '../../../state/status.ts'
import { modeCommands, switchMode } from '../faults/cluster-acts.ts'
import { useParam } from '../store.ts'
import { PluginSwitch } from './PluginSwitch.tsx'
import { GrowthChart } from './GrowthChart.tsx'
import styles from './Modes.module.css'

const MODES: readonly ProxyMode[] = ['iptables', 'ipvs', 'nftables']
const CONNECTIONS = 600

/** What each mode of kube-proxy costs a packet, the same traffic in all three, and the switch between them. */
export function ModesPage({ topology }: { readonly topology: NetTopology }) {
  const { t } = useTranslation('network')
  const [service, setService] = useParam('service')
  const growth = useGrowth()
  const { comparison, error, reading, again } = useTraffic(service)
  return (
    <div className={styles.page}>
      <Switch topology={topology} />
      <PluginSwitch topology={topology} />
      <section className={styles.section}>
        <h3>{t('modes.growth')}</h3>
        <p className="muted">{t('modes.growthHint')}</p>
        {growth.reading && <p className="muted">{t('modes.reading')}</p>}
        {growth.error !== '' && <p role="alert">{growth.error}</p>}
        {growth.points.length > 0 && <GrowthChart growth={growth.points} />}
      </section>
      <section className={styles.section}>
        <h3>{t('modes.same')}</h3>
        <div className={styles.row}>
          <label>
            {t('rules.service')}{' '}
            <select className="field" value={service} onChange={(event) => setService(event.target.value)}>
              <option value="">{t('modes.any')}</option>
              {topology.services
                .filter(({ endpoints }) => endpoints > 0)
                .map(({ namespace, name }) => (
                  <option key={`${namespace}/${name}`}>{`${namespace}/${name}`}</option>
                ))}
            </select>
          </label>
          <button type="button" className="btn" disabled={reading} onClick={again}>
            {t('modes.again')}
          </button>
        </div>
        {comparison && comparison.traffic.length > 0 && (
          <>
            <p className="muted">{t('modes.sameHint', { count: comparison.connections, service: comparison.service })}</p>
            <div className={styles.three}>
              {comparison.traffic.map((traffic) => (
                <Mode key={traffic.mode} traffic={traffic} connections={comparison.connections} />
              ))}
            </div>
          </>
        )}
        {error !== '' && <p role="alert">{error}</p>}
        {comparison && comparison.traffic.length === 0 && <p className="muted">{t('modes.noService')}</p>}
      </section>
      <section className={styles.section}>
        <h3>{t('modes.history')}</h3>
        <dl className={styles.facts}>
          {(['userspace', 'iptables', 'ipvs', 'nftables'] as const).map((mode) => (
            <div key={mode}>
              <dt>
                <b>{mode}</b> <span className="muted">{t(`modes.since.${mode}`)}</span>
              </dt>
              <dd>{t(`modes.about.${mode}`)}</dd>
            </div>
          ))}
        </dl>
      </section>
    </div>
  )
}

function Mode({
  traffic: { mode, kept, looked, endpoints },
  connections,
}: {
  readonly traffic: ModeTraffic
  readonly connections: number
}) {
  const { t } = useTranslation('network')
  const most = Math.max(1, ...endpoints.map(({ hits }) => hits))
  return (
    <article className={styles.mode} data-mode={mode}>
      <h4>{mode}</h4>
      {mode === 'ipvs' && <p className={styles.deprecated}>{t('modes.deprecated')}</p>}
      <p>{t('modes.looked', { count: looked })}</p>
      <p className="muted">{t('modes.kept', { count: kept })}</p>
      <ol>
        {endpoints.map(({ address, pod, hits }) => (
          <li key={address}>
            <span className="mono wrap-anywhere">{pod === '' ? address : pod.slice(pod.indexOf('/') + 1)}</span>
            <span className={styles.bar} style={{ width: `${(hits / most) * 100}%` }} />
            <span>
              {hits} <span className="muted">{Math.round((hits / Math.max(1, connections)) * 1000) / 10}%</span>
            </span>
          </li>
        ))}
      </ol>
      <p className="muted">{t(`modes.choice.${mode}`)}</p>
    </article>
  )
}

/** The switch: what the ConfigMap says, what runs, and the commands. */
function Switch({ topology }: { readonly topology: NetTopology }) {
  const { t } = useTranslation('network')
  const { api, hub } = useSession()
  const configured = MODES.find((mode) => mode === topology.configuredMode) ?? 'iptables'
  const [chosen, setChosen] = useState<ProxyMode | null>(null)
  const mode = chosen ?? configured
  const run = async (): Promise<void> => {
    const nowMs = (hub.read({ feed: 'clock' }).data as ClockState | undefined)?.nowMs ?? 0
    const refused = await switchMode(api, mode, nowMs)
    say(refused === '' ? 'info' : 'error', refused === '' ? t('modes.switched', { mode }) : refused)
    setChosen(null)
  }
  const running = topology.nodes.map(({ name, proxy }) => `${name}: ${proxy ?? t('modes.stopped')}`).join(', ')
  return (
    <section className={styles.section}>
      <h3>{t('modes.switch')}</h3>
      <div className={styles.row} role="group" aria-label={t('modes.switch')}>
        {MODES.map((each) => (
          <button key={each} type="button" className="btn" aria-pressed={mode === each} onClick={() => setChosen(each)}>
            {each}
          </button>
        ))}
        <button type="button" className="btn primary" disabled={mode === configured} onClick={() => reported(run())}>
          {t('modes.apply')}
        </button>
        <span className="muted">{t('modes.running', { running })}</span>
      </div>
      {mode === 'ipvs' && <p className={styles.deprecated}>{t('modes.deprecated')}</p>}
      {mode !== configured && modeCommands(mode).map((command) => <CommandLine key={command} command={command} />)}
    </section>
  )
}

/** Few Services first, which is quick, then all. */
function useGrowth() {
  const { api } = useSession()
  const [points, setPoints] = useState<readonly GrowthPoint[]>([])
  const [reading, setReading] = useState(true)
  const [error, setError] = useState('')
  useEffect(() => {
    let isCurrent = true
    const read = async (): Promise<void> => {
      for (const services of [300, 10_000]) {
        const { growth } = await api.modeComparison({ what: 'growth', service: '', connections: 0, services, round: 0 })
        if (!isCurrent) return
        setPoints(growth)
      }
    }
    read()
      .catch((failure: unknown) => setError(failure instanceof Error ? failure.message : String(failure)))
      .finally(() => setReading(false))
    return () => {
      isCurrent = false
    }
  }, [api])
  return { points, reading, error }
}

/** What the engine answers; the last answer stays while the next is waited for. */
function useTraffic(service: string) {
  const { api } = useSession()
  const [comparison, setComparison] = useState<ModeComparison>()
  const [error, setError] = useState('')
  const [round, setRound] = useState(0)
  const key = `${service} ${round}`
  const [readFor, setReadFor] = useState('')
  useEffect(() => {
    let isCurrent = true
    const tell = (found: ModeComparison | undefined, failure: string): void => {
      if (!isCurrent) return
      if (found) setComparison(found)
      setError(failure)
      setReadFor(key)
    }
    api.modeComparison({ what: 'traffic', service, connections: CONNECTIONS, services: 0, round }).then(
      (found) => tell(found, ''),
      (failure: unknown) => tell(undefined, failure instanceof Error ? failure.message : String(failure)),
    )
    return () => {
      isCurrent = false
    }
  }, [api, service, round, key])
  return { comparison, error, reading: readFor !== key, again: () => setRound((value) => value + 1) }
}
