import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { RuleStep } from '../../../worker/network/protocol.ts'
import styles from './Card.module.css'
import { ruleLines, type RuleLine } from './rule-lines.ts'

/** Rules tried at one station, in order, with why each was skipped and what each matched one did. */
export function RuleSteps({ steps, looked }: { readonly steps: readonly RuleStep[]; readonly looked: number }) {
  const { t } = useTranslation('network')
  const lines = ruleLines(steps)
  return (
    <section className={styles.rules}>
      <h4>{t('card.rules', { count: looked })}</h4>
      <ol>
        {lines.map((line, at) => (
          <Line key={at} line={line} chainIsNew={chainOf(lines[at - 1]) !== chainOf(line)} />
        ))}
      </ol>
    </section>
  )
}

function Line({ line, chainIsNew }: { readonly line: RuleLine; readonly chainIsNew: boolean }) {
  const { t } = useTranslation('network')
  const [open, setOpen] = useState(false)
  const depth = line.type === 'run' ? line.depth : line.step.depth
  const indent = { marginLeft: `calc(${Math.min(depth, 6)} * var(--space-3))` }
  return (
    <li style={indent}>
      {chainIsNew && <p className={styles.chain}>{chainOf(line)}</p>}
      {line.type === 'rule' ? (
        <Rule step={line.step} />
      ) : (
        <>
          <button type="button" className={styles.run} aria-expanded={open} onClick={() => setOpen(!open)}>
            {t('card.run', { count: line.count })}
          </button>
          {open && line.steps.map((step, at) => <Rule key={at} step={step} />)}
        </>
      )}
    </li>
  )
}

function Rule({ step }: { readonly step: RuleStep }) {
  const { t } = useTranslation('network')
  const { outcome, text, why, dice, count = 1, index } = step
  return (
    <div className={styles.rule} data-outcome={outcome}>
      <code>{index < 0 ? t('card.policy') : text}</code>
      <p>
        <b>{t(`card.${outcome}`)}</b> {count > 1 ? t('card.times', { count, why }) : dice ? '' : why}
        {dice && outcome === 'matched' ? why : ''}
      </p>
      {dice &&
        (dice.of === undefined ? (
          <Dice probability={dice.probability} drawn={dice.drawn} />
        ) : (
          <Lot drawn={dice.drawn} of={dice.of} />
        ))}
    </div>
  )
}

/** The number that was drawn against the probability: below it, the rule matches. */
export function Dice({ probability, drawn }: { readonly probability: number; readonly drawn: number }) {
  const { t } = useTranslation('network')
  const hit = drawn < probability
  const words = t(hit ? 'card.diceHit' : 'card.diceMiss', { drawn: drawn.toFixed(2), probability: probability.toFixed(2) })
  return (
    <div className={styles.dice} data-hit={hit || undefined}>
      <svg viewBox="0 0 100 14" preserveAspectRatio="none" aria-hidden="true">
        <rect x="0" y="4" width="100" height="6" className={styles.diceAll} />
        <rect x="0" y="4" width={probability * 100} height="6" className={styles.dicePart} />
        <line x1={drawn * 100} x2={drawn * 100} y1="0" y2="14" className={styles.diceMark} vectorEffect="non-scaling-stroke" />
      </svg>
      <span>{words}</span>
    </div>
  )
}

/** A whole number that was drawn below another (nftables' numgen): it says which element of a map is taken. */
function Lot({ drawn, of }: { readonly drawn: number; readonly of: number }) {
  const { t } = useTranslation('network')
  return (
    <div className={styles.dice} data-hit>
      <svg viewBox="0 0 100 14" preserveAspectRatio="none" aria-hidden="true">
        <rect x="0" y="4" width="100" height="6" className={styles.diceAll} />
        <rect x={(drawn / of) * 100} y="4" width={100 / of} height="6" className={styles.dicePart} />
      </svg>
      <span>{t('card.lot', { drawn, last: of - 1 })}</span>
    </div>
  )
}

function chainOf(line: RuleLine | undefined): string {
  if (!line) return ''
  const { engine, table, chain } = line.type === 'run' ? (line.steps[0] as RuleStep) : line.step
  return engine === 'iptables' ? `${table} ${chain}` : `${engine} ${table} ${chain}`
}
