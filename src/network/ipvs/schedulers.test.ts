import { describe, expect, test } from 'vitest'
import { SCHEDULERS } from './schedulers.ts'
import { RealServer, VirtualServer } from './server.ts'

const SOURCES = Array.from({ length: 64 }, (_, i) => `10.244.1.${i + 1}`)

function serverWith(scheduler: string, weights: readonly number[]): VirtualServer {
  const server = new VirtualServer('TCP', '10.96.0.1', 80, scheduler)
  server.reals = weights.map((weight, i) => new RealServer(`10.0.0.${i + 1}`, 80, weight))
  return server
}

/** Numbers (from 1) of the servers that a row of connections gets; each stays open and active. */
function choices(server: VirtualServer, count: number, source = '10.244.1.9'): readonly number[] {
  const choose = SCHEDULERS[server.scheduler]
  return Array.from({ length: count }, () => {
    const real = choose?.(server, { source, destination: server.address })
    if (!real) return 0
    real.active++
    return server.reals.indexOf(real) + 1
  })
}

describe('schedulers', () => {
  test('rr takes one after the other, without those of weight 0', () => {
    expect(choices(serverWith('rr', [1, 1, 1]), 7)).toEqual([1, 2, 3, 1, 2, 3, 1])
    expect(choices(serverWith('rr', [1, 0, 1]), 4)).toEqual([1, 3, 1, 3])
  })

  test('wrr gives heavy servers their share, spread out', () => {
    expect(choices(serverWith('wrr', [4, 3, 2]), 9)).toEqual([1, 1, 2, 1, 2, 3, 1, 2, 3])
  })

  test('lc and wlc look at connections, wlc by weight', () => {
    const lc = serverWith('lc', [1, 1, 1])
    const [first, second] = lc.reals as [RealServer, RealServer]
    first.active = 2
    second.inactive = 300
    expect(choices(lc, 3)).toEqual([3, 3, 2])
    expect(choices(serverWith('wlc', [3, 1]), 8).filter((n) => n === 1)).toHaveLength(6)
  })

  test('sed prefers the fast server even when another is idle; nq does not', () => {
    expect(choices(serverWith('sed', [3, 1]), 3)).toEqual([1, 1, 1])
    expect(choices(serverWith('nq', [3, 1]), 3)).toEqual([1, 2, 1])
  })

  test('sh keeps a client at its server, and spreads clients', () => {
    const server = serverWith('sh', [1, 1, 1])
    expect(new Set(choices(server, 5)).size).toBe(1)
    const all = SOURCES.map((source) => choices(server, 1, source)[0])
    expect(new Set(all)).toEqual(new Set([1, 2, 3]))
  })

  test('sh gives a client of a server that takes nobody any more no other one', () => {
    const server = serverWith('sh', [1, 1])
    const [at] = choices(server, 1)
    const real = server.reals[(at as number) - 1] as RealServer
    real.weight = 0
    expect(choices(server, 1)).toEqual([0])
  })

  test('dh goes by the destination alone', () => {
    const server = serverWith('dh', [1, 1, 1])
    expect(new Set(SOURCES.map((source) => choices(server, 1, source)[0])).size).toBe(1)
  })

  test.each(Object.keys(SCHEDULERS))('%s has nobody to choose among none', (name) => {
    expect(choices(serverWith(name, []), 1)).toEqual([0])
    expect(choices(serverWith(name, [0, 0]), 1)).toEqual([0])
  })
})
