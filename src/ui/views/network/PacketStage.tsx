import { useLayoutEffect, useMemo, useRef, useState, type RefObject } from 'react'
import { useTranslation } from 'react-i18next'
import type { PacketStep, PacketStory, Station } from '../../../worker/network/protocol.ts'
import { stageOf, type Column } from './columns.ts'
import { changedHeaders, withPort } from './headers.ts'
import { lanesOf, type Lane, type LaneStation } from './lanes.ts'
import { legMs, STILL_MS } from './player.ts'
import { centre, legPoints, pathText, pointAt, type Point, type StationBox } from './route.ts'
import styles from './PacketStage.module.css'
import type { Position } from './store.ts'
import { columnAbout, columnTitle, KIND_GLYPHS, stationEffect, stationTitle } from './words.ts'

const REDUCED = '(prefers-reduced-motion: reduce)'

interface PacketStageProps {
  readonly story: PacketStory
  readonly position: Position
  readonly playing: boolean
  readonly pace: number
  readonly onShow: (position: Position) => void
  /** Opens the faults of a machine ('' for the one outside). */
  readonly onFaults: (machine: string) => void
  /** The packet has come to the next station while playing. */
  readonly onArrive: () => void
}

/** One packet's way: a column for each place, processes above, the wire below. */
export function PacketStage({ story, position, playing, pace, onShow, onFaults, onArrive }: PacketStageProps) {
  const { t } = useTranslation('network')
  const step = story.steps[position.step]
  const picture = useMemo(() => (step ? lanesOf(stageOf(story, step)) : []), [story, step])
  const area = useRef<HTMLDivElement>(null)
  const boxes = useBoxes(area, picture)
  const legs = useMemo(() => legsOf(boxes), [boxes])
  const token = useRef<SVGGElement>(null)
  useLayoutEffect(() => {
    const box = boxes.find(({ at }) => at === position.station)
    const scroller = area.current?.parentElement
    if (!box || !scroller || scroller.scrollWidth <= scroller.clientWidth) return
    const { scrollLeft, clientWidth } = scroller
    if (box.x < scrollLeft || box.x + box.width > scrollLeft + clientWidth) scroller.scrollTo({ left: box.x - clientWidth / 3 })
  }, [boxes, position.station])
  useToken(token, boxes, legs, { story, position, playing, pace, onArrive })
  if (!step) return null
  const { stations } = step.journey
  const current = stations[position.station]
  return (
    <div className={styles.scroller}>
      <div ref={area} className={styles.stage} role="group" aria-label={t('stage.title')} data-direction={step.direction}>
        {picture.map(({ column, lanes }) => (
          <section
            key={column.id}
            className={styles.column}
            onContextMenu={(event) => {
              event.preventDefault()
              onFaults(column.kind === 'pod' ? column.node : column.name)
            }}
            data-kind={column.kind}
            data-lanes={lanes.length}
            data-empty={lanes.length === 0 || undefined}
          >
            <ColumnHead column={column} />
            <div className={styles.lanes} data-back={step.direction === 'back' || undefined}>
              {lanes.map((lane, at) => (
                <LaneList
                  key={at}
                  lane={lane}
                  id={`${column.id} ${at}`}
                  column={column.id}
                  current={position.station}
                  onShow={(station) => onShow({ step: position.step, station })}
                />
              ))}
            </div>
          </section>
        ))}
        <svg className={styles.overlay} aria-hidden="true">
          {legs.map((points, at) => (
            <path key={at} d={pathText(points)} className={styles.leg} data-done={at < position.station || undefined} />
          ))}
          <g ref={token} className={styles.token} data-kind={step.kind} data-direction={step.direction}>
            <circle r="9" />
            <path d={step.direction === 'back' ? 'M2.5,-4L-3,0L2.5,4' : 'M-2.5,-4L3,0L-2.5,4'} />
          </g>
        </svg>
        {current && <Moment station={current} />}
        {(step.journey.omitted ?? 0) > 0 && (
          <p className={styles.omitted}>{t('stage.omitted', { count: step.journey.omitted ?? 0 })}</p>
        )}
      </div>
    </div>
  )
}

/** The packet's addresses at this moment; what the station changed is struck out and written anew. */
function Moment({ station: { before, after } }: { readonly station: Station }) {
  const changed = changedHeaders(before, after)
  const side = (address: 'source' | 'destination', port: 'sourcePort' | 'destinationPort') => {
    const fresh = withPort(after[address], after[port])
    if (!changed.includes(address) && !changed.includes(port)) return fresh
    return (
      <>
        <del>{withPort(before[address], before[port])}</del> <ins>{fresh}</ins>
      </>
    )
  }
  return (
    <p className={styles.moment}>
      {after.protocol} {side('source', 'sourcePort')} → {side('destination', 'destinationPort')}
      {after.outer && (
        <>
          {' '}
          <ins>
            {after.outer.kind} {after.outer.source} → {after.outer.destination}
          </ins>
        </>
      )}
    </p>
  )
}

