import { describe, expect, test } from 'vitest'
import { admissionChecker, admissionRuntime } from './admission-environment.ts'
import { AuthorizerValue } from './library/authorizer.ts'
import { withoutTypeNames } from './object-literals.ts'

describe('expressions of admission', () => {
  const checker = admissionChecker({
    hasAuthorizer: true,
    variables: [
      { name: 'replicas', expression: 'object.spec.replicas' },
      { name: 'many', expression: 'variables.replicas > 5' },
      { name: 'bad', expression: 'variables.nothing' },
    ],
  })

  test('variables know those before them', () => {
    expect(checker.check('variables.many')).toEqual({ type: 'bool' })
    expect([...checker.variableIssues.keys()]).toEqual([2])
    expect(checker.variableIssues.get(2)).toContain("1:10: undefined field 'nothing'")
  })

  test.each([
    ['request.userInfo.username == "x"', 'bool'],
    ['namespaceObject.metadata.labels["a"]', 'string'],
    ['object.spec.x', 'dyn'],
    ["authorizer.group('apps').resource('deployments').namespace('a').check('get').allowed()", 'bool'],
    ['authorizer.requestResource.check("custom").allowed()', 'bool'],
  ])('%s is %s', (source, type) => {
    expect(checker.check(source)).toEqual({ type })
  })

  test('params are there only with a param kind', () => {
    expect(checker.check('params.x == 1')).toMatchObject({ issues: expect.stringContaining("undeclared reference to 'params'") })
  })

  test('literals of mutations become maps', () => {
    const source = 'Object{spec: Object.spec{a__dash__b: 1, ?c: object.?c}, x: {"k": [Object.x{v: "Object{y: 1}"}]}}'
    expect(withoutTypeNames(source)).toBe('{"spec": {"a-b": 1, ?"c": object.?c}, "x": {"k": [{"v": "Object{y: 1}"}]}}')
    expect(withoutTypeNames('[JSONPatch{op: "add", path: "/a", value: b ? c : d}]')).toBe(
      '[{"op": "add", "path": "/a", "value": b ? c : d}]',
    )
    expect(withoutTypeNames('object.spec.map(x, {x: 1})')).toBe('object.spec.map(x, {x: 1})')
  })

  test('the authorizer is asked about who and what', () => {
    const asked: object[] = []
    const authorizer = new AuthorizerValue(
      (question) => {
        asked.push(question)
        return { allowed: question.verb === 'get', reason: '', error: '' }
      },
      {},
      { resource: 'pods' },
    )
    const run = (source: string) => admissionRuntime().evaluate(source, { authorizer }) as unknown
    expect(run("authorizer.serviceAccount('ns', 'sa').group('').resource('pods').check('get').allowed()")).toBe(true)
    expect(run('authorizer.requestResource.check("list").allowed()')).toBe(false)
    expect(asked).toEqual([
      { serviceAccount: { namespace: 'ns', name: 'sa' }, group: '', resource: 'pods', verb: 'get' },
      { resource: 'pods', verb: 'list' },
    ])
  })
})
