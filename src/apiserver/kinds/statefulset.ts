import type { FieldError } from '../../apimachinery/field-errors.ts'
import { forbidden, invalid, required } from '../../apimachinery/field-errors.ts'
import type { PersistentVolumeClaim, PodTemplateSpec, StatefulSet, StatefulSetSpec } from '../../apimachinery/generated/types.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import { defineStrategy } from './strategy.ts'
import { checkClaimSpec } from './shared/claims.ts'
import { checkDnsLabel, checkNotNegative, checkOneOf, each, nameIsLabel } from './shared/checks.ts'
import { ageColumn, column, containerColumns, nameColumn } from './shared/columns.ts'
import { omit, omitZero, orDefault, patch } from './shared/compact.ts'
import { isUsableSelector, selectorText } from './shared/labels.ts'
import { specAndStatus } from './shared/lifecycle.ts'
import { defaultPodTemplate } from './shared/pod-spec-defaults.ts'
import {
  checkEndless,
  checkPodTemplate,
  checkTemplateLabels,
  checkWorkloadSelector,
  printableSelector,
} from './shared/pod-template.ts'
import { fractionWarnings } from './shared/pod-warnings.ts'
import { defaultClaimSpec } from './shared/volume-defaults.ts'
import { checkCollisionCount, checkCounts, checkReplicaCounts, templateWarnings } from './shared/workloads.ts'

const EMPTY_STATUS = { replicas: 0, availableReplicas: 0 }
const specOf = (set: StatefulSet): StatefulSetSpec => set.spec ?? ({} as StatefulSetSpec)

const defaultClaim = (claim: PersistentVolumeClaim): PersistentVolumeClaim => ({
  ...claim,
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  spec: defaultClaimSpec(claim.spec),
  status: { ...claim.status, phase: orDefault(claim.status?.phase, 'Pending') },
})

function defaultStrategy(spec: StatefulSetSpec): StatefulSetSpec['updateStrategy'] {
  const given = spec.updateStrategy
  const type = orDefault(given?.type, 'RollingUpdate')
  const rolling = given?.rollingUpdate ?? (given?.type ? undefined : {})
  if (rolling === undefined) return { ...given, type }
  if (type !== 'RollingUpdate') return { type, rollingUpdate: rolling }
  // maxUnavailable is an alpha feature that is off.
  return { type, rollingUpdate: { ...omit(rolling, ['maxUnavailable']), partition: rolling.partition ?? 0 } }
}

function defaults(set: StatefulSet): StatefulSet {
  const spec = omitZero(specOf(set), ['minReadySeconds', 'serviceName', 'volumeClaimTemplates'])
  const retention = spec.persistentVolumeClaimRetentionPolicy
  return {
    ...set,
    spec: {
      ...spec,
      replicas: spec.replicas ?? 1,
      template: defaultPodTemplate(spec.template),
      ...patch(spec, 'volumeClaimTemplates', (claims) => claims.map(defaultClaim)),
      podManagementPolicy: orDefault(spec.podManagementPolicy, 'OrderedReady'),
      updateStrategy: defaultStrategy(spec),
      revisionHistoryLimit: spec.revisionHistoryLimit ?? 10,
      persistentVolumeClaimRetentionPolicy: {
        whenDeleted: orDefault(retention?.whenDeleted, 'Retain'),
        whenScaled: orDefault(retention?.whenScaled, 'Retain'),
      },
    },
    status: { ...EMPTY_STATUS, ...set.status },
  }
}

function checkStrategies(spec: StatefulSetSpec): FieldError[] {
  const errors: FieldError[] = []
  const policy = spec.podManagementPolicy ?? ''
  if (policy === '') errors.push(required('spec.podManagementPolicy'))
  else if (policy !== 'OrderedReady' && policy !== 'Parallel') {
    errors.push(invalid('spec.podManagementPolicy', policy, "must be 'OrderedReady' or 'Parallel'"))
  }
  const { type = '', rollingUpdate } = spec.updateStrategy ?? {}
  const rolling = rollingUpdate && {
    Partition: rollingUpdate.partition ?? 0,
    MaxUnavailable: rollingUpdate.maxUnavailable ?? null,
  }
  const field = 'spec.updateStrategy'
  if (type === '') errors.push(required(field))
  else if (type === 'OnDelete') {
    if (rolling) errors.push(invalid(`${field}.rollingUpdate`, rolling, "only allowed for updateStrategy 'RollingUpdate'"))
  } else if (type === 'RollingUpdate') {
    errors.push(...checkNotNegative(rollingUpdate?.partition, `${field}.rollingUpdate.partition`))
  } else {
    errors.push(invalid(field, { Type: type, RollingUpdate: rolling ?? null }, "must be 'RollingUpdate' or 'OnDelete'"))
  }
  return errors
}