function ColumnHead({ column }: { readonly column: Column }) {
  const { t } = useTranslation('network')
  const about = columnAbout(column, t)
  return (
    <header className={styles.head}>
      <h3 className="wrap-anywhere">{columnTitle(column, t)}</h3>
      {about !== '' && <p className="wrap-anywhere">{about}</p>}
    </header>
  )
}

interface LaneListProps {
  readonly lane: Lane
  readonly id: string
  readonly column: string
  readonly current: number
  readonly onShow: (station: number) => void
}

function LaneList({ lane, id, column, current, onShow }: LaneListProps) {
  return (
    <ol className={styles.lane} data-up={lane.up || undefined}>
      {lane.stations.map((entry) => (
        <li key={entry.at}>
          <StationBoxButton entry={entry} lane={id} column={column} current={current} onShow={onShow} />
        </li>
      ))}
    </ol>
  )
}

interface StationBoxButtonProps {
  readonly entry: LaneStation
  readonly lane: string
  readonly column: string
  readonly current: number
  readonly onShow: (station: number) => void
}

function StationBoxButton({ entry: { at, station }, lane, column, current, onShow }: StationBoxButtonProps) {
  const { t } = useTranslation('network')
  const effect = stationEffect(station, t)
  const state = at === current ? 'now' : at < current ? 'done' : 'ahead'
  return (
    <button
      type="button"
      className={styles.station}
      data-at={at}
      data-lane={lane}
      data-column={column}
      data-state={state}
      data-kind={station.kind}
      data-changed={changesPacket(station) || undefined}
      aria-current={at === current ? 'step' : undefined}
      onClick={() => onShow(at)}
    >
      <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
        <path d={KIND_GLYPHS[station.kind]} />
      </svg>
      <b>{stationTitle(station, t)}</b>
      {effect !== '' && <span>{effect}</span>}
    </button>
  )
}

/** Whether it changed more than what every router changes. */
function changesPacket({ before, after }: Station): boolean {
  return changedHeaders(before, after).some((name) => name !== 'ttl' && name !== 'sourceMac' && name !== 'destinationMac')
}

/** Where the stations' boxes are, in the stage's own pixels; measured again when it changes its size. */
function useBoxes(area: RefObject<HTMLDivElement | null>, picture: unknown): readonly StationBox[] {
  const [boxes, setBoxes] = useState<readonly StationBox[]>([])
  useLayoutEffect(() => {
    const element = area.current
    if (!element) return
    const measure = (): void => {
      const origin = element.getBoundingClientRect()
      const found = [...element.querySelectorAll<HTMLElement>('[data-at]')].map((station): StationBox => {
        const { left, top, width, height } = station.getBoundingClientRect()
        const { at = '0', lane = '', column = '' } = station.dataset
        return { at: Number(at), lane, column, x: left - origin.left, y: top - origin.top, width, height }
      })
      setBoxes(found.toSorted((a, b) => a.at - b.at))
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [area, picture])
  return boxes
}

function legsOf(boxes: readonly StationBox[]): readonly (readonly Point[])[] {
  const floor = Math.max(0, ...boxes.map(({ y, height }) => y + height))
  const roof = (column: string): number => Math.min(...boxes.filter((box) => box.column === column).map(({ y }) => y))
  return boxes.slice(1).map((box, i) => legPoints(boxes[i] ?? box, box, floor, roof))
}

interface TokenMotion {
  readonly story: PacketStory
  readonly position: Position
  readonly playing: boolean
  readonly pace: number
  readonly onArrive: () => void
}

/** Moves the packet: at rest on its station, or along the leg to the next one for as long as that takes. */
function useToken(
  token: RefObject<SVGGElement | null>,
  boxes: readonly StationBox[],
  legs: readonly (readonly Point[])[],
  { story, position, playing, pace, onArrive }: TokenMotion,
): void {
  const arrive = useRef(onArrive)
  useLayoutEffect(() => {
    arrive.current = onArrive
  })
  useLayoutEffect(() => {
    const box = boxes.find(({ at }) => at === position.station)
    const element = token.current
    if (!element || !box) return
    const rest = centre(box)
    const put = ({ x, y }: Point): void => element.setAttribute('transform', `translate(${x},${y})`)
    const still = matchMedia(REDUCED).matches
    const points = legs[position.station]
    put({ x: box.x, y: rest.y })
    if (!playing) return
    const durationMs = still ? STILL_MS : points ? legMs(story, position, pace) : END_MS
    const startMs = performance.now()
    let frame = requestAnimationFrame(function run(nowMs: number): void {
      const part = (nowMs - startMs) / durationMs
      if (part >= 1) return arrive.current()
      if (points && !still) put(pointAt(points, part))
      frame = requestAnimationFrame(run)
    })
    return () => cancelAnimationFrame(frame)
  }, [token, boxes, legs, story, position, playing, pace])
}
/** Rest at a packet's last station before the next one sets out. */
const END_MS = 500

/** What a screen reader hears when the packet moves on. */
export function stationWords(step: PacketStep | undefined, at: number, t: Parameters<typeof stationTitle>[1]): string {
  const station = step?.journey.stations[at]
  return station ? `${stationTitle(station, t)}: ${stationEffect(station, t)}` : ''
}
