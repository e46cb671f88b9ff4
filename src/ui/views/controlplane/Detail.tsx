import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { CauseLink, ChangeStory, TraceCause, TraceEntry } from '../../../worker/control-plane/protocol.ts'
import { useSession } from '../../engine/hooks.ts'
import { Icon } from '../../icons/Icon.tsx'
import { clockTime } from '../../panels/format.ts'
import { useSelection } from '../../state/selection.ts'
import styles from './ControlPlaneView.module.css'
import { Difference } from './Difference.tsx'
import { Mark } from './Mark.tsx'
import { lookOf } from './StoryList.tsx'
import { durationMs, objectText, refOf, verbText, whoText } from './words.ts'

interface DetailProps {
  readonly entry: TraceEntry
  readonly onClose: () => void
}

/** One entry: who, what, how long; what it changed; what led to it, link by link; what followed. */
export function Detail({ entry, onClose }: DetailProps) {
  const { t } = useTranslation('controlplane')
  const select = useSelection((state) => state.select)
  // Writes that were opened from the chain of causes, the newest last.
  const [path, setPath] = useState<readonly number[]>([])
  const [shownFor, setShownFor] = useState(entry.id)
  if (shownFor !== entry.id) {
    setShownFor(entry.id)
    setPath([])
  }
  const section = useRef<HTMLElement>(null)
  /** The button that was pressed goes: the focus stays in the panel. */
  const walk = (next: readonly number[]): void => {
    setPath(next)
    section.current?.focus()
    section.current?.scrollTo({ top: 0 })
  }
  const followed = path.at(-1)
  const revision = followed ?? (entry.revision || (entry.cause?.revision ?? 0))
  const { story, error, gone } = useChangeStory(revision)
  const isOwn = followed !== undefined || entry.revision > 0
  const shown = followed === undefined ? entry : story
  const ref = shown && refOf(shown.object)
  return (
    <section ref={section} className={styles.detail} aria-label={t('detail.title')} tabIndex={-1}>
      <header>
        {path.length > 0 && (
          <button type="button" className="btn bare" onClick={() => walk(path.slice(0, -1))}>
            <Icon name="left" /> {t('detail.back')}
          </button>
        )}
        <h3>
          {followed === undefined && <Mark look={lookOf(entry)} />}
          {shown && (
            <span className="wrap-anywhere">
              {followed === undefined ? verbText(entry, t) : shown.verb}{' '}
              {objectText({ ...shown, subresource: entryPart(entry, followed) })}
            </span>
          )}
        </h3>
        <button type="button" className="btn bare icon" aria-label={t('detail.close')} onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      {followed === undefined ? <Facts entry={entry} /> : story && <LinkFacts link={story} />}
      {ref && (
        <button type="button" className="btn" onClick={() => select(ref)}>
          {t('detail.select', { kind: ref.kind, name: ref.name })}
        </button>
      )}
      {error !== '' && <p role="alert">{t('detail.failed', { message: error })}</p>}
      {gone && <p className="muted">{t('detail.gone', { revision })}</p>}
      {revision > 0 && !story && !gone && error === '' && <p className="muted">{t('detail.loading')}</p>}
      {story && isOwn && <Difference key={story.revision} story={story} />}
      <Why entry={entry} story={story} own={isOwn} onFollow={(next) => walk([...path, next])} />
      {story && isOwn && <Effects story={story} onFollow={(next) => walk([...path, next])} />}
    </section>
  )
}

function entryPart(entry: TraceEntry, followed: number | undefined): string {
  return followed === undefined ? entry.subresource : ''
}

function Facts({ entry }: { readonly entry: TraceEntry }) {
  const { t } = useTranslation('controlplane')
  const { type, code, message, heldMs, transitMs, writeMs } = entry
  const ms = (value: number): string => t('result.ms', { ms: Math.round(value * 100) / 100 })
  const parts =
    type === 'request'
      ? [
          [t('detail.held'), heldMs],
          [t('detail.there'), transitMs],
          [t('detail.store'), writeMs],
          [t('detail.backWay'), transitMs],
        ]
      : [[type === 'turn' ? t('detail.worked') : t('detail.way'), durationMs(entry)]]
  const spent = parts.filter(([, value]) => Number(value) > 0)
  return (
    <dl className={styles.facts}>
      <dt>{t('detail.when')}</dt>
      <dd className="mono">{clockTime(entry.timeMs)}</dd>
      <dt>{type === 'event' ? t('detail.delivered') : t('detail.who')}</dt>
      <dd className="wrap-anywhere">
        {whoText(entry, t)}
        {entry.user !== '' && entry.user !== whoText(entry, t) && <span className="muted"> {entry.user}</span>}
      </dd>
      {code > 0 && <dt>{t('detail.code')}</dt>}
      {code > 0 && <dd>{code}</dd>}
      {message !== '' && <dt>{t('story.result')}</dt>}
      {message !== '' && <dd className={`${styles.error} wrap-anywhere`}>{message}</dd>}
      {type !== 'write' && <dt>{t('detail.latency')}</dt>}
      {type !== 'write' && (
        <dd>
          {ms(durationMs(entry))}
          {spent.length > 0 && (
            <span className={styles.latency}>
              {spent.map(([name, value], at) => (
                <span key={at} style={{ flexGrow: Number(value) }}>
                  {name} {ms(Number(value))}
                </span>
              ))}
            </span>
          )}
        </dd>
      )}
    </dl>
  )
}

