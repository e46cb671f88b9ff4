import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ProxyMode, RuleTables } from '../../../../worker/network/protocol.ts'
import { CopyButton } from '../../../panels/CopyButton.tsx'
import styles from './Rules.module.css'

const MODES: readonly ProxyMode[] = ['iptables', 'ipvs', 'nftables']
/** The commands whose output the texts are. */
const COMMANDS: { readonly [mode in ProxyMode]: string } = {
  iptables: 'iptables-save -c',
  ipvs: 'ipvsadm -Ln',
  nftables: 'nft list ruleset',
}
const MOST_LINES = 1500

/** The plain text of what is in the kernel; or the same Services as each mode writes them, side by side. */
export function RuleTexts({ tables, service }: { readonly tables: RuleTables; readonly service: string }) {
  const { t } = useTranslation('network')
  const [shown, setShown] = useState<ProxyMode | 'all'>(
    tables.mode === 'ipvs' || tables.mode === 'nftables' ? tables.mode : 'iptables',
  )
  const own = service === '' ? '' : (service.split('/')[1] ?? '')
  return (
    <section className={styles.texts} aria-label={t('rules.texts')} data-all={shown === 'all' || undefined}>
      <div className={styles.choices} role="group" aria-label={t('rules.texts')}>
        {MODES.map((mode) => (
          <button key={mode} type="button" className="btn" aria-pressed={shown === mode} onClick={() => setShown(mode)}>
            {COMMANDS[mode]}
          </button>
        ))}
        <button type="button" className="btn" aria-pressed={shown === 'all'} onClick={() => setShown('all')}>
          {t('rules.sideBySide')}
        </button>
      </div>
      {shown === 'all' ? (
        <>
          <p className="muted">{service === '' ? t('rules.equivalentAll') : t('rules.equivalent', { service })}</p>
          <div className={styles.three}>
            {MODES.map((mode) => (
              <div key={mode}>
                <h4>
                  {mode} <span className="muted">{t('rules.lines', { count: lineCount(tables.equivalents[mode]) })}</span>
                </h4>
                {mode === 'ipvs' && <p className="muted">{t('modes.deprecatedShort')}</p>}
                <Text text={tables.equivalents[mode]} mark="" />
              </div>
            ))}
          </div>
        </>
      ) : (
        <>
          <p className={styles.textHead}>
            <span className="muted">{t('rules.kernel', { node: tables.node })}</span>
            <CopyButton text={tables.texts[shown]} name={t('rules.copy')} />
          </p>
          <Text text={tables.texts[shown]} mark={own === '' ? '' : service} />
        </>
      )}
    </section>
  )
}

function Text({ text, mark }: { readonly text: string; readonly mark: string }) {
  const { t } = useTranslation('network')
  const box = useRef<HTMLPreElement>(null)
  // What is about the Service comes into sight when it is chosen, not each time that counters change.
  useEffect(() => {
    const first = box.current?.querySelector<HTMLElement>('[data-mark]')
    if (first) box.current?.scrollTo({ top: first.offsetTop - box.current.offsetTop - 40 })
  }, [mark])
  const lines = text.trimEnd().split('\n')
  return (
    <pre ref={box} className={styles.text}>
      {lines.slice(0, MOST_LINES).map((line, at) => (
        <div key={at} data-mark={(mark !== '' && line.includes(mark)) || undefined}>
          {line === '' ? ' ' : line}
        </div>
      ))}
      {lines.length > MOST_LINES && <div className="muted">{t('rules.moreLines', { count: lines.length - MOST_LINES })}</div>}
    </pre>
  )
}

function lineCount(text: string): number {
  return text.trim() === '' ? 0 : text.trim().split('\n').length
}
