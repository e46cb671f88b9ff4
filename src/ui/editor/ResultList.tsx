import { useTranslation } from 'react-i18next'
import type { DocumentResult } from '../../worker/protocol.ts'
import styles from './EditorPanel.module.css'
import type { Problem } from './monaco.ts'

/** kubectl's line for each document; a click leads to it in the text. */
export function ResultList({
  results,
  goTo,
}: {
  readonly results: readonly DocumentResult[]
  readonly goTo: (line: number) => void
}) {
  const { t } = useTranslation('editor')
  return (
    <ol className={styles.results} aria-label={t('results')}>
      {results.map((result) => (
        <li key={result.index} data-failed={result.outcome === 'failed' || undefined}>
          <button
            type="button"
            className={styles.result}
            title={t('goTo', { line: result.line })}
            onClick={() => goTo(result.markers[0]?.line ?? result.line)}
          >
            <Mark outcome={result.outcome} />
            <span className="mono wrap-anywhere">{result.message}</span>
          </button>
          {result.warnings.map((warning) => (
            <p key={warning} className={styles.warning}>
              Warning: {warning}
            </p>
          ))}
        </li>
      ))}
    </ol>
  )
}

const MARKS: { readonly [outcome in DocumentResult['outcome']]: string } = {
  created: 'M8 3v10M3 8h10',
  configured: 'M3 8.5l3.3 3.3L13 5',
  unchanged: 'M3.5 6h9M3.5 10h9',
  deleted: 'M3 8h10',
  failed: 'M4 4l8 8M12 4l-8 8',
}

/** Plus, check, equals, minus, cross: told by shape; the words say the same. */
function Mark({ outcome }: { readonly outcome: DocumentResult['outcome'] }) {
  return (
    <svg className={styles.mark} width={14} height={14} viewBox="0 0 16 16" aria-hidden="true">
      <path d={MARKS[outcome]} fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />
    </svg>
  )
}

/** What is wrong with the text as it stands, before anything is sent. */
export function ProblemList({
  problems,
  goTo,
}: {
  readonly problems: readonly Problem[]
  readonly goTo: (line: number) => void
}) {
  const { t } = useTranslation('editor')
  return (
    <ol className={styles.results} aria-label={t('problems')}>
      {problems.map(({ line, column, message }, i) => (
        <li key={`${line}:${column}:${i}`} data-failed>
          <button type="button" className={styles.result} onClick={() => goTo(line)}>
            <span className={styles.line}>{t('line', { line })}</span>
            <span className="mono wrap-anywhere">{message}</span>
          </button>
        </li>
      ))}
    </ol>
  )
}
