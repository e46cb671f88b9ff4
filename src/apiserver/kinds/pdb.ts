import type { FieldError } from '../../apimachinery/field-errors.ts'
import { invalid } from '../../apimachinery/field-errors.ts'
import type { PodDisruptionBudget } from '../../apimachinery/generated/types.ts'
import { defineStrategy } from './strategy.ts'
import { checkOneOf } from './shared/checks.ts'
import { ageColumn, column, integerColumn, nameColumn } from './shared/columns.ts'
import { checkLabelSelector, hasInvalidSelectorValue } from './shared/labels.ts'
import { specAndStatus } from './shared/lifecycle.ts'
import { checkAtMost100, checkCounts, checkIntOrPercent } from './shared/workloads.ts'

const EMPTY_STATUS = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 }

function validate(pdb: PodDisruptionBudget, old?: PodDisruptionBudget): FieldError[] {
  const spec = pdb.spec ?? {}
  const { minAvailable, maxUnavailable, unhealthyPodEvictionPolicy: policy } = spec
  const errors: FieldError[] = []
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    const shown = {
      MinAvailable: minAvailable,
      Selector: spec.selector ?? null,
      MaxUnavailable: maxUnavailable,
      UnhealthyPodEvictionPolicy: policy ?? null,
    }
    errors.push(invalid('spec', shown, 'minAvailable and maxUnavailable cannot be both set'))
  }
  for (const name of ['minAvailable', 'maxUnavailable'] as const) {
    const value = spec[name]
    if (value !== undefined) errors.push(...checkIntOrPercent(value, `spec.${name}`), ...checkAtMost100(value, `spec.${name}`))
  }
  errors.push(...checkLabelSelector(spec.selector, 'spec.selector', hasInvalidSelectorValue(old?.spec?.selector)))
  if (policy !== undefined) {
    errors.push(...checkOneOf(policy, ['AlwaysAllow', 'IfHealthyBudget'], 'spec.unhealthyPodEvictionPolicy'))
  }
  return errors
}

/** k8s 1.36: registry/policy/poddisruptionbudget strategy.go. */
export const podDisruptionBudget = defineStrategy<PodDisruptionBudget>({
  group: 'policy',
  resource: 'poddisruptionbudgets',
  shortNames: ['pdb'],
  defaults: (object) => ({ ...object, spec: object.spec ?? {}, status: { ...EMPTY_STATUS, ...object.status } }),
  ...specAndStatus(EMPTY_STATUS, { generation: true }),
  validate: (object) => validate(object),
  validateUpdate: validate,
  validateStatusUpdate: ({ status }) => checkCounts({ ...status }, Object.keys(EMPTY_STATUS)),
  allowUnconditionalUpdate: false,
  columns: [
    nameColumn,
    column('Min Available', 'The minimum number of pods that must be available.', (p) => String(p.spec?.minAvailable ?? 'N/A')),
    column('Max Unavailable', 'The maximum number of pods that may be unavailable.', (p) =>
      String(p.spec?.maxUnavailable ?? 'N/A'),
    ),
    integerColumn('Allowed Disruptions', 'Calculated number of pods that may be disrupted at this time.', (p) => {
      return p.status?.disruptionsAllowed
    }),
    ageColumn,
  ],
})
