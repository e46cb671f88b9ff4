import { Icon } from '../icons/Icon.tsx'
import styles from './EventType.module.css'

/** Warnings by word and sign, not by colour alone. */
export function EventType({ type }: { readonly type: string }) {
  if (type !== 'Warning') return <>{type}</>
  return (
    <span className={styles.warning}>
      <Icon name="warning" size={13} /> {type}
    </span>
  )
}
