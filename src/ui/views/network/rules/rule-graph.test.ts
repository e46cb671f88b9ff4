import { describe, expect, it } from 'vitest'
import type { ChainRow, RuleRow } from '../../../../worker/network/protocol.ts'
import { isAbout, ruleGraph } from './rule-graph.ts'

const rule = (jump: string, comment = '', action = ''): RuleRow => ({
  text: '',
  packets: 0,
  bytes: 0,
  jump,
  action,
  probability: 1,
  comment,
})
const chain = (name: string, rules: readonly RuleRow[], hook = ''): ChainRow => ({
  table: 'nat',
  name,
  hook,
  policy: hook === '' ? '' : 'ACCEPT',
  packets: 0,
  bytes: 0,
  rules,
})
const CHAINS = [
  chain('PREROUTING', [rule('KUBE-SERVICES', 'kubernetes service portals')], 'PREROUTING'),
  chain('POSTROUTING', [rule('KUBE-POSTROUTING')], 'POSTROUTING'),
  chain('KUBE-SERVICES', [
    rule('KUBE-SVC-DNS', 'kube-system/kube-dns:dns cluster IP'),
    rule('KUBE-SVC-WEB', 'default/web cluster IP'),
    rule('KUBE-SVC-WEB2', 'default/web-2 cluster IP'),
  ]),
  chain('KUBE-POSTROUTING', [rule('', '', 'MASQUERADE')]),
  chain('KUBE-SVC-DNS', [rule('KUBE-SEP-DNS', 'kube-system/kube-dns:dns -> 10.244.0.2:53')]),
  chain('KUBE-SVC-WEB', [
    rule('KUBE-MARK-MASQ', 'default/web cluster IP'),
    rule('KUBE-SEP-A', 'default/web -> 10.244.1.2:80'),
    rule('KUBE-SEP-B', 'default/web -> 10.244.2.2:80'),
  ]),
  chain('KUBE-SVC-WEB2', [rule('KUBE-SEP-C', 'default/web-2 -> 10.244.2.9:80')]),
  chain('KUBE-SEP-A', [rule('', 'default/web', 'DNAT 10.244.1.2:80')]),
  chain('KUBE-SEP-B', [rule('', 'default/web', 'DNAT 10.244.2.2:80')]),
  chain('KUBE-SEP-C', [rule('', 'default/web-2', 'DNAT 10.244.2.9:80')]),
  chain('KUBE-SEP-DNS', [rule('', 'kube-system/kube-dns:dns', 'DNAT')]),
  chain('KUBE-MARK-MASQ', [rule('', '', 'MARK')]),
]
const names = (service: string): string[][] =>
  ruleGraph(CHAINS, 'nat', service).columns.map((column) => column.map((each) => each.chain.name))

describe('the diagram of a table', () => {
  it('has hooks first, and every chain to the right of all that lead to it', () => {
    expect(names('')[0]).toEqual(['PREROUTING', 'POSTROUTING'])
    expect(names('')[1]).toEqual(['KUBE-SERVICES', 'KUBE-POSTROUTING'])
    expect(names('')[3]).toContain('KUBE-MARK-MASQ')
  })
  it('shows the chains of one Service, in the order of its rules', () => {
    expect(names('default/web')).toEqual([
      ['PREROUTING'],
      ['KUBE-SERVICES'],
      ['KUBE-SVC-WEB'],
      ['KUBE-MARK-MASQ', 'KUBE-SEP-A', 'KUBE-SEP-B'],
    ])
  })
  it('hides the rules of other Services', () => {
    const services = ruleGraph(CHAINS, 'nat', 'default/web').columns[1]?.[0]
    expect(services?.rules.map(({ rule: { jump } }) => jump)).toEqual(['KUBE-SVC-WEB'])
    expect(services?.hidden).toBe(2)
  })
})

describe('what a rule is about', () => {
  it.each([
    ['default/web cluster IP', true],
    ['default/web:http cluster IP', true],
    ['default/web', true],
    ['default/web-2 cluster IP', false],
    ['other-default/web', true],
    ['xdefault/web', false],
  ])('%s', (comment, expected) => {
    expect(isAbout(rule('', comment), 'default/web')).toBe(expected)
  })
})
