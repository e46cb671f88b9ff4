import { expect, test } from 'vitest'
import { cronjobs, jobs } from '../../apimachinery/generated/resources.ts'
import { jobController } from '../job/controller.ts'
import { parseTime } from '../../sim/time.ts'
import { Harness } from '../testing/harness.ts'
import { cronJobController } from './controller.ts'
import { parseSchedule } from './schedule.ts'

test('starts a job at each due minute and sleeps in between', () => {
  const h = new Harness([jobController, cronJobController])
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'c' }] } }
  const spec = {
    schedule: '*/5 * * * *',
    concurrencyPolicy: 'Allow',
    successfulJobsHistoryLimit: 3,
    jobTemplate: { spec: { template } },
  }
  h.create(cronjobs, { metadata: { name: 'tick', namespace: 'default' }, spec })
  h.sim.runFor(16 * 60_000)
  expect(h.list(jobs).map(({ metadata }) => metadata.name)).toEqual(['tick-29453765', 'tick-29453770', 'tick-29453775'])
  const status = h.get(cronjobs, 'default/tick')?.status
  expect(status?.active?.map(({ name }) => name)).toHaveLength(3)
  expect(status?.lastScheduleTime).toBe('2026-01-01T00:15:00Z')
})

test('goes on through the hours in zones that put their clocks forward and back', () => {
  for (const zone of ['America/New_York', 'Australia/Lord_Howe', 'America/Sao_Paulo', 'Asia/Kathmandu']) {
    const schedule = parseSchedule(`TZ=${zone} 15 * * * *`)
    let at = parseTime('2018-10-20T00:00:00Z')
    for (let i = 0; i < 24 * 30; i++) {
      const next = schedule.next(at) ?? 0
      expect(next - at).toBeGreaterThan(0)
      expect(next - at).toBeLessThanOrEqual(2 * 3_600_000)
      at = next
    }
  }
})
