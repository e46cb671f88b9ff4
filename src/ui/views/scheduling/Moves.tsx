import { useTranslation } from 'react-i18next'
import type { PodMove, SchedulerComparison } from '../../../worker/scheduling/protocol.ts'
import { useVirtualRows } from '../../panels/use-virtual.ts'
import { podRef, useSelection } from '../../state/selection.ts'
import { Spacer } from './FilterTable.tsx'
import tables from './tables.module.css'

const ROW_PX = 30
const HEAD_PX = 30

/** The pods that would be elsewhere. */
export function Moves({ result }: { readonly result: SchedulerComparison }) {
  const { t } = useTranslation('scheduling')
  const select = useSelection((state) => state.select)
  const { moved, nodes } = result
  const { from, to, attach } = useVirtualRows(moved.length, ROW_PX, HEAD_PX)
  if (moved.length === 0) return <p className="muted">{t('compare.noMoves')}</p>
  const place = (move: PodMove, side: 'now' | 'first' | 'second') => (
    <td className={`mono ${tables.place}`} data-changed={(side !== 'now' && move[side] !== move.now) || undefined}>
      {nodes[move[side]] ?? t('noNode')}
    </td>
  )
  return (
    <section className={tables.section} aria-label={t('compare.movesTitle')}>
      <h3>{t('compare.movesTitle')}</h3>
      <div ref={attach} className={tables.scroll} role="region" tabIndex={0} aria-label={t('compare.movesTitle')}>
        <table className={tables.table}>
          <thead>
            <tr>
              <th scope="col" className={tables.first}>
                Pod
              </th>
              <th scope="col">{t('compare.now')}</th>
              <th scope="col">A</th>
              <th scope="col">B</th>
            </tr>
          </thead>
          <tbody>
            <Spacer rows={from} columns={4} />
            {moved.slice(from, to).map((move) => (
              <tr key={`${move.namespace}/${move.name}`}>
                <th scope="row" className={tables.first}>
                  <button type="button" className="mono" onClick={() => select(podRef(move.namespace, move.name))}>
                    {move.name}
                  </button>
                </th>
                {place(move, 'now')}
                {place(move, 'first')}
                {place(move, 'second')}
              </tr>
            ))}
            <Spacer rows={moved.length - to} columns={4} />
          </tbody>
        </table>
      </div>
    </section>
  )
}
