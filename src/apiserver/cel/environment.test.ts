import { describe, expect, test } from 'vitest'
import { looseEnvironment } from './environment.ts'

const value = (expression: string, variables: object = {}) => looseEnvironment().evaluate(expression, variables) as unknown

describe("Kubernetes' CEL library", () => {
  test.each([
    ["quantity('1.5Gi').isGreaterThan(quantity('1Gi'))", true],
    ["quantity('1k') == quantity('1000')", true],
    ["quantity('50k').add(20).isLessThan(quantity('50021'))", true],
    ["quantity('50m').isInteger()", false],
    ["quantity('5k').asInteger()", 5000n],
    ["isQuantity('1.3Gigo')", false],
    ["quantity('-5').sign()", -1n],
    ["isIP('::ffff:1.2.3.4')", false],
    ["ip('127.0.0.1').isLoopback()", true],
    ["ip('10.0.0.1').family()", 4n],
    ["ip.isCanonical('2001:DB8::1')", false],
    ["cidr('10.0.0.0/8').containsIP('10.1.2.3')", true],
    ["cidr('10.0.0.0/8').containsIP(ip('11.1.2.3'))", false],
    ["cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16')", true],
    ["string(cidr('10.1.2.3/8').masked())", '10.0.0.0/8'],
    ["isCIDR('10.0.0.0/33')", false],
    ["url('https://example.com:80/a?x=1&x=2').getPort()", '80'],
    ["url('https://example.com:80/a?x=1&x=2').getQuery()['x'][1]", '2'],
    ["isURL('not a url')", false],
    ["'abc 123 def 456'.findAll('[0-9]+')[1]", '456'],
    ["'abc 123'.find('[0-9]+')", '123'],
    ['[1, 2, 3].sum()', 6n],
    ['[1.5, 2.0].sum()', 3.5],
    ["['a', 'c', 'b'].max()", 'c'],
    ['[1, 3, 2].isSorted()', false],
    ['[1, 2, 2].lastIndexOf(2)', 2n],
    ['[3, 1, 2].sort()', [1n, 2n, 3n]],
    ['[[1], [2, 3]].flatten()', [1n, 2n, 3n]],
    ['sets.contains([1, 2, 3], [2])', true],
    ['sets.equivalent([1, 2], [2, 1, 1])', true],
    ['sets.intersects([1], [2])', false],
    ["'a-b-c'.replace('-', '+', 1)", 'a+b-c'],
    ["'%s has %d of %.1f'.format(['x', 3, 2.5])", 'x has 3 of 2.5'],
    ["'%s'.format([[1, 'a']])", '[1, a]'],
    ["'ABC'.lowerAscii()", 'abc'],
    ["['a', 'b'].join(',')", 'a,b'],
    ["format.dns1123Label().validate('no_good').hasValue()", true],
    ["format.named('uuid').hasValue()", true],
    ["semver('1.2.3-rc.1').isLessThan(semver('1.2.3'))", true],
    ["isSemver('v1.2')", false],
    ["isSemver('v1.2', true)", true],
    ["['x', 'y'].transformMap(i, v, v + string(i))", { 0: 'x0', 1: 'y1' }],
    ["{'a': 1, 'b': 2}.all(k, v, v > 0 && k != '')", true],
    ["{'a': 1, 'b': 2}.exists(k, v, k == 'b' && v == 1)", false],
    ['[1, 2, 3].transformList(i, v, i > 0, v * 2)', [4n, 6n]],
    ['[1, 2].map(x, [3].map(y, x + y)[0])', [4n, 5n]],
    ['[[1, 2], [3]].all(i, l, l.all(j, v, v > i))', true],
    ['optional.of(2).optMap(x, x + 1).value()', 3n],
  ])('%s', (expression, expected) => {
    expect(value(expression)).toEqual(expected)
  })

  test('fields that are missing are told from those that are not', () => {
    expect(value('has(object.a) && !has(object.b)', { object: { a: 1n } })).toBe(true)
    expect(value('object.?b.?c.orValue("none")', { object: {} })).toBe('none')
    expect(value('object[?"a"].optMap(x, x + 1).orValue(0)', { object: { a: 1n } })).toBe(2n)
  })
})
