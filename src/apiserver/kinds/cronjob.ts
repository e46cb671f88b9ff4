import type { FieldError } from '../../apimachinery/field-errors.ts'
import { invalid, notSupported, required } from '../../apimachinery/field-errors.ts'
import type { CronJob, CronJobSpec, JobTemplateSpec } from '../../apimachinery/generated/types.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import { formatSelector } from '../../apimachinery/selectors.ts'
import { defaultJobTemplateSpec, jobWarnings } from './job.ts'
import { defineStrategy } from './strategy.ts'
import { checkNotNegative, checkRequiredOneOf } from './shared/checks.ts'
import { ageColumn, boolText, column, containerColumns, integerColumn, nameColumn, since, wideColumn } from './shared/columns.ts'
import { orDefault } from './shared/compact.ts'
import { isTimeZone, scheduleProblem } from './shared/cron-schedule.ts'
import { checkJobSpec } from './shared/job-rules.ts'
import { specAndStatus } from './shared/lifecycle.ts'
import { printableSelector } from './shared/pod-template.ts'
import { podNameWarning } from './shared/workloads.ts'

const specOf = (job: CronJob): CronJobSpec => job.spec ?? ({} as CronJobSpec)

function defaults(job: CronJob): CronJob {
  const spec = specOf(job)
  const template: JobTemplateSpec = spec.jobTemplate ?? {}
  const inner = template.spec ?? { template: {} }
  return {
    ...job,
    spec: {
      ...spec,
      concurrencyPolicy: orDefault(spec.concurrencyPolicy, 'Allow'),
      suspend: spec.suspend ?? false,
      jobTemplate: { ...template, metadata: template.metadata ?? {}, spec: defaultJobTemplateSpec(inner) },
      successfulJobsHistoryLimit: spec.successfulJobsHistoryLimit ?? 3,
      failedJobsHistoryLimit: spec.failedJobsHistoryLimit ?? 1,
    },
    status: job.status ?? {},
  }
}

function checkSchedule(spec: CronJobSpec, old: CronJobSpec | undefined): FieldError[] {
  const { schedule = '', timeZone } = spec
  const field = 'spec.schedule'
  if (schedule === '') return [required(field)]
  const problem = scheduleProblem(schedule)
  const errors = problem === '' ? [] : [invalid(field, schedule, problem)]
  if (!schedule.includes('TZ')) return errors
  if (!old?.schedule.includes('TZ')) {
    errors.push(invalid(field, schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'))
  } else if (timeZone !== undefined) {
    errors.push(invalid(field, schedule, 'cannot use both timeZone field and TZ or CRON_TZ in schedule'))
  }
  return errors
}

function checkTimeZone(zone: string | undefined): FieldError[] {
  const field = 'spec.timeZone'
  if (zone === undefined) return []
  if (zone === '') return [invalid(field, zone, 'timeZone must be nil or non-empty string')]
  const errors: FieldError[] = []
  const unknown = invalid(field, zone, `unknown time zone ${zone}`)
  const odd = zone.split('/').some((p) => p === '.' || p === '..' || p.startsWith('-') || !/^[A-Za-z.\-_0-9+]{1,14}$/.test(p))
  if (odd) return [unknown]
  if (zone.toLowerCase() === 'local') {
    errors.push(invalid(field, zone, 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones'))
  } else if (!isTimeZone(zone)) errors.push(unknown)
  return errors
}

function checkTemplate(spec: CronJobSpec, old: CronJobSpec | undefined): FieldError[] {
  const inner = spec.jobTemplate?.spec ?? { template: {} }
  const errors = checkJobSpec(inner, 'spec.jobTemplate.spec', old?.jobTemplate?.spec?.template)
  if (inner.selector !== undefined) {
    errors.push(invalid('spec.jobTemplate.spec.selector', printableSelector(inner.selector), '`selector` will be auto-generated'))
  }
  if (inner.manualSelector === true) errors.push(notSupported('spec.jobTemplate.spec.manualSelector', true, ['nil', 'false']))
  return errors
}

function checkSpec(job: CronJob, oldJob?: CronJob): FieldError[] {
  const [spec, old] = [specOf(job), oldJob?.spec]
  return [
    ...checkSchedule(spec, old),
    ...checkNotNegative(spec.startingDeadlineSeconds, 'spec.startingDeadlineSeconds'),
    ...(old === undefined || old.timeZone !== spec.timeZone ? checkTimeZone(spec.timeZone) : []),
    ...checkRequiredOneOf(spec.concurrencyPolicy, ['Allow', 'Forbid', 'Replace'], 'spec.concurrencyPolicy'),
    ...checkTemplate(spec, old),
    ...checkNotNegative(spec.successfulJobsHistoryLimit, 'spec.successfulJobsHistoryLimit'),
    ...checkNotNegative(spec.failedJobsHistoryLimit, 'spec.failedJobsHistoryLimit'),
  ]
}

function validate(job: CronJob): FieldError[] {
  const name = job.metadata.name ?? ''
  const tooLong = name.length > 52 ? [invalid('metadata.name', name, 'must be no more than 52 characters')] : []
  return [...checkSpec(job), ...tooLong]
}

const TZ_WARNING =
  'cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details'

function warnings(job: CronJob, old: CronJob | undefined): string[] {
  const spec = specOf(job)
  const inner = spec.jobTemplate?.spec ?? { template: {} }
  const same = old !== undefined && jsonEqual(job.spec, old.spec)
  return [
    ...(old === undefined ? podNameWarning(job) : []),
    ...(same ? [] : jobWarnings(inner, 'spec.jobTemplate.spec')),
    ...(old !== undefined && spec.schedule.includes('TZ') ? [TZ_WARNING] : []),
  ]
}

/** k8s 1.36: registry/batch/cronjob strategy.go. */
export const cronJob = defineStrategy<CronJob>({
  group: 'batch',
  resource: 'cronjobs',
  shortNames: ['cj'],
  categories: ['all'],
  defaults,
  ...specAndStatus({}, { generation: true }),
  validate,
  validateUpdate: checkSpec,
  warnings,
  columns: [
    nameColumn,
    column('Schedule', 'V1CronJobSpec.schedule', (j) => j.spec?.schedule ?? ''),
    column('Timezone', 'V1CronJobSpec.timeZone', (j) => j.spec?.timeZone ?? '<none>'),
    column('Suspend', 'V1CronJobSpec.suspend', (j) => boolText(j.spec?.suspend), 'boolean'),
    integerColumn('Active', 'V1CronJobStatus.active', (j) => j.status?.active?.length),
    column('Last Schedule', 'V1CronJobStatus.lastScheduleTime', (j, nowMs) =>
      j.status?.lastScheduleTime ? since(j.status.lastScheduleTime, nowMs) : '<none>',
    ),
    ageColumn,
    ...containerColumns<CronJob>((j) => j.spec?.jobTemplate?.spec?.template?.spec?.containers),
    wideColumn('Selector', 'V1JobSpec.selector', (j) => formatSelector(j.spec?.jobTemplate?.spec?.selector)),
  ],
})
