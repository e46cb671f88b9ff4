import { useMemo, useRef, useState, type KeyboardEvent } from 'react'
import { useTranslation } from 'react-i18next'
import type { TraceEntry } from '../../../worker/control-plane/protocol.ts'
import type { ClockState } from '../../../worker/protocol.ts'
import type { ControlPlaneState } from '../../engine/feed-state.ts'
import { useFeed, useSession } from '../../engine/hooks.ts'
import { Icon } from '../../icons/Icon.tsx'
import { useSelection, type ObjectRef } from '../../state/selection.ts'
import { reported } from '../../app/report.ts'
import styles from './ControlPlaneView.module.css'
import { Detail } from './Detail.tsx'
import { Diagram } from './Diagram.tsx'
import { ENTRY_CLASSES, FIRST_FILTER, passes, type EntryClass, type EntryFilter } from './filter.ts'
import { QueuePanel } from './QueuePanel.tsx'
import { StoryList } from './StoryList.tsx'
import { useEntries, type Scope } from './use-story.ts'
import { entryText, stationName } from './words.ts'

/** Steps of the clock that "later" makes in search of the next entry, and how far the clock may go with them. */
const MOST_STEPS = 60
const FARTHEST_MS = 10_000

/** Every request and watch event between the parts of the control plane, and the story that they tell. */
export default function ControlPlaneView() {
  const { t } = useTranslation('controlplane')
  const { data, version } = useFeed({ feed: 'controlplane' })
  if (!data || data.stations.length === 0) return <p className="notice">{t('loading')}</p>
  return <Loaded data={data} version={version} />
}

function Loaded({ data, version }: { readonly data: ControlPlaneState; readonly version: number }) {
  const { t } = useTranslation('controlplane')
  const { scope, bar } = useScope()
  const [filter, setFilter] = useState<EntryFilter>(FIRST_FILTER)
  const { entries, version: entriesVersion, load } = useEntries(data, version, scope)
  // The entries are changed in place: the version stands for them.
  // oxlint-disable-next-line react-hooks/exhaustive-deps
  const rows = useMemo(() => entries.filter((entry) => passes(filter, entry)).toReversed(), [entriesVersion, filter])
  const { open, shown, fresh, show, close, thaw, earlier, later, stepping, nothing } = useReading(rows, filter, load)
  const { station } = filter
  const choose = (id: string): void => setFilter({ ...filter, station: station === id ? '' : id })
  const hasQueues = station === 'scheduler' || station === 'manager' || station.startsWith('controller:')

  const view = useRef<HTMLDivElement>(null)
  /** The focus goes back to the row that was open. */
  const leave = (): void => {
    close()
    view.current?.querySelector<HTMLElement>('[role=grid] [tabindex="0"]')?.focus()
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key === 'n') later()
    else if (event.key === 'p') earlier()
    else if (event.key === 'Escape' && open) leave()
    else return
    event.preventDefault()
  }
  return (
    <div ref={view} className={styles.view} onKeyDown={onKeyDown}>
      <Diagram data={data} version={version} chosen={station} onChoose={choose} open={open} />
      <div className={styles.bar}>
        <h2>{t('story.title')}</h2>
        {bar}
        {station !== '' && (
          <button type="button" className="btn" aria-pressed="true" onClick={() => choose(station)}>
            {t('story.at', { name: stationName(station, t) })} <Icon name="close" size={12} />
          </button>
        )}
        <ClassBoxes filter={filter} onChange={setFilter} />
        <span className={styles.steps}>
          {fresh > 0 && (
            <button type="button" className="btn" onClick={thaw}>
              {t('story.fresh', { count: fresh })}
            </button>
          )}
          <button type="button" className="btn" aria-keyshortcuts="p" disabled={rows.length === 0} onClick={earlier}>
            <Icon name="left" /> {t('story.earlier')} <kbd>p</kbd>
          </button>
          <button
            type="button"
            className="btn"
            aria-keyshortcuts="n"
            title={t('story.laterHint')}
            disabled={stepping}
            onClick={later}
          >
            {stepping ? t('story.stepping') : t('story.later')} <kbd>n</kbd> <Icon name="right" />
          </button>
        </span>
      </div>
      {data.past && <p className={styles.say}>{t('story.past')}</p>}
      <p className="visually-hidden" aria-live="polite">
        {nothing ? t('story.nothingMore') : open ? entryText(open, t) : ''}
      </p>
      <div className={styles.reading} data-open={open !== null || undefined}>
        <div className={styles.list}>
          {shown.length > 0 && <StoryList rows={shown} open={open} onOpen={show} beside={open !== null || hasQueues} />}
          {shown.length === 0 && <p className="notice">{t(entries.length === 0 ? 'story.empty' : 'story.emptyFiltered')}</p>}
        </div>
        {open ? <Detail entry={open} onClose={leave} /> : hasQueues && <QueuePanel station={station} queues={data.queues} />}
      </div>
    </div>
  )
}

