import { describe, expect, test } from 'vitest'
import { detectorOf, nodePortCIDRs, parseProxyConfig } from './config.ts'

const parse = (text: string) =>
  parseProxyConfig(`apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n${text}`)

describe('KubeProxyConfiguration', () => {
  test('defaults', () => {
    expect(parse('mode: ""')).toMatchObject({
      mode: 'iptables',
      isDefaultMode: true,
      healthzPort: 10_256,
      metricsPort: 10_249,
      syncPeriodMs: 30_000,
      minSyncPeriodMs: 1000,
      masqueradeMark: '0x4000',
      localhostNodePorts: true,
    })
  })

  test('periods and bits of the mode in use', () => {
    const config = parse(
      'mode: nftables\nnftables: {syncPeriod: 1m30s, minSyncPeriod: 500ms, masqueradeBit: 15}\niptables: {syncPeriod: 10s}',
    )
    expect(config).toMatchObject({ syncPeriodMs: 90_000, minSyncPeriodMs: 500, masqueradeMark: '0x8000' })
  })

  test.each([
    ['mode: userspace', 'KubeProxyConfiguration.Mode.ProxyMode: Invalid value: "userspace"'],
    ['nodePortAddresses: [everywhere]', 'KubeProxyConfiguration.NodePortAddresses[0]: Invalid value: "everywhere"'],
    ['detectLocalMode: Guess', 'KubeProxyConfiguration.DetectLocalMode: Unsupported value: "Guess"'],
    ['mode: [', 'failed complete'],
  ])('%s is refused', (text, message) => {
    expect(() => parse(text)).toThrow(message)
  })

  test('how local traffic is told', () => {
    expect(detectorOf(parse('clusterCIDR: 10.244.0.0/16,fd00::/48'), 'IPv6', [])).toEqual({ kind: 'cidr', cidr: 'fd00::/48' })
    expect(detectorOf(parse('detectLocalMode: NodeCIDR'), 'IPv4', ['10.244.3.0/24'])).toEqual({
      kind: 'cidr',
      cidr: '10.244.3.0/24',
    })
    expect(detectorOf(parse('detectLocalMode: BridgeInterface\ndetectLocal: {bridgeInterface: cni0}'), 'IPv4', [])).toEqual({
      kind: 'bridge',
      device: 'cni0',
    })
    expect(detectorOf(parse(''), 'IPv4', [])).toEqual({ kind: 'none' })
  })

  test('which addresses serve node ports', () => {
    expect(nodePortCIDRs(parse('nodePortAddresses: [primary]'), 'IPv4', '10.0.0.11')).toEqual(['10.0.0.11/32'])
    expect(nodePortCIDRs(parse('nodePortAddresses: [10.0.0.0/8]'), 'IPv6', '')).toBeNull()
    expect(nodePortCIDRs(parse('nodePortAddresses: [10.0.0.0/8, 0.0.0.0/0]'), 'IPv4', '')).toBeNull()
  })
})
