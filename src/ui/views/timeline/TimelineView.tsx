import { useDeferredValue, useEffect, useEffectEvent, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { TimelineLane, TimelineMark } from '../../../worker/timeline/protocol.ts'
import type { TimelineState } from '../../engine/feed-state.ts'
import { useFeed } from '../../engine/hooks.ts'
import { useSelection } from '../../state/selection.ts'
import { useSettings } from '../../state/settings.ts'
import { useScrubber, useTravel, type Travel } from '../../timeline/use-travel.ts'
import { Axis } from './Axis.tsx'
import { EventList } from './EventList.tsx'
import { LaneCanvas } from './LaneCanvas.tsx'
import { LaneTree } from './LaneTree.tsx'
import { MarkIndex, NO_FILTER, rowsOf, shownLanes, shownMarks, type GroupBy, type LaneFilter } from './model.ts'
import styles from './TimelineView.module.css'
import { Toolbar } from './Toolbar.tsx'
import { useBox } from './use-box.ts'
import { useTimeWindow } from './use-window.ts'

/** Lives of pods and objects over cluster time, and the Events about them. */
export default function TimelineView() {
  const { t } = useTranslation('timeline')
  const { data, version } = useFeed({ feed: 'timeline' })
  const travel = useTravel()
  if (!data || !travel) return <p className="notice">{t('view.loading')}</p>
  return <Timeline data={data} version={version} travel={travel} />
}

interface TimelineProps {
  readonly data: TimelineState
  readonly version: number
  readonly travel: Travel
}

function Timeline({ data, version, travel }: TimelineProps) {
  const { t } = useTranslation('timeline')
  const scrubber = useScrubber()
  const [filter, setFilter] = useState<LaneFilter>(NO_FILTER)
  const [by, setBy] = useState<GroupBy>('owner')
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set())
  const [active, setActive] = useState('')
  const [focused, setFocused] = useState<TimelineMark | null>(null)
  const enlarged = useSettings((state) => state.enlarged)
  const rowHeight = enlarged ? 32 : 24
  const { presentMs } = travel
  const startMs = travel.state.historyStartMs
  const control = useTimeWindow(startMs, presentMs)
  const { window, show } = control
  const body = useRef<HTMLDivElement>(null)
  const outer = useRef<HTMLDivElement>(null)
  const { width, height, scrollTop, labelWidth } = useBox(body)
  const wanted = useDeferredValue(filter)
  // Seconds are fine enough for what is in sight.
  const seconds = `${Math.floor(window.fromMs / 1000)} ${Math.floor(window.toMs / 1000)}`
  const marks = useMarks(data, version)
  const lanes = useMemo(
    () => shownLanes({ lanes: data.lanes.values(), marks, filter: wanted, by, folded, window, nowMs: presentMs }),
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- lanes change in place; the version tells
    [data, version, marks, wanted, seconds],
  )
  const rows = useMemo(() => rowsOf(lanes, by, folded), [lanes, by, folded])
  const listed = useMemo(
    () => shownMarks(data.marks, wanted, window),
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- as above
    [data, version, wanted, seconds],
  )
  const namespaces = useMemo(
    () => [...new Set([...data.lanes.values()].map((lane) => lane.namespace).filter(Boolean))].sort(),
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- as above
    [data.lanes, data.lanes.size],
  )
  const { selectedUid, selectLane } = useLaneSelection(data)
  const reveal = (index: number): void => {
    const element = body.current
    if (!element) return
    const top = index * rowHeight
    if (top < element.scrollTop) element.scrollTop = top
    else if (top + rowHeight > element.scrollTop + element.clientHeight)
      element.scrollTop = top + rowHeight - element.clientHeight
  }
  useReveal(selectedUid, rows, reveal)

  /** Brings a moment into sight, keeping the span. */
  const bring = (timeMs: number): void => {
    if (timeMs >= window.fromMs && timeMs <= window.toMs) return
    const half = (window.toMs - window.fromMs) / 2
    show({ fromMs: timeMs - half, toMs: timeMs + half })
  }
  const focusMark = (mark: TimelineMark): void => {
    setFocused(mark)
    bring(mark.timeMs)
  }
  const walkMarks = (lane: TimelineLane, direction: 1 | -1): void => {
    const own = marks.of(lane.uid).filter((mark) => !filter.onlyWarnings || mark.warning)
    const at = focused ? own.indexOf(focused) : -1
    const next = at < 0 ? own.at(direction > 0 ? 0 : -1) : own[at + direction]
    if (next) focusMark(next)
  }
  const look = (timeMs: number): void => scrubber.to(timeMs >= presentMs ? null : Math.round(timeMs))
  const fold = (key: string): void => {
    const next = new Set(folded)
    if (!next.delete(key)) next.add(key)
    setFolded(next)
  }
  const scene = useMemo(
    () => ({
      ...{ rows, marks, window, nowMs: presentMs, atMs: travel.state.past?.atMs ?? null, scrollTop, rowHeight, height },
      ...{ onlyWarnings: filter.onlyWarnings, selected: selectedUid, focused },
    }),
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- the window is compared by its ends
    [
      rows,
      marks,
      version,
      window.fromMs,
      window.toMs,
      presentMs,
      travel.state.past?.atMs,
      scrollTop,
      rowHeight,
      height,
      filter.onlyWarnings,
      selectedUid,
      focused,
    ],
  )
  const from = Math.max(0, Math.floor(scrollTop / rowHeight) - 4)
  const to = Math.min(rows.length, Math.ceil((scrollTop + height) / rowHeight) + 4)
  return (
    <div className={styles.view}>
      <Toolbar
        {...{ filter, by, namespaces, control }}
        onFilter={setFilter}
        onBy={setBy}
        shown={lanes.length}
        total={data.lanes.size}
        omitted={data.omitted}
      />
      <Axis window={window} width={width} labelWidth={labelWidth} travel={travel} onLook={look} />
      <div ref={outer} className={styles.outer}>
        <div ref={body} className={styles.body} tabIndex={-1}>
          <LaneTree
            {...{ rows, by, from, to, rowHeight, active }}
            selected={selectedUid}
            onActive={(key, index) => {
              setActive(key)
              reveal(index)
            }}
            onSelect={selectLane}
            onFold={fold}
            onMark={walkMarks}
          />
          <LaneCanvas
            {...{ scene, width }}
            originMs={startMs}
            box={outer}
            onWindow={show}
            onPick={(hit) => {
              selectLane(hit.lane)
              if (hit.mark) setFocused(hit.mark)
            }}
            onLook={look}
          />
        </div>
        {rows.length === 0 && <Nothing onClear={() => setFilter(NO_FILTER)} />}
      </div>
      <EventList
        marks={listed}
        focused={focused}
        onFocus={(mark) => {
          focusMark(mark)
          const lane = data.lanes.get(mark.lane)
          if (lane) selectLane(lane)
        }}
        onLook={look}
      />
      <p className="visually-hidden" role="status">
        {focused && `${focused.reason}: ${focused.message}`}
      </p>
      <p className={styles.hint}>{t('view.hint')}</p>
    </div>
  )
}

