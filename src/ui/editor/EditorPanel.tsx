import { useCallback, useEffect, useMemo, useRef, useState, type DragEvent } from 'react'
import { useTranslation } from 'react-i18next'
import type { DocumentResult, EngineApi } from '../../worker/protocol.ts'
import { useEngine } from '../engine/hooks.ts'
import { useConnection } from '../engine/session.ts'
import { CommandLine } from '../panels/CommandLine.tsx'
import { useDraft } from '../state/draft.ts'
import { useLayout } from '../state/layout.ts'
import { say } from '../state/status.ts'
import { CodeField } from './CodeField.tsx'
import { DiffPane } from './DiffPane.tsx'
import styles from './EditorPanel.module.css'
import { documentLines, readManifests } from './files.ts'
import type { Problem } from './monaco.ts'
import { ProblemList, ResultList } from './ResultList.tsx'
import { diffOf, problemsOf } from './results.ts'

/** Typing rests this long before the text is checked. */
const LINT_MS = 400
const NONE: readonly Problem[] = []

type Action = 'apply' | 'dryRun' | 'remove'
const COMMANDS: { readonly [action in Action]: string } = {
  apply: 'kubectl apply -f manifest.yaml',
  dryRun: 'kubectl diff -f manifest.yaml',
  remove: 'kubectl delete -f manifest.yaml',
}

/** Manifests: written or opened here, then applied, tried or deleted. */
export default function EditorPanel() {
  const { t } = useTranslation('editor')
  const { busy, results, diff, run, closeDiff } = useRuns()
  const problems = useProblems(results)
  const text = useDraft((state) => state.text)
  const goTo = useRef<(line: number) => void>(() => undefined)
  const [over, setOver] = useState(false)
  const documents = documentLines(text)
  const onDrop = (event: DragEvent): void => {
    event.preventDefault()
    setOver(false)
    void openFiles([...event.dataTransfer.files], t)
  }
  const jump = (line: number): void => goTo.current(line)
  const onReady = useCallback((way: (line: number) => void) => {
    goTo.current = way
  }, [])
  return (
    <div
      className={styles.panel}
      data-over={over || undefined}
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={onDrop}
    >
      <Tools empty={text.trim() === ''} busy={busy} documents={documents} onRun={run} onJump={jump} />
      <div className={styles.body}>
        {diff && <DiffPane {...diff} onClose={closeDiff} />}
        <div className={styles.write} hidden={diff !== undefined}>
          <CodeField problems={problems} onApply={() => run('apply')} onReady={onReady} />
        </div>
        {(results.length > 0 || problems.length > 0) && (
          <aside className={styles.side} aria-live="polite">
            {results.length > 0 ? <ResultList results={results} goTo={jump} /> : <ProblemList problems={problems} goTo={jump} />}
          </aside>
        )}
      </div>
      {over && <p className={styles.drop}>{t('drop')}</p>}
    </div>
  )
}

interface ToolsProps {
  readonly empty: boolean
  readonly busy: Action | null
  readonly documents: readonly number[]
  readonly onRun: (action: Action) => void
  readonly onJump: (line: number) => void
}

function Tools({ empty, busy, documents, onRun, onJump }: ToolsProps) {
  const { t } = useTranslation('editor')
  const ready = useConnection((state) => state.status === 'ready')
  const openDock = useLayout((state) => state.openDock)
  const disabled = empty || busy !== null || !ready
  const [shown, setShown] = useState<Action>('apply')
  const button = (action: Action, className: string) => (
    <button
      type="button"
      className={className}
      disabled={disabled}
      onPointerEnter={() => setShown(action)}
      onFocus={() => setShown(action)}
      onClick={() => onRun(action)}
    >
      {busy === action ? t('working') : t(action)}
    </button>
  )
  return (
    <div className={styles.tools} role="toolbar" aria-label={t('tools')}>
      {button('apply', 'btn primary')}
      {button('dryRun', 'btn')}
      {button('remove', 'btn danger')}
      <span className={styles.gap} />
      {documents.length > 1 && (
        <select className="field" aria-label={t('documents')} value="" onChange={(event) => onJump(Number(event.target.value))}>
          <option value="">{t('documentCount', { count: documents.length })}</option>
          {documents.map((line, i) => (
            <option key={line} value={line}>
              {t('documentAt', { number: i + 1, line })}
            </option>
          ))}
        </select>
      )}
      <OpenButton />
      <button type="button" className="btn" onClick={() => openDock('examples')}>
        {t('examples')}
      </button>
      <span className={styles.hint}>{t('applyKey')}</span>
      <span className={styles.command}>
        <CommandLine command={COMMANDS[shown]} />
      </span>
    </div>
  )
}

