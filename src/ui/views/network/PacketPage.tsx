import { useEffect, useRef, useState, type KeyboardEvent } from 'react'
import { useTranslation } from 'react-i18next'
import type { NetTopology, PacketStory, StoryResult } from '../../../worker/network/protocol.ts'
import { reported } from '../../app/report.ts'
import { useFeed, useSession } from '../../engine/hooks.ts'
import { CommandLine } from '../../panels/CommandLine.tsx'
import { say } from '../../state/status.ts'
import styles from './PacketPage.module.css'
import { PacketStage, stationWords } from './PacketStage.tsx'
import { after, before, durationText, within } from './player.ts'
import { PlayerBar } from './PlayerBar.tsx'
import { SenderBar } from './SenderBar.tsx'
import { parseProtocol, questionOf } from './sources.ts'
import { StationCard } from './StationCard.tsx'
import { StepList } from './StepList.tsx'
import { BEGINNING, readParam, setParams, useNetwork, type Draft, type Position } from './store.ts'
import { sourceText } from './words.ts'

interface PacketPageProps {
  readonly topology: NetTopology
  /** Opens the faults of a machine ('' for the one outside). */
  readonly onFaults: (machine: string) => void
}

/** Send a packet and follow it. */
export function PacketPage({ topology, onFaults }: PacketPageProps) {
  const { t } = useTranslation('network')
  const { draft, change } = useDraftParams()
  const { send, busy } = useSend()
  const id = useNetwork((state) => state.story)
  const { data: story } = useFeed(id === null ? null : { feed: 'packet', id })
  return (
    <div className={styles.page}>
      <SenderBar
        topology={topology}
        draft={draft}
        busy={busy}
        onChange={change}
        onSend={(next) => {
          change(next)
          reported(send(next))
        }}
      />
      {/* Null: another cluster is shown, or too many packets have been sent since. */}
      {(id === null || story === null) && <Empty topology={topology} />}
      {id !== null && story === undefined && <p className="notice">{t('send.busy')}</p>}
      {story && <Story key={story.id} story={story} onFaults={onFaults} />}
    </div>
  )
}

function Empty({ topology }: { readonly topology: NetTopology }) {
  const { t } = useTranslation('network')
  const services = topology.services.length
  return (
    <div className="notice">
      <p>{t('empty.title')}</p>
      <p className="muted">{t('empty.hint')}</p>
      {services <= 2 && <p className="muted">{t('empty.few')}</p>}
    </div>
  )
}

/** The sender's bar as the URL has it. */
function useDraftParams(): { readonly draft: Draft; readonly change: (draft: Draft) => void } {
  const [draft, setDraft] = useState<Draft>(() => ({
    from: readParam('from'),
    to: readParam('to'),
    protocol: parseProtocol(readParam('protocol')),
    port: readParam('port'),
    method: readParam('method') || 'GET',
    path: readParam('path') || '/',
  }))
  const change = (next: Draft): void => {
    setDraft(next)
    const { from, to, protocol, port, method, path } = next
    setParams({
      from,
      to,
      port,
      protocol: protocol === 'http' ? '' : protocol,
      method: method === 'GET' ? '' : method,
      path: path === '/' ? '' : path,
    })
  }
  return { draft, change }
}

function positionInUrl(): Position | null {
  const [packet, station] = [Number(readParam('packet')), Number(readParam('station'))]
  if (useNetwork.getState().story !== null || !(packet >= 1) || !(station >= 1)) return null
  return { step: Math.floor(packet) - 1, station: Math.floor(station) - 1 }
}

function useSend(): { readonly send: (draft: Draft) => Promise<void>; readonly busy: boolean } {
  const { api } = useSession()
  const [busy, setBusy] = useState(false)
  /** Where a link wants the first packet to be looked at. */
  const linkedPosition = useRef(positionInUrl())
  const send = async (draft: Draft): Promise<void> => {
    const question = questionOf(draft)
    if (!question) return
    setBusy(true)
    try {
      const answer = await api.sendPacket(question)
      if (answer.id === null) say('error', answer.message)
      else {
        const linked = linkedPosition.current
        linkedPosition.current = null
        useNetwork.getState().set({ story: answer.id, position: linked ?? BEGINNING, playing: linked === null })
        setParams({ packet: '', station: '' })
      }
    } finally {
      setBusy(false)
    }
  }
  return { send, busy }
}