function checkRetention(spec: StatefulSetSpec): FieldError[] {
  const policy = spec.persistentVolumeClaimRetentionPolicy
  if (policy === undefined) return []
  return (['whenDeleted', 'whenScaled'] as const).flatMap((name) =>
    checkOneOf(policy[name] ?? '', ['Retain', 'Delete'], `spec.persistentVolumeClaimRetentionPolicy.${name}`),
  )
}

/** The template as its pods will be: with the claims as volumes, and host names that the controller sets. */
function effectiveTemplate(spec: StatefulSetSpec): PodTemplateSpec {
  const template = spec.template ?? {}
  const claims = (spec.volumeClaimTemplates ?? []).map((c) => c.metadata?.name ?? '')
  const own = template.spec ?? { containers: [] }
  const volumes = [
    ...claims.map((name) => ({ name, persistentVolumeClaim: { claimName: name } })),
    ...(own.volumes ?? []).filter((v) => !claims.includes(v.name)),
  ]
  return { ...template, spec: { ...omit(own, ['subdomain', 'hostname']), volumes } }
}

function validate(set: StatefulSet, old?: StatefulSet): FieldError[] {
  const spec = specOf(set)
  const template = effectiveTemplate(spec)
  const errors = [...checkStrategies(spec), ...checkRetention(spec)]
  if (old === undefined) {
    errors.push(
      ...each(spec.volumeClaimTemplates, (c, i) => checkClaimSpec(c.spec ?? {}, `spec.volumeClaimTemplates[${i}].spec`)),
    )
  }
  errors.push(
    ...checkNotNegative(spec.replicas, 'spec.replicas'),
    ...checkNotNegative(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...checkNotNegative(spec.ordinals?.start, 'spec.ordinals.start'),
  )
  if (old === undefined && spec.serviceName) errors.push(...checkDnsLabel(spec.serviceName, 'spec.serviceName'))
  errors.push(...checkWorkloadSelector(spec.selector, 'statefulset', 'spec.selector'))
  if (spec.selector !== undefined && !isUsableSelector(spec.selector)) {
    errors.push(invalid('spec.selector', printableSelector(spec.selector), ''))
  } else {
    errors.push(...checkTemplateLabels(spec.selector, template, 'spec.template'))
    errors.push(...checkPodTemplate(template, 'spec.template', old && effectiveTemplate(specOf(old))))
  }
  return [...errors, ...checkEndless(template, 'StatefulSet', 'spec.template')]
}

const MUTABLE = [
  'replicas',
  'template',
  'updateStrategy',
  'minReadySeconds',
  'ordinals',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
] as const

const FIXED =
  "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"

const COUNTS = [
  'replicas',
  'readyReplicas',
  'currentReplicas',
  'updatedReplicas',
  'availableReplicas',
  'observedGeneration',
  'collisionCount',
]

function warnings(set: StatefulSet, old: StatefulSet | undefined): string[] {
  const spec = specOf(set)
  const same = old !== undefined && jsonEqual(set.spec, old.spec)
  const claims = (spec.volumeClaimTemplates ?? []).flatMap((c, i) => {
    const path = `spec.volumeClaimTemplates[${i}]${old === undefined ? '' : '.Spec'}.resources`
    return [
      ...fractionWarnings(c.spec?.resources?.requests, ['storage'], `${path}.requests`),
      ...fractionWarnings(c.spec?.resources?.limits, ['storage'], `${path}.limits`),
    ]
  })
  const text = 'spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended'
  const negative = (spec.revisionHistoryLimit ?? 0) < 0 ? [text] : []
  return [...(same ? [] : templateWarnings(spec.template, 'spec.template')), ...claims, ...negative]
}

/** k8s 1.36: registry/apps/statefulset strategy.go. */
export const statefulSet = defineStrategy<StatefulSet>({
  group: 'apps',
  resource: 'statefulsets',
  shortNames: ['sts'],
  categories: ['all'],
  defaults,
  ...specAndStatus(EMPTY_STATUS, { generation: true }),
  validateName: nameIsLabel,
  validate: (object) => validate(object),
  validateUpdate: (object, old) => [
    ...validate(object, old),
    ...(jsonEqual(omit(specOf(object), MUTABLE), omit(specOf(old), MUTABLE)) ? [] : [forbidden('spec', FIXED)]),
  ],
  validateStatusUpdate: ({ status }, old) => [
    ...checkCounts({ ...status }, COUNTS),
    ...checkReplicaCounts(
      { ...status },
      ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'],
      'status.readyReplicas',
    ),
    ...checkCollisionCount(status?.collisionCount, old.status?.collisionCount),
  ],
  warnings,
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
    column('Ready', 'Number of the pod with ready state', (s) => `${s.status?.readyReplicas ?? 0}/${s.spec?.replicas ?? 0}`),
    ageColumn,
    ...containerColumns<StatefulSet>((s) => s.spec?.template?.spec?.containers),
  ],
})
