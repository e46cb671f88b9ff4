import type { FieldError } from '../../apimachinery/field-errors.ts'
import { duplicate, invalid, required } from '../../apimachinery/field-errors.ts'
import type { Job, JobSpec, JobStatus, ObjectMeta, PodTemplateSpec } from '../../apimachinery/generated/types.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import { humanDuration } from '../../apimachinery/duration.ts'
import { isDns1123Label } from '../../apimachinery/names.ts'
import { selectorMatches } from '../../apimachinery/selectors.ts'
import { parseTime } from '../../sim/time.ts'
import { defineStrategy } from './strategy.ts'
import { checkImmutable, each } from './shared/checks.ts'
import { ageColumn, column, containerColumns, nameColumn, selectorColumn } from './shared/columns.ts'
import { patch } from './shared/compact.ts'
import { checkJobSpec, countIndexes } from './shared/job-rules.ts'
import { checkLabelSelector, isUsableSelector, printableMap } from './shared/labels.ts'
import { specAndStatus } from './shared/lifecycle.ts'
import { defaultPodTemplate } from './shared/pod-spec-defaults.ts'
import { checkTemplateLabels, printableSelector } from './shared/pod-template.ts'
import { checkCounts, podNameWarning, templateWarnings } from './shared/workloads.ts'

const UID_LABELS = ['controller-uid', 'batch.kubernetes.io/controller-uid']
const NAME_LABELS = ['job-name', 'batch.kubernetes.io/job-name']
const UID_LABEL = 'batch.kubernetes.io/controller-uid'

const specOf = (job: Job): JobSpec => job.spec ?? ({} as JobSpec)

/** The part of the defaults that holds in a CronJob's template as well. */
export function defaultJobTemplateSpec(given: JobSpec): JobSpec {
  return {
    ...given,
    template: defaultPodTemplate(given.template),
    ...patch(given, 'podFailurePolicy', (policy) => ({
      ...policy,
      rules: (policy.rules ?? []).map((r) => ({
        ...r,
        ...patch(r, 'onPodConditions', (list) => list.map((c) => ({ ...c, status: c.status || 'True' }))),
      })),
    })),
  }
}

