import { useTranslation } from 'react-i18next'
import type { PacketStory } from '../../../worker/network/protocol.ts'
import { Icon } from '../../icons/Icon.tsx'
import styles from './PacketPage.module.css'
import { after, before, durationText, momentUs, MS_PER_US, PACES } from './player.ts'
import { BEGINNING, useNetwork, type Position } from './store.ts'

interface PlayerBarProps {
  readonly story: PacketStory
  readonly position: Position
  readonly playing: boolean
  readonly pace: number
  readonly onShow: (position: Position) => void
}

/** Plays the story, steps through it, and says where it is. */
export function PlayerBar({ story, position, playing, pace, onShow }: PlayerBarProps) {
  const { t } = useTranslation('network')
  const set = useNetwork((state) => state.set)
  const next = after(story, position)
  const previous = before(story, position)
  const stations = story.steps[position.step]?.journey.stations.length ?? 0
  return (
    <div className={styles.player} role="toolbar" aria-label={t('player.title')}>
      <button type="button" className="btn" onClick={() => set({ position: BEGINNING, playing: true })}>
        {t('player.replay')}
      </button>
      <button
        type="button"
        className="btn icon"
        aria-label={t('player.back')}
        title={`${t('player.back')} (←)`}
        disabled={!previous}
        onClick={() => previous && onShow(previous)}
      >
        <Icon name="left" />
      </button>
      <button type="button" className="btn" disabled={!next && !playing} onClick={() => set({ playing: !playing })}>
        {t(playing ? 'player.pause' : 'player.play')}
      </button>
      <button
        type="button"
        className="btn icon"
        aria-label={t('player.forward')}
        title={`${t('player.forward')} (→)`}
        disabled={!next}
        onClick={() => next && onShow(next)}
      >
        <Icon name="right" />
      </button>
      <label>
        {t('player.pace')}{' '}
        <select className="field" value={pace} onChange={(event) => set({ pace: Number(event.target.value) })}>
          {PACES.map((value) => (
            <option key={value} value={value}>
              {value}×
            </option>
          ))}
        </select>
      </label>
      <span className="muted">
        {t('player.at', {
          packet: position.step + 1,
          packets: story.steps.length,
          station: position.station + 1,
          stations,
          time: durationText(momentUs(story, position)),
        })}
      </span>
      <span className="muted">{t('player.scale', { ms: Math.round(100 * (MS_PER_US / pace)) })}</span>
    </div>
  )
}