/** One story: its picture, its packets, and the station that is looked at. */
function Story({ story, onFaults }: { readonly story: PacketStory } & Pick<PacketPageProps, 'onFaults'>) {
  const { t } = useTranslation('network')
  const { position: wanted, playing, pace, set } = useNetwork()
  const position = within(story, wanted)
  const step = story.steps[position.step]
  const station = step?.journey.stations[position.station]
  const show = (next: Position): void => set({ position: next, playing: false })
  const onArrive = (): void => {
    const next = after(story, position)
    set(next ? { position: next } : { playing: false })
  }
  useEffect(() => {
    if (!playing) setParams({ packet: String(position.step + 1), station: String(position.station + 1) })
  }, [playing, position.step, position.station])
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || (event.target as HTMLElement).matches('select, input')) return
    const next = keyTarget(event.key, story, position)
    if (!next) return
    event.preventDefault()
    event.stopPropagation()
    show(next)
  }
  return (
    // Arrow keys anywhere in the story step through it.
    // oxlint-disable-next-line jsx-a11y/no-static-element-interactions
    <div className={styles.story} onKeyDown={onKeyDown}>
      <Summary story={story} />
      {step && <PlayerBar story={story} position={position} playing={playing} pace={pace} onShow={show} />}
      <PacketStage
        story={story}
        position={position}
        playing={playing}
        pace={pace}
        onShow={show}
        onFaults={onFaults}
        onArrive={onArrive}
      />
      <p className="visually-hidden" aria-live="polite">
        {playing ? '' : stationWords(step, position.station, t)}
      </p>
      <div className={styles.below}>
        <StepList story={story} current={position.step} onShow={(at) => show({ step: at, station: 0 })} />
        {step && station && <StationCard step={step} station={station} />}
      </div>
      <Legend />
    </div>
  )
}

/** Left and right: stations; up and down: packets. */
function keyTarget(key: string, story: PacketStory, position: Position): Position | null {
  switch (key) {
    case 'ArrowRight':
      return after(story, position)
    case 'ArrowLeft':
      return before(story, position)
    case 'ArrowDown':
      return within(story, { step: position.step + 1, station: 0 })
    case 'ArrowUp':
      return within(story, { step: position.step - 1, station: 0 })
    case 'Home':
      return BEGINNING
    case 'End':
      return within(story, { step: Infinity, station: Infinity })
    default:
      return null
  }
}

/** Who asked what, and how it ended, in the client's own words. */
function Summary({ story }: { readonly story: PacketStory }) {
  const { t } = useTranslation('network')
  const { question, result, tookUs, command } = story
  const drop = story.steps.findLast(({ journey }) => journey.outcome.kind !== 'delivered')?.journey.outcome
  const bad = result !== null && result.kind !== 'answered'
  const head = useRef<HTMLElement>(null)
  return (
    <section ref={head} className={styles.summary} aria-label={t('result.title')} data-bad={bad || undefined}>
      <p>
        <b className="mono">{sourceText(question.source, t)}</b> → <b className="mono">{question.target}</b>{' '}
        <span className={styles.result} data-kind={result?.kind ?? 'waiting'}>
          {resultText(result, t)}
        </span>{' '}
        <span className="muted">{durationText(tookUs)}</span>
      </p>
      {result && result.text !== '' && <pre className={styles.output}>{result.text}</pre>}
      {bad && drop && drop.kind !== 'delivered' && (
        <p className={styles.reason}>
          {t(`result.${drop.kind}At`, { place: placeText(drop.place, t) })}:{' '}
          <span className="mono wrap-anywhere">{drop.why}</span>
        </p>
      )}
      <CommandLine command={command} />
    </section>
  )
}

function placeText(
  { node, pod }: { readonly node: string; readonly pod?: string },
  t: ReturnType<typeof useTranslation<'network'>>['t'],
): string {
  return pod ?? (node === '' ? t('source.outside') : node)
}

function resultText(result: StoryResult | null, t: ReturnType<typeof useTranslation<'network'>>['t']): string {
  if (!result) return t('result.waiting')
  const { kind, status, peer } = result
  if (kind === 'answered' && status > 0) return peer === '' ? `HTTP ${status}` : t('result.http', { status, peer })
  if (kind === 'answered') return peer === '' ? t('result.answered') : t('result.answeredBy', { peer })
  return t(`result.${kind}`)
}

function Legend() {
  const { t } = useTranslation('network')
  return (
    <ul className={styles.legend} aria-label={t('legend.title')}>
      {(['packet', 'changed', 'ahead', 'dropped', 'height', 'keys'] as const).map((name) => (
        <li key={name} data-mark={name}>
          {t(`legend.${name}`)}
        </li>
      ))}
    </ul>
  )
}
