import type { FieldError } from '../../apimachinery/field-errors.ts'
import { forbidden } from '../../apimachinery/field-errors.ts'
import type { PriorityClass } from '../../apimachinery/generated/types.ts'
import { defineStrategy } from './strategy.ts'
import { checkImmutable, checkRequiredOneOf } from './shared/checks.ts'
import { ageColumn, column, integerColumn, nameColumn } from './shared/columns.ts'
import { withGeneration } from './shared/lifecycle.ts'
import { PREEMPTION_POLICIES } from './shared/pod-spec-validation.ts'

const HIGHEST = 1_000_000_000
const SYSTEM: { readonly [name: string]: number } = {
  'system-node-critical': 2 * HIGHEST + 1000,
  'system-cluster-critical': 2 * HIGHEST,
}

function systemProblem(pc: PriorityClass): string {
  const name = pc.metadata.name ?? ''
  const value = SYSTEM[name]
  if (value === undefined) return `${name} is not a known system priority class`
  if (value !== pc.value) return `value of ${name} PriorityClass must be ${value}`
  return pc.globalDefault ? `globalDefault of ${name} PriorityClass must be false` : ''
}

function validate(pc: PriorityClass): FieldError[] {
  const errors: FieldError[] = []
  if ((pc.metadata.name ?? '').startsWith('system-')) {
    const problem = systemProblem(pc)
    const text = `priority class names with 'system-' prefix are reserved for system use only. error: ${problem}`
    if (problem !== '') errors.push(forbidden('metadata.name', text))
  } else if ((pc.value ?? 0) > HIGHEST) {
    errors.push(forbidden('value', `maximum allowed value of a user defined priority is ${HIGHEST}`))
  }
  if (pc.preemptionPolicy === undefined) return errors
  return [...errors, ...checkRequiredOneOf(pc.preemptionPolicy, PREEMPTION_POLICIES, 'preemptionPolicy')]
}

/** k8s 1.36: registry/scheduling/priorityclass strategy.go. */
export const priorityClass = defineStrategy<PriorityClass>({
  group: 'scheduling.k8s.io',
  resource: 'priorityclasses',
  shortNames: ['pc'],
  defaults: (object) => ({
    ...object,
    value: object.value ?? 0,
    preemptionPolicy: object.preemptionPolicy ?? 'PreemptLowerPriority',
  }),
  prepareForCreate: (object) => withGeneration(object, 1),
  validate,
  validateUpdate: (object, old) => [
    ...(object.value === old.value ? [] : [forbidden('value', 'may not be changed in an update.')]),
    ...checkImmutable(object.preemptionPolicy, old.preemptionPolicy, 'preemptionPolicy'),
  ],
  columns: [
    nameColumn,
    integerColumn('Value', 'V1PriorityClass.value', (p) => p.value),
    column('Global-Default', 'V1PriorityClass.globalDefault', (p) => p.globalDefault ?? false, 'boolean'),
    ageColumn,
    column('PreemptionPolicy', 'V1PriorityClass.preemptionPolicy', (p) => p.preemptionPolicy ?? ''),
  ],
})
