import type { FieldError } from '../../apimachinery/field-errors.ts'
import { invalid, required } from '../../apimachinery/field-errors.ts'
import type { ReplicationController, ReplicationControllerSpec } from '../../apimachinery/generated/types.ts'
import { formatLabels as labelsText, mapSelects } from '../../apimachinery/selectors.ts'
import { defineStrategy } from './strategy.ts'
import { checkNotNegative } from './shared/checks.ts'
import { ageColumn, containerColumns, integerColumn, nameColumn, wideColumn } from './shared/columns.ts'
import { omitZero, patch } from './shared/compact.ts'
import { formatLabels } from './shared/labels.ts'
import { specAndStatus } from './shared/lifecycle.ts'
import { defaultPodTemplate } from './shared/pod-spec-defaults.ts'
import { checkEndless, checkPodTemplate } from './shared/pod-template.ts'
import { checkCounts, checkReplicaCounts, workloadWarnings } from './shared/workloads.ts'

const specOf = (rc: ReplicationController): ReplicationControllerSpec => rc.spec ?? {}

function defaults(rc: ReplicationController): ReplicationController {
  const spec = omitZero(specOf(rc), ['minReadySeconds'])
  const labels = spec.template?.metadata?.labels
  const isBare = Object.keys(rc.metadata.labels ?? {}).length === 0
  const selector = Object.keys(spec.selector ?? {}).length > 0 ? spec.selector : labels
  return {
    ...rc,
    metadata: isBare && labels ? { ...rc.metadata, labels } : rc.metadata,
    spec: {
      ...spec,
      replicas: spec.replicas ?? 1,
      ...(selector && { selector }),
      ...patch(spec, 'template', defaultPodTemplate),
    },
    status: { ...rc.status, replicas: rc.status?.replicas ?? 0 },
  }
}

function checkTemplate(spec: ReplicationControllerSpec, old: ReplicationControllerSpec | undefined): FieldError[] {
  const template = spec.template
  if (template === undefined) return [required('spec.template')]
  const labels = template.metadata?.labels
  const errors: FieldError[] = []
  if (!mapSelects(spec.selector, labels ?? {})) {
    errors.push(invalid('spec.template.metadata.labels', labels ?? null, '`selector` does not match template `labels`'))
  }
  errors.push(...checkPodTemplate(template, 'spec.template', old?.template))
  return [...errors, ...checkEndless(template, 'ReplicationController', 'spec.template')]
}

function validate(rc: ReplicationController, old?: ReplicationController): FieldError[] {
  const spec = specOf(rc)
  return [
    ...checkNotNegative(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...(Object.keys(spec.selector ?? {}).length === 0 ? [required('spec.selector')] : []),
    ...(spec.replicas === undefined ? [required('spec.replicas')] : checkNotNegative(spec.replicas, 'spec.replicas')),
    ...checkTemplate(spec, old?.spec),
  ]
}

const PARTS = ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas']

/** k8s 1.36: registry/core/replicationcontroller strategy.go. */
export const replicationController = defineStrategy<ReplicationController>({
  group: '',
  resource: 'replicationcontrollers',
  shortNames: ['rc'],
  categories: ['all'],
  defaults,
  ...specAndStatus({ replicas: 0 }, { generation: true }),
  validate: (object) => validate(object),
  validateUpdate: validate,
  validateStatusUpdate: ({ status }) => [
    ...checkCounts({ ...status }, ['replicas', ...PARTS, 'observedGeneration']),
    ...checkReplicaCounts({ ...status }, PARTS),
  ],
  warnings: workloadWarnings,
  defaultPropagation: 'orphan',
  fields: { 'status.replicas': (rc) => String(rc.status?.replicas ?? 0) },
  scale: {
    get: (rc) => ({
      specReplicas: rc.spec?.replicas ?? 0,
      statusReplicas: rc.status?.replicas ?? 0,
      selector: labelsText(rc.spec?.selector),
    }),
    set: (rc, replicas) => ({ ...rc, spec: { ...specOf(rc), replicas } }),
  },
  columns: [
    nameColumn,
    integerColumn('Desired', 'V1ReplicationControllerSpec.replicas', (rc) => rc.spec?.replicas),
    integerColumn('Current', 'V1ReplicationControllerStatus.replicas', (rc) => rc.status?.replicas),
    integerColumn('Ready', 'V1ReplicationControllerStatus.readyReplicas', (rc) => rc.status?.readyReplicas),
    ageColumn,
    ...containerColumns<ReplicationController>((rc) => rc.spec?.template?.spec?.containers),
    wideColumn('Selector', 'V1ReplicationControllerSpec.selector', (rc) => formatLabels(rc.spec?.selector)),
  ],
})
