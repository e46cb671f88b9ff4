import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { PodWeighing } from '../../../worker/scheduling/protocol.ts'
import { useVirtualRows } from '../../panels/use-virtual.ts'
import { markOf, matrixRows, refusingPlugin, UNSAMPLED, WILL_DO, type Mark } from './matrix.ts'
import { NodeName } from './NamedNodes.tsx'
import { PluginName } from './PluginName.tsx'
import styles from './tables.module.css'

/** From so many nodes on equal verdicts are folded into one row. */
const GROUP_FROM = 30
const ROW_PX = 30
const HEAD_PX = 76
const GLYPHS: { readonly [mark in Mark]: string } = { passes: '✓', refuses: '✕', would: '(✕)', skips: '–', unreached: '·' }

interface TableProps {
  readonly weighing: PodWeighing
  /** What was before: cells that differ are marked. */
  readonly before: PodWeighing | null
  /** Whether this is what happened; else what would. */
  readonly recorded: boolean
}

/** Every node against every filter that has something to check. */
export function FilterTable({ weighing, before, recorded }: TableProps) {
  const { t } = useTranslation('scheduling')
  const many = weighing.nodes.length >= GROUP_FROM
  const [grouped, setGrouped] = useState(many)
  const [all, setAll] = useState(false)
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set())
  const [search, setSearch] = useState('')
  const rows = useMemo(() => matrixRows(weighing, { grouped, open, search: search.trim() }), [weighing, grouped, open, search])
  const columns = useColumns(weighing, before, all)
  const skipped = weighing.filters.length - columns.length
  const { from, to, attach } = useVirtualRows(rows.length, ROW_PX, HEAD_PX)
  const toggle = (verdict: number): void => {
    const next = new Set(open)
    if (!next.delete(verdict)) next.add(verdict)
    setOpen(next)
  }
  return (
    <section className={styles.section} aria-label={t('filter.title')}>
      <header className={styles.head}>
        <h3>{t('filter.title')}</h3>
        <span className="muted">{t('filter.nodes', { count: weighing.nodes.length })}</span>
        <span className={styles.tools}>
          {many && (
            <>
              <input
                className="field"
                type="search"
                value={search}
                placeholder={t('filter.search')}
                aria-label={t('filter.search')}
                onChange={(event) => setSearch(event.target.value)}
              />
              <button type="button" className="btn bare" aria-pressed={grouped} onClick={() => setGrouped(!grouped)}>
                {t('filter.group')}
              </button>
            </>
          )}
          {(skipped > 0 || all) && (
            <button type="button" className="btn" aria-pressed={all} onClick={() => setAll(!all)}>
              {all ? t('filter.fewer') : t('filter.all', { count: skipped })}
            </button>
          )}
        </span>
      </header>
      <div
        ref={attach}
        className={styles.scroll}
        data-many={many || undefined}
        role="region"
        aria-label={t('filter.title')}
        tabIndex={0}
      >
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col" className={styles.first}>
                {t('node')}
              </th>
              {columns.map((column) => (
                <th key={column} scope="col">
                  <PluginName name={weighing.filters[column]?.plugin ?? ''} />
                </th>
              ))}
              <th scope="col" className={styles.verdict}>
                {t('filter.verdict')}
              </th>
            </tr>
          </thead>
          <tbody>
            <Spacer rows={from} columns={columns.length + 2} />
            {rows.slice(from, to).map((row) =>
              row.type === 'group' ? (
                <tr key={`group${row.verdict}`} className={styles.group}>
                  <th scope="row" className={styles.first}>
                    <button type="button" aria-expanded={row.open} onClick={() => toggle(row.verdict)}>
                      <span aria-hidden="true">{row.open ? '▾' : '▸'}</span> {t('filter.nodes', { count: row.count })}
                    </button>
                  </th>
                  {columns.map((column) => (
                    <MarkCell key={column} mark={groupMark(weighing, row.verdict, column)} />
                  ))}
                  <td className={styles.verdict}>
                    <VerdictText weighing={weighing} verdict={row.verdict} />
                  </td>
                </tr>
              ) : (
                <NodeRow key={row.node} {...{ weighing, before, recorded, columns }} node={row.node} verdict={row.verdict} />
              ),
            )}
            <Spacer rows={rows.length - to} columns={columns.length + 2} />
          </tbody>
        </table>
      </div>
      <Legend />
    </section>
  )
}