function Nothing({ onClear }: { readonly onClear: () => void }) {
  const { t } = useTranslation('timeline')
  return (
    <div className={`notice ${styles.nothing}`}>
      <p>{t('view.none')}</p>
      <button type="button" className="btn" onClick={onClear}>
        {t('view.clear')}
      </button>
    </div>
  )
}

/** Marks by lane, kept up with the feed. */
function useMarks(data: TimelineState, version: number): MarkIndex {
  const [index] = useState(() => new MarkIndex())
  return useMemo(() => {
    index.update(data.marks)
    return index
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- marks are added in place; the version tells
  }, [index, data, version])
}

/** The shared selection as a lane: the youngest life of that name. */
function useLaneSelection(data: TimelineState) {
  const selected = useSelection((state) => state.selected)
  const select = useSelection((state) => state.select)
  const [chosen, setChosen] = useState('')
  const isIt = (lane: TimelineLane | undefined): boolean =>
    selected !== null &&
    lane !== undefined &&
    lane.resource === selected.resource &&
    lane.group === selected.group &&
    lane.name === selected.name &&
    lane.namespace === selected.namespace
  // Several lives may have had one name: the one that was chosen here stays.
  let selectedUid = isIt(data.lanes.get(chosen)) ? chosen : ''
  if (selected !== null && selectedUid === '') for (const lane of data.lanes.values()) if (isIt(lane)) selectedUid = lane.uid
  const selectLane = ({ uid, group, version, resource, kind, namespace, name }: TimelineLane): void => {
    setChosen(uid)
    select({ group, version, resource, kind, namespace, name })
  }
  return { selectedUid, selectLane }
}

/** Scrolls to what was selected elsewhere. */
function useReveal(uid: string, rows: ReturnType<typeof rowsOf>, reveal: (index: number) => void): void {
  const scroll = useEffectEvent(() => {
    const index = rows.findIndex((row) => row.key === uid)
    if (index >= 0) reveal(index)
  })
  useEffect(() => {
    if (uid !== '') scroll()
  }, [uid])
}
