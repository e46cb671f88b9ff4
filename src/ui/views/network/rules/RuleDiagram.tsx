import { useLayoutEffect, useRef, useState, type RefObject } from 'react'
import { useTranslation } from 'react-i18next'
import { linkHorizontal } from 'd3'
import type { GraphChain, GraphRule, RuleGraph } from './rule-graph.ts'
import styles from './Rules.module.css'

interface Line {
  readonly key: string
  readonly path: string
  readonly probability: number
  readonly hit: boolean
}

/** Chains as columns, jumps as lines from a rule to a chain; a line's width is its probability. */
export function RuleDiagram({ graph }: { readonly graph: RuleGraph }) {
  const { t } = useTranslation('network')
  const area = useRef<HTMLDivElement>(null)
  const lines = useLines(area, graph)
  const [focused, setFocused] = useState('')
  return (
    <div className={styles.scroller}>
      <div ref={area} className={styles.diagram} role="group" aria-label={t('rules.diagram')}>
        <svg className={styles.lines} aria-hidden="true">
          {lines.map(({ key, path, probability, hit }) => (
            <path
              key={key}
              d={path}
              strokeWidth={1 + 3 * (probability < 1 ? probability : 0.2)}
              data-hit={hit || undefined}
              data-focus={(focused !== '' && key.includes(focused)) || undefined}
            />
          ))}
        </svg>
        {graph.columns.map((column, at) => (
          <div key={at} className={styles.column}>
            {column.map((chain) => (
              <ChainBox key={chain.id} chain={chain} onFocus={setFocused} />
            ))}
          </div>
        ))}
      </div>
      {graph.hidden > 0 && <p className={styles.more}>{t('rules.hiddenChains', { count: graph.hidden })}</p>}
    </div>
  )
}

interface ChainBoxProps {
  readonly chain: GraphChain
  readonly onFocus: (id: string) => void
}

function ChainBox({ chain: { id, chain, rules, hidden }, onFocus }: ChainBoxProps) {
  const { t } = useTranslation('network')
  return (
    <section
      className={styles.chain}
      data-chain={id}
      data-hook={chain.hook !== '' || undefined}
      onMouseEnter={() => onFocus(id)}
      onMouseLeave={() => onFocus('')}
    >
      <h3 className="wrap-anywhere">
        {chain.name} {chain.policy !== '' && <span className="muted">{t('rules.policy', { policy: chain.policy })}</span>}
      </h3>
      <ol>
        {rules.map((rule) => (
          <RuleItem key={rule.at} rule={rule} id={id} />
        ))}
      </ol>
      {hidden > 0 && <p className={styles.more}>{t('rules.hiddenRules', { count: hidden })}</p>}
    </section>
  )
}

function RuleItem({ rule: { at, rule, to }, id }: { readonly rule: GraphRule; readonly id: string }) {
  const { t } = useTranslation('network')
  const words = rule.comment !== '' ? rule.comment : matchText(rule.text)
  return (
    <li
      data-rule={`${id} ${at}`}
      data-to={to === '' ? undefined : to}
      data-probability={rule.probability}
      data-packets={rule.packets}
      title={rule.text}
    >
      <span className={styles.words}>{words}</span>
      {rule.probability < 1 && (
        <span className={styles.dice}>{t('rules.probability', { percent: Math.round(rule.probability * 1000) / 10 })}</span>
      )}
      {rule.action !== '' && <b>{rule.action}</b>}
      {rule.packets > 0 && <span className={styles.count}>{t('rules.packets', { count: rule.packets })}</span>}
    </li>
  )
}

/** What a rule without a comment looks for. */
function matchText(text: string): string {
  const found = text.replace(/^-A \S+ ?/, '').replace(/ ?-[jg] .*$/, '')
  return found === '' ? '*' : found
}

function useLines(area: RefObject<HTMLDivElement | null>, graph: RuleGraph): readonly Line[] {
  const [lines, setLines] = useState<readonly Line[]>([])
  useLayoutEffect(() => {
    const element = area.current
    if (!element) return
    const measure = (): void => setLines(measureLines(element))
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [area, graph])
  return lines
}

const curve = linkHorizontal<{ source: [number, number]; target: [number, number] }, [number, number]>()

function measureLines(element: HTMLElement): Line[] {
  const origin = element.getBoundingClientRect()
  const chains = new Map<string, DOMRect>()
  for (const chain of element.querySelectorAll<HTMLElement>('[data-chain]')) {
    const head = chain.querySelector('h3') ?? chain
    chains.set(chain.dataset['chain'] ?? '', head.getBoundingClientRect())
  }
  const out: Line[] = []
  for (const rule of element.querySelectorAll<HTMLElement>('[data-to]')) {
    const { to = '', rule: from = '', probability = '1', packets = '0' } = rule.dataset
    const target = chains.get(to)
    if (!target) continue
    const { right, top, height } = rule.getBoundingClientRect()
    const path = curve({
      source: [right - origin.left, top + height / 2 - origin.top],
      target: [target.left - origin.left - 5, target.top + target.height / 2 - origin.top],
    })
    out.push({ key: `${from}>${to}`, path: path ?? '', probability: Number(probability), hit: Number(packets) > 0 })
  }
  return out
}