interface NodeRowProps extends TableProps {
  readonly columns: readonly number[]
  readonly node: number
  readonly verdict: number
}

function NodeRow({ weighing, before, recorded, columns, node, verdict }: NodeRowProps) {
  const { t } = useTranslation('scheduling')
  const name = weighing.nodes[node] ?? ''
  const then = before ? before.nodes.indexOf(name) : -1
  return (
    <tr data-winner={node === weighing.winner || undefined}>
      <th scope="row" className={styles.first}>
        <NodeName name={name} />
        {node === weighing.winner && <span className={styles.tag}>{recorded ? t('chosen') : t('whatIf.best')}</span>}
      </th>
      {columns.map((column) => {
        const mark = verdict === UNSAMPLED ? 'unreached' : markOf(weighing, node, column)
        return (
          <MarkCell key={column} mark={mark} was={before && then >= 0 ? oldMark(before, then, weighing, column) : undefined} />
        )
      })}
      <td className={styles.verdict}>
        <VerdictText weighing={weighing} verdict={verdict} />
      </td>
    </tr>
  )
}

/** The old mark of the same filter: its column may have been another. */
function oldMark(before: PodWeighing, node: number, { filters }: PodWeighing, column: number): Mark {
  const plugin = filters[column]?.plugin
  return markOf(
    before,
    node,
    before.filters.findIndex((filter) => filter.plugin === plugin),
  )
}

function groupMark(weighing: PodWeighing, verdict: number, column: number): Mark {
  if (verdict === UNSAMPLED) return 'unreached'
  return markOf(weighing, weighing.verdictOf.indexOf(verdict), column)
}

function MarkCell({ mark, was }: { readonly mark: Mark; readonly was?: Mark | undefined }) {
  const { t } = useTranslation('scheduling')
  const changed = was !== undefined && was !== mark
  return (
    <td className={styles.mark} data-mark={mark} data-changed={changed || undefined}>
      {changed && (
        <span className={styles.was}>
          <span aria-hidden="true">{GLYPHS[was]} →</span>
          <span className="visually-hidden">{t('changedFrom', { value: t(`mark.${was}`) })}</span>
        </span>
      )}
      <span aria-hidden="true">{GLYPHS[mark]}</span>
      <span className="visually-hidden">{t(`mark.${mark}`)}</span>
    </td>
  )
}

function VerdictText({ weighing, verdict: index }: { readonly weighing: PodWeighing; readonly verdict: number }) {
  const { t } = useTranslation('scheduling')
  if (index === WILL_DO) return <span>{t('filter.willDo')}</span>
  if (index === UNSAMPLED) return <span className="muted">{t('filter.unsampled')}</span>
  const verdict = weighing.verdicts[index]
  if (!verdict) return null
  const plugin = refusingPlugin(verdict)
  return (
    <span>
      {plugin !== '' && <b>{plugin}</b>} <code>{verdict.reasons.join(', ')}</code>
      {verdict.nominated && <span className="muted"> {t('filter.nominated')}</span>}
      {weighing.rejection && <span className="muted"> {t('filter.rejected')}</span>}
    </span>
  )
}

function Legend() {
  const { t } = useTranslation('scheduling')
  const marks: readonly Mark[] = ['passes', 'refuses', 'would', 'skips', 'unreached']
  return (
    <ul className={styles.legend} aria-hidden="true">
      {marks.map((mark) => (
        <li key={mark} className={styles.mark} data-mark={mark}>
          <span>{GLYPHS[mark]}</span> {t(`mark.${mark}`)}
        </li>
      ))}
    </ul>
  )
}

export function Spacer({
  rows,
  columns,
  heightPx = ROW_PX,
}: {
  readonly rows: number
  readonly columns: number
  readonly heightPx?: number
}) {
  if (rows <= 0) return null
  return (
    <tr aria-hidden="true">
      <td colSpan={columns} style={{ height: rows * heightPx, padding: 0, border: 0 }} />
    </tr>
  )
}

/** Filters that look at nodes for this pod, before or after a change; or all. */
function useColumns(weighing: PodWeighing, before: PodWeighing | null, all: boolean): readonly number[] {
  return useMemo(() => {
    const checked = new Set(
      [...weighing.filters, ...(before?.filters ?? [])].flatMap((f) => (f.state === 'skips' ? [] : [f.plugin])),
    )
    return weighing.filters.flatMap(({ plugin }, i) => (all || checked.has(plugin) ? [i] : []))
  }, [weighing, before, all])
}
