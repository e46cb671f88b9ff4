import { describe, expect, test } from 'vitest'
import { Simulation } from './simulation.ts'
import { all, sleep, type Task } from './task.ts'

const make = (seed = 1) => new Simulation({ seed, startTimeMs: 1000 })

describe('event queue', () => {
  test('runs by time, and at one instant in scheduling order', () => {
    const sim = make()
    const seen: string[] = []
    sim.schedule(5, () => seen.push('b'))
    sim.schedule(1, () => seen.push('a'))
    sim.schedule(5, () => {
      seen.push('c')
      sim.schedule(0, () => seen.push('e'))
    })
    sim.schedule(5, () => seen.push('d'))
    sim.runFor(10)
    expect(seen.join('')).toBe('abcde')
    expect(sim.now).toBe(1010)
  })

  test('a handler may cancel any event, itself too', () => {
    const sim = make()
    const seen: number[] = []
    const later = sim.schedule(2, () => seen.push(2))
    const self = sim.schedule(1, () => {
      self.cancel()
      later.cancel()
      seen.push(1)
    })
    sim.schedule(3, () => seen.push(3))
    sim.runFor(10)
    expect(seen).toEqual([1, 3])
    expect(sim.pending).toBe(0)
  })

  test('many cancelled events do not pile up and keep the order of the rest', () => {
    const sim = make()
    const seen: number[] = []
    const random = sim.random('test')
    const timers = Array.from({ length: 2000 }, () => {
      const at = random.int(500)
      return sim.schedule(at, () => seen.push(at))
    })
    timers.forEach((timer, i) => i % 3 && timer.cancel())
    sim.runFor(500)
    expect(seen.length).toBe(667)
    expect(seen).toEqual(seen.toSorted((a, b) => a - b))
  })
})

describe('random streams', () => {
  test('the same seed and name give the same numbers, whoever else draws', () => {
    const a = make(7)
    const b = make(7)
    b.random('other').next()
    expect(Array.from({ length: 5 }, () => a.random('x').next())).toEqual(Array.from({ length: 5 }, () => b.random('x').next()))
    expect(make(8).random('x').next()).not.toBe(make(7).random('x').next())
  })
})

describe('tasks', () => {
  function* count(sim: Simulation, seen: string[], name: string, ms: number): Task<string> {
    for (let i = 0; i < 3; i++) {
      yield* sleep(ms)
      seen.push(`${name}${sim.now - 1000}`)
    }
    return name
  }

  test('sleep on the virtual clock and join', () => {
    const sim = make()
    const seen: string[] = []
    let result: string[] = []
    sim.spawn(all([count(sim, seen, 'a', 10), count(sim, seen, 'b', 15)]), (value) => (result = value))
    sim.runFor(100)
    expect(seen).toEqual(['a10', 'b15', 'a20', 'b30', 'a30', 'b45'])
    expect(result).toEqual(['a', 'b'])
  })

  test('cancel gives up the wait and runs finally blocks', () => {
    const sim = make()
    const seen: string[] = []
    function* run(): Task {
      try {
        yield* sleep(50)
        seen.push('never')
      } finally {
        seen.push('cleaned')
      }
    }
    const handle = sim.spawn(run())
    sim.runFor(10)
    handle.cancel()
    sim.runFor(100)
    expect(seen).toEqual(['cleaned'])
    expect(sim.pending).toBe(0)
  })

  test('causes are inherited by what is scheduled', () => {
    const sim = make()
    let seen: unknown
    sim.withCause({ trigger: 'command', note: 'apply' }, () => {
      sim.schedule(1, () => sim.schedule(1, () => (seen = sim.cause)))
    })
    sim.runFor(10)
    expect(seen).toEqual({ trigger: 'command', note: 'apply' })
  })
})
