import type { FieldError } from '../../apimachinery/field-errors.ts'
import { forbidden, invalid, notSupported, required } from '../../apimachinery/field-errors.ts'
import type { Deployment, DeploymentSpec, DeploymentStrategy } from '../../apimachinery/generated/types.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import { defineStrategy } from './strategy.ts'
import { checkImmutable, checkNotNegative } from './shared/checks.ts'
import { ageColumn, column, containerColumns, nameColumn, wideColumn } from './shared/columns.ts'
import { omitZero, orDefault } from './shared/compact.ts'
import { isUsableSelector, selectorText } from './shared/labels.ts'
import { keepStatus, nextGeneration, onlyStatus, specAndStatus } from './shared/lifecycle.ts'
import { defaultPodTemplate } from './shared/pod-spec-defaults.ts'
import { checkWorkloadSelector } from './shared/pod-template.ts'
import {
  checkAtMost100,
  checkCollisionCount,
  checkCounts,
  checkIntOrPercent,
  checkReplicaCounts,
  checkReplicaTemplate,
  numberOf,
  workloadWarnings,
} from './shared/workloads.ts'

const specOf = (deployment: Deployment): DeploymentSpec => deployment.spec ?? ({} as DeploymentSpec)

function defaultStrategy(given: DeploymentStrategy | undefined): DeploymentStrategy {
  const type = orDefault(given?.type, 'RollingUpdate')
  if (type !== 'RollingUpdate') return { ...given, type }
  const rolling = given?.rollingUpdate
  return { type, rollingUpdate: { maxUnavailable: rolling?.maxUnavailable ?? '25%', maxSurge: rolling?.maxSurge ?? '25%' } }
}

function defaults(deployment: Deployment): Deployment {
  const spec = omitZero(specOf(deployment), ['minReadySeconds', 'paused'])
  return {
    ...deployment,
    spec: {
      ...spec,
      replicas: spec.replicas ?? 1,
      template: defaultPodTemplate(spec.template),
      strategy: defaultStrategy(spec.strategy),
      revisionHistoryLimit: spec.revisionHistoryLimit ?? 10,
      progressDeadlineSeconds: spec.progressDeadlineSeconds ?? 600,
    },
    status: deployment.status ?? {},
  }
}

function checkStrategy(strategy: DeploymentStrategy): FieldError[] {
  const { type = '', rollingUpdate } = strategy
  const field = 'spec.strategy.rollingUpdate'
  if (type === 'Recreate') {
    return rollingUpdate ? [forbidden(field, "may not be specified when strategy `type` is 'Recreate'")] : []
  }
  if (type !== 'RollingUpdate') {
    const shown = { Type: type, RollingUpdate: rollingUpdate ?? null }
    return [notSupported('spec.strategy', shown, ['Recreate', 'RollingUpdate'])]
  }
  if (rollingUpdate === undefined) return [required(field, 'this should be defaulted and never be nil')]
  const { maxUnavailable = 0, maxSurge = 0 } = rollingUpdate
  const errors = [
    ...checkIntOrPercent(maxUnavailable, `${field}.maxUnavailable`),
    ...checkIntOrPercent(maxSurge, `${field}.maxSurge`),
  ]
  if (numberOf(maxUnavailable) === 0 && numberOf(maxSurge) === 0) {
    errors.push(invalid(`${field}.maxUnavailable`, maxUnavailable, 'may not be 0 when `maxSurge` is 0'))
  }
  return [...errors, ...checkAtMost100(maxUnavailable, `${field}.maxUnavailable`)]
}

function validate(deployment: Deployment, old?: Deployment): FieldError[] {
  const spec = specOf(deployment)
  const deadline = spec.progressDeadlineSeconds
  const tooShort = deadline !== undefined && deadline <= (spec.minReadySeconds ?? 0)
  return [
    ...checkNotNegative(spec.replicas, 'spec.replicas'),
    ...checkWorkloadSelector(spec.selector, 'deployment', 'spec.selector'),
    ...checkReplicaTemplate(spec.selector, spec.template ?? {}, 'spec', old?.spec?.template),
    ...checkStrategy(spec.strategy ?? {}),
    ...checkNotNegative(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...checkNotNegative(spec.revisionHistoryLimit, 'spec.revisionHistoryLimit'),
    ...checkNotNegative(deadline, 'spec.progressDeadlineSeconds'),
    ...(tooShort ? [invalid('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds')] : []),
  ]
}

const COUNTS = [
  'observedGeneration',
  'replicas',
  'updatedReplicas',
  'readyReplicas',
  'availableReplicas',
  'unavailableReplicas',
  'terminatingReplicas',
  'collisionCount',
]

function selectorCell(deployment: Deployment): string {
  const selector = specOf(deployment).selector
  return isUsableSelector(selector ?? {}) ? selectorText(selector) : '<invalid>'
}

/** k8s 1.36: registry/apps/deployment strategy.go. Annotations count as a change of the spec. */
export const deployment = defineStrategy<Deployment>({
  group: 'apps',
  resource: 'deployments',
  shortNames: ['deploy'],
  categories: ['all'],
  defaults,
  prepareForCreate: specAndStatus({}, { generation: true }).prepareForCreate,
  prepareForUpdate: (object, old) => {
    const changed =
      !jsonEqual(object.spec, old.spec) || !jsonEqual(object.metadata.annotations ?? {}, old.metadata.annotations ?? {})
    return nextGeneration(keepStatus(object, old), old, changed)
  },
  prepareForStatusUpdate: (object, old) => onlyStatus(object, old, ['labels']),
  validate: (object) => validate(object),
  validateUpdate: (object, old) => [
    ...validate(object, old),
    ...checkImmutable(object.spec?.selector, old.spec?.selector, 'spec.selector', 'LabelSelector'),
  ],
  validateStatusUpdate: ({ status }, old) => [
    ...checkCounts({ ...status }, COUNTS),
    ...checkReplicaCounts({ ...status }, ['updatedReplicas', 'readyReplicas', 'availableReplicas']),
    ...checkCollisionCount(status?.collisionCount, old.status?.collisionCount),
  ],
  warnings: workloadWarnings,
  scale: {
    get: (d) => ({
      specReplicas: d.spec?.replicas ?? 0,
      statusReplicas: d.status?.replicas ?? 0,
      selector: selectorText(d.spec?.selector),
    }),
    set: (d, replicas) => ({ ...d, spec: { ...specOf(d), replicas } }),
  },
  columns: [
    nameColumn,
    column('Ready', 'Number of the pod with ready state', (d) => `${d.status?.readyReplicas ?? 0}/${d.spec?.replicas ?? 0}`),
    column('Up-to-date', 'V1DeploymentStatus.updatedReplicas', (d) => d.status?.updatedReplicas ?? 0),
    column('Available', 'V1DeploymentStatus.availableReplicas', (d) => d.status?.availableReplicas ?? 0),
    ageColumn,
    ...containerColumns<Deployment>((d) => d.spec?.template?.spec?.containers),
    wideColumn('Selector', 'V1DeploymentSpec.selector', selectorCell),
  ],
})
