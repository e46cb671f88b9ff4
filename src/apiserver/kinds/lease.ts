import type { FieldError } from '../../apimachinery/field-errors.ts'
import { invalid } from '../../apimachinery/field-errors.ts'
import type { Lease } from '../../apimachinery/generated/types.ts'
import { defineStrategy } from './strategy.ts'
import { checkNotNegative } from './shared/checks.ts'
import { ageColumn, column, nameColumn } from './shared/columns.ts'
import { omit } from './shared/compact.ts'

function validate(lease: Lease): FieldError[] {
  const { leaseDurationSeconds: seconds, leaseTransitions } = lease.spec ?? {}
  return [
    ...(seconds !== undefined && seconds <= 0 ? [invalid('spec.leaseDurationSeconds', seconds, 'must be greater than 0')] : []),
    ...checkNotNegative(leaseTransitions, 'spec.leaseTransitions'),
  ]
}

/** Coordinated leader election is off in 1.36: its fields vanish. */
const withoutElection = (lease: Lease): Lease =>
  lease.spec === undefined ? lease : { ...lease, spec: omit(lease.spec, ['strategy', 'preferredHolder']) }

/** k8s 1.36: registry/coordination/lease strategy.go. */
export const lease = defineStrategy<Lease>({
  group: 'coordination.k8s.io',
  resource: 'leases',
  defaults: (object) => (object.spec === undefined ? { ...object, spec: {} } : object),
  prepareForCreate: withoutElection,
  prepareForUpdate: withoutElection,
  validate,
  validateUpdate: validate,
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: false,
  columns: [nameColumn, column('Holder', 'V1LeaseSpec.holderIdentity', (l) => l.spec?.holderIdentity ?? ''), ageColumn],
})
