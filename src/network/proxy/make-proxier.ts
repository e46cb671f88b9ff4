/** The proxier of a mode and family. */
import { installIpvs } from '../ipvs/install.ts'
import { SCHEDULERS } from '../ipvs/schedulers.ts'
import { inCidr } from '../address.ts'
import { withoutLength } from '../link/local-addresses.ts'
import type { Netns } from '../link/netns.ts'
import type { NetfilterParts } from '../netfilter/install.ts'
import { nftablesOf } from '../nft/nftables.ts'
import { isIPv6 } from '../packet.ts'
import type { Family } from './changes/service-port.ts'
import type { NodePlace } from './changes/topology.ts'
import { coversLoopback, detectorOf, nodePortCIDRs, type ProxyConfig } from './config.ts'
import { IptablesProxier } from './iptables/proxier.ts'
import { IpvsProxier } from './ipvs/proxier.ts'
import { NftablesProxier } from './nftables/proxier.ts'
import type { Proxier } from './proxier.ts'

/** What a proxier needs to know of its node. */
export interface ProxierPlace {
  readonly netns: Netns
  readonly parts: NetfilterParts
  readonly place: NodePlace
  readonly nodeIPs: Readonly<Record<Family, string>>
  readonly podCIDRs: readonly string[]
  readonly now: () => number
}

/** A mode that this kernel can't do. */
export class UnusableModeError extends Error {}

export function makeProxier(config: ProxyConfig, family: Family, node: ProxierPlace): Proxier {
  if (config.mode === 'ipvs') return makeIpvs(config, family, node)
  return config.mode === 'nftables' ? makeNftables(config, family, node) : makeIptables(config, family, node)
}

function makeIptables(config: ProxyConfig, family: Family, node: ProxierPlace): Proxier {
  const { netns, parts, place, nodeIPs, podCIDRs, now } = node
  const cidrs = nodePortCIDRs(config, family, nodeIPs[family])
  const localhostNodePorts = family === 'IPv4' && config.localhostNodePorts && coversLoopback(cidrs)
  if (localhostNodePorts) netns.sysctls.set('net.ipv4.conf.all.route_localnet', '1')
  const proxier = new IptablesProxier({
    tables: family === 'IPv4' ? parts.iptables : parts.ip6tables,
    settings: {
      family,
      nodeIP: nodeIPs[family],
      masqueradeMark: config.masqueradeMark,
      masqueradeAll: config.masqueradeAll,
      detector: detectorOf(config, family, podCIDRs),
      localhostNodePorts,
      nfacct: true,
      randomFully: true,
      conntrackLiberal: netns.setting('net.netfilter.nf_conntrack_tcp_be_liberal') !== 0,
    },
    place,
    syncPeriodMs: config.syncPeriodMs,
    nodePortAddresses: () => cidrs && addressesIn(netns, cidrs),
    now,
  })
  proxier.ensureCanary()
  return proxier
}

function addressesIn(netns: Netns, cidrs: readonly string[]): readonly string[] {
  const all = [...netns.devices.values()].flatMap(({ addresses }) => addresses.map(withoutLength))
  return [...new Set(all)].filter((address) => cidrs.some((cidr) => inCidr(address, cidr)))
}

const IPVS_SYSCTLS: { readonly [name: string]: string } = {
  'net.ipv4.vs.conntrack': '1',
  'net.ipv4.vs.expire_nodest_conn': '1',
  'net.ipv4.vs.expire_quiescent_template': '1',
  'net.ipv4.ip_forward': '1',
}

function makeIpvs(config: ProxyConfig, family: Family, node: ProxierPlace): Proxier {
  const { netns, parts, place, nodeIPs, podCIDRs, now } = node
  const scheduler = config.scheduler || 'rr'
  if (!(scheduler in SCHEDULERS)) throw new UnusableModeError("can't use the IPVS proxier: no such file or directory")
  for (const [name, value] of Object.entries(IPVS_SYSCTLS)) netns.sysctls.set(name, value)
  if (config.strictARP) {
    netns.sysctls.set('net.ipv4.conf.all.arp_ignore', '1')
    netns.sysctls.set('net.ipv4.conf.all.arp_announce', '2')
  }
  return new IpvsProxier({
    netns,
    tables: family === 'IPv4' ? parts.iptables : parts.ip6tables,
    ipvs: installIpvs(netns, now),
    sets: parts.sets,
    settings: {
      family,
      masqueradeMark: config.masqueradeMark,
      masqueradeAll: config.masqueradeAll,
      detector: detectorOf(config, family, podCIDRs),
      randomFully: true,
    },
    place,
    nodeIP: nodeIPs[family],
    scheduler,
    excludeCIDRs: config.excludeCIDRs.filter((cidr) => isIPv6(cidr) === (family === 'IPv6')),
    syncPeriodMs: config.syncPeriodMs,
    nodePortCIDRs: nodePortCIDRs(config, family, nodeIPs[family]),
  })
}

function makeNftables(config: ProxyConfig, family: Family, node: ProxierPlace): Proxier {
  const { netns, place, nodeIPs, podCIDRs, now } = node
  // Unlike the other modes, node ports are served on the node's own address only, unless told otherwise.
  const isDefault = config.nodePortAddresses.length === 0
  const cidrs = nodePortCIDRs(isDefault ? { ...config, nodePortAddresses: ['primary'] } : config, family, nodeIPs[family])
  return new NftablesProxier({
    nftables: nftablesOf(netns),
    settings: {
      family,
      nodeIP: nodeIPs[family],
      masqueradeMark: config.masqueradeMark,
      masqueradeAll: config.masqueradeAll,
      detector: detectorOf(config, family, podCIDRs),
      serviceCIDRs: [],
      nodePortIPs: cidrs && addressesIn(netns, cidrs),
    },
    place,
    syncPeriodMs: config.syncPeriodMs,
    now,
  })
}
