/** kube-proxy's IPVS mode for one family. k8s 1.36: pkg/proxy/ipvs syncProxyRules. */
import { canonicalAddress, inCidr } from '../../address.ts'
import type { Ipvs } from '../../ipvs/ipvs.ts'
import { serverKey, type VirtualServer } from '../../ipvs/server.ts'
import type { Netns } from '../../link/netns.ts'
import type { IptablesTables } from '../../netfilter/tables.ts'
import type { EndpointInfo } from '../changes/endpoint.ts'
import { sourceRangesCover, type ServicePortInfo } from '../changes/service-port.ts'
import { ServiceState } from '../changes/state.ts'
import type { NodePlace } from '../changes/topology.ts'
import { compileLines } from '../iptables/compiled.ts'
import { ensureJump } from '../iptables/proxier.ts'
import type { Proxier, SyncResult } from '../proxier.ts'
import { sharedCategories, UnitMemo } from '../unit-memo.ts'
import { DummyDevice } from './dummy.ts'
import { GracefulTermination } from './graceful.ts'
import { ipvsChains, IPVS_JUMPS, type IpvsRuleSettings } from './rules.ts'
import { SetMembers, type SetStore } from './set-members.ts'
import { makeIpvsUnit, type BlockedAddress, type IpvsContext, type IpvsUnit, type WantedServer } from './unit.ts'

export interface IpvsProxierOptions {
  readonly netns: Netns
  readonly tables: IptablesTables
  readonly ipvs: Ipvs
  readonly sets: SetStore
  readonly settings: IpvsRuleSettings
  readonly place: NodePlace
  readonly nodeIP: string
  readonly scheduler: string
  readonly excludeCIDRs: readonly string[]
  readonly syncPeriodMs: number
  /** Prefixes of nodePortAddresses; null: all addresses. */
  readonly nodePortCIDRs: readonly string[] | null
}

const memo = new UnitMemo<IpvsUnit>()

export class IpvsProxier implements Proxier {
  readonly state: ServiceState
  readonly graceful: GracefulTermination
  private readonly options: IpvsProxierOptions
  private readonly dummy: DummyDevice
  private readonly members: SetMembers
  private readonly units = new Map<string, IpvsUnit>()
  private readonly portsOf = new Map<string, readonly ServicePortInfo[]>()
  /** The ports that want a virtual server: usually one, and then by its key alone. */
  private readonly wanted = new Map<string, string | readonly string[]>()
  private readonly bound = new Map<string, number>()
  /** Addresses that were bound or given up since the last sync. */
  private addressChanges = new Map<string, boolean>()
  private readonly blocked = new Map<string, readonly BlockedAddress[]>()
  private place: NodePlace
  private context: IpvsContext | undefined
  private wantsFull = true
  private isFirst = true
  private seen = ''

  constructor(options: IpvsProxierOptions) {
    this.options = options
    this.place = options.place
    this.state = new ServiceState(options.settings.family)
    this.graceful = new GracefulTermination(options.ipvs)
    this.dummy = new DummyDevice(options.netns, options.settings.family)
    this.members = new SetMembers(options.sets, options.settings.family)
  }

  needFullSync(): void {
    this.wantsFull = true
  }

  setPlace(place: NodePlace): void {
    this.place = place
    this.wantsFull = true
  }

  isDisturbed(): boolean {
    return this.seen !== this.version()
  }

  /** Every sync compares everything with the kernel, and there is one each sync period. */
  mendsAfterMs(): number {
    return this.options.syncPeriodMs
  }

  sync(): SyncResult {
    const { services, conntrackCleanup } = this.state.apply()
    const context = this.currentContext()
    const full = this.wantsFull || context !== this.context || this.isDisturbed()
    this.context = context
    this.dummy.ensure()
    this.members.ensure()
    const changed = full ? new Set([...this.portsOf.keys(), ...this.state.services(), ...services]) : services
    const touched = new Set<string>()
    let units = 0
    for (const service of changed) units += this.syncService(service, touched)
    this.members.write(full)
    if (full) this.dummy.set(this.bound)
    else if (this.addressChanges.size > 0) this.dummy.change(this.addressChanges)
    this.addressChanges = new Map()
    const servers = full ? new Set([...this.options.ipvs.servers.keys(), ...this.wanted.keys()]) : touched
    for (const key of servers) this.syncServer(key)
    this.writeRules()
    this.wantsFull = false
    this.isFirst = false
    this.seen = this.version()
    return { ok: true, full, units, conntrackCleanup, log: [] }
  }

  private version(): string {
    const { tables, ipvs, sets, netns } = this.options
    return `${tables.version} ${ipvs.foreignChanges} ${sets.version} ${this.dummy.isIntact(netns)}`
  }

  /** Addresses of the node as they are now. The same object while they are the same. */
  private currentContext(): IpvsContext {
    const { nodeIP, nodePortCIDRs } = this.options
    const nodeAddresses = this.dummy.otherAddresses()
    const nodePortIPs = nodeAddresses.filter((ip) => !nodePortCIDRs || nodePortCIDRs.some((cidr) => inCidr(ip, cidr)))
    const known = this.context
    if (known && known.place === this.place && String([...known.nodeAddresses]) === String(nodeAddresses)) return known
    return { place: this.place, nodeIP, nodePortIPs, nodeAddresses: new Set(nodeAddresses) }
  }

