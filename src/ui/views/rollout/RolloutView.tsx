import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useFeed, useFeedDeltas } from '../../engine/hooks.ts'
import { KindIcon } from '../../icons/Icon.tsx'
import { useSelection } from '../../state/selection.ts'
import { AutoscalerPanel } from './AutoscalerPanel.tsx'
import { Conditions } from './Conditions.tsx'
import { CronPanel, JobPanel } from './JobPanel.tsx'
import { Lanes } from './Lanes.tsx'
import { LoadPanel } from './LoadPanel.tsx'
import { RolloutChart } from './RolloutChart.tsx'
import styles from './RolloutView.module.css'
import { WorkloadPicker } from './WorkloadPicker.tsx'
import { isWorkload, ownerRef, useWorkload } from './workload.ts'

/** The chart's now moves in steps of this: it is read, not watched. */
const NOW_STEP_MS = 200

/** Revisions of a workload over time, with the room that surge and unavailability leave. */
export default function RolloutView() {
  const { t } = useTranslation('rollout')
  useFollowSelection()
  const { shown, show } = useWorkload()
  const request =
    shown &&
    ({ feed: 'rollout', group: shown.group, resource: shown.resource, namespace: shown.namespace, name: shown.name } as const)
  const { data, version } = useFeed(request)
  const nowMs = useNow()
  if (!shown) return <WorkloadPicker />
  const other = (
    <button type="button" className="btn" onClick={() => show(null)}>
      {t('other')}
    </button>
  )
  if (!data)
    return (
      <div className="notice">
        <p>{version === 0 ? t('loading') : t('gone', { kind: shown.kind, name: shown.name })}</p>
        {other}
      </div>
    )
  return (
    <div className={styles.view}>
      <header className={styles.head}>
        <KindIcon kind={data.kind} size={22} />
        <h2>
          <span className="mono">{data.name}</span> <span className="muted">{data.namespace}</span>
        </h2>
        <span className={styles.facts}>
          {data.strategy}
          {data.maxSurge !== '' && ` · maxSurge ${data.maxSurge}`}
          {data.maxUnavailable !== '' && ` · maxUnavailable ${data.maxUnavailable}`}
          {!data.cron && ` · ${t('desired', { count: data.desired })}`}
          {(data.partition ?? 0) > 0 && ` · ${t('partition', { partition: data.partition })}`}
        </span>
        {data.paused && <span className={styles.tag}>{t(data.job || data.cron ? 'suspended' : 'paused')}</span>}
        {other}
      </header>
      {data.statusLine !== '' && (
        <p className={styles.status} aria-live="polite">
          <code>{data.statusLine}</code>
        </p>
      )}
      {data.job && <JobPanel job={data.job} nowMs={nowMs} />}
      {data.cron && <CronPanel cron={data.cron} nowMs={nowMs} />}
      <Conditions conditions={data.conditions} />
      <RolloutChart view={data} nowMs={Math.max(nowMs, data.points.at(-1)?.timeMs ?? 0)} />
      {data.autoscaler && <AutoscalerPanel autoscaler={data.autoscaler} namespace={data.namespace} nowMs={nowMs} />}
      {!data.job && !data.cron && <LoadPanel view={data} />}
      <Lanes view={data} />
    </div>
  )
}

/** A workload selected anywhere is shown; so is the workload of a selected pod. */
function useFollowSelection(): void {
  const selected = useSelection((state) => state.selected)
  const show = useWorkload((state) => state.show)
  const { data: map, version } = useFeed(selected?.resource === 'pods' ? { feed: 'map' } : null)
  useEffect(() => {
    if (!selected) return
    if (isWorkload(selected)) show(selected)
    else if (selected.resource === 'pods' && map)
      for (const pod of map.pods.values())
        if (pod.name === selected.name && pod.namespace === selected.namespace) {
          const owner = ownerRef(pod.owner, pod.namespace)
          if (owner) show(owner)
          return
        }
    // Once per selection, as soon as the map is there.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [selected, version > 0, show])
}

function useNow(): number {
  const [nowMs, setNowMs] = useState(0)
  useFeedDeltas({ feed: 'clock' }, (data) => {
    if (data.feed === 'clock') setNowMs(Math.floor(data.clock.nowMs / NOW_STEP_MS) * NOW_STEP_MS)
  })
  return nowMs
}
