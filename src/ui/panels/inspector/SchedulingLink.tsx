import { useTranslation } from 'react-i18next'
import type { KubeObject } from '../../../apimachinery/resource.ts'
import { useNarrow } from '../../app/use-narrow.ts'
import { useLayout } from '../../state/layout.ts'
import type { ObjectRef } from '../../state/selection.ts'
import styles from './Actions.module.css'

interface LinkProps {
  readonly selected: ObjectRef
  readonly object: KubeObject | null
}

/** From a pod to the view that says why it is on its node, or on none. */
export function SchedulingLink({ selected, object }: LinkProps) {
  const { t } = useTranslation('shell')
  const narrow = useNarrow()
  const set = useLayout((state) => state.set)
  const shown = useLayout((state) => state.view === 'scheduling')
  if (selected.resource !== 'pods' || selected.group !== '' || object === null || (shown && !narrow)) return null
  const { spec } = object as KubeObject & { readonly spec?: { readonly nodeName?: string } }
  return (
    <div className={styles.actions}>
      <div className={styles.buttons}>
        <button
          type="button"
          className="btn"
          onClick={() => set({ view: 'scheduling', ...(narrow ? { inspectorOpen: false } : {}) })}
        >
          {spec?.nodeName ? t('scheduling:why.placed') : t('scheduling:why.pending')}
        </button>
      </div>
    </div>
  )
}
