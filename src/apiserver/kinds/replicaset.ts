import type { FieldError } from '../../apimachinery/field-errors.ts'
import type { ReplicaSet, ReplicaSetSpec } from '../../apimachinery/generated/types.ts'
import { defineStrategy } from './strategy.ts'
import { checkImmutable, checkNotNegative } from './shared/checks.ts'
import { ageColumn, containerColumns, integerColumn, nameColumn, selectorColumn } from './shared/columns.ts'
import { omitZero } from './shared/compact.ts'
import { specAndStatus } from './shared/lifecycle.ts'
import { defaultPodTemplate } from './shared/pod-spec-defaults.ts'
import { checkWorkloadSelector } from './shared/pod-template.ts'
import { checkCounts, checkReplicaCounts, checkReplicaTemplate, workloadWarnings } from './shared/workloads.ts'
import { selectorText } from './shared/labels.ts'

const specOf = (set: ReplicaSet): ReplicaSetSpec => set.spec ?? ({} as ReplicaSetSpec)

function defaults(set: ReplicaSet): ReplicaSet {
  const spec = omitZero(specOf(set), ['minReadySeconds'])
  return {
    ...set,
    spec: { ...spec, replicas: spec.replicas ?? 1, template: defaultPodTemplate(spec.template) },
    status: { ...set.status, replicas: set.status?.replicas ?? 0 },
  }
}

function validate(set: ReplicaSet, old?: ReplicaSet): FieldError[] {
  const spec = specOf(set)
  return [
    ...checkNotNegative(spec.replicas, 'spec.replicas'),
    ...checkNotNegative(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...checkWorkloadSelector(spec.selector, 'deployment', 'spec.selector'),
    ...checkReplicaTemplate(spec.selector, spec.template ?? {}, 'spec', old?.spec?.template),
  ]
}

const COUNTS = [
  'replicas',
  'fullyLabeledReplicas',
  'readyReplicas',
  'availableReplicas',
  'observedGeneration',
  'terminatingReplicas',
]

/** k8s 1.36: registry/apps/replicaset strategy.go. */
export const replicaSet = defineStrategy<ReplicaSet>({
  group: 'apps',
  resource: 'replicasets',
  shortNames: ['rs'],
  categories: ['all'],
  defaults,
  ...specAndStatus({ replicas: 0 }, { generation: true }),
  validate: (object) => validate(object),
  validateUpdate: (object, old) => [
    ...validate(object, old),
    ...checkImmutable(object.spec?.selector, old.spec?.selector, 'spec.selector', 'LabelSelector'),
  ],
  validateStatusUpdate: ({ status }) => [
    ...checkCounts({ ...status }, COUNTS),
    ...checkReplicaCounts({ ...status }, ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas']),
  ],
  warnings: workloadWarnings,
  fields: { 'status.replicas': (s) => String(s.status?.replicas ?? 0) },
  scale: {
    get: (s) => ({
      specReplicas: s.spec?.replicas ?? 0,
      statusReplicas: s.status?.replicas ?? 0,
      selector: selectorText(s.spec?.selector),
    }),
    set: (s, replicas) => ({ ...s, spec: { ...specOf(s), replicas } }),
  },
  columns: [
    nameColumn,
    integerColumn('Desired', 'V1ReplicaSetSpec.replicas', (s) => s.spec?.replicas),
    integerColumn('Current', 'V1ReplicaSetStatus.replicas', (s) => s.status?.replicas),
    integerColumn('Ready', 'V1ReplicaSetStatus.readyReplicas', (s) => s.status?.readyReplicas),
    ageColumn,
    ...containerColumns<ReplicaSet>((s) => s.spec?.template?.spec?.containers),
    selectorColumn('V1ReplicaSetSpec.selector', (s) => s.spec?.selector),
  ],
})
