import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { PacketStep, Station } from '../../../worker/network/protocol.ts'
import styles from './Card.module.css'
import { headerRows } from './headers.ts'
import { durationText } from './player.ts'
import { RuleSteps } from './RuleSteps.tsx'
import { stationTitle } from './words.ts'

interface StationCardProps {
  readonly step: PacketStep
  readonly station: Station
}

/** All about one station: where, what decided, the packet before and after, the rules. */
export function StationCard({ step, station }: StationCardProps) {
  const { t } = useTranslation('network')
  const { kind, place, detail, tookUs, rules, looked, before, after } = station
  const ended = kind === 'dropped' || kind === 'rejected'
  const where = place.pod ?? (place.node === '' ? t('source.outside') : place.node)
  return (
    <section className={styles.card} aria-label={t('card.title')} data-ended={ended || undefined}>
      <header>
        <h3>
          <code>{stationTitle(station, t)}</code> <span className="muted">{t('card.at', { place: where })}</span>
        </h3>
        <span className="muted">{durationText(tookUs)}</span>
      </header>
      <p className={styles.about}>{aboutText(station, t)}</p>
      {detail !== '' && <p className={styles.detail}>{detail}</p>}
      {ended && <p className={styles.ended}>{t(kind === 'dropped' ? 'card.dropped' : 'card.rejected')}</p>}
      <Headers before={before} after={after} />
      {(rules.length > 0 || looked > 0) && <RuleSteps steps={rules} looked={looked} />}
      {kind === 'hook' && looked === 0 && <p className="muted">{t('card.noRules')}</p>}
      {step.journey.sent.carries !== undefined && (
        <p className="muted wrap-anywhere">{t('card.carries', { what: step.journey.sent.carries })}</p>
      )}
    </section>
  )
}

/** One sentence on what such a station is for. */
function aboutText({ kind, name }: Station, t: ReturnType<typeof useTranslation<'network'>>['t']): string {
  if (
    kind === 'hook' &&
    (name === 'PREROUTING' || name === 'INPUT' || name === 'FORWARD' || name === 'OUTPUT' || name === 'POSTROUTING')
  )
    return t(`about.${name}`)
  return t(`about.${kind}`)
}

function Headers({ before, after }: Pick<Station, 'before' | 'after'>) {
  const { t } = useTranslation('network')
  const [all, setAll] = useState(false)
  const every = headerRows(before, after)
  const rows = all ? every : every.filter(({ name, changed }) => changed || USUAL.has(name))
  const changes = rows.some(({ changed }) => changed)
  return (
    <div>
      <table className={styles.headers}>
        <caption className="visually-hidden">{t('card.headers')}</caption>
        <thead>
          <tr>
            <th scope="col">{t('card.field')}</th>
            <th scope="col">{t(changes ? 'card.before' : 'card.value')}</th>
            {changes && <th scope="col">{t('card.after')}</th>}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, before: old, after: fresh, changed }) => (
            <tr key={name} data-changed={changed || undefined}>
              <th scope="row">{t(`header.${name}`)}</th>
              <td>{changed && old !== '' ? <del>{old}</del> : old}</td>
              {changes && <td>{changed ? <ins>{fresh === '' ? t('card.gone') : fresh}</ins> : fresh}</td>}
            </tr>
          ))}
        </tbody>
      </table>
      {every.length > rows.length && (
        <button type="button" className={styles.run} onClick={() => setAll(true)}>
          {t('card.allHeaders', { count: every.length - rows.length })}
        </button>
      )}
    </div>
  )
}

/** Headers that are shown even where nothing changed them. */
const USUAL: ReadonlySet<string> = new Set([
  'source',
  'destination',
  'sourcePort',
  'destinationPort',
  'flags',
  'icmp',
  'outerSource',
  'outerDestination',
])