function LinkFacts({ link }: { readonly link: CauseLink }) {
  const { t } = useTranslation('controlplane')
  return (
    <dl className={styles.facts}>
      <dt>{t('detail.when')}</dt>
      <dd className="mono">{clockTime(link.timeMs)}</dd>
      <dt>{t('detail.who')}</dt>
      <dd className="wrap-anywhere">
        {whoText(link, t)} · {t('result.revision', { revision: link.revision })}
      </dd>
    </dl>
  )
}

interface WhyProps {
  readonly entry: TraceEntry
  readonly story: ChangeStory | null
  /** Whether the story is of the entry's own write; else it is that of its cause. */
  readonly own: boolean
  readonly onFollow: (revision: number) => void
}

/** The chain of causes, nearest first. */
function Why({ entry, story, own, onFollow }: WhyProps) {
  const { t } = useTranslation('controlplane')
  const chain = story ? (own ? story.chain : [story, ...story.chain]) : []
  const first = story && own ? story.cause : entry.cause
  const root = chain.at(-1)
  return (
    <section className={styles.why}>
      <h4>{t('detail.why')}</h4>
      {chain.length === 0 && !story?.chainLost && <p className="muted">{first ? causeText(first, t) : t('detail.noCause')}</p>}
      <ol>
        {chain.map((link, at) => (
          <li key={link.revision}>
            <span className="muted">{causeText(at === 0 ? first : (chain[at - 1]?.cause ?? null), t)}</span>
            <LinkButton link={link} onFollow={onFollow} />
          </li>
        ))}
      </ol>
      {story?.chainLost && <p className="muted">{t('detail.lost')}</p>}
      {root && !story?.chainLost && <p className={styles.root}>{t('detail.rootBy', { user: whoText(root, t) })}</p>}
    </section>
  )
}

function Effects({ story, onFollow }: { readonly story: ChangeStory; readonly onFollow: (revision: number) => void }) {
  const { t } = useTranslation('controlplane')
  return (
    <section className={styles.why}>
      <h4>{t('detail.followed')}</h4>
      {story.effects.length === 0 && <p className="muted">{t('detail.nothingFollowed')}</p>}
      <ol>
        {story.effects.map((link) => (
          <li key={link.revision}>
            <LinkButton link={link} onFollow={onFollow} />
          </li>
        ))}
      </ol>
      {story.moreEffects > 0 && <p className="muted">{t('detail.more', { count: story.moreEffects })}</p>}
    </section>
  )
}

function LinkButton({ link, onFollow }: { readonly link: CauseLink; readonly onFollow: (revision: number) => void }) {
  const { t } = useTranslation('controlplane')
  return (
    <button type="button" className={styles.link} onClick={() => onFollow(link.revision)}>
      <span className="mono">{clockTime(link.timeMs)}</span> <b>{whoText(link, t)}</b> {link.verb}{' '}
      {objectText({ ...link, subresource: '' })}{' '}
      <span className="muted">{t('result.revision', { revision: link.revision })}</span>
    </button>
  )
}

function causeText(cause: TraceCause | null | undefined, t: ReturnType<typeof useTranslation<'controlplane'>>['t']): string {
  switch (cause?.trigger) {
    case 'watch':
      return t('detail.because')
    case 'timer':
      return cause.revision ? t('detail.timer') : t('detail.byTimer')
    case 'request':
      return cause.note ?? t('detail.request')
    case 'command':
      return cause.note ?? t('detail.command')
    case undefined:
      return ''
  }
}

interface ReadStory {
  readonly story: ChangeStory | null
  readonly gone: boolean
  readonly error: string
}
const READING: ReadStory = { story: null, gone: false, error: '' }

/** Reads a revision's story; while it reads, nothing is known. */
function useChangeStory(revision: number): ReadStory {
  const { api } = useSession()
  const [read, setRead] = useState<ReadStory & { readonly revision: number }>()
  useEffect(() => {
    if (revision === 0) return
    let current = true
    const tell = (result: Partial<ReadStory>): void => {
      if (current) setRead({ ...READING, ...result, revision })
    }
    api.changeStory(revision).then(
      (story) => tell({ story, gone: story === null }),
      (error: unknown) => tell({ error: error instanceof Error ? error.message : String(error) }),
    )
    return () => {
      current = false
    }
  }, [api, revision])
  return read?.revision === revision ? read : READING
}
