/** NetworkPolicy as a decision over plain objects: may this packet enter or leave this pod, and which rule says so. */
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort, Pod } from '../../apimachinery/generated/types.ts'
import { selectorMatches, type Labels } from '../../apimachinery/selectors.ts'
import { inCidr } from '../address.ts'
import type { Protocol } from '../packet.ts'

/** One end of a packet. */
export interface Party {
  readonly address: string
  /** The pod that has the address; undefined: none, or one in its machine's network. */
  readonly pod?: Pod | undefined
  /** Labels of the pod's namespace. */
  readonly namespaceLabels?: Labels | undefined
}

export interface Question {
  /** 'Ingress': into `subject`; 'Egress': out of it. */
  readonly direction: 'Ingress' | 'Egress'
  /** The pod that policies apply to. */
  readonly subject: Pod
  readonly other: Party
  readonly protocol: Protocol
  readonly destinationPort: number
  /** The pod that the packet goes to: its containers name ports. */
  readonly destination: Pod | undefined
}

/** One policy rule that was looked at. */
export interface RuleVerdict {
  readonly policy: string
  /** Position in spec.ingress or spec.egress; -1: the policy selects the pod and has no rule for this direction. */
  readonly rule: number
  readonly allows: boolean
  /** What did not fit, or what did. */
  readonly why: string
}

export interface Judgement {
  readonly allowed: boolean
  /** No policy selects the pod for this direction: everything goes. */
  readonly isolated: boolean
  readonly tried: readonly RuleVerdict[]
}

/**
 * Policies only ever allow: a pod that any of them selects for a direction takes what one rule of one of them lets through,
 * and nothing else. `policies`: those of the subject's namespace. Source: Kubernetes' NetworkPolicy API (networking.k8s.io/v1).
 */
export function judge(policies: Iterable<NetworkPolicy>, question: Question): Judgement {
  const tried: RuleVerdict[] = []
  let isolated = false
  for (const policy of policies) {
    if (!appliesTo(policy, question)) continue
    isolated = true
    const name = policy.metadata.name ?? ''
    const rules = rulesOf(policy, question.direction)
    if (rules.length === 0) tried.push({ policy: name, rule: -1, allows: false, why: 'has no rule: allows nothing' })
    for (const [rule, { peers, ports }] of rules.entries()) {
      const verdict = tryRule(peers, ports, question, policy.metadata.namespace ?? '')
      tried.push({ policy: name, rule, ...verdict })
      if (verdict.allows) return { allowed: true, isolated, tried }
    }
  }
  return { allowed: !isolated, isolated, tried }
}

function appliesTo({ metadata, spec }: NetworkPolicy, { subject, direction }: Question): boolean {
  if (metadata.namespace !== subject.metadata.namespace || !spec) return false
  const types = spec.policyTypes ?? (spec.egress ? ['Ingress', 'Egress'] : ['Ingress'])
  return types.includes(direction) && selectorMatches(spec.podSelector ?? {}, subject.metadata.labels)
}

interface PlainRule {
  readonly peers: readonly NetworkPolicyPeer[]
  readonly ports: readonly NetworkPolicyPort[]
}

function rulesOf({ spec }: NetworkPolicy, direction: Question['direction']): readonly PlainRule[] {
  if (direction === 'Ingress') return (spec?.ingress ?? []).map(({ from = [], ports = [] }) => ({ peers: from, ports }))
  return (spec?.egress ?? []).map(({ to = [], ports = [] }) => ({ peers: to, ports }))
}

function tryRule(
  peers: readonly NetworkPolicyPeer[],
  ports: readonly NetworkPolicyPort[],
  question: Question,
  namespace: string,
): { readonly allows: boolean; readonly why: string } {
  const { other, protocol, destinationPort, direction } = question
  const preposition = direction === 'Ingress' ? 'from' : 'to'
  const peer =
    peers.length === 0 ? 'anybody' : peers.map((each) => matchPeer(each, other, namespace)).find((text) => text !== null)
  if (peer === undefined) return { allows: false, why: `not ${preposition} ${other.address}` }
  if (ports.length > 0 && !ports.some((port) => matchesPort(port, question)))
    return { allows: false, why: `not ${protocol.toUpperCase()} port ${destinationPort}` }
  return { allows: true, why: `${preposition} ${peer}` }
}

/** What of the peer fits, in words; null: nothing. */
function matchPeer(
  { ipBlock, podSelector, namespaceSelector }: NetworkPolicyPeer,
  other: Party,
  namespace: string,
): string | null {
  if (ipBlock) {
    const isIn = inCidr(other.address, ipBlock.cidr) && !ipBlock.except?.some((cidr) => inCidr(other.address, cidr))
    return isIn ? `${ipBlock.cidr}` : null
  }
  const { pod } = other
  if (!pod) return null
  if (namespaceSelector ? !selectorMatches(namespaceSelector, other.namespaceLabels) : pod.metadata.namespace !== namespace)
    return null
  if (podSelector && !selectorMatches(podSelector, pod.metadata.labels)) return null
  return `pod ${pod.metadata.namespace}/${pod.metadata.name}`
}

function matchesPort(
  { protocol = 'TCP', port, endPort }: NetworkPolicyPort,
  { protocol: sent, destinationPort, destination }: Question,
): boolean {
  if (protocol.toLowerCase() !== sent) return false
  if (port === undefined) return true
  if (typeof port === 'number') return destinationPort >= port && destinationPort <= (endPort ?? port)
  const named = (destination?.spec?.containers ?? []).flatMap(({ ports }) => ports ?? [])
  return named.some(
    (each) => each.name === port && each.containerPort === destinationPort && (each.protocol ?? 'TCP') === protocol,
  )
}