function defaultSpec(given: JobSpec): JobSpec {
  const spec = defaultJobTemplateSpec(given)
  const neither = spec.completions === undefined && spec.parallelism === undefined
  return {
    ...spec,
    ...(neither && { completions: 1 }),
    parallelism: spec.parallelism ?? 1,
    backoffLimit: spec.backoffLimit ?? (spec.backoffLimitPerIndex === undefined ? 6 : 2147483647),
    completionMode: spec.completionMode ?? 'NonIndexed',
    suspend: spec.suspend ?? false,
    podReplacementPolicy: spec.podReplacementPolicy ?? (spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed'),
    manualSelector: spec.manualSelector ?? false,
  }
}

function withLabels(template: PodTemplateSpec, labels: ObjectMeta['labels']): PodTemplateSpec {
  return { ...template, metadata: { ...template.metadata, labels } }
}

/** A Job without labels takes its template's, and shares them: what the server adds to the template shows in both. */
function sharesLabels(job: Job): boolean {
  return jsonEqual(job.metadata.labels, job.spec?.template?.metadata?.labels)
}

function defaults(job: Job): Job {
  const spec = defaultSpec(specOf(job))
  const own = job.metadata.labels ?? {}
  const labels = spec.template.metadata?.labels
  const metadata = Object.keys(own).length === 0 && labels ? { ...job.metadata, labels } : job.metadata
  return { ...job, metadata, spec, status: job.status ?? {} }
}

/** Labels and selector that no other Job has. k8s 1.36: generateSelector. */
function withGeneratedSelector(job: Job): Job {
  const spec = specOf(job)
  if (spec.manualSelector === true) return job
  const { name = '', uid = '' } = job.metadata
  const generated = Object.fromEntries([...UID_LABELS.map((l) => [l, uid]), ...NAME_LABELS.map((l) => [l, name])])
  const given = spec.template?.metadata?.labels
  const labels = { ...generated, ...given }
  const matchLabels = { [UID_LABEL]: uid, ...spec.selector?.matchLabels }
  const shared = sharesLabels(job)
  return {
    ...job,
    metadata: shared ? { ...job.metadata, labels } : job.metadata,
    spec: { ...spec, selector: { ...spec.selector, matchLabels }, template: withLabels(spec.template ?? {}, labels) },
  }
}

const usual = specAndStatus({}, { generation: true })

/** A selector that the server made has to be the one it would make. */
function checkGenerated(job: Job): FieldError[] {
  const spec = specOf(job)
  if (spec.manualSelector === true || spec.selector === undefined) return []
  const { name = '', uid = '' } = job.metadata
  const labels = spec.template?.metadata?.labels ?? {}
  const expected: { [label: string]: string } = {}
  const errors: FieldError[] = []
  const pairs = [UID_LABELS[0], NAME_LABELS[0], UID_LABELS[1], NAME_LABELS[1]]
  for (const [i, label] of pairs.entries()) {
    const value = i % 2 === 0 ? uid : name
    if (label === undefined) continue
    expected[label] = value
    const field = `spec.template.metadata.labels[${label}]`
    if (labels[label] === undefined) errors.push(required(field, `must be '${value}'`))
    else if (labels[label] !== value) errors.push(invalid(field, printableMap(labels), `must be '${value}'`))
  }
  if (isUsableSelector(spec.selector) && !selectorMatches(spec.selector, expected)) {
    errors.push(invalid('spec.selector', printableSelector(spec.selector), '`selector` not auto-generated'))
  }
  return errors
}

function checkSpec(job: Job, old?: Job): FieldError[] {
  const spec = specOf(job)
  const errors = checkJobSpec(spec, 'spec', old?.spec?.template)
  if (spec.selector === undefined) errors.push(required('spec.selector'))
  errors.push(...checkLabelSelector(spec.selector, 'spec.selector'))
  if (spec.selector !== undefined && !isUsableSelector(spec.selector)) return errors
  return [...errors, ...checkTemplateLabels(spec.selector, spec.template, 'spec.template')]
}

function validate(job: Job, old?: Job): FieldError[] {
  const errors = [...checkGenerated(job), ...checkSpec(job, old)]
  const { completionMode, completions = 0 } = specOf(job)
  if (completionMode !== 'Indexed' || completions <= 0) return errors
  const host = `${job.metadata.name ?? ''}-${completions - 1}`
  if (isDns1123Label(host).length === 0) return errors
  return [
    ...errors,
    invalid('metadata.name', job.metadata.name ?? '', `will not able to create pod with invalid DNS label: ${host}`),
  ]
}

function checkCompletions(spec: JobSpec, old: JobSpec): FieldError[] {
  if (spec.completionMode !== 'Indexed') return checkImmutable(spec.completions, old.completions, 'spec.completions')
  if (spec.completions === old.completions || spec.completions === undefined || spec.completions === spec.parallelism) return []
  return [invalid('spec.completions', spec.completions, 'can only be modified in tandem with spec.parallelism')]
}

/** While suspended and without running pods the template may change where scheduling and resources are concerned. */
function checkTemplateChange(job: Job, oldJob: Job): FieldError[] {
  const [spec, old] = [specOf(job), specOf(oldJob)]
  const suspended = old.suspend === true && (oldJob.status?.active ?? 0) === 0
  let before = old.template ?? {}
  const now = spec.template ?? {}
  if (suspended && before.spec && now.spec) {
    const { nodeSelector, tolerations, schedulingGates } = now.spec
    const withResources = (list: 'containers' | 'initContainers') =>
      before.spec?.[list]?.map((c, i) => {
        const other = now.spec?.[list]?.[i]
        return other?.name === c.name ? { ...c, resources: other.resources } : c
      })
    const affinity = { ...before.spec.affinity, nodeAffinity: now.spec.affinity?.nodeAffinity }
    const hasAffinity = now.spec.affinity !== undefined || Object.values(affinity).some((v) => v !== undefined)
    before = {
      metadata: { ...before.metadata, labels: now.metadata?.labels, annotations: now.metadata?.annotations },
      spec: {
        ...before.spec,
        affinity: hasAffinity ? affinity : undefined,
        nodeSelector,
        tolerations,
        schedulingGates,
        containers: withResources('containers') ?? [],
        initContainers: withResources('initContainers'),
      },
    }
  }
  return checkImmutable(now, before, 'spec.template', 'PodTemplateSpec')
}

const FIXED = ['completionMode', 'podFailurePolicy', 'backoffLimitPerIndex', 'managedBy', 'successPolicy'] as const

function validateUpdate(job: Job, oldJob: Job): FieldError[] {
  const [spec, old] = [specOf(job), specOf(oldJob)]
  return [
    ...validate(job, oldJob),
    ...checkSpec(job, oldJob),
    ...checkCompletions(spec, old),
    ...checkImmutable(spec.selector, old.selector, 'spec.selector', 'LabelSelector'),
    ...checkTemplateChange(job, oldJob),
    ...FIXED.flatMap((name) => checkImmutable(spec[name], old[name], `spec.${name}`)),
  ]
}

const is = (status: JobStatus, type: string) => (status.conditions ?? []).some((c) => c.type === type && c.status === 'True')

const condition = (detail: string): FieldError => ({
  type: 'Invalid',
  field: 'status.conditions',
  message: `Invalid value: ${detail}`,
})

/** Conditions and times against one another. SIMPLIFIED: checked always, where Kubernetes looks only at what the write changes. */
function checkConditions(status: JobStatus, old: JobStatus): FieldError[] {
  const [complete, failed, met, target] = ['Complete', 'Failed', 'SuccessCriteriaMet', 'FailureTarget'].map((t) => is(status, t))
  const errors: FieldError[] = []
  if (complete && failed) errors.push(condition('cannot set Complete=True and Failed=true conditions'))
  if (complete && target) errors.push(condition('cannot set Complete=True and FailureTarget=true conditions'))
  if (status.completionTime && !complete) {
    errors.push(
      invalid(
        'status.completionTime',
        status.completionTime,
        'cannot set completionTime when there is no Complete=True condition',
      ),
    )
  }
  if (complete && !status.completionTime)
    errors.push(required('status.completionTime', 'completionTime is required for Complete jobs'))
  if (failed && !target) errors.push(condition('cannot set Failed=True condition without the FailureTarget=true condition'))
  if (complete && !met) errors.push(condition('cannot set Complete=True condition without the SuccessCriteriaMet=true condition'))
  if (met && failed) errors.push(condition('cannot set SuccessCriteriaMet=True and Failed=true conditions'))
  if (met && target) errors.push(condition('cannot set SuccessCriteriaMet=True and FailureTarget=true conditions'))
  for (const type of ['Failed', 'Complete', 'FailureTarget']) {
    if (is(old, type) && !is(status, type)) errors.push(condition(`cannot disable the terminal ${type}=True condition`))
  }
  if (is(old, 'SuccessCriteriaMet') && !met) errors.push(condition('cannot disable the SuccessCriteriaMet=True condition'))
  return errors
}

function checkFinished(status: JobStatus): FieldError[] {
  if (!is(status, 'Complete') && !is(status, 'Failed')) return []
  const errors: FieldError[] = []
  if ((status.active ?? 0) > 0) errors.push(invalid('status.active', status.active, 'active>0 is invalid for finished job'))
  if (!status.startTime) errors.push(required('status.startTime', 'startTime is required for finished job'))
  if ((status.terminating ?? 0) > 0) {
    errors.push(invalid('status.terminating', status.terminating, 'terminating>0 is invalid for finished job'))
  }
  return errors
}

function checkUncounted(status: JobStatus): FieldError[] {
  const pods = status.uncountedTerminatedPods
  const seen = new Set<string>()
  return (['succeeded', 'failed'] as const).flatMap((list) =>
    each(pods?.[list], (uid, i) => {
      const path = `status.uncountedTerminatedPods.${list}[${i}]`
      if (uid === '') return [invalid(path, uid, 'must not be empty')]
      if (seen.has(uid)) return [duplicate(path, uid)]
      seen.add(uid)
      return []
    }),
  )
}

function validateStatusUpdate(job: Job, oldJob: Job): FieldError[] {
  const [status, old] = [job.status ?? {}, oldJob.status ?? {}]
  const { completions } = specOf(job)
  const errors = [
    ...checkCounts({ ...status }, ['active', 'succeeded', 'failed', 'ready', 'terminating']),
    ...checkUncounted(status),
    ...checkConditions(status, old),
    ...checkFinished(status),
  ]
  if (completions !== undefined && status.completedIndexes) {
    const { problem } = countIndexes(status.completedIndexes, completions)
    if (problem !== '')
      errors.push(invalid('status.completedIndexes', status.completedIndexes, `error parsing completedIndexes: ${problem}`))
  }
  if ((status.ready ?? 0) > (status.active ?? 0)) {
    errors.push(invalid('status.ready', status.ready, 'cannot set more ready pods than active'))
  }
  return errors
}

const MANY =
  'In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail'

/** k8s 1.36: pkg/api/job/warnings.go. */
export function jobWarnings(spec: JobSpec, field: string): string[] {
  const many = spec.completionMode === 'Indexed' && (spec.completions ?? 0) > 100_000 && (spec.parallelism ?? 0) > 10_000
  return [...(many ? [`${field}: ${MANY}`] : []), ...templateWarnings(spec.template, `${field}.template`)]
}

function statusCell(job: Job): string {
  const status = job.status ?? {}
  if (is(status, 'Complete')) return 'Complete'
  if (is(status, 'Failed')) return 'Failed'
  if (job.metadata.deletionTimestamp !== undefined) return 'Terminating'
  return ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find((type) => is(status, type)) ?? 'Running'
}

function completionsCell(job: Job): string {
  const { completions, parallelism = 0 } = specOf(job)
  const done = job.status?.succeeded ?? 0
  if (completions !== undefined) return `${done}/${completions}`
  return parallelism > 1 ? `${done}/1 of ${parallelism}` : `${done}/1`
}

function durationCell(job: Job, nowMs: number): string {
  const { startTime, completionTime } = job.status ?? {}
  if (!startTime) return ''
  return humanDuration((completionTime ? parseTime(completionTime) : nowMs) - parseTime(startTime))
}

/** k8s 1.36: registry/batch/job strategy.go. */
export const job = defineStrategy<Job>({
  group: 'batch',
  resource: 'jobs',
  categories: ['all'],
  defaults,
  ...usual,
  prepareForCreate: (object) => usual.prepareForCreate(withGeneratedSelector(object)),
  validate: (object) => validate(object),
  validateUpdate,
  validateStatusUpdate,
  warnings: (object, old) => {
    if (old !== undefined && jsonEqual(object.spec, old.spec)) return []
    return [...(old === undefined ? podNameWarning(object) : []), ...jobWarnings(specOf(object), 'spec')]
  },
  fields: { 'status.successful': (j) => String(j.status?.succeeded ?? 0) },
  defaultPropagation: 'orphan',
  columns: [
    nameColumn,
    column('Status', 'Status of the job.', statusCell),
    column('Completions', 'V1JobStatus.succeeded', completionsCell),
    column('Duration', 'Time required to complete the job.', durationCell),
    ageColumn,
    ...containerColumns<Job>((j) => j.spec?.template?.spec?.containers),
    selectorColumn('V1JobSpec.selector', (j) => j.spec?.selector),
  ],
})
