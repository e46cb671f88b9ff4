import { StateGlyph } from '../diagrams/StateGlyph.tsx'
import { podState } from '../icons/states.ts'
import styles from './StateBadge.module.css'

/** A pod's state: its shape in its colour, and kubectl's word beside it. */
export function StateBadge({
  state,
  status,
  surface,
}: {
  readonly state: number
  readonly status: string
  readonly surface?: string
}) {
  return (
    <span className={styles.badge}>
      <StateGlyph
        state={state}
        progress={0.5}
        size={14}
        color={`var(--state-${podState(state)})`}
        surface={surface ?? 'var(--surface-panel)'}
      />
      {status}
    </span>
  )
}
