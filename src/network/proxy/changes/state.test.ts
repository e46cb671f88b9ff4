import { describe, expect, test } from 'vitest'
import { makeService, makeSlice } from '../testing/builders.ts'
import { ServiceState } from './state.ts'

describe('what a proxy has seen', () => {
  test('a change that is taken back leaves nothing to do', () => {
    const state = new ServiceState('IPv4')
    expect(state.serviceChanged(makeService('web', '10.96.0.9'))).toBe(true)
    state.apply()
    expect(state.serviceChanged(makeService('web', '10.96.0.9'))).toBe(false)
    expect(state.serviceChanged(makeService('web', '10.96.0.9', { sessionAffinity: 'ClientIP' }))).toBe(true)
    expect(state.serviceChanged(makeService('web', '10.96.0.9'))).toBe(false)
    expect(state.apply().services.size).toBe(0)
  })

  test.each([
    ['headless', { clusterIP: 'None' }],
    ['ExternalName', { type: 'ExternalName', externalName: 'example.org' }],
    ['of the other family', { ipFamilies: ['IPv6'], clusterIPs: ['fd00::1'] }],
  ])('Services that are not proxied: %s', (_what, spec) => {
    const state = new ServiceState('IPv4')
    expect(state.serviceChanged(makeService('web', '10.96.0.9', spec))).toBe(false)
    expect(state.apply().services.size).toBe(0)
  })

  test('both families of a dual-stack Service', () => {
    const service = makeService('web', '10.96.0.9', {
      ipFamilies: ['IPv4', 'IPv6'],
      clusterIPs: ['10.96.0.9', 'fd00::9'],
      externalIPs: ['198.51.100.1', '2001:db8::1'],
    })
    const ports = (['IPv4', 'IPv6'] as const).map((family) => {
      const state = new ServiceState(family)
      state.serviceChanged(service)
      state.apply()
      return state.portsOf('default/web')[0]
    })
    expect(ports.map((port) => [port?.clusterIP, port?.externalIPs])).toEqual([
      ['10.96.0.9', ['198.51.100.1']],
      ['fd00::9', ['2001:db8::1']],
    ])
  })

  test('addresses of load balancers that proxy are not its own; ranges of everybody are none', () => {
    const spec = { type: 'LoadBalancer', loadBalancerSourceRanges: ['10.0.0.7/8 ', '0.0.0.0/0'] }
    const ingress = [{ ip: '203.0.113.1', ipMode: 'Proxy' }, { ip: '203.0.113.2' }, { hostname: 'lb.example.org' }]
    const state = new ServiceState('IPv4')
    state.serviceChanged(makeService('web', '10.96.0.9', spec, { loadBalancer: { ingress } }))
    state.apply()
    expect(state.portsOf('default/web')[0]).toMatchObject({ loadBalancerVIPs: ['203.0.113.2'], loadBalancerSourceRanges: [] })
  })

  test('an address in two slices counts once, and the one that lives wins', () => {
    const state = new ServiceState('IPv4')
    state.serviceChanged(makeService('web', '10.96.0.9'))
    state.sliceChanged(makeSlice('web', [{ ip: '10.244.0.1' }], { name: 'web-a' }))
    state.sliceChanged(
      makeSlice('web', [{ ip: '10.244.0.1', ready: false, terminating: true }, { ip: '10.244.0.2' }], { name: 'web-b' }),
    )
    state.apply()
    const [port] = state.portsOf('default/web')
    expect(port && state.endpoints(port).map(({ text, ready }) => [text, ready])).toEqual([
      ['10.244.0.1:8080', true],
      ['10.244.0.2:8080', true],
    ])
  })

  test('UDP endpoints ask for a look at old flows', () => {
    const state = new ServiceState('IPv4')
    state.sliceChanged(makeSlice('dns', [{ ip: '10.244.0.1' }], { protocol: 'UDP' }))
    expect(state.apply().conntrackCleanup).toBe(true)
    state.sliceChanged(makeSlice('web', [{ ip: '10.244.0.1' }]))
    expect(state.apply().conntrackCleanup).toBe(false)
  })
})
