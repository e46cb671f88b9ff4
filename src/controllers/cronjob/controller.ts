import { jsonEqual } from '../../apimachinery/equal.ts'
import { cronjobs, jobs } from '../../apimachinery/generated/resources.ts'
import type { CronJob, Job } from '../../apimachinery/generated/types.ts'
import { keyOf, splitKey } from '../../apimachinery/resource.ts'
import { scheduleProblem } from '../../apiserver/kinds/shared/cron-schedule.ts'
import type { Client } from '../../client/client.ts'
import { ControllerLoop } from '../../client/controller.ts'
import type { EventRecorder, EventType } from '../../client/recorder.ts'
import type { Task } from '../../sim/task.ts'
import type { Controller, ControllerContext } from '../context.ts'
import { controllerFrom } from '../shared/controller.ts'
import { controllerOf, indexByController, ownedBy, resolveOwner } from '../shared/owners.ts'
import { nextRunMs } from './missed.ts'
import { parseSchedule } from './schedule.ts'
import { CronJobSync, scheduleText, type CronJobEffects } from './sync.ts'

const WORKERS = 5

/** Starts Jobs by the clock. k8s 1.36: pkg/controller/cronjob. */
export function cronJobController(context: ControllerContext): Controller {
  const { sim, informers } = context
  const client = context.client('cronjob-controller')
  const recorder = context.recorder(client, 'cronjob-controller')
  const cronJobInformer = informers.for(cronjobs)
  const jobInformer = informers.for(jobs)
  indexByController(jobInformer)
  const effects = new ApiCronJobEffects(client, recorder)
  const loop: ControllerLoop = new ControllerLoop(sim, {
    name: 'cronjob',
    workers: WORKERS,
    *reconcile(key) {
      const { namespace, name } = splitKey(key)
      const cronJob = cronJobInformer.get(namespace, name)
      if (!cronJob) return
      const owned = ownedBy(jobInformer, cronJob.metadata.uid)
      const outcome = yield* new CronJobSync(cronJob, owned, effects, sim.now).run()
      if (outcome.changed) yield* client.updateStatus(cronjobs, outcome.cronJob)
      if (outcome.failure) throw outcome.failure
      if (outcome.againMs !== undefined) loop.queue.addAfter(key, outcome.againMs)
    },
  })
  const wake = (cronJob: CronJob | undefined) => {
    if (cronJob) loop.queue.add(keyOf(cronJob))
  }
  cronJobInformer.addHandler({
    onAdd: wake,
    onUpdate(cronJob, old) {
      const moved = cronJob.spec?.schedule !== old.spec?.schedule || cronJob.spec?.timeZone !== old.spec?.timeZone
      if (moved) reschedule(cronJob)
      else wake(cronJob)
    },
    onDelete: wake,
  })
  /** A new schedule only moves the next look. */
  function reschedule(cronJob: CronJob): void {
    const text = scheduleText(cronJob)
    if (scheduleProblem(text) === '') {
      const againMs = nextRunMs(cronJob, parseSchedule(text), sim.now)
      if (againMs !== undefined) loop.queue.addAfter(keyOf(cronJob), againMs)
      return
    }
    const message = `unparseable schedule for cronjob: ${cronJob.spec?.schedule ?? ''}`
    recorder.event(cronJob, 'Warning', 'UnParseableCronJobSchedule', message)
  }
  const ownerOf = (job: Job) => resolveOwner(cronJobInformer, job.metadata.namespace, controllerOf(job))
  jobInformer.addHandler({
    onAdd: (job) => wake(ownerOf(job)),
    onUpdate(job, old) {
      if (!jsonEqual(controllerOf(job), controllerOf(old))) wake(ownerOf(old))
      wake(ownerOf(job))
    },
    onDelete: (job) => wake(ownerOf(job)),
  })
  return controllerFrom('cronjob-controller', [loop])
}

class ApiCronJobEffects implements CronJobEffects {
  private readonly client: Client
  private readonly recorder: EventRecorder

  constructor(client: Client, recorder: EventRecorder) {
    this.client = client
    this.recorder = recorder
  }

  getCronJob(namespace: string, name: string): Task<CronJob> {
    return this.client.get(cronjobs, namespace, name)
  }

  getJob(namespace: string, name: string): Task<Job> {
    return this.client.get(jobs, namespace, name)
  }

  createJob(job: Job): Task<Job> {
    return this.client.create(jobs, job)
  }

  deleteJob(namespace: string, name: string): Task {
    return this.client.delete(jobs, namespace, name, { propagationPolicy: 'Background' })
  }

  event(cronJob: CronJob, type: EventType, reason: string, message: string): void {
    this.recorder.event(cronJob, type, reason, message)
  }
}
