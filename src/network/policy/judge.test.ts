import { describe, expect, it } from 'vitest'
import type { NetworkPolicy, NetworkPolicySpec, Pod } from '../../apimachinery/generated/types.ts'
import { judge, type Party, type Question } from './judge.ts'

const pod = (name: string, labels: Record<string, string>, namespace = 'shop'): Pod => ({
  metadata: { name, namespace, labels },
  spec: { containers: [{ name: 'c', image: 'i', ports: [{ name: 'http', containerPort: 8080 }] }] },
})
const policy = (name: string, spec: NetworkPolicySpec, namespace = 'shop'): NetworkPolicy => ({
  metadata: { name, namespace },
  spec,
})
const db = pod('db', { app: 'db' })
const web: Party = { address: '10.244.1.5', pod: pod('web', { app: 'web' }), namespaceLabels: { team: 'a' } }
const foreign: Party = { address: '10.244.2.9', pod: pod('web', { app: 'web' }, 'other'), namespaceLabels: { team: 'b' } }
const world: Party = { address: '203.0.113.7' }
const into = (other: Party, destinationPort = 8080, more: Partial<Question> = {}): Question => ({
  direction: 'Ingress',
  subject: db,
  other,
  protocol: 'tcp',
  destinationPort,
  destination: db,
  ...more,
})
const all = {}
const allows = (spec: NetworkPolicySpec, question: Question) => judge([policy('p', spec)], question).allowed

describe('NetworkPolicy', () => {
  it('without a policy everything goes', () => {
    expect(judge([], into(world))).toEqual({ allowed: true, isolated: false, tried: [] })
    expect(
      judge([policy('p', { podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Ingress'] })], into(world)).allowed,
    ).toBe(true)
    expect(judge([policy('p', { podSelector: all, policyTypes: ['Ingress'] }, 'other')], into(world)).allowed).toBe(true)
  })

  it('a policy without rules denies, in its direction only', () => {
    const deny: NetworkPolicySpec = { podSelector: all, policyTypes: ['Ingress'] }
    expect(judge([policy('deny', deny)], into(web))).toEqual({
      allowed: false,
      isolated: true,
      tried: [{ policy: 'deny', rule: -1, allows: false, why: 'has no rule: allows nothing' }],
    })
    expect(allows(deny, into(web, 80, { direction: 'Egress' }))).toBe(true)
  })

  it.each<[string, NetworkPolicySpec, Question, boolean]>([
    ['an empty rule allows all', { podSelector: all, ingress: [{}] }, into(world), true],
    ['pods of the same namespace', { podSelector: all, ingress: [{ from: [{ podSelector: all }] }] }, into(web), true],
    ['not those of another', { podSelector: all, ingress: [{ from: [{ podSelector: all }] }] }, into(foreign), false],
    [
      'by namespace labels',
      { podSelector: all, ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: 'b' } } }] }] },
      into(foreign),
      true,
    ],
    [
      'both selectors in one peer must match',
      {
        podSelector: all,
        ingress: [
          { from: [{ namespaceSelector: { matchLabels: { team: 'b' } }, podSelector: { matchLabels: { app: 'api' } } }] },
        ],
      },
      into(foreign),
      false,
    ],
    [
      'two peers: one is enough',
      {
        podSelector: all,
        ingress: [
          { from: [{ namespaceSelector: { matchLabels: { team: 'z' } } }, { podSelector: { matchLabels: { app: 'web' } } }] },
        ],
      },
      into(web),
      true,
    ],
    ['an address block', { podSelector: all, ingress: [{ from: [{ ipBlock: { cidr: '203.0.113.0/24' } }] }] }, into(world), true],
    [
      'and what it leaves out',
      { podSelector: all, ingress: [{ from: [{ ipBlock: { cidr: '203.0.0.0/16', except: ['203.0.113.0/24'] } }] }] },
      into(world),
      false,
    ],
    ['a port', { podSelector: all, ingress: [{ ports: [{ port: 8080 }] }] }, into(web), true],
    ['another port', { podSelector: all, ingress: [{ ports: [{ port: 80 }] }] }, into(web), false],
    ['a range of ports', { podSelector: all, ingress: [{ ports: [{ port: 8000, endPort: 9000 }] }] }, into(web), true],
    ['a named port', { podSelector: all, ingress: [{ ports: [{ port: 'http' }] }] }, into(web), true],
    ['a named port of another number', { podSelector: all, ingress: [{ ports: [{ port: 'http' }] }] }, into(web, 80), false],
    ['another protocol', { podSelector: all, ingress: [{ ports: [{ port: 8080, protocol: 'UDP' }] }] }, into(web), false],
    [
      'a protocol only',
      { podSelector: all, ingress: [{ ports: [{ protocol: 'UDP' }] }] },
      into(web, 53, { protocol: 'udp' }),
      true,
    ],
  ])('%s', (_, spec, question, expected) => {
    expect(allows(spec, question)).toBe(expected)
  })

  it('policies add up: what one allows is allowed', () => {
    const deny = policy('a-deny', { podSelector: all, policyTypes: ['Ingress'] })
    const allow = policy('b-allow', { podSelector: { matchLabels: { app: 'db' } }, ingress: [{ from: [{ podSelector: all }] }] })
    const { allowed, tried } = judge([deny, allow], into(web))
    expect(allowed).toBe(true)
    expect(tried.at(-1)).toEqual({ policy: 'b-allow', rule: 0, allows: true, why: 'from pod shop/web' })
  })

  it('egress counts only where it is asked for', () => {
    const spec: NetworkPolicySpec = { podSelector: all, egress: [{ to: [{ podSelector: { matchLabels: { app: 'web' } } }] }] }
    const out = (other: Party) => into(other, 8080, { direction: 'Egress', destination: other.pod })
    expect(allows(spec, out(web))).toBe(true)
    expect(allows(spec, out(world))).toBe(false)
    expect(allows({ ...spec, policyTypes: ['Ingress'] }, out(world))).toBe(true)
  })
})
