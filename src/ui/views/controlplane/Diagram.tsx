import { useMemo, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { FlowRow, QueueRow, StationRow, TraceEntry } from '../../../worker/control-plane/protocol.ts'
import type { ControlPlaneState } from '../../engine/feed-state.ts'
import { clockTime } from '../../panels/format.ts'
import styles from './ControlPlaneView.module.css'
import { EtcdMembers } from './EtcdMembers.tsx'
import { Legend } from './Legend.tsx'
import { useTraffic } from './use-traffic.ts'
import { actText, entryText, shortController, stationName } from './words.ts'

/** With more kubelets than this their lines are one. */
const OWN_LINES = 8
/** Controllers that are shown even while they have nothing to do. */
const WELL_KNOWN: ReadonlySet<string> = new Set(
  ['deployment', 'replicaset', 'daemonset', 'statefulset', 'job', 'cronjob', 'endpointslice', 'namespace', 'node-lifecycle'].map(
    (name) => `${name}-controller`,
  ),
)

interface DiagramProps {
  readonly data: ControlPlaneState
  /** Goes up with every change of `data`. */
  readonly version: number
  /** The station whose story is shown; '' for all. */
  readonly chosen: string
  readonly onChoose: (station: string) => void
  /** The entry that is open: its way is shown strongly. */
  readonly open: TraceEntry | null
}

/** Who talks to whom: each part with its newest words, queues and counts; requests and watch events between them. */
export function Diagram({ data, version, chosen, onChoose, open }: DiagramProps) {
  const { t } = useTranslation('controlplane')
  const { stations, queues, moreKubelets, revision, totals } = data
  const kubelets = stations.filter(({ kind }) => kind === 'kubelet')
  const controllers = stations.filter(({ kind }) => kind === 'controller')
  const [all, setAll] = useState(false)
  const quiet = controllers.filter(
    ({ id, name }) => !WELL_KNOWN.has(name) && !totals.has(id) && !queues.some(({ station }) => station === id),
  )
  const shownControllers = all ? controllers : controllers.filter((row) => !quiet.includes(row))
  const layout = `${kubelets.length} ${shownControllers.length} ${data.etcd.members.length}`
  const kubeletIds = kubelets.length <= OWN_LINES ? kubelets.map(({ id }) => id).join(' ') : 'kubelets'
  const lineIds = useMemo(() => ['user', 'scheduler', 'manager', 'other', 'etcd', ...kubeletIds.split(' ')], [kubeletIds])
  const openStation = open?.station ?? ''
  const openWrites = (open?.writes ?? 0) > 0
  const marked = useMemo(
    () =>
      openStation === '' ? null : { station: openStation.startsWith('controller:') ? 'manager' : openStation, store: openWrites },
    [openStation, openWrites],
  )
  const { area, lines, dots, aggregated } = useTraffic(lineIds, marked, layout)
  // The entries are changed in place.
  // oxlint-disable-next-line react-hooks/exhaustive-deps
  const last = useMemo(() => newestOf(data.entries), [version])
  const box = (id: string, about: string, children?: ReactNode) => {
    const row = stations.find((station) => station.id === id)
    const entry = last.get(id)
    const total = totalOf(id, totals)
    return (
      <section key={id} className={styles.station} data-station={id} data-kind={id} data-chosen={chosen === id || undefined}>
        <button type="button" className={styles.name} aria-pressed={chosen === id} onClick={() => onChoose(id)}>
          {stationName(id, t)}
          {row && !row.running && <em>{t('stopped')}</em>}
        </button>
        <p className={styles.about}>{about}</p>
        {row?.lease && (
          <p className={styles.about} title={leaseTitle(row, t)}>
            {t('leaderShort', {
              holder: row.lease.holder.split('_')[0] ?? '',
              renewed: clockTime(row.lease.renewMs).slice(0, 8),
            })}
          </p>
        )}
        {children}
        {entry && <p className={styles.last}>{PLURAL.has(id) ? entryText(entry, t) : actText(entry, t)}</p>}
        {total && (
          <p className={styles.counts}>
            {t('counts', { requests: total.requests, events: total.events })}
            {total.refusals > 0 && <b> · {t('refused', { count: total.refusals })}</b>}
          </p>
        )}
      </section>
    )
  }
  const chip = (row: StationRow) => (
    <Chip key={row.id} row={row} queues={queues} chosen={chosen === row.id} lit={openStation === row.id} onChoose={onChoose} />
  )
  const diagram = (
    <div ref={area} className={styles.diagram} role="group" aria-label={t('stations')}>
      <canvas ref={lines} className={styles.lines} aria-hidden="true" />
      <div className={styles.left}>
        {box('scheduler', t('about.scheduler'), <Badges queues={queues} station="scheduler" />)}
        {box(
          'manager',
          '',
          <div className={styles.chips}>
            {shownControllers.map(chip)}
            {quiet.length > 0 && (
              <button type="button" className={styles.chip} aria-expanded={all} onClick={() => setAll(!all)}>
                {all ? t('lessControllers') : t('moreControllers', { count: quiet.length })}
              </button>
            )}
          </div>,
        )}
      </div>
      <div className={styles.middle}>
        {box('apiserver', t('about.apiserver'))}
        {box('etcd', t('about.etcd', { revision }), <EtcdMembers etcd={data.etcd} fixed={data.past} />)}
      </div>
      <div className={styles.right}>
        {box('user', t('about.user'))}
        <section className={styles.station} data-station="kubelets" data-chosen={chosen === 'kubelets' || undefined}>
          <button type="button" className={styles.name} aria-pressed={chosen === 'kubelets'} onClick={() => onChoose('kubelets')}>
            {t('station.kubelets')}
          </button>
          <div className={styles.chips}>{kubelets.map(chip)}</div>
          {moreKubelets > 0 && <p className={styles.about}>{t('moreKubelets', { count: moreKubelets })}</p>}
          {last.has('kubelets') && <p className={styles.last}>{entryText(last.get('kubelets') as TraceEntry, t)}</p>}
        </section>
        {box('other', t('about.other'))}
      </div>
      <canvas ref={dots} className={styles.dots} aria-hidden="true" />
    </div>
  )
  return (
    <>
      {diagram}
      <Legend aggregated={aggregated} />
    </>
  )
}

interface ChipProps {
  readonly row: StationRow
  readonly queues: readonly QueueRow[]
  readonly chosen: boolean
  readonly lit: boolean
  readonly onChoose: (station: string) => void
}

function Chip({ row, queues, chosen, lit, onChoose }: ChipProps) {
  const { t } = useTranslation('controlplane')
  const stopped = row.kind === 'kubelet' ? t('noPower') : t('stopped')
  return (
    <button
      type="button"
      className={styles.chip}
      data-station={row.id}
      data-lit={lit || undefined}
      data-off={!row.running || undefined}
      aria-pressed={chosen}
      title={row.name}
      onClick={() => onChoose(row.id)}
    >
      {shortController(row.name)}
      {!row.running && row.kind === 'kubelet' && <em>{stopped}</em>}
      <Badges queues={queues} station={row.id} />
    </button>
  )
}

/** How many keys are ready and how many wait, if any. */
function Badges({ queues, station }: { readonly queues: readonly QueueRow[]; readonly station: string }) {
  const { t } = useTranslation('controlplane')
  const own = queues.filter((queue) => queue.station === station)
  const ready = own.reduce((sum, queue) => sum + queue.depth + queue.working.length, 0)
  const waiting = own.reduce((sum, queue) => sum + queue.waitingCount, 0)
  if (ready === 0 && waiting === 0) return null
  const failing = own.some((queue) => queue.waiting.some(({ error }) => error !== ''))
  const label = `${t('queueLabel', { ready, waiting })}${failing ? `, ${t('queueErrors')}` : ''}`
  return (
    <span className={styles.badges} role="img" aria-label={label} title={label}>
      {ready > 0 && <span className={styles.badge}>{ready}</span>}
      {waiting > 0 && (
        <span className={styles.badge} data-waiting data-failing={failing || undefined}>
          {waiting}
          {failing ? '!' : ''}
        </span>
      )}
    </span>
  )
}

/** The newest entry of each station; of all controllers for their process, of all kubelets for 'kubelets'. */
function newestOf(entries: readonly TraceEntry[]): ReadonlyMap<string, TraceEntry> {
  const found = new Map<string, TraceEntry>()
  const note = (id: string, entry: TraceEntry): void => {
    if (!found.has(id)) found.set(id, entry)
  }
  for (let i = entries.length - 1; i >= Math.max(0, entries.length - LOOK_BACK); i--) {
    const entry = entries[i] as TraceEntry
    if (entry.station !== 'apiserver') note(entry.station, entry)
    if (entry.type === 'request') note('apiserver', entry)
    if (entry.writes > 0) note('etcd', entry)
    if (entry.station.startsWith('controller:')) note('manager', entry)
    if (entry.station.startsWith('kubelet:')) note('kubelets', entry)
  }
  return found
}
/** A process does what its controllers do. */
function totalOf(id: string, totals: ReadonlyMap<string, FlowRow>): FlowRow | undefined {
  if (id !== 'manager') return totals.get(id)
  const parts = [...totals.values()].filter(({ station }) => station === 'manager' || station.startsWith('controller:'))
  if (parts.length === 0) return undefined
  const sum = (key: Exclude<keyof FlowRow, 'station'>): number => parts.reduce((total, part) => total + part[key], 0)
  return { station: id, requests: sum('requests'), writes: sum('writes'), refusals: sum('refusals'), events: sum('events') }
}

/** Their newest words are somebody else's: these are named. */
const PLURAL: ReadonlySet<string> = new Set(['apiserver', 'etcd', 'manager', 'other', 'user'])

/** Words older than this many entries are stale. */
const LOOK_BACK = 600

function leaseTitle({ lease }: StationRow, t: (key: 'leader', values: { [name: string]: string | number }) => string): string {
  if (!lease) return ''
  const { name, holder, renewMs, transitions } = lease
  return t('leader', { name, holder, renewed: clockTime(renewMs), transitions })
}