  private syncService(service: string, touched: Set<string>): number {
    const ports = this.state.portsOf(service)
    for (const { key } of this.portsOf.get(service) ?? [])
      if (!ports.some((port) => port.key === key)) this.setUnit(key, undefined, touched)
    for (const port of ports) this.setUnit(port.key, this.unitOf(port, this.state.endpoints(port)), touched)
    if (ports.length > 0) this.portsOf.set(service, ports)
    else this.portsOf.delete(service)
    return ports.length
  }

  /** Shared by the nodes for which it comes out equal. */
  private unitOf(port: ServicePortInfo, endpoints: readonly EndpointInfo[]): IpvsUnit {
    const context = this.context as IpvsContext
    const { nodeName } = context.place
    const { key } = sharedCategories(port, endpoints, context.place)
    const local = endpoints.some((endpoint) => endpoint.nodeName === nodeName) ? nodeName : ''
    const ports = port.nodePort === 0 ? '' : String(context.nodePortIPs)
    const own = [...port.externalIPs, ...port.loadBalancerVIPs].filter((ip) => context.nodeAddresses.has(ip))
    const covers = port.loadBalancerSourceRanges.length > 0 && sourceRangesCover(port, context.nodeIP)
    return memo.get(port, endpoints, [key, local, ports, own, covers].join('|'), () => makeIpvsUnit(port, endpoints, context))
  }

  private setUnit(key: string, unit: IpvsUnit | undefined, touched: Set<string>): void {
    const before = this.units.get(key)
    if (unit) this.units.set(key, unit)
    else this.units.delete(key)
    if (before === unit) return
    if (unit && unit.blocked.length > 0) this.blocked.set(key, unit.blocked)
    else this.blocked.delete(key)
    this.members.change(before?.entries, unit?.entries)
    for (const { address, bind } of unit?.servers ?? []) if (bind) this.count(address, 1)
    for (const { address, bind } of before?.servers ?? []) if (bind) this.count(address, -1)
    for (const server of before?.servers ?? []) this.want(server, key, false, touched)
    for (const server of unit?.servers ?? []) this.want(server, key, true, touched)
  }

  private count(address: string, by: number): void {
    const count = (this.bound.get(address) ?? 0) + by
    if (count > 0) this.bound.set(address, count)
    else this.bound.delete(address)
    if (count !== by && count !== 0) return
    this.members.setAddress(address, count > 0)
    // Given up and bound again is no change.
    if (!this.addressChanges.delete(address)) this.addressChanges.set(address, count > 0)
  }

  private want(server: WantedServer, port: string, isWanted: boolean, touched: Set<string>): void {
    const key = serverKey(server.protocol, server.address, server.port)
    touched.add(key)
    const others = this.owners(key).filter((owner) => owner !== port)
    const owners = isWanted ? [...others, port] : others
    if (owners.length === 0) this.wanted.delete(key)
    else this.wanted.set(key, owners.length === 1 ? (owners[0] as string) : owners)
  }

  private owners(key: string): readonly string[] {
    const owners = this.wanted.get(key) ?? []
    return typeof owners === 'string' ? [owners] : owners
  }

  private wantedServer(key: string): WantedServer | undefined {
    const unit = this.units.get(this.owners(key).at(-1) ?? '')
    return unit?.servers.find(({ protocol, address, port }) => serverKey(protocol, address, port) === key)
  }

  /** Brings one virtual server of the kernel to what is wanted. */
  private syncServer(key: string): void {
    const { ipvs, scheduler, excludeCIDRs, settings } = this.options
    const wanted = this.wantedServer(key)
    const known = ipvs.servers.get(key)
    if (!wanted) {
      const isOther = known && (known.address.includes(':') ? 'IPv6' : 'IPv4') !== settings.family
      if (known && !isOther && !excludeCIDRs.some((cidr) => inCidr(known.address, cidr))) ipvs.deleteServer(known)
      return
    }
    const server = known ?? ipvs.addServer(wanted.protocol, wanted.address, wanted.port, scheduler)
    if (server.scheduler !== scheduler) Object.assign(server, { scheduler, position: -1, currentWeight: 0 })
    server.persistentSeconds = wanted.persistentSeconds
    this.syncReals(server, wanted.endpoints)
  }

  private syncReals(server: VirtualServer, endpoints: readonly EndpointInfo[]): void {
    const { ipvs } = this.options
    const texts = new Set<string>()
    for (const { text, ip, port } of endpoints) {
      texts.add(text)
      const real = server.real(text)
      if (real && this.isFirst) real.weight = 1
      if (real && !this.graceful.has(server, real)) continue
      if (real) this.graceful.deleteNow(server, real)
      ipvs.addReal(server, canonicalAddress(ip) ?? ip, port)
    }
    for (const real of server.reals)
      if (!texts.has(real.text) && !this.graceful.has(server, real)) this.graceful.delete(server, real)
  }

  private writeRules(): void {
    const { tables, settings } = this.options
    const chains = ipvsChains(settings, { filled: this.members.filled(), blocked: [...this.blocked.values()].flat() })
    for (const { table, chain, lines } of chains) {
      const rules = compileLines(lines, settings.family)
      const known = tables.chain(table, chain)
      const isSame = known?.rules.length === rules.length && rules.every((rule, i) => rule === known.rules[i])
      if (isSame) known.zero()
      else tables.replaceChains(table, [[chain, rules]])
    }
    for (const { table, from, to, line } of IPVS_JUMPS) ensureJump(tables, table, from, to, line)
  }
}
