import { useTranslation } from 'react-i18next'
import type { RolloutView } from '../../../worker/rollout/protocol.ts'
import styles from './RolloutView.module.css'

/** Conditions of a workload or its autoscaler, with their reasons; the message is one hover away. */
export function Conditions({ conditions }: Pick<RolloutView, 'conditions'>) {
  const { t } = useTranslation('rollout')
  if (conditions.length === 0) return null
  return (
    <dl className={styles.conditions} aria-label={t('conditions')}>
      {conditions.map((condition) => (
        <div key={condition.type} title={condition.message}>
          <dt>{condition.type}</dt>
          <dd>
            <b>{condition.status}</b> {condition.reason}
          </dd>
        </div>
      ))}
    </dl>
  )
}
