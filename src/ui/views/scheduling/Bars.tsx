import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Placement, SchedulerComparison } from '../../../worker/scheduling/protocol.ts'
import { useNarrow } from '../../app/use-narrow.ts'
import { useVirtualRows } from '../../panels/use-virtual.ts'
import styles from './Compare.module.css'

const ROW_PX = 76
/** With the name above the bars. */
const NARROW_ROW_PX = 98
const HEAD_PX = 0
type Measure = 'cpu' | 'memory'

interface BarsProps {
  readonly result: SchedulerComparison
  readonly sides: readonly { readonly name: string; readonly placement: Placement }[]
}

/** Each node's requests as a share of what it has, one bar for each side. */
export function Bars({ result, sides }: BarsProps) {
  const { t } = useTranslation('scheduling')
  const [measure, setMeasure] = useState<Measure>('cpu')
  const { nodes } = result
  const rowPx = useNarrow() ? NARROW_ROW_PX : ROW_PX
  const { from, to, attach } = useVirtualRows(nodes.length, rowPx, HEAD_PX)
  const share = (placement: Placement, node: number): number => {
    const [used, whole] =
      measure === 'cpu'
        ? [placement.cpuMilli, result.cpuMilliAllocatable]
        : [placement.memoryBytes, result.memoryBytesAllocatable]
    return Math.round((100 * (used[node] ?? 0)) / Math.max(1, whole[node] ?? 1))
  }
  return (
    <section className={styles.section} aria-label={t('compare.bars')}>
      <header>
        <h3>{t('compare.bars')}</h3>
        <div role="group" aria-label={t('compare.measure')}>
          {(['cpu', 'memory'] as const).map((id) => (
            <button key={id} type="button" className="btn bare" aria-pressed={measure === id} onClick={() => setMeasure(id)}>
              {id}
            </button>
          ))}
        </div>
      </header>
      <div ref={attach} className={styles.bars} role="region" tabIndex={0} aria-label={t('compare.bars')}>
        <div style={{ height: from * rowPx }} />
        {nodes.slice(from, to).map((name, i) => (
          <div key={name} className={styles.node} style={{ height: rowPx }}>
            <p className="mono">{name}</p>
            <dl>
              {sides.map(({ name: side, placement }, at) => (
                <div key={side} data-side={at}>
                  <dt>{side}</dt>
                  <dd>
                    <span className={styles.track}>
                      <i style={{ width: `${Math.min(100, share(placement, from + i))}%` }} />
                    </span>
                    <span className={styles.percent}>{share(placement, from + i)}%</span>
                    <span className="muted">{t('compare.pods', { count: placement.pods[from + i] ?? 0 })}</span>
                  </dd>
                </div>
              ))}
            </dl>
          </div>
        ))}
        <div style={{ height: (nodes.length - to) * rowPx }} />
      </div>
    </section>
  )
}
