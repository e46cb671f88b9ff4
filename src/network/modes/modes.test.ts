import { describe, expect, it } from 'vitest'
import { Random } from '../../sim/random.ts'
import { growth, syntheticService, syntheticSlice } from './growth.ts'
import { sameTraffic } from './traffic.ts'

const SETTINGS = { nodeName: 'node-0', nodeIP: '10.0.0.11', zone: '', clusterCIDR: '10.244.0.0/16' }

function result<T>(generator: Generator<void, T>): T {
  for (;;) {
    const step = generator.next()
    if (step.done) return step.value
  }
}

describe('rules looked at as Services grow', () => {
  it('rise with iptables only', () => {
    const random = new Random(1, 'modes')
    const points = result(growth([10, 50, 200], { ...SETTINGS, random: () => random.next() }))
    expect(points.map(({ services }) => services)).toEqual([10, 50, 200])
    const [small, , large] = points
    for (const mode of ['ipvs', 'nftables'] as const) {
      expect(large?.looked[mode]).toBeLessThan((small?.looked[mode] ?? 0) * 1.2)
      expect(large?.looked[mode]).toBeLessThan(60)
    }
    expect(large?.last.iptables).toBeGreaterThan(190)
    expect(large?.looked.iptables).toBeGreaterThan(95)
    expect(large?.looked.iptables).toBeLessThan(large?.last.iptables ?? 0)
  })
})

describe('the same traffic in three modes', () => {
  it('is spread by dice, in turn, and by dice', () => {
    const services = [0, 1, 2].map((index) => syntheticService(index))
    const slices = [0, 1, 2].map((index) => syntheticSlice(index, 0, 3))
    const question = { services, slices, service: services[1] ?? syntheticService(1), connections: 600, source: '10.244.0.9' }
    const shares = result(
      sameTraffic(question, SETTINGS, (mode) => {
        const random = new Random(3, mode)
        return () => random.next()
      }),
    )
    expect(shares.map(({ mode }) => mode)).toEqual(['iptables', 'ipvs', 'nftables'])
    for (const { endpoints, refused, kept } of shares) {
      expect(endpoints.size).toBe(3)
      expect(refused).toBe(0)
      expect(kept).toBeGreaterThan(10)
      for (const hits of endpoints.values()) expect(hits).toBeGreaterThan(140)
    }
    const hits = (mode: string) => [...(shares.find((share) => share.mode === mode)?.endpoints.values() ?? [])]
    expect(hits('ipvs')).toEqual([200, 200, 200])
    expect(new Set(hits('iptables')).size).toBeGreaterThan(1)
  })
})
