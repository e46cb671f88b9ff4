import { useTranslation } from 'react-i18next'
import { useFeed } from '../../engine/hooks.ts'
import { KindIcon } from '../../icons/Icon.tsx'
import { useLayout } from '../../state/layout.ts'
import { useSelection } from '../../state/selection.ts'
import styles from './RolloutView.module.css'
import { WORKLOADS, workloadRef } from './workload.ts'

/** Shown while no workload is chosen: all there are, with kubectl's READY. */
export function WorkloadPicker() {
  const { t } = useTranslation('rollout')
  const openDock = useLayout((state) => state.openDock)
  const lists = [
    useWorkloads('deployments', 'ready'),
    useWorkloads('statefulsets', 'ready'),
    useWorkloads('daemonsets', 'ready'),
    useWorkloads('cronjobs', 'schedule'),
    useWorkloads('jobs', 'completions'),
    useWorkloads('replicasets', 'ready'),
    useWorkloads('replicationcontrollers', 'ready'),
  ]
  const all = lists.flatMap((list) => list ?? [])
  const keys = new Set(all.map(({ resource, key }) => `${resource}/${key}`))
  // What another workload runs is reached through it.
  const rows = all.filter(
    ({ resource, key, owned }) => !owned && !(resource === 'jobs' && keys.has(`cronjobs/${key.replace(/-\d+$/, '')}`)),
  )
  return (
    <div className={styles.picker}>
      <h2>{t('pick')}</h2>
      {lists.every((list) => list === undefined) && <p className="muted">{t('loading')}</p>}
      {rows.length === 0 && lists.some((list) => list !== undefined) && (
        <div className="notice">
          <p>{t('none')}</p>
          <button type="button" className="btn" onClick={() => openDock('examples')}>
            {t('examples')}
          </button>
        </div>
      )}
      <ul className={styles.workloads}>
        {rows.map((row) => (
          <li key={`${row.resource}/${row.key}`}>
            <button
              type="button"
              className={styles.workload}
              onClick={() => useSelection.getState().select(workloadRef(row.resource, row.namespace, row.name))}
            >
              <KindIcon kind={WORKLOADS[row.resource]?.kind ?? ''} />
              <span className="mono">{row.name}</span>
              <span className="muted">{row.namespace}</span>
              <span className={styles.workloadReady}>{row.ready}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  )
}

/** All of one kind, with the column that tells best how it stands. */
function useWorkloads(resource: string, told: string) {
  const { group = '' } = WORKLOADS[resource] ?? {}
  const { data } = useFeed({ feed: 'table', group, version: 'v1', resource })
  const { data: map } = useFeed({ feed: 'map' })
  if (!data) return undefined
  const column = data.columns.findIndex(({ name }) => name.toLowerCase() === told)
  const owners = new Set([...(map?.pods.values() ?? [])].map(({ namespace, owner }) => `${namespace}/${owner}`))
  const { kind = '' } = WORKLOADS[resource] ?? {}
  return [...data.rows.values()].map(({ key, namespace, name, cells }) => ({
    resource,
    key,
    namespace,
    name,
    owned: resource === 'replicasets' && !owners.has(`${namespace}/${kind}/${name}`),
    ready: column < 0 ? '' : String(cells[column] ?? ''),
  }))
}
