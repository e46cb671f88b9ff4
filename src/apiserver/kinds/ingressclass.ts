import type { FieldError } from '../../apimachinery/field-errors.ts'
import { forbidden, notSupported, required, tooLong } from '../../apimachinery/field-errors.ts'
import type { IngressClass, IngressClassParametersReference } from '../../apimachinery/generated/types.ts'
import { isDns1123Label } from '../../apimachinery/names.ts'
import { checkTypedReference } from './ingress.ts'
import { defineStrategy } from './strategy.ts'
import { checkImmutable, invalids } from './shared/checks.ts'
import { ageColumn, column, nameColumn } from './shared/columns.ts'
import { patch } from './shared/compact.ts'
import { checkDomainPrefixedPath } from './shared/domain-paths.ts'
import { generationOfSpec } from './shared/lifecycle.ts'

function checkParameters(p: IngressClassParametersReference | undefined, field: string): FieldError[] {
  if (p === undefined) return []
  const errors = checkTypedReference(p, field)
  const { scope, namespace } = p
  if (scope === undefined) return [...errors, required(`${field}.scope`)]
  const path = `${field}.namespace`
  if (scope === 'Cluster') {
    return namespace === undefined ? errors : [...errors, forbidden(path, "`parameters.scope` is set to 'Cluster'")]
  }
  if (scope !== 'Namespace') return [...errors, notSupported(`${field}.scope`, scope, ['Cluster', 'Namespace'])]
  if (namespace === undefined) return [...errors, required(path, "`parameters.scope` is set to 'Namespace'")]
  return [...errors, ...invalids(path, namespace, isDns1123Label(namespace))]
}

function validate(object: IngressClass): FieldError[] {
  const controller = object.spec?.controller ?? ''
  return [
    ...(controller.length > 250 ? [tooLong('spec.controller', 250)] : []),
    ...checkDomainPrefixedPath(controller, 'spec.controller'),
    ...checkParameters(object.spec?.parameters, 'spec.parameters'),
  ]
}

function parametersCell(object: IngressClass): string {
  const p = object.spec?.parameters
  return p === undefined ? '<none>' : `${p.kind}${p.apiGroup === undefined ? '' : `.${p.apiGroup}`}/${p.name}`
}

/** k8s 1.36: registry/networking/ingressclass strategy.go. */
export const ingressClass = defineStrategy<IngressClass>({
  group: 'networking.k8s.io',
  resource: 'ingressclasses',
  defaults: (object) => ({
    ...object,
    ...patch(object, 'spec', (spec) => ({
      ...spec,
      ...patch(spec, 'parameters', (p) => ({ ...p, scope: p.scope ?? 'Cluster' })),
    })),
  }),
  ...generationOfSpec,
  validate,
  validateUpdate: (object, old) => [
    ...checkImmutable(object.spec?.controller, old.spec?.controller, 'spec.controller'),
    ...validate(object),
  ],
  columns: [
    {
      ...nameColumn,
      cell: ({ metadata }) => {
        const isDefault = metadata.annotations?.['ingressclass.kubernetes.io/is-default-class'] === 'true'
        return `${metadata.name ?? ''}${isDefault ? ' (default)' : ''}`
      },
    },
    column('Controller', 'Controller that is responsible for handling this class', (c) => c.spec?.controller ?? ''),
    column('Parameters', 'A reference to a resource with additional parameters', parametersCell),
    ageColumn,
  ],
})
