import { describe, expect, it } from 'vitest'
import type { Service } from '../../apimachinery/generated/types.ts'
import { allocate, parseRange, type IPAddressPool } from './pools.ts'

const pool = (name: string, addresses: readonly string[], autoAssign = true): IPAddressPool => ({
  metadata: { name },
  spec: { addresses, autoAssign },
})
const service = (annotations: Record<string, string> = {}, more: Partial<Service> = {}): Service => ({
  metadata: { name: 'web', namespace: 'default', annotations },
  spec: { type: 'LoadBalancer' },
  ...more,
})
const none: ReadonlySet<string> = new Set()
const pools = [pool('a', ['10.0.200.1-10.0.200.2']), pool('b', ['10.0.201.0/31']), pool('c', ['10.0.202.9/32'], false)]

describe('address pools', () => {
  it('are ranges or prefixes', () => {
    expect(parseRange('10.0.0.0/30')).toEqual(parseRange('10.0.0.0 - 10.0.0.3'))
    expect([parseRange('nonsense'), parseRange('10.0.0.0/33'), parseRange('10.0.0.1-x')]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  it('give the first free address, pool by pool, until none is left', () => {
    expect(allocate(service(), pools, none)).toEqual({ address: '10.0.200.1', pool: 'a' })
    expect(allocate(service(), pools, new Set(['10.0.200.1', '10.0.200.2']))).toEqual({ address: '10.0.201.0', pool: 'b' })
    const all = new Set(['10.0.200.1', '10.0.200.2', '10.0.201.0', '10.0.201.1'])
    expect(allocate(service(), pools, all)).toEqual({ problem: 'no available IPs' })
  })

  it('leave a Service the address that it has', () => {
    const has = service({}, { status: { loadBalancer: { ingress: [{ ip: '10.0.201.1' }] } } })
    expect(allocate(has, pools, none)).toEqual({ address: '10.0.201.1', pool: 'b' })
  })

  it('serve wishes: a pool, an address', () => {
    expect(allocate(service({ 'metallb.io/address-pool': 'c' }), pools, none)).toEqual({ address: '10.0.202.9', pool: 'c' })
    expect(allocate(service({ 'metallb.io/address-pool': 'x' }), pools, none)).toEqual({ problem: 'unknown pool "x"' })
    expect(allocate(service({ 'metallb.io/loadBalancerIPs': '10.0.200.2' }), pools, none)).toEqual({
      address: '10.0.200.2',
      pool: 'a',
    })
    expect(allocate(service({ 'metallb.io/loadBalancerIPs': '10.9.9.9' }), pools, none)).toEqual({
      problem: '["10.9.9.9"] is not allowed in config',
    })
  })
})
