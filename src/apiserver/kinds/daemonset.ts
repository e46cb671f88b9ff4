import type { FieldError } from '../../apimachinery/field-errors.ts'
import { invalid, notSupported, required } from '../../apimachinery/field-errors.ts'
import type {
  DaemonSet,
  DaemonSetSpec,
  DaemonSetUpdateStrategy,
  RollingUpdateDaemonSet,
} from '../../apimachinery/generated/types.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import { defineStrategy } from './strategy.ts'
import { checkImmutable, checkNotNegative } from './shared/checks.ts'
import { ageColumn, column, containerColumns, integerColumn, nameColumn, selectorColumn } from './shared/columns.ts'
import { omitZero, orDefault } from './shared/compact.ts'
import { checkLabelSelector, formatLabels, isEmptySelector, isUsableSelector } from './shared/labels.ts'
import { specAndStatus } from './shared/lifecycle.ts'
import { defaultPodTemplate } from './shared/pod-spec-defaults.ts'
import { checkEndless, checkPodTemplate, checkTemplateLabels, printableSelector } from './shared/pod-template.ts'
import {
  checkAtMost100,
  checkCollisionCount,
  checkCounts,
  checkIntOrPercent,
  numberOf,
  templateWarnings,
} from './shared/workloads.ts'

const GENERATION = 'deprecated.daemonset.template.generation'
const EMPTY_STATUS = { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 }

const specOf = (set: DaemonSet): DaemonSetSpec => set.spec ?? ({} as DaemonSetSpec)

function defaultStrategy(given: DaemonSetUpdateStrategy | undefined): DaemonSetUpdateStrategy {
  const type = orDefault(given?.type, 'RollingUpdate')
  if (type !== 'RollingUpdate') return { ...given, type }
  const rolling = given?.rollingUpdate
  return { type, rollingUpdate: { maxUnavailable: rolling?.maxUnavailable ?? 1, maxSurge: rolling?.maxSurge ?? 0 } }
}

/** The number of the template, which v1 keeps in an annotation. */
function templateGeneration(set: DaemonSet): number {
  const text = set.metadata.annotations?.[GENERATION] ?? ''
  return /^-?\d+$/.test(text) ? Number(text) : 0
}

function withTemplateGeneration(set: DaemonSet, generation: number): DaemonSet {
  const annotations = { ...set.metadata.annotations, [GENERATION]: String(generation) }
  return { ...set, metadata: { ...set.metadata, annotations } }
}

function defaults(set: DaemonSet): DaemonSet {
  const spec = omitZero(specOf(set), ['minReadySeconds'])
  const numbered = withTemplateGeneration(set, templateGeneration(set))
  return {
    ...numbered,
    spec: {
      ...spec,
      template: defaultPodTemplate(spec.template),
      updateStrategy: defaultStrategy(spec.updateStrategy),
      revisionHistoryLimit: spec.revisionHistoryLimit ?? 10,
    },
    status: { ...EMPTY_STATUS, ...set.status },
  }
}

const usual = specAndStatus(EMPTY_STATUS, { generation: true })

function checkRolling(rolling: RollingUpdateDaemonSet, field: string): FieldError[] {
  const { maxUnavailable = 0, maxSurge = 0 } = rolling
  const errors = [
    ...checkIntOrPercent(maxUnavailable, `${field}.maxUnavailable`),
    ...checkIntOrPercent(maxSurge, `${field}.maxSurge`),
    ...checkAtMost100(maxUnavailable, `${field}.maxUnavailable`),
    ...checkAtMost100(maxSurge, `${field}.maxSurge`),
  ]
  const [down, up] = [numberOf(maxUnavailable) !== 0, numberOf(maxSurge) !== 0]
  if (down && up) errors.push(invalid(`${field}.maxSurge`, maxSurge, 'may not be set when maxUnavailable is non-zero'))
  if (!down && !up) errors.push(required(`${field}.maxUnavailable`, 'cannot be 0 when maxSurge is 0'))
  return errors
}

