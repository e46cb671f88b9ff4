import type { Outcome } from '../../scheduler/attempts.ts'
import type { Bench, Refusal, Weighing } from '../../scheduler/bench.ts'
import type { PreemptionReport } from '../../scheduler/framework.ts'
import type { Pod } from '../../apimachinery/generated/types.ts'
import type { MessagePart, PodWeighing, PreemptionView, Verdict } from './protocol.ts'

/** The bench's weighing of a pod as the page gets it; null if no profile is responsible. */
export function weighPod(bench: Bench, pod: Pod, timeMs: number, recorded?: Outcome): PodWeighing | null {
  const weighing = bench.weigh(pod)
  if (!weighing) return null
  const indexOf = new Map(weighing.nodes.map(({ name }, i) => [name, i]))
  const index = (name: string) => indexOf.get(name) ?? -1
  const outcome = recorded ?? outcomeOf(weighing)
  const { verdicts, verdictOf } = groupVerdicts(weighing)
  const failed = recorded ? recorded.node === '' : weighing.result.kind === 'unplaced'
  return {
    timeMs,
    nodes: weighing.nodes.map(({ name }) => name),
    filters: weighing.filters.map(({ plugin, asked, prepared }) => ({
      plugin,
      state: !asked ? 'unasked' : prepared || weighing.rejection?.plugin === plugin ? 'checks' : 'skips',
    })),
    rejection: weighing.rejection && { plugin: weighing.rejection.plugin, reasons: weighing.rejection.reasons },
    verdicts,
    verdictOf,
    unsampled: weighing.rejection ? [] : weighing.sampled.flatMap((seen, i) => (seen ? [] : [i])),
    scored: weighing.scored,
    scorers: weighing.scores,
    totals: weighing.totals,
    best: weighing.best,
    winner: winnerOf(weighing, recorded, index),
    message: failed ? outcome.message : '',
    parts: failed ? messageParts(weighing) : [],
    preemption: failed && outcome.preemption ? preemptionView(outcome.preemption, outcome.nominated, index) : null,
  }
}

function outcomeOf({ result }: Weighing): Outcome {
  if (result.kind === 'placed') return { node: result.nodeName, message: '', preemption: null, nominated: '' }
  const { message, preemption, postFilter } = result
  return { node: '', message, preemption, nominated: postFilter?.nominatedNodeName ?? '' }
}

/** What is still to be drawn by chance is not foretold. */
function winnerOf(weighing: Weighing, recorded: Outcome | undefined, index: (name: string) => number): number {
  if (recorded) return recorded.node === '' ? -1 : index(recorded.node)
  return weighing.best.length === 1 ? (weighing.best[0] ?? -1) : -1
}

function groupVerdicts({ refusals, rejection, nodes }: Weighing): { verdicts: Verdict[]; verdictOf: number[] } {
  const verdicts: Verdict[] = []
  const places = new Map<string, number>()
  if (rejection) {
    const { plugin, reasons, code } = rejection
    return {
      verdicts: [{ plugin, reasons, resolvable: code === 'Unschedulable', also: [], nominated: false }],
      verdictOf: nodes.map(() => 0),
    }
  }
  const verdictOf = refusals.map((refusal) => {
    if (!refusal) return -1
    const key = keyOf(refusal)
    let place = places.get(key)
    if (place === undefined) {
      place = verdicts.length
      places.set(key, place)
      const { status, also, nominated } = refusal
      const resolvable = status.code === 'Unschedulable'
      verdicts.push({ plugin: status.plugin, reasons: status.reasons, resolvable, also, nominated })
    }
    return place
  })
  return { verdicts, verdictOf }
}

const keyOf = ({ status, also, nominated }: Refusal) =>
  `${status.plugin}\n${status.code}\n${status.reasons.join('\n')}\n\n${also.join()}\n${nominated}`

/** Reason by reason, in the order of the message. k8s 1.36: FitError.Error. */
function messageParts({ refusals, rejection, nodes }: Weighing): MessagePart[] {
  const reasons = new Map<string, number[]>()
  const add = (list: readonly string[], node: number) => {
    for (const reason of list) {
      const nodesOf = reasons.get(reason)
      if (nodesOf) nodesOf.push(node)
      else reasons.set(reason, [node])
    }
  }
  if (rejection) nodes.forEach((_, i) => add(rejection.reasons, i))
  else refusals.forEach((refusal, i) => refusal && add(refusal.status.reasons, i))
  return partsOf(reasons)
}

function partsOf(reasons: ReadonlyMap<string, readonly number[]>): MessagePart[] {
  const text = ({ reason, nodes }: MessagePart) => `${nodes.length} ${reason}`
  return [...reasons].map(([reason, nodes]) => ({ reason, nodes })).sort((a, b) => (text(a) < text(b) ? -1 : 1))
}

function preemptionView(report: PreemptionReport, nominated: string, index: (name: string) => number): PreemptionView {
  const hopeless = new Map<string, number[]>()
  for (const [node, { reasons }] of report.nodeStatuses)
    for (const reason of reasons) hopeless.set(reason, [...(hopeless.get(reason) ?? []), index(node)])
  return {
    eligible: report.eligible,
    candidates: report.candidates.map((candidate) => ({
      node: index(candidate.nodeName),
      victims: candidate.victims.map(({ namespace, name, priority }) => ({ namespace, name, priority })),
      pdbViolations: candidate.pdbViolations,
      best: report.best.includes(candidate),
    })),
    hopeless: partsOf(hopeless),
    chosen: nominated === '' ? -1 : index(nominated),
  }
}
