import { useTranslation } from 'react-i18next'
import type { DataFate, DataPlace } from '../../../worker/protocol.ts'
import inspector from '../inspector/Inspector.module.css'
import styles from './WhereIsData.module.css'

/** A mark of its own for each fate, so that colour is never all there is. */
const MARK: { readonly [fate in DataFate]: string } = {
  survives: '✓',
  lost: '✕',
  untilNodeBack: '…',
  untilDetached: '…',
  none: '–',
}
const OCCASIONS = ['containerRestart', 'podDeletion', 'nodeLoss', 'claimDeletion'] as const

/** For each volume of a pod, or for a claim: where the bytes are, and what they survive. */
export function WhereIsData({ places }: { readonly places: readonly DataPlace[] }) {
  const { t } = useTranslation('storage')
  return (
    <section className={inspector.section} aria-label={t('title')}>
      <h3>{t('title')}</h3>
      <ul className={inspector.items}>
        {places.map((place) => (
          <Place key={place.volume} place={place} />
        ))}
      </ul>
    </section>
  )
}

function Place({ place }: { readonly place: DataPlace }) {
  const { t } = useTranslation('storage')
  const { volume, medium, where, path, claim, persistentVolume, files } = place
  const occasions = OCCASIONS.filter((occasion) => place[occasion] !== 'none')
  return (
    <li>
      <p className={inspector.line}>
        <span className={volume === '' ? '' : 'mono wrap-anywhere'}>{volume === '' ? t('layer') : volume}</span>
        <span>{t(`medium.${medium === 'zoneDisk' && where === '' ? 'disk' : medium}`, { where })}</span>
      </p>
      {claim !== '' && (
        <p className="muted wrap-anywhere">
          PersistentVolumeClaim <span className="mono">{claim}</span>
          {persistentVolume !== '' && (
            <>
              {' → '}
              <span className="mono">{persistentVolume}</span>
            </>
          )}
        </p>
      )}
      {path !== '' && (
        <p className="muted wrap-anywhere">
          <span className="mono">{path}</span>
          {files >= 0 && ` · ${t('files', { count: files })}`}
        </p>
      )}
      {medium !== 'nowhere' && (
        <ul className={styles.fates}>
          {occasions.map((occasion) => (
            <li key={occasion} className={styles[place[occasion]]}>
              <span aria-hidden="true">{MARK[place[occasion]]} </span>
              {t(`occasion.${occasion}`)}: {t(`fate.${place[occasion]}`)}
            </li>
          ))}
        </ul>
      )}
    </li>
  )
}