function OpenButton() {
  const { t } = useTranslation('editor')
  const input = useRef<HTMLInputElement>(null)
  return (
    <>
      <button type="button" className="btn" onClick={() => input.current?.click()}>
        {t('open')}
      </button>
      <input
        ref={input}
        type="file"
        hidden
        multiple
        accept=".yaml,.yml,.json,text/yaml,application/json"
        aria-label={t('open')}
        onChange={(event) => {
          void openFiles([...(event.target.files ?? [])], t)
          event.target.value = ''
        }}
      />
    </>
  )
}

async function openFiles(files: readonly File[], t: (key: string, values?: { readonly name: string }) => string): Promise<void> {
  const read = await readManifests(files)
  if (!read.ok) {
    if (read.reason !== 'none') say('error', t(`refused.${read.reason}`, { name: read.name }))
    return
  }
  useDraft.getState().load(read.text)
}

interface Outcome {
  /** The text that was sent. */
  readonly text: string
  readonly results: readonly DocumentResult[]
  readonly diff?: { readonly before: string; readonly after: string }
}
const NOTHING: Outcome = { text: '', results: [] }

/** Sends the text to the engine; what came of it is shown until the text changes. */
function useRuns() {
  const { t } = useTranslation('editor')
  const engine = useEngine()
  const [busy, setBusy] = useState<Action | null>(null)
  const [outcome, setOutcome] = useState<Outcome>(NOTHING)
  const text = useDraft((state) => state.text)
  const run = useCallback(
    (action: Action): void => {
      const yaml = useDraft.getState().text
      if (yaml.trim() === '') return
      setBusy(action)
      send(engine, action, yaml)
        .then((results) => {
          setOutcome({ text: yaml, results, diff: action === 'dryRun' ? diffOf(results) : undefined })
          const failed = results.filter((result) => result.outcome === 'failed').length
          if (failed > 0) say('warning', t('someFailed', { failed, count: results.length }))
          else if (results.length > 0) say('success', results.at(-1)?.message ?? '')
        })
        .catch((error: unknown) => say('error', error instanceof Error ? error.message : String(error)))
        .finally(() => setBusy(null))
    },
    [engine, t],
  )
  const { results, diff } = outcome.text === text ? outcome : NOTHING
  return { busy, results, diff, run, closeDiff: () => setOutcome({ text, results }) }
}

function send(engine: EngineApi, action: Action, yaml: string): Promise<readonly DocumentResult[]> {
  if (action === 'remove') return engine.remove(yaml)
  return engine.apply(yaml, { dryRun: action === 'dryRun' })
}

/** Errors of the last run, or else of a check of the text as it stands. */
function useProblems(results: readonly DocumentResult[]): readonly Problem[] {
  const engine = useEngine()
  const text = useDraft((state) => state.text)
  const ready = useConnection((state) => state.status === 'ready')
  const [linted, setLinted] = useState<{ readonly text: string; readonly problems: readonly Problem[] }>({
    text: '',
    problems: [],
  })
  useEffect(() => {
    if (!ready || text.trim() === '') return
    let stale = false
    const timer = setTimeout(() => {
      engine
        .lint(text)
        .then((found) => !stale && setLinted({ text, problems: problemsOf(found) }))
        .catch((error: unknown) => console.warn('The text could not be checked:', error))
    }, LINT_MS)
    return () => {
      stale = true
      clearTimeout(timer)
    }
  }, [engine, text, ready])
  // While someone types, the former findings stay: they would flicker otherwise.
  const lasting = text.trim() === '' ? NONE : linted.problems
  return useMemo(() => (results.length > 0 ? problemsOf(results) : lasting), [results, lasting])
}
