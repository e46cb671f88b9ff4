import { describe, expect, it } from 'vitest'
import { Netns } from '../../link/netns.ts'
import { installNetfilter } from '../../netfilter/install.ts'
import { nftablesOf } from '../../nft/nftables.ts'
import { printTable } from '../../nft/print.ts'
import type { EndpointSlice, Service } from '../../../apimachinery/generated/types.ts'
import type { Family } from '../changes/service-port.ts'
import type { NftablesSettings } from './base.ts'
import { nftablesPlan, tableOf } from './plan.ts'
import { NftablesProxier } from './proxier.ts'

const PLACE = { nodeName: 'node-1', zone: '' }

function settings(family: Family): NftablesSettings {
  return {
    family,
    nodeIP: family === 'IPv4' ? '192.168.10.11' : 'fd00:10::11',
    masqueradeMark: '0x4000',
    masqueradeAll: false,
    detector: { kind: 'cidr', cidr: family === 'IPv4' ? '10.244.0.0/16' : 'fd00:10:244::/56' },
    serviceCIDRs: [family === 'IPv4' ? '10.96.0.0/12' : 'fd00:10:96::/112'],
    nodePortIPs: null,
  }
}

function service(name: string, clusterIP: string, spec: Service['spec'] = {}): Service {
  return {
    metadata: { namespace: 'default', name },
    spec: {
      clusterIP,
      clusterIPs: [clusterIP],
      ipFamilies: [clusterIP.includes(':') ? 'IPv6' : 'IPv4'],
      ports: [{ port: 80 }],
      ...spec,
    },
  } as Service
}

function slice(service: string, ...addresses: readonly string[]): EndpointSlice {
  return {
    metadata: { namespace: 'default', name: `${service}-1`, labels: { 'kubernetes.io/service-name': service } },
    addressType: addresses[0]?.includes(':') ? 'IPv6' : 'IPv4',
    endpoints: addresses.map((address) => ({ addresses: [address], nodeName: 'node-1' })),
    ports: [{ name: '', port: 8080, protocol: 'TCP' }],
  } as unknown as EndpointSlice
}

function proxierFor(family: Family) {
  const netns = new Netns('node-1')
  let nowMs = 0
  const now = () => nowMs
  installNetfilter(netns, { now })
  const nftables = nftablesOf(netns)
  const proxier = new NftablesProxier({ nftables, settings: settings(family), place: PLACE, syncPeriodMs: 30_000, now })
  const sync = () => {
    nowMs += 5000
    proxier.sync()
    const key = family === 'IPv4' ? 'ip kube-proxy' : 'ip6 kube-proxy'
    const table = nftables.table(key)
    const text = table ? printTable(table).replaceAll(/\tchain \S*\/\S* \{\n\t\}\n\n?/g, '') : ''
    expect(text).toBe(printTable(tableOf(nftablesPlan(proxier.state, PLACE, settings(family)))))
    return text
  }
  return { proxier, sync }
}

describe('two Services that want the same element', () => {
  const external = (name: string, index: number) => service(name, `10.96.0.${index}`, { externalIPs: ['198.51.100.7'] })
  const target = (text: string) => /198\.51\.100\.7 \. tcp \. 80 : goto external-\w+-default\/(\w+)\//.exec(text)?.[1]

  it('get it in turn, the last by name first; the other keeps it when one goes', () => {
    const { proxier, sync } = proxierFor('IPv4')
    const { state } = proxier
    state.serviceChanged(external('a', 1))
    state.sliceChanged(slice('a', '10.244.1.5'))
    expect(target(sync())).toBe('a')
    state.serviceChanged(external('b', 2))
    state.sliceChanged(slice('b', '10.244.1.5'))
    expect(target(sync())).toBe('b')
    state.serviceChanged(service('b', '10.96.0.2'))
    expect(target(sync())).toBe('a')
    state.serviceChanged(external('b', 2))
    state.serviceDeleted(external('a', 1))
    expect(target(sync())).toBe('b')
    state.sliceDeleted(slice('a', '10.244.1.5'))
    expect(sync()).toContain('10.244.1.5 . 10.244.1.5 . tcp . 8080')
    state.serviceDeleted(external('b', 2))
    expect(sync()).not.toContain('10.244.1.5')
  })
})

it('IPv6 has a table of its own', () => {
  const { proxier, sync } = proxierFor('IPv6')
  proxier.state.serviceChanged(service('web', 'fd00:10:96::a', { sessionAffinity: 'ClientIP', type: 'NodePort' }))
  proxier.state.sliceChanged(slice('web', 'fd00:10:244::5', 'fd00:10:244:1::6'))
  const text = sync()
  expect(text).toContain('table ip6 kube-proxy {')
  expect(text).toContain('ip6 daddr @cluster-ips ip6 saddr != fd00:10:244::/56 meta mark set meta mark | 0x00004000')
  expect(text).toContain('fib daddr type local ip6 daddr != ::1 meta l4proto . th dport vmap @service-nodeports')
  expect(text).toContain('meta l4proto tcp dnat to [fd00:10:244::5]:8080')
  expect(text).toContain('/tcp/__fd00.10.244..5/8080')
})
