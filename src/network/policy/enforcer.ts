import type { Pod } from '../../apimachinery/generated/types.ts'
import type { Netfilter } from '../netfilter/netfilter.ts'
import { PRIORITY, type Flight, type HookFunction, type Verdict } from '../netfilter/hooks.ts'
import type { RuleLog } from '../trace.ts'
import type { PolicyBook } from './book.ts'
import { judge, type Judgement, type Party, type Question } from './judge.ts'

export interface EnforcerOptions {
  /** As it is called where rules are shown: 'kube-network-policies', 'calico'. */
  readonly name: string
  readonly nodeName: string
  readonly book: PolicyBook
  /** Whether an address is the machine's own: what the machine itself sends to its pods (probes) always passes. */
  readonly isOwnAddress: (address: string) => boolean
}

/**
 * Enforces NetworkPolicies on one machine: looks at the first packet of every connection on its last hook there, when
 * Services are already translated and the source is still the true one. Replies pass. Source: kubernetes-sigs/
 * kube-network-policies, which sees packets from an nftables queue at that place.
 */
export class PolicyEnforcer {
  private readonly options: EnforcerOptions
  private unhook: (() => void) | null = null

  constructor(options: EnforcerOptions) {
    this.options = options
  }

  /** Begins to look at the packets of a machine. */
  start(netfilter: Netfilter): void {
    if (this.unhook) return
    this.options.book.use()
    const { name } = this.options
    const run: HookFunction['run'] = (flight, _environment, log) => this.look(flight, log)
    const added = { hook: 'POSTROUTING', priority: PRIORITY.srcnat - 5, name, run } as const
    this.unhook = netfilter.register(added)
  }

  /** Its rules go with it. */
  stop(): void {
    if (!this.unhook) return
    this.unhook()
    this.unhook = null
    this.options.book.release()
  }

  private look(flight: Flight, log: RuleLog | null): Verdict {
    if (flight.state !== 'NEW') return 'accept'
    const { packet } = flight
    const { book, isOwnAddress } = this.options
    const from = book.party(packet.source)
    const to = book.party(packet.destination)
    const common = { protocol: packet.protocol, destinationPort: packet.destinationPort, destination: to.pod }
    if (from.pod && this.isHere(from.pod)) {
      const question: Question = { ...common, direction: 'Egress', subject: from.pod, other: to }
      if (!this.passes(question, log)) return 'drop'
    }
    if (to.pod && this.isHere(to.pod) && !isOwnAddress(packet.source)) {
      const question: Question = { ...common, direction: 'Ingress', subject: to.pod, other: from }
      if (!this.passes(question, log)) return 'drop'
    }
    return 'accept'
  }

  private isHere(pod: Pod): boolean {
    return pod.spec?.nodeName === this.options.nodeName
  }

  private passes(question: Question, log: RuleLog | null): boolean {
    const judgement = judge(this.options.book.in(question.subject.metadata.namespace ?? ''), question)
    if (log) note(log, question, judgement)
    return judgement.allowed
  }
}

/** Writes down every rule that was tried, and the end. */
function note(log: RuleLog, { direction, subject, other }: Question, { allowed, isolated, tried }: Judgement): void {
  const { namespace = '', name = '' } = subject.metadata
  const step = { engine: 'policy', table: namespace, chain: `${direction} of ${namespace}/${name}`, depth: 0 } as const
  for (const [index, { policy, rule, allows, why }] of tried.entries()) {
    log.looked++
    const text = rule < 0 ? `networkpolicy/${policy}` : `networkpolicy/${policy} ${direction.toLowerCase()}[${rule}]`
    log.add({ ...step, index, text, outcome: allows ? 'matched' : 'skipped', why: allows ? `allows ${why}` : why })
  }
  if (allowed && isolated) return
  const text = isolated ? 'selected by a policy: what none allows is dropped' : 'no policy selects the pod'
  const why = isolated ? `drops ${direction === 'Ingress' ? 'from' : 'to'} ${partyText(other)}` : 'accept'
  log.add({ ...step, index: -1, text, outcome: 'matched', why })
}

function partyText({ address, pod }: Party): string {
  return pod ? `${pod.metadata.namespace}/${pod.metadata.name} (${address})` : address
}
