import { describe, expect, test } from 'vitest'
import { checkExpression, programOf } from './compile.ts'
import { baseEnvironment } from './environment.ts'
import { withoutSugar } from './sugar.ts'

describe('forms that the parser does not know', () => {
  test.each([
    ["{?'k': optional.none(), 'k2': 'v2'}", { k2: 'v2' }],
    ["{?'k': optional.of('v'), 'k2': {?'x': optional.none()}}", { k: 'v', k2: {} }],
    ["['a', ?optional.none(), ?optional.of('c')]", ['a', 'c']],
    ['has(self.list[0].v) && !has(self.list[0].w)', true],
    ['self.list[?1].hasValue()', false],
    ["self.?x.?y == optional.none() && optional.of('a') == optional.of('a')", true],
    ["'%d %s %f'.format([1, 'abc', 1.0])", '1 abc 1.000000'],
    ["'%e'.format([3.14])", '3.140000×10⁰⁰'],
    ["optional.ofNonZeroValue('').hasValue()", false],
    ["type(ip('1.2.3.4')) == net.IP", true],
    ["url('https://example.com/with space/').getEscapedPath()", '/with%20space/'],
  ])('%s', (expression, expected) => {
    const env = baseEnvironment().clone({ enableOptionalTypes: true })
    env.registerVariable('self', 'dyn')
    expect(checkExpression(env, expression)).toHaveProperty('type')
    expect(programOf(expression).run({ self: { list: [{ v: 1n }] } })).toEqual({ value: expected })
  })

  test('the others stay as they are', () => {
    for (const source of ['a ? b : c', "has(a.b.c) && x[?'k'] == {'?': '[?'}", '[1, a ? 2 : 3]', "has(a.b) ? [b] : ['(?']"])
      expect(withoutSugar(source)).toBe(source)
  })
})

describe('errors of evaluations are worded as by cel-go', () => {
  test.each([
    ['self.x', 'no such key: x'],
    ['self.list[3]', 'index out of bounds: 3'],
    ['1 / self.zero', 'division by zero'],
    ['self.zero + "a"', 'no such overload'],
  ])('%s', (expression, error) => {
    expect(programOf(expression).run({ self: { list: [], zero: 0n } })).toEqual({ error })
  })

  test('names in texts are not mentioned', () => {
    expect(programOf("self.x == 'oldSelf'").mentions('oldSelf')).toBe(false)
    expect(programOf('self.oldSelf == 1').mentions('oldSelf')).toBe(false)
    expect(programOf('self == oldSelf').mentions('oldSelf')).toBe(true)
  })
})

describe('syntax errors', () => {
  const issues = (source: string) => {
    const env = baseEnvironment().clone({ enableOptionalTypes: true })
    env.registerVariable('object', 'dyn').registerVariable('request', 'dyn')
    const checked = checkExpression(env, source)
    return 'issues' in checked ? checked.issues.split('\n').filter((line) => line.startsWith('ERROR')) : []
  }

  test.each([
    ['object.spec.', ["1:13: Syntax error: no viable alternative at input '.'"]],
    ['object.x in [1, 2, ', ["1:20: Syntax error: missing ']' at '<EOF>'"]],
    ["'asdf'.contains('x'", ["1:20: Syntax error: missing ')' at '<EOF>'"]],
    [
      "request.user = 'test'",
      ["1:14: Syntax error: token recognition error at: '= '", "1:16: Syntax error: extraneous input ''test'' expecting <EOF>"],
    ],
    ['a b c', ["1:3: Syntax error: mismatched input 'b' expecting <EOF>"]],
  ])('%s', (source, expected) => {
    expect(issues(source)).toEqual(expected.map((text) => `ERROR: <input>:${text}`))
  })

  test('an operand that is missing', () => {
    expect(issues('object.x == ')[0]).toContain("1:13: Syntax error: mismatched input '<EOF>' expecting {'[', ")
    expect(issues("object.k! == '1'")[0]).toContain("1:9: Syntax error: mismatched input '!' expecting")
  })
})