/** A selected object limits the list to its story, until "everything" is asked for. */
function useScope() {
  const { t } = useTranslation('controlplane')
  const selected = useSelection((state) => state.selected)
  /** The object whose selection is not to limit the list. */
  const [ignored, setIgnored] = useState<ObjectRef | null>(null)
  const [owned, setOwned] = useState(true)
  const everything = selected === ignored
  const scope = useMemo<Scope | null>(
    () => (selected && !everything ? { object: selected, owned } : null),
    [selected, everything, owned],
  )
  const bar = selected && (
    <span className={styles.scope} role="group" aria-label={t('story.show')}>
      <button type="button" className="btn" aria-pressed={!everything} onClick={() => setIgnored(null)}>
        {t('story.only', { kind: selected.kind, name: selected.name })}
      </button>
      <label>
        <input type="checkbox" checked={owned} disabled={everything} onChange={(event) => setOwned(event.target.checked)} />{' '}
        {t('story.owned')}
      </label>
      <button type="button" className="btn" aria-pressed={everything} onClick={() => setIgnored(selected)}>
        {t('story.everything')}
      </button>
    </span>
  )
  return { scope, bar }
}

function ClassBoxes({ filter, onChange }: { readonly filter: EntryFilter; readonly onChange: (filter: EntryFilter) => void }) {
  const { t } = useTranslation('controlplane')
  const toggle = (name: EntryClass): void => {
    const classes = new Set(filter.classes)
    if (!classes.delete(name)) classes.add(name)
    onChange({ ...filter, classes })
  }
  return (
    <span className={styles.classes} role="group" aria-label={t('story.show')}>
      {ENTRY_CLASSES.map((name) => (
        <label key={name}>
          <input type="checkbox" checked={filter.classes.has(name)} onChange={() => toggle(name)} /> {t(`story.${name}`)}
        </label>
      ))}
    </span>
  )
}

/** Which entry is open, how to go on from it, and the list that stands still while one is read. */
function useReading(rows: readonly TraceEntry[], filter: EntryFilter, load: () => Promise<readonly TraceEntry[]>) {
  const { api, hub } = useSession()
  const [open, setOpen] = useState<TraceEntry | null>(null)
  /** The newest entry in the list while it stands still. */
  const [topId, setTopId] = useState<number | null>(null)
  const [stepping, setStepping] = useState(false)
  const [nothing, setNothing] = useState(false)
  const top = topId === null ? 0 : rows.findIndex((entry) => entry.id <= topId)
  const shown = top > 0 ? rows.slice(top) : rows

  const show = (entry: TraceEntry): void => {
    setOpen(entry)
    setNothing(false)
    setTopId(Math.max(entry.id, topId ?? rows[0]?.id ?? entry.id))
  }
  const step = async (after: number): Promise<void> => {
    const nowMs = () => (hub.read({ feed: 'clock' }).data as ClockState | undefined)?.nowMs ?? 0
    const beganMs = nowMs()
    for (let i = 0; i < MOST_STEPS && nowMs() - beganMs < FARTHEST_MS; i++) {
      await api.step()
      await frames()
      const next = (await load()).find((entry) => entry.id > after && passes(filter, entry))
      if (next) return show(next)
    }
    setNothing(true)
  }
  return {
    open,
    shown,
    fresh: Math.max(0, top),
    stepping,
    nothing,
    show,
    close: () => {
      setOpen(null)
      setTopId(null)
    },
    thaw: () => setTopId(null),
    earlier: () => {
      const next = open ? rows.find((entry) => entry.id < open.id) : rows[0]
      if (next) show(next)
    },
    later: () => {
      if (stepping) return
      const next = open && rows.findLast((entry) => entry.id > open.id)
      if (next) return show(next)
      setStepping(true)
      setNothing(false)
      reported(step(rows[0]?.id ?? -Infinity).finally(() => setStepping(false)))
    },
  }
}

/** Until messages that are under way have been applied. A hidden page has no frames. */
function frames(): Promise<unknown> {
  const drawn = new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
  return Promise.race([drawn, new Promise((resolve) => setTimeout(resolve, 300))])
}
