import { expect, test } from 'vitest'
import type { ValidatingAdmissionPolicy } from '../../apimachinery/generated/types.ts'
import { expressionWarnings, type KindFinder, type TypedKind } from './type-checking.ts'

const deployment: TypedKind = { group: 'apps', version: 'v1', kind: 'Deployment', model: 'V1Deployment' }
const widget: TypedKind = {
  ...{ group: 'example.com', version: 'v1', kind: 'Widget' },
  schema: { type: 'object', properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } } },
}
const finder: KindFinder = {
  ofResource: (_, __, resource) => ({ deployments: deployment, widgets: widget })[resource],
  ofKind: (_, kind) => (kind === 'Widget' ? widget : undefined),
}

function warnings(expression: string, resource: string, more: object = {}): string[] {
  const apiGroups = [resource === 'widgets' ? 'example.com' : 'apps']
  const rule = { apiGroups, apiVersions: ['v1'], operations: ['CREATE'], resources: [resource] }
  const spec = { matchConstraints: { resourceRules: [rule] }, validations: [{ expression }], ...more }
  return expressionWarnings({ metadata: { name: 'p' }, spec } as ValidatingAdmissionPolicy, finder).map(({ warning }) => warning)
}

test('fields and types of built-in kinds', () => {
  expect(
    warnings('object.spec.replicas > 1 && object.spec.template.spec.containers.all(c, c.image != "")', 'deployments'),
  ).toEqual([])
  expect(warnings("object.spec.replicas > '1'", 'deployments')).toEqual([
    "apps/v1, Kind=Deployment: compilation failed: ERROR: <input>:1:22: found no matching overload for '_>_' applied to '(int, string)'\n | object.spec.replicas > '1'\n | .....................^\n",
  ])
  expect(warnings('object.spec.foo', 'deployments')[0]).toContain("undefined field 'foo'")
})

test('those of custom resources, parameters and variables', () => {
  expect(warnings('object.spec.size > 1 && object.metadata.name != ""', 'widgets')).toEqual([])
  expect(warnings('object.spec.sise > 1', 'widgets')[0]).toContain("undefined field 'sise'")
  const paramKind = { apiVersion: 'example.com/v1', kind: 'Widget' }
  expect(warnings('object.spec.replicas <= params.spec.size', 'deployments', { paramKind })).toEqual([])
  expect(warnings('params.spec.nothing', 'widgets', { paramKind })[0]).toContain("undefined field 'nothing'")
  const variables = [{ name: 'n', expression: 'object.spec.replicas' }]
  expect(warnings("variables.n == 'x'", 'deployments', { variables })[0]).toContain("'_==_' applied to '(int, string)'")
})

test('wildcards and subresources are not looked at', () => {
  expect(warnings('object.nothing', '*')).toEqual([])
  expect(warnings('object.nothing', 'deployments/scale')).toEqual([])
})
