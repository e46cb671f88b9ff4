import { describe, expect, test } from 'vitest'
import { Simulation } from '../sim/simulation.ts'
import { Pacer, type Host } from './pacer.ts'

/** A host whose clock moves only when told, and by a cost for every event run. */
function fakeHost() {
  let now = 0
  const queue: { at: number; callback: () => void }[] = []
  const host: Host = { now: () => now, later: (ms, callback) => void queue.push({ at: now + ms, callback }) }
  return {
    host,
    spend: (ms: number) => (now += ms),
    run(untilMs: number) {
      for (;;) {
        queue.sort((a, b) => a.at - b.at)
        const next = queue[0]
        if (!next || next.at > untilMs) break
        queue.shift()
        now = Math.max(now, next.at)
        next.callback()
        now += 0.01
      }
      now = untilMs
    },
  }
}

describe('pacer', () => {
  test('follows the wall clock at the chosen speed', () => {
    for (const speed of [0.1, 1, 10, 1000]) {
      const sim = new Simulation({ seed: 1, startTimeMs: 0 })
      const wall = fakeHost()
      const pacer = new Pacer(
        sim,
        wall.host,
        () => undefined,
        () => undefined,
      )
      pacer.setSpeed(speed)
      pacer.play()
      wall.run(2000)
      expect(sim.now / 2000).toBeGreaterThan(speed * 0.97)
      expect(sim.now / 2000).toBeLessThanOrEqual(speed)
      expect(pacer.reachedSpeed).toBeCloseTo(speed, 0)
      pacer.pause()
      const stopped = sim.now
      wall.run(3000)
      expect(sim.now).toBe(stopped)
    }
  })

  test('stops at the end of the instant in which it was asked to', () => {
    for (const speed of [10, 'max'] as const) {
      const sim = new Simulation({ seed: 1, startTimeMs: 0 })
      const wall = fakeHost()
      let frames = 0
      const pacer = new Pacer(
        sim,
        wall.host,
        () => void frames++,
        () => undefined,
      )
      const ran: string[] = []
      sim.schedule(50, () => {
        ran.push('asks')
        pacer.stopAfterInstant()
      })
      sim.schedule(50, () => ran.push('same instant'))
      sim.schedule(51, () => ran.push('later'))
      pacer.setSpeed(speed)
      pacer.play()
      wall.run(1000)
      expect(ran).toEqual(['asks', 'same instant'])
      expect([sim.now, pacer.running]).toEqual([50, false])
      expect(frames).toBeGreaterThan(0)
      pacer.play()
      wall.run(2000)
      expect(ran.at(-1)).toBe('later')
    }
  })

  test('never keeps its host longer than a slice, and forgives the debt', () => {
    const sim = new Simulation({ seed: 1, startTimeMs: 0 })
    const wall = fakeHost()
    let run = 0
    const busy = () => {
      run++
      wall.spend(0.5)
      sim.schedule(1, busy)
    }
    busy()
    let longest = 0
    const host: Host = {
      now: wall.host.now,
      later: (ms, callback) =>
        wall.host.later(ms, () => {
          const began = wall.host.now()
          callback()
          longest = Math.max(longest, wall.host.now() - began)
        }),
    }
    const pacer = new Pacer(
      sim,
      host,
      () => undefined,
      () => undefined,
    )
    pacer.setSpeed(1000)
    pacer.play()
    wall.run(1000)
    expect(longest).toBeLessThan(20)
    expect(run).toBeGreaterThan(1000)
    expect(pacer.reachedSpeed).toBeLessThan(10)
  })

  test('a step ends with the instant of the next change', () => {
    const sim = new Simulation({ seed: 1, startTimeMs: 0 })
    const wall = fakeHost()
    let changes = 0
    sim.schedule(10, () => undefined)
    sim.schedule(20, () => changes++)
    sim.schedule(20, () => changes++)
    sim.schedule(30, () => changes++)
    const pacer = new Pacer(
      sim,
      wall.host,
      () => undefined,
      () => undefined,
    )
    pacer.step(() => changes)
    expect([sim.now, changes]).toEqual([20, 2])
  })

  test('a failing event stops the clock and is reported', () => {
    const sim = new Simulation({ seed: 1, startTimeMs: 0 })
    const wall = fakeHost()
    let crash: unknown
    sim.schedule(5, () => {
      throw new Error('broken')
    })
    const pacer = new Pacer(
      sim,
      wall.host,
      () => undefined,
      (error) => (crash = error),
    )
    pacer.play()
    wall.run(100)
    expect(String(crash)).toContain('broken')
    expect(pacer.running).toBe(false)
  })
})
