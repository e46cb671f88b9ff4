import { useTranslation } from 'react-i18next'
import type { PodWeighing, PreemptionCandidate, PreemptionView } from '../../../worker/scheduling/protocol.ts'
import { podRef, useSelection } from '../../state/selection.ts'
import { NamedNodes, NodeName } from './NamedNodes.tsx'
import styles from './SchedulingView.module.css'

const MOST = 24

interface PreemptionProps {
  readonly weighing: PodWeighing
  readonly preemption: PreemptionView
}

/** The nodes on which others could go for the pod, each with those who would. */
export function Preemption({ weighing, preemption }: PreemptionProps) {
  const { t } = useTranslation('scheduling')
  const { candidates, hopeless, eligible } = preemption
  const order = candidates.toSorted((a, b) => rank(b, preemption) - rank(a, preemption))
  return (
    <section className={styles.box} aria-label={t('preemption.title')}>
      <h3>{t('preemption.title')}</h3>
      {!eligible && <p>{t('preemption.notEligible')}</p>}
      {eligible && candidates.length === 0 && <p>{t('preemption.none')}</p>}
      {candidates.length > 0 && (
        <>
          <p className="muted">{t('preemption.rules')}</p>
          <ul className={styles.candidates}>
            {order.slice(0, MOST).map((candidate) => (
              <Candidate key={candidate.node} {...{ weighing, candidate }} chosen={candidate.node === preemption.chosen} />
            ))}
          </ul>
          {order.length > MOST && <p className="muted">{t('more', { count: order.length - MOST })}</p>}
        </>
      )}
      {hopeless.length > 0 && (
        <ul className={styles.parts}>
          {hopeless.map(({ reason, nodes }) => (
            <li key={reason}>
              <b>{nodes.length}</b> <code>{reason}</code>
              <NamedNodes weighing={weighing} nodes={nodes} />
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

const rank = ({ node, best }: PreemptionCandidate, { chosen }: PreemptionView) => (node === chosen ? 2 : best ? 1 : 0)

interface CandidateProps {
  readonly weighing: PodWeighing
  readonly candidate: PreemptionCandidate
  readonly chosen: boolean
}

function Candidate({ weighing, candidate, chosen }: CandidateProps) {
  const { t } = useTranslation('scheduling')
  const select = useSelection((state) => state.select)
  const { node, victims, pdbViolations, best } = candidate
  return (
    <li className={styles.candidate} data-chosen={chosen || undefined}>
      <p>
        <NodeName name={weighing.nodes[node] ?? ''} />
        {chosen ? <span className={styles.tag}>{t('chosen')}</span> : best && <span className={styles.tag}>{t('tied')}</span>}
      </p>
      <p>{t('preemption.victims', { count: victims.length })}</p>
      <ul className={styles.victims}>
        {victims.slice(0, MOST).map((victim) => (
          <li key={`${victim.namespace}/${victim.name}`}>
            <button type="button" className="mono" onClick={() => select(podRef(victim.namespace, victim.name))}>
              <span aria-hidden="true">✕</span> {victim.name}
            </button>
            <span className="muted">{t('preemption.priority', { priority: victim.priority })}</span>
          </li>
        ))}
      </ul>
      <p data-violates={pdbViolations > 0 || undefined} className={styles.pdb}>
        {t('preemption.pdb', { count: pdbViolations })}
      </p>
    </li>
  )
}
