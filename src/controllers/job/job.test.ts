import { describe, expect, test } from 'vitest'
import { events, jobs, pods } from '../../apimachinery/generated/resources.ts'
import type { Job, JobSpec } from '../../apimachinery/generated/types.ts'
import { Harness } from '../testing/harness.ts'
import { jobController } from './controller.ts'

function pi(extra: Partial<JobSpec> = {}): Job {
  const labels = { 'batch.kubernetes.io/job-name': 'pi' }
  return {
    metadata: { name: 'pi', namespace: 'default' },
    spec: {
      completions: 3,
      parallelism: 2,
      backoffLimit: 6,
      completionMode: 'NonIndexed',
      suspend: false,
      manualSelector: true,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'pi' }], restartPolicy: 'Never' } },
      ...extra,
    },
  }
}
const status = (h: Harness) => h.get(jobs, 'default/pi')?.status
const active = (h: Harness) => h.list(pods).filter((pod) => pod.status?.phase === 'Running' && !pod.metadata.deletionTimestamp)

function finish(h: Harness, phase: string): void {
  for (const { metadata } of active(h))
    h.run(
      h.client.patch(pods, 'default', metadata.name ?? '', { status: { phase, conditions: [] } }, 'merge', {
        subresource: 'status',
      }),
    )
  h.sim.runFor(3000)
}

describe('job controller', () => {
  test('runs pods until all completions are there, counts them once and lets them go', () => {
    const h = new Harness([jobController])
    h.runPods()
    h.create(jobs, pi())
    h.sim.runFor(3000)
    expect(status(h)).toMatchObject({ active: 2, ready: 2, terminating: 0 })
    finish(h, 'Succeeded')
    expect(status(h)).toMatchObject({ active: 1, succeeded: 2 })
    finish(h, 'Succeeded')
    expect(status(h)?.conditions?.map(({ type }) => type)).toEqual(['SuccessCriteriaMet', 'Complete'])
    expect(status(h)).toMatchObject({ succeeded: 3, ready: 0, uncountedTerminatedPods: {} })
    expect(h.list(pods).flatMap((pod) => pod.metadata.finalizers ?? [])).toEqual([])
    expect(h.list(events).at(-1)?.message).toBe('Job completed')
    const executed = h.sim.executed
    h.sim.runFor(3_600_000)
    expect(h.sim.executed - executed).toBeLessThan(5)
  })

  test('waits longer after each failure and then gives up', () => {
    const h = new Harness([jobController])
    h.runPods()
    h.create(jobs, pi({ completions: 1, parallelism: 1, backoffLimit: 2 }))
    const startedAt: number[] = []
    for (let i = 0; i < 3; i++) {
      h.sim.runUntilTrue(() => active(h).length > 0, 300_000)
      startedAt.push(Math.round((h.sim.now - h.sim.startTimeMs) / 10_000))
      finish(h, 'Failed')
    }
    expect(startedAt).toEqual([0, 1, 3])
    expect(status(h)?.conditions?.map(({ type, reason }) => `${type} ${reason ?? ''}`)).toEqual([
      'FailureTarget BackoffLimitExceeded',
      'Failed BackoffLimitExceeded',
    ])
    expect(status(h)).toMatchObject({ failed: 3 })
  })

  test('suspends and resumes, and obeys the deadline', () => {
    const h = new Harness([jobController])
    h.runPods()
    const created = h.create(jobs, pi({ activeDeadlineSeconds: 30 }))
    h.sim.runFor(3000)
    for (const suspend of [true, false]) {
      const job = h.get(jobs, 'default/pi') ?? created
      h.run(h.client.update(jobs, { ...job, spec: { ...job.spec, suspend } as JobSpec }))
      h.sim.runFor(40_000 * Number(suspend) + 3000)
      expect(active(h)).toHaveLength(suspend ? 0 : 2)
    }
    h.sim.runFor(40_000)
    expect(
      h
        .list(events)
        .map((e) => e.reason)
        .filter((reason) => !reason?.startsWith('Successful')),
    ).toEqual(['Suspended', 'Resumed', 'DeadlineExceeded'])
  })
})
