import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Expression, NftRule, Statement, Value, Verdict } from './expression.ts'
import { canonicalElements } from './intervals.ts'
import { ruleFromText } from './parse-rule.ts'
import { printRule } from './print-rule.ts'

const address = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255)).map((parts) => parts.join('.'))
const port = fc.integer({ min: 0, max: 65_535 }).map(String)
const protocol = fc.constantFrom('tcp', 'udp', 'sctp', 'icmp', 'ipv6-icmp')
const name = fc.stringMatching(/^[a-z][a-z0-9_/.-]{0,20}[a-z0-9/]$/).filter((text) => !RESERVED.has(text))
const RESERVED = new Set(['ip', 'to'])
const mark = fc.nat(0xff_ff_ff).map((value) => `0x${value.toString(16).padStart(8, '0')}`)
const comment = fc.stringMatching(/^[ -!#-~]{0,30}$/)

const value = (text: fc.Arbitrary<string>): fc.Arbitrary<Value> => text.map((each) => ({ kind: 'value', text: each }))
const range = (text: fc.Arbitrary<string>): fc.Arbitrary<Value> =>
  fc.tuple(text, text).map(([a, b]) => {
    const [from, to] = [a, b].toSorted((x, y) => Number(x) - Number(y)) as [string, string]
    return { kind: 'range', from, to }
  })
const prefix: fc.Arbitrary<Value> = fc
  .tuple(address, fc.integer({ min: 0, max: 31 }))
  .map(([base, bits]) => ({ kind: 'prefix', cidr: `${base}/${bits}` }))
const setName: fc.Arbitrary<Value> = name.map((text) => ({ kind: 'set', name: text }))
const anonymous = (key: fc.Arbitrary<Value>): fc.Arbitrary<Value> =>
  fc
    .array(key, { minLength: 2, maxLength: 5 })
    .map((keys) => canonicalElements(keys.map((each) => ({ key: each }))))
    .filter((elements) => elements.length > 1)
    .map((elements) => ({ kind: 'anonymous', elements }))
const operand = (plain: fc.Arbitrary<Value>) => fc.oneof(plain, setName, anonymous(plain))

const verdict: fc.Arbitrary<Verdict> = fc.oneof(
  fc.constantFrom('accept', 'drop', 'return').map((kind) => ({ kind })),
  fc.tuple(fc.constantFrom('jump', 'goto'), name).map(([kind, chain]) => ({ kind, chain })),
)

const ipField = (field: string): Expression => ({ kind: 'payload', header: 'ip', field })
const thPort: Expression = { kind: 'payload', header: 'th', field: 'dport' }
const l4proto: Expression = { kind: 'meta', key: 'l4proto' }
const triple: Expression = { kind: 'concat', parts: [ipField('daddr'), l4proto, thPort] }
const equality = fc.constantFrom('==', '!=')

const tripleKey: fc.Arbitrary<Value> = fc
  .tuple(value(address), value(protocol), value(port))
  .map((parts) => ({ kind: 'concat', parts }))

const match: fc.Arbitrary<Statement> = fc.oneof(
  fc
    .tuple(fc.constantFrom('saddr', 'daddr'), equality, operand(fc.oneof(value(address), prefix)))
    .map(([field, comparison, right]): Statement => ({ kind: 'match', left: ipField(field), comparison, right })),
  fc
    .tuple(fc.constantFrom('tcp', 'udp', 'th'), fc.constantFrom('==', '!=', '<', '>='), value(port))
    .map(([header, comparison, right]): Statement => ({
      kind: 'match',
      left: { kind: 'payload', header, field: 'sport' },
      comparison,
      right,
    })),
  fc
    .tuple(equality, operand(fc.oneof(value(port), range(port))))
    .map(([comparison, right]): Statement => ({ kind: 'match', left: thPort, comparison, right })),
  fc
    .tuple(equality, operand(tripleKey))
    .map(([comparison, right]): Statement => ({ kind: 'match', left: triple, comparison, right })),
  fc
    .tuple(fc.constantFrom('iifname', 'oifname'), equality, value(fc.stringMatching(/^[a-z][a-z0-9]{0,13}\*?$/)))
    .map(([key, comparison, right]): Statement => ({ kind: 'match', left: { kind: 'meta', key }, comparison, right })),
  fc.tuple(mark, mark).map(([mask, wanted]): Statement => ({
    kind: 'match',
    left: { kind: 'binary', operator: '&', left: { kind: 'meta', key: 'mark' }, right: mask },
    comparison: '!=',
    right: { kind: 'value', text: wanted },
  })),
  fc.subarray(['invalid', 'established', 'related', 'new', 'untracked'], { minLength: 1 }).map((values): Statement => ({
    kind: 'match',
    left: { kind: 'ct', key: 'state' },
    comparison: '==',
    right: values.length === 1 ? { kind: 'value', text: values[0] ?? '' } : { kind: 'list', values },
  })),
  fc.constant<Statement>({
    kind: 'match',
    left: { kind: 'fib', of: ['daddr'], result: 'type' },
    comparison: '==',
    right: { kind: 'value', text: 'local' },
  }),
)

const action: fc.Arbitrary<Statement> = fc.oneof(
  fc.tuple(fc.nat(1e6), fc.nat(1e9)).map(([packets, bytes]): Statement => ({ kind: 'counter', packets, bytes })),
  mark.map((text): Statement => ({
    kind: 'mangle',
    target: { kind: 'meta', key: 'mark' },
    value: { kind: 'binary', operator: '|', left: { kind: 'meta', key: 'mark' }, right: text },
  })),
  name.map((set): Statement => ({ kind: 'update', operation: 'update', set, key: ipField('saddr') })),
  comment.map((text): Statement => ({ kind: 'log', prefix: text })),
  fc
    .tuple(
      fc.integer({ min: 1, max: 999 }),
      fc.constantFrom('second', 'minute', 'hour'),
      fc.integer({ min: 1, max: 50 }),
      fc.boolean(),
    )
    .map(([rate, unit, burst, over]): Statement => ({ kind: 'limit', rate, unit, burst, over })),
)

const numgen = (modulus: number): Expression => ({ kind: 'numgen', mode: 'random', modulus, offset: 0 })

const last: fc.Arbitrary<Statement> = fc.oneof(
  verdict.map((each): Statement => ({ kind: 'verdict', verdict: each })),
  name.map((set): Statement => ({ kind: 'vmap', key: triple, map: { kind: 'set', name: set } })),
  fc.array(verdict, { minLength: 1, maxLength: 4 }).map((verdicts): Statement => ({
    kind: 'vmap',
    key: numgen(verdicts.length),
    map: {
      kind: 'anonymous',
      elements: verdicts.map((each, i) => ({ key: { kind: 'value', text: String(i) }, data: { verdict: each } })),
    },
  })),
  fc.array(fc.tuple(value(address), value(port)), { minLength: 1, maxLength: 4 }).map((targets): Statement => ({
    kind: 'dnat',
    family: 'ip',
    address: {
      kind: 'map',
      key: numgen(targets.length),
      map: {
        kind: 'anonymous',
        elements: targets.map((parts, i) => ({
          key: { kind: 'value', text: String(i) },
          data: { value: { kind: 'concat', parts } },
        })),
      },
    },
    flags: [],
  })),
  fc.tuple(value(address), value(port)).map(([to, number]): Statement => ({
    kind: 'dnat',
    address: { kind: 'constant', value: to },
    port: { kind: 'constant', value: number },
    flags: [],
  })),
  fc.constantFrom<Statement>(
    { kind: 'masquerade', flags: ['fully-random'] },
    { kind: 'masquerade', flags: [] },
    { kind: 'reject' },
    { kind: 'reject', with: { kind: 'tcp reset' } },
    { kind: 'reject', with: { kind: 'icmp', code: 'host-unreachable' } },
  ),
)

const rule: fc.Arbitrary<NftRule> = fc
  .tuple(fc.array(fc.oneof(match, action), { maxLength: 4 }), last, fc.option(comment, { nil: undefined }))
  .map(([statements, end, text]) => {
    const all = [...statements, end]
    return text === undefined ? { statements: all } : { statements: all, comment: text }
  })

describe('rules', () => {
  it('are the same after printing and reading', () => {
    fc.assert(
      fc.property(rule, (each) => {
        expect(ruleFromText('ip', printRule(each))).toEqual(each)
      }),
      { numRuns: 500, seed: 7 },
    )
  })

  it.each([
    [
      'mark and 0x4000 != 0 mark set mark xor 0x4000',
      'meta mark & 0x00004000 != 0x00000000 meta mark set meta mark ^ 0x00004000',
    ],
    ['ip daddr { 10.96.0.0/12 } drop', 'ip daddr 10.96.0.0/12 drop'],
    ['meta l4proto tcp tcp dport http accept', 'tcp dport 80 accept'],
    ['ip protocol icmp accept', 'ip protocol icmp accept'],
    ['ct state related,established accept', 'ct state established,related accept'],
    [
      'dnat ip addr . port to numgen random mod 1 map { 0 : 10.0.0.1 . 80 }',
      'dnat ip to numgen random mod 1 map { 0 : 10.0.0.1 . 80 }',
    ],
    [
      'dnat to numgen inc mod 2 map { 0 : 10.0.0.1, 1 : 10.0.0.2 }',
      'dnat to numgen inc mod 2 map { 0 : 10.0.0.1, 1 : 10.0.0.2 }',
    ],
    ['reject with icmp type port-unreachable', 'reject'],
    ['redirect to :8080', 'redirect to :8080'],
    ['ct state { new, established } accept', 'ct state { established, new } accept'],
    ['ct state vmap { related : accept, invalid : drop }', 'ct state vmap { invalid : drop, related : accept }'],
    ['log level info prefix "x: " ', 'log prefix "x: " level info'],
    ['masquerade persistent,random', 'masquerade random,persistent'],
    [
      'mark set ip saddr map { 10.2.3.2 : 0x2a, 10.2.3.1 : 23 }',
      'meta mark set ip saddr map { 10.2.3.1 : 0x00000017, 10.2.3.2 : 0x0000002a }',
    ],
    ['tcp dport { 443, 80, 80 } accept', 'tcp dport { 80, 443 } accept'],
    ['ip saddr { 203.0.113.0/24, 10.0.0.0/25, 10.0.0.128/25 } drop', 'ip saddr { 10.0.0.0/24, 203.0.113.0/24 } drop'],
    ['ip saddr != { 192.168.0.0/16, 192.168.10.5 } drop', 'ip saddr != { 192.168.0.0/16 } drop'],
    ['tcp dport { 8000-8010, 8011, 22 } accept', 'tcp dport { 22, 8000-8011 } accept'],
  ])('%s', (text, printed) => expect(printRule(ruleFromText('ip', text))).toBe(printed))
})
