import { useRef } from 'react'
import type { KeyboardEvent } from 'react'
import { useTranslation } from 'react-i18next'
import type { TimelineLane } from '../../../worker/timeline/protocol.ts'
import { StateGlyph } from '../../diagrams/StateGlyph.tsx'
import { Icon, KindIcon } from '../../icons/Icon.tsx'
import { clockTime } from '../../panels/format.ts'
import { STATE_STYLES } from '../../theme/states.ts'
import type { GroupBy, Row } from './model.ts'
import styles from './TimelineView.module.css'

interface LaneTreeProps {
  readonly rows: readonly Row[]
  readonly by: GroupBy
  readonly from: number
  readonly to: number
  readonly rowHeight: number
  readonly active: string
  readonly selected: string
  readonly onActive: (key: string, index: number) => void
  readonly onSelect: (lane: TimelineLane) => void
  readonly onFold: (key: string) => void
  /** Left and right on a life: from Event to Event. */
  readonly onMark: (lane: TimelineLane, direction: 1 | -1) => void
}

/** Names of the lives under their headings. Up and Down move, Left and Right fold or go through a life's Events, Enter selects. */
export function LaneTree(props: LaneTreeProps) {
  const { rows, from, to, rowHeight, active, onActive, onSelect, onFold, onMark } = props
  const { t } = useTranslation('timeline')
  const list = useRef<HTMLDivElement>(null)
  const found = rows.findIndex((row) => row.key === active)
  const index = found < 0 ? 0 : found
  const tabStop = index >= from && index < to ? index : from

  const move = (next: number): void => {
    const at = Math.max(0, Math.min(rows.length - 1, next))
    const row = rows[at]
    if (!row) return
    onActive(row.key, at)
    requestAnimationFrame(() => list.current?.querySelector<HTMLElement>(`[data-row="${at}"]`)?.focus())
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const row = rows[index]
    if (!row) return
    if (event.key === 'ArrowDown') move(index + 1)
    else if (event.key === 'ArrowUp') move(index - 1)
    else if (event.key === 'PageDown') move(index + 10)
    else if (event.key === 'PageUp') move(index - 10)
    else if (event.key === 'Home') move(0)
    else if (event.key === 'End') move(rows.length - 1)
    else if (event.key === 'ArrowRight' && row.type === 'lane') onMark(row.lane, 1)
    else if (event.key === 'ArrowLeft' && row.type === 'lane') onMark(row.lane, -1)
    else if (row.type === 'group' && (event.key === 'ArrowLeft' || event.key === 'ArrowRight')) {
      if (row.folded === (event.key === 'ArrowRight')) onFold(row.key)
    } else if (event.key === 'Enter' || event.key === ' ') {
      if (row.type === 'lane') onSelect(row.lane)
      else onFold(row.key)
    } else return
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    <div
      ref={list}
      role="tree"
      aria-label={t('view.lanes')}
      className={styles.tree}
      style={{ height: rows.length * rowHeight }}
      onKeyDown={onKeyDown}
    >
      {rows.slice(from, to).map((row, offset) => {
        const at = from + offset
        return <TreeRow key={row.key} {...props} row={row} at={at} tabStop={at === tabStop} />
      })}
    </div>
  )
}

interface TreeRowProps extends LaneTreeProps {
  readonly row: Row
  readonly at: number
  readonly tabStop: boolean
}

function TreeRow({ row, at, tabStop, by, rowHeight, selected, onActive, onSelect, onFold }: TreeRowProps) {
  const { t } = useTranslation('timeline')
  const place = { top: at * rowHeight, height: rowHeight }
  const common = { tabIndex: tabStop ? 0 : -1, style: place, 'data-row': at, onFocus: () => onActive(row.key, at) }
  if (row.type === 'group') {
    const name = row.name || t(by === 'node' ? 'view.noNode' : by === 'owner' ? 'view.noOwner' : 'view.clusterScoped')
    return (
      <div
        {...common}
        role="treeitem"
        aria-level={1}
        aria-expanded={!row.folded}
        aria-label={t('view.group', { name, count: row.count })}
        className={styles.heading}
        onClick={() => onFold(row.key)}
      >
        <Icon name={row.folded ? 'right' : 'down'} size={12} />
        <b title={name}>{name}</b>
        <span className="muted">{row.namespace}</span>
        <span className={styles.number}>{row.count}</span>
      </div>
    )
  }
  const { lane } = row
  const last = lane.bands.at(-1)
  const ended = lane.endMs !== null
  // A whole name needs the room of the status, which the band tells too.
  const text = by !== 'owner' && lane.kind === 'Pod' ? '' : ended ? t('view.goneToo') : (last?.status ?? '')
  return (
    <div
      {...common}
      role="treeitem"
      aria-level={2}
      aria-selected={lane.uid === selected}
      aria-label={`${lane.kind} ${lane.name}, ${laneText(lane, t)}`}
      className={styles.name}
      data-ended={ended || undefined}
      title={`${lane.name}\n${laneText(lane, t)}`}
      onClick={() => onSelect(lane)}
    >
      {lane.kind === 'Pod' && last && !ended ? (
        <StateGlyph
          state={last.state}
          progress={0.5}
          color={`var(${STATE_STYLES[last.state]?.cssVar ?? '--text'})`}
          surface="var(--surface-panel)"
        />
      ) : (
        <KindIcon kind={lane.kind} size={14} />
      )}
      <span className="mono">{by === 'owner' ? tail(lane) : lane.name}</span>
      <span className={styles.status}>
        {lane.restarts > 0 && !ended && <span className={styles.restarts}>↻{lane.restarts}</span>}
        {text}
      </span>
    </div>
  )
}

type Translate = (key: string, values?: { readonly [name: string]: string | number }) => string

function laneText({ startMs, endMs, bands, restarts }: TimelineLane, t: Translate): string {
  return [
    bands.at(-1)?.status ?? '',
    t('view.started', { time: clockTime(startMs) }),
    endMs === null ? '' : t('view.endedAt', { time: clockTime(endMs) }),
    restarts > 0 ? t('view.restarts', { count: restarts }) : '',
  ]
    .filter(Boolean)
    .join(', ')
}

/** A pod's name without its workload's, which stands in the heading. */
function tail({ kind, name, owner }: TimelineLane): string {
  const parent = owner.slice(owner.indexOf('/') + 1)
  return kind === 'Pod' && parent !== '' && name.startsWith(`${parent}-`) ? `…${name.slice(parent.length)}` : name
}