function checkStrategy(strategy: DaemonSetUpdateStrategy): FieldError[] {
  const { type = '', rollingUpdate } = strategy
  if (type === 'OnDelete') return []
  if (type !== 'RollingUpdate') {
    const shown = { Type: type, RollingUpdate: rollingUpdate ?? null }
    return [notSupported('spec.updateStrategy', shown, ['RollingUpdate', 'OnDelete'])]
  }
  if (rollingUpdate === undefined) return [required('spec.updateStrategy.rollingUpdate')]
  return checkRolling(rollingUpdate, 'spec.updateStrategy.rollingUpdate')
}

function validate(set: DaemonSet, old?: DaemonSet): FieldError[] {
  const spec = specOf(set)
  const errors = checkLabelSelector(spec.selector, 'spec.selector')
  if (spec.selector === undefined || isUsableSelector(spec.selector)) {
    errors.push(...checkTemplateLabels(spec.selector, spec.template, 'spec.template'))
  }
  if (spec.selector !== undefined && isEmptySelector(spec.selector)) {
    errors.push(invalid('spec.selector', printableSelector(spec.selector), 'empty selector is invalid for daemonset'))
  }
  return [
    ...errors,
    ...checkPodTemplate(spec.template ?? {}, 'spec.template', old?.spec?.template),
    ...checkEndless(spec.template ?? {}, 'DaemonSet', 'spec.template'),
    ...checkNotNegative(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...checkStrategy(spec.updateStrategy ?? {}),
    ...checkNotNegative(spec.revisionHistoryLimit, 'spec.revisionHistoryLimit'),
  ]
}

const COUNTS = [
  'currentNumberScheduled',
  'numberMisscheduled',
  'desiredNumberScheduled',
  'numberReady',
  'observedGeneration',
  'updatedNumberScheduled',
  'numberAvailable',
  'numberUnavailable',
  'collisionCount',
]

/** k8s 1.36: registry/apps/daemonset strategy.go. */
export const daemonSet = defineStrategy<DaemonSet>({
  group: 'apps',
  resource: 'daemonsets',
  shortNames: ['ds'],
  categories: ['all'],
  defaults,
  prepareForCreate: (object) => withTemplateGeneration(usual.prepareForCreate(object), Math.max(1, templateGeneration(object))),
  prepareForUpdate: (object, old) => {
    const changed = !jsonEqual(object.spec?.template, old.spec?.template)
    return withTemplateGeneration(usual.prepareForUpdate(object, old), templateGeneration(old) + (changed ? 1 : 0))
  },
  prepareForStatusUpdate: usual.prepareForStatusUpdate,
  validate: (object) => validate(object),
  validateUpdate: (object, old) => [
    ...checkImmutable(object.spec?.selector, old.spec?.selector, 'spec.selector', 'LabelSelector'),
    ...validate(object, old),
  ],
  validateStatusUpdate: ({ status }, old) => [
    ...checkCounts({ ...status }, COUNTS),
    ...checkCollisionCount(status?.collisionCount, old.status?.collisionCount),
  ],
  warnings: (object, old) => {
    const same = old !== undefined && jsonEqual(object.spec?.template, old.spec?.template)
    return same ? [] : templateWarnings(object.spec?.template, 'spec.template')
  },
  columns: [
    nameColumn,
    integerColumn('Desired', 'V1DaemonSetStatus.desiredNumberScheduled', (s) => s.status?.desiredNumberScheduled),
    integerColumn('Current', 'V1DaemonSetStatus.currentNumberScheduled', (s) => s.status?.currentNumberScheduled),
    integerColumn('Ready', 'V1DaemonSetStatus.numberReady', (s) => s.status?.numberReady),
    integerColumn('Up-to-date', 'V1DaemonSetStatus.updatedNumberScheduled', (s) => s.status?.updatedNumberScheduled),
    integerColumn('Available', 'V1DaemonSetStatus.numberAvailable', (s) => s.status?.numberAvailable),
    column('Node Selector', 'V1PodSpec.nodeSelector', (s) => formatLabels(s.spec?.template?.spec?.nodeSelector)),
    ageColumn,
    ...containerColumns<DaemonSet>((s) => s.spec?.template?.spec?.containers),
    selectorColumn('V1DaemonSetSpec.selector', (s) => s.spec?.selector),
  ],
})
