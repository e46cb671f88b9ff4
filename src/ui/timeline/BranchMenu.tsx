import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import { reported } from '../app/report.ts'
import { useEngine } from '../engine/hooks.ts'
import { clockTime } from '../panels/format.ts'
import styles from './Travel.module.css'
import type { Travel } from './use-travel.ts'

/** Histories that were left by continuing from their past. Absent while there are none. */
export function BranchMenu({ travel }: { readonly travel: Travel | null }) {
  const { t } = useTranslation('timeline')
  const engine = useEngine()
  const id = useId()
  if (!travel || travel.state.branches.length === 0) return null
  const { branches, replay } = travel.state
  return (
    <>
      <button type="button" className="btn bare" popoverTarget={id} aria-haspopup="dialog">
        {t('branch.button')} <span className={styles.count}>{branches.length}</span>
      </button>
      <div id={id} popover="auto" role="dialog" aria-label={t('branch.title')} className={styles.menu}>
        <h3>{t('branch.title')}</h3>
        <ul>
          {branches.map((branch) => (
            <li key={branch.id}>
              <span>
                {t('branch.row', { end: clockTime(branch.endMs), fork: clockTime(branch.forkMs) })}
                <span className="muted"> {t('branch.inputs', { count: branch.inputs })}</span>
              </span>
              <button
                type="button"
                className="btn"
                disabled={replay !== null}
                onClick={() => {
                  document.getElementById(id)?.hidePopover()
                  reported(engine.returnTo(branch.id))
                }}
              >
                {t('branch.return')}
              </button>
            </li>
          ))}
        </ul>
      </div>
    </>
  )
}
