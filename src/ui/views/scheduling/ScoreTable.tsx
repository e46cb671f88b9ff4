import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { PodWeighing } from '../../../worker/scheduling/protocol.ts'
import { useVirtualRows } from '../../panels/use-virtual.ts'
import { Spacer } from './FilterTable.tsx'
import { scoreRows, type ScoreRow } from './matrix.ts'
import { NodeName } from './NamedNodes.tsx'
import { PluginName } from './PluginName.tsx'
import styles from './tables.module.css'

const ROW_PX = 46
const HEAD_PX = 76

interface TableProps {
  readonly weighing: PodWeighing
  readonly before: PodWeighing | null
  /** Whether this is what happened; else what would. */
  readonly recorded: boolean
}

/** The nodes that will do, with each plugin's score: as given, brought to 0..100, times the weight; and the sum. */
export function ScoreTable({ weighing, before, recorded }: TableProps) {
  const { t } = useTranslation('scheduling')
  const rows = useMemo(() => scoreRows(weighing), [weighing])
  const old = useMemo(() => (before ? oldRows(before) : null), [before])
  const highest = rows[0]?.total ?? 0
  const { from, to, attach } = useVirtualRows(rows.length, ROW_PX, HEAD_PX)
  const { scorers } = weighing
  return (
    <section className={styles.section} aria-label={t('score.title')}>
      <header className={styles.head}>
        <h3>{t('score.title')}</h3>
        <span className="muted">{t('score.hint')}</span>
      </header>
      <div ref={attach} className={styles.scroll} role="region" aria-label={t('score.title')} tabIndex={0}>
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col" className={styles.first}>
                {t('node')}
              </th>
              <th scope="col" className={styles.total}>
                {t('score.total')}
              </th>
              {scorers.map(({ plugin, weight }) => (
                <th key={plugin} scope="col">
                  <PluginName name={plugin} />
                  <span className={styles.weight} data-changed={(before && weightOf(before, plugin) !== weight) || undefined}>
                    ×{weight}
                  </span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <Spacer rows={from} columns={scorers.length + 2} heightPx={ROW_PX} />
            {rows.slice(from, to).map((row) => (
              <Row key={row.node} {...{ weighing, row, highest, recorded }} old={old?.get(weighing.nodes[row.node] ?? '')} />
            ))}
            <Spacer rows={rows.length - to} columns={scorers.length + 2} heightPx={ROW_PX} />
          </tbody>
        </table>
      </div>
      <p className="muted">{t('score.legend')}</p>
    </section>
  )
}

interface OldRow {
  readonly total: number
  readonly weighted: ReadonlyMap<string, number>
}

function oldRows(before: PodWeighing): ReadonlyMap<string, OldRow> {
  return new Map(
    scoreRows(before).map(({ node, total, cells }) => [
      before.nodes[node] ?? '',
      { total, weighted: new Map(cells.map(({ weighted }, i) => [before.scorers[i]?.plugin ?? '', weighted])) },
    ]),
  )
}

const weightOf = ({ scorers }: PodWeighing, plugin: string) => scorers.find((scorer) => scorer.plugin === plugin)?.weight

interface RowProps {
  readonly weighing: PodWeighing
  readonly row: ScoreRow
  readonly highest: number
  readonly recorded: boolean
  readonly old: OldRow | undefined
}

function Row({ weighing, row, highest, recorded, old }: RowProps) {
  const { t } = useTranslation('scheduling')
  const { node, total, cells } = row
  const tied = weighing.best.length > 1 && weighing.best.includes(node)
  const changed = old !== undefined && old.total !== total
  return (
    <tr data-winner={node === weighing.winner || undefined} data-best={weighing.best.includes(node) || undefined}>
      <th scope="row" className={styles.first}>
        <NodeName name={weighing.nodes[node] ?? ''} />
        {node === weighing.winner ? (
          <span className={styles.tag}>{recorded ? t('chosen') : t('whatIf.best')}</span>
        ) : (
          tied && <span className={styles.tag}>{t('tied')}</span>
        )}
      </th>
      <td className={styles.total} data-changed={changed || undefined}>
        {changed && <span className={styles.was}>{old.total} →</span>} <b>{total}</b>
        <i className={styles.bar} style={{ width: `${highest > 0 ? (100 * total) / highest : 0}%` }} />
      </td>
      {cells.map(({ raw, normalized, weighted }, i) => {
        const before = old?.weighted.get(weighing.scorers[i]?.plugin ?? '')
        const differs = before !== undefined && before !== weighted
        return (
          <td key={i} className={styles.score} data-changed={differs || undefined}>
            <span className="muted">
              {raw} <span aria-hidden="true">→</span> {normalized}
            </span>
            <br />
            {differs && <span className={styles.was}>{before} →</span>} <b>{weighted}</b>
          </td>
        )
      })}
    </tr>
  )
}
