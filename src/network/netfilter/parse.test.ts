import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { UsageError } from './options.ts'
import { parseRule, parseRules, words } from './parse.ts'
import { printRule } from './print.ts'
import { anyRule } from './testing/rules.ts'

describe('rules and their text', () => {
  test('what is printed is read back as the same rule', () => {
    fc.assert(
      fc.property(anyRule(['KUBE-MARK-MASQ']), (rule) => {
        const text = printRule(rule)
        const [again] = parseRules(words(text)).rules
        expect(again).toEqual(rule)
        expect(again && printRule(again)).toBe(text)
      }),
      { numRuns: 400, seed: 1 },
    )
  })

  test('the same text is the same object, unless the rule remembers something of its own', () => {
    expect(parseRule('-d 10.96.0.10/32 -j DROP')).toBe(parseRule('-d 10.96.0.10/32 -j DROP'))
    expect(parseRule('-m limit --limit 1/sec -j DROP')).not.toBe(parseRule('-m limit --limit 1/sec -j DROP'))
  })

  test.each([
    ['-s 10.1.2.3/8 -d fd00::1', "host/network `fd00::1' not found"],
    ['-p tcp --dport 80 -m comment --comment', 'option "--comment" requires an argument'],
    ['-m tcp --dport 80', "TCP match requires '-p tcp'"],
    ['! ! -s 10.0.0.1', 'multiple consecutive ! not allowed'],
  ])('%s', (text, message) => {
    expect(() => parseRules(words(text))).toThrow(new UsageError(message))
  })

  test.each([
    ['-p udp --dport domain -j ACCEPT', ' -p udp -m udp --dport 53 -j ACCEPT'],
    ['--jump DNAT --to 10.0.0.1:80 --proto tcp', ' -p tcp -j DNAT --to-destination 10.0.0.1:80'],
    [
      '-m statistic --mode random --probability 0.3333333333 -j X',
      ' -m statistic --mode random --probability 0.33333333349 -j X',
    ],
    ['-p TCP --syn -m state --state new', ' -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -m state --state NEW'],
  ])('%s', (text, printed) => {
    expect(printRule(parseRule(text))).toBe(printed)
  })

  test('addresses and translation of IPv6', () => {
    const text = '-d fd00:0:0::10/128 -p tcp -m tcp --dport 80 -j DNAT --to-destination [fd00:10::5]:8080'
    expect(printRule(parseRule(text, 6))).toBe(
      ' -d fd00::10/128 -p tcp -m tcp --dport 80 -j DNAT --to-destination [fd00:10::5]:8080',
    )
  })
})
