import type { FieldError } from '../../apimachinery/field-errors.ts'
import { invalid } from '../../apimachinery/field-errors.ts'
import type { Namespace } from '../../apimachinery/generated/types.ts'
import { defineStrategy } from './strategy.ts'
import { each, nameIsLabel, type StringMap } from './shared/checks.ts'
import { ageColumn, column, nameColumn } from './shared/columns.ts'
import { orDefault } from './shared/compact.ts'
import { keepStatus, onlyStatus } from './shared/lifecycle.ts'
import { checkFinalizer } from './shared/metadata.ts'

function defaults(namespace: Namespace): Namespace {
  const { metadata, status } = namespace
  const name: StringMap = metadata.name ? { 'kubernetes.io/metadata.name': metadata.name } : {}
  return {
    ...namespace,
    metadata: { ...metadata, labels: { ...metadata.labels, ...name } },
    spec: namespace.spec ?? {},
    status: { ...status, phase: orDefault(status?.phase, 'Active') },
  }
}

function prepareForCreate(namespace: Namespace): Namespace {
  const finalizers = namespace.spec?.finalizers ?? []
  const all = finalizers.includes('kubernetes') ? finalizers : [...finalizers, 'kubernetes']
  return { ...namespace, spec: { ...namespace.spec, finalizers: all }, status: { phase: 'Active' } }
}

const checkFinalizers = (namespace: Namespace, field: (index: number) => string) =>
  each(namespace.spec?.finalizers, (f, i) => checkFinalizer(f, field(i)))

/** Active as long as it is not being deleted. */
function validateStatusUpdate(namespace: Namespace): FieldError[] {
  const [wanted, when] =
    namespace.metadata.deletionTimestamp === undefined
      ? ['Active', "may only be 'Active' if `deletionTimestamp` is empty"]
      : ['Terminating', "may only be 'Terminating' if `deletionTimestamp` is not empty"]
  const phase = namespace.status?.phase ?? ''
  return phase === wanted ? [] : [invalid('status.Phase', phase, when ?? '')]
}

/** k8s 1.36: registry/core/namespace strategy.go. Spec finalizers change only through /finalize. */
export const namespace = defineStrategy<Namespace>({
  group: '',
  resource: 'namespaces',
  shortNames: ['ns'],
  defaults,
  prepareForCreate,
  prepareForUpdate: (object, old, { subresource }) => {
    const kept = keepStatus(object, old)
    return subresource === 'finalize' ? kept : { ...kept, spec: { ...object.spec, finalizers: old.spec?.finalizers } }
  },
  prepareForStatusUpdate: (object, old) => onlyStatus(object, old),
  validateName: nameIsLabel,
  validate: (object) => checkFinalizers(object, () => 'spec.finalizers'),
  validateUpdate: (object, _old, { subresource }) =>
    subresource === 'finalize' ? checkFinalizers(object, (i) => `spec.finalizers[${i}]`) : [],
  validateStatusUpdate,
  fields: { 'status.phase': (n) => n.status?.phase ?? '', name: (n) => n.metadata.name ?? '' },
  columns: [nameColumn, column('Status', 'The status of the namespace', (n) => n.status?.phase ?? ''), ageColumn],
})
