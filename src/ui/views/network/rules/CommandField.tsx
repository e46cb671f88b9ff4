import { useRef, useState, type FormEvent, type KeyboardEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { reported } from '../../../app/report.ts'
import { useSession } from '../../../engine/hooks.ts'
import styles from './Rules.module.css'

interface Run {
  readonly line: string
  readonly output: string
  readonly failed: boolean
}
const KEPT = 30
const SAMPLES = [
  'iptables -t nat -L KUBE-SERVICES -n | head',
  'ip route',
  'conntrack -L',
  'ipvsadm -Ln',
  'nft list tables',
  'ip -d addr',
]

interface CommandFieldProps {
  readonly node: string
  readonly onDone: () => void
}

/** A prompt on a node. Arrow up and down go through what was typed before. */
export function CommandField({ node, onDone }: CommandFieldProps) {
  const { t } = useTranslation('network')
  const { api } = useSession()
  const [line, setLine] = useState('')
  const [runs, setRuns] = useState<readonly Run[]>([])
  const [busy, setBusy] = useState(false)
  const at = useRef(-1)
  const output = useRef<HTMLDivElement>(null)
  const history = runs.map((run) => run.line)

  const run = async (text: string): Promise<void> => {
    setBusy(true)
    try {
      const { stdout, stderr, exitCode } = await api.nodeCommand(node, text)
      setRuns((old) => [...old, { line: text, output: `${stdout}${stderr}`.trimEnd(), failed: exitCode !== 0 }].slice(-KEPT))
      setLine('')
      at.current = -1
      onDone()
      requestAnimationFrame(() => output.current?.scrollTo({ top: output.current.scrollHeight }))
    } finally {
      setBusy(false)
    }
  }
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (line.trim() !== '' && !busy) reported(run(line.trim()))
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return
    event.preventDefault()
    const next = Math.min(history.length - 1, Math.max(-1, at.current + (event.key === 'ArrowUp' ? 1 : -1)))
    at.current = next
    setLine(next < 0 ? '' : (history[history.length - 1 - next] ?? ''))
  }
  return (
    <section className={styles.shell} aria-label={t('shell.title', { node })}>
      <h4>{t('shell.title', { node })}</h4>
      <div ref={output} className={styles.shellOut} role="log" aria-live="polite">
        {runs.length === 0 && (
          <p className={styles.samples}>
            {t('shell.try')}{' '}
            {SAMPLES.map((sample) => (
              <button key={sample} type="button" className="btn" disabled={busy} onClick={() => reported(run(sample))}>
                <code>{sample}</code>
              </button>
            ))}
          </p>
        )}
        {runs.map((each, index) => (
          <pre key={index} data-failed={each.failed || undefined}>
            <b>
              {node}# {each.line}
            </b>
            {each.output !== '' && `\n${each.output}`}
          </pre>
        ))}
      </div>
      <form className={styles.prompt} onSubmit={submit}>
        <span className="mono" aria-hidden="true">
          {node}#
        </span>
        <input
          className="field mono"
          aria-label={t('shell.line')}
          value={line}
          spellCheck={false}
          autoCapitalize="off"
          autoComplete="off"
          placeholder="iptables -t nat -L KUBE-SERVICES -n | head"
          onChange={(event) => setLine(event.target.value)}
          onKeyDown={onKeyDown}
        />
        <button type="submit" className="btn" disabled={busy || line.trim() === ''}>
          {t(busy ? 'shell.busy' : 'shell.run')}
        </button>
      </form>
    </section>
  )
}
