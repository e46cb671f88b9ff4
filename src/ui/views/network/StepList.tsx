import { useTranslation } from 'react-i18next'
import type { PacketStep, PacketStory } from '../../../worker/network/protocol.ts'
import { exchangesOf } from './columns.ts'
import styles from './PacketPage.module.css'
import { durationText } from './player.ts'
import { stepTitle } from './words.ts'

interface StepListProps {
  readonly story: PacketStory
  readonly current: number
  readonly onShow: (step: number) => void
}

/** All packets in the order of time, by conversation. */
export function StepList({ story, current, onShow }: StepListProps) {
  const { t } = useTranslation('network')
  return (
    <nav className={styles.steps} aria-label={t('steps.title')}>
      {exchangesOf(story).map(({ exchange, steps }) => (
        <section key={exchange}>
          <h4>{exchangeTitle(steps, t)}</h4>
          <ol>
            {steps.map((step) => {
              const at = story.steps.indexOf(step)
              const { journey, direction, atUs } = step
              const lost = journey.outcome.kind !== 'delivered'
              return (
                <li key={at}>
                  <button
                    type="button"
                    aria-current={at === current ? 'step' : undefined}
                    data-lost={lost || undefined}
                    onClick={() => onShow(at)}
                  >
                    <span className={styles.stepTime}>+{durationText(atUs)}</span>
                    <span className={styles.stepArrow} data-direction={direction} aria-label={t(`steps.${direction}`)} role="img">
                      {direction === 'there' ? '→' : '←'}
                    </span>
                    <span className={styles.stepText}>{stepTitle(step, t)}</span>
                    {lost && <span className={styles.stepLost}>{t(`outcome.${journey.outcome.kind}`)}</span>}
                  </button>
                </li>
              )
            })}
          </ol>
        </section>
      ))}
    </nav>
  )
}

function exchangeTitle(steps: readonly PacketStep[], t: ReturnType<typeof useTranslation<'network'>>['t']): string {
  const [first] = steps
  if (!first) return ''
  if (first.kind === 'dns-query') return t('steps.dns')
  const { sent } = first.journey
  return t('steps.connection', { protocol: sent.protocol.toUpperCase(), to: sent.destination })
}
