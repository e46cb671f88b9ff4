/**
 * What a Service promises, told without any rules: where a client's connection may end, and whether its address is kept.
 * Sources: k8s docs, Virtual IPs and Service Proxies; KEP-1669 terminating endpoints; KEP-4444, KEP-3015 traffic distribution.
 */
import { inCidr } from '../../address.ts'
import type { ProxyMode } from '../config.ts'
import { NODE_IP } from './node-walk.ts'

export interface ModelEndpoint {
  readonly ip: string
  readonly isLocal: boolean
  readonly state: 'ready' | 'terminating' | 'not ready'
  readonly zone?: string
  readonly node?: string
}

export interface ModelService {
  readonly internalLocal: boolean
  readonly externalLocal: boolean
  /** Reached by more than its cluster IP. */
  readonly isExternal: boolean
  readonly sourceRanges: readonly string[]
  readonly endpoints: readonly ModelEndpoint[]
}

export type Target = 'clusterIP' | 'nodePort' | 'localhost' | 'externalIP' | 'loadBalancer'
export interface ModelClient {
  readonly kind: 'pod' | 'node' | 'outside'
  readonly address: string
}

/** 'leaves': nobody on this node answers for the address. */
export type Expectation =
  | 'rejected'
  | 'dropped'
  | 'leaves'
  | { readonly ends: readonly string[]; masqueraded(end: string): boolean }

const POD_NETWORK = '10.244.0.0/16'
const ZONE = 'zone-a'
const NODE = 'node-1'

/** Ready ones, or else those that still serve while they end. */
function usable(endpoints: readonly ModelEndpoint[]): readonly ModelEndpoint[] {
  const ready = endpoints.filter(({ state }) => state === 'ready')
  return ready.length > 0 ? ready : endpoints.filter(({ state }) => state === 'terminating')
}

/** Endpoints close by, if all say where they want to be used and one wants to be used here. */
function closest(endpoints: readonly ModelEndpoint[]): readonly ModelEndpoint[] {
  const all = usable(endpoints)
  if (!all.some(({ state }) => state === 'ready')) return all
  const here = all.filter(({ node }) => node === NODE)
  if (all.every(({ node }) => node !== undefined) && here.length > 0) return here
  const inZone = all.filter(({ zone }) => zone === ZONE)
  return all.every(({ zone }) => zone !== undefined) && inZone.length > 0 ? inZone : all
}

export function expectation(mode: ProxyMode, service: ModelService, client: ModelClient, target: Target): Expectation {
  const cluster = closest(service.endpoints)
  const local = usable(service.endpoints.filter(({ isLocal }) => isLocal))
  const isInternal = target === 'clusterIP'
  const isServed = usable(service.endpoints).length > 0
  // iptables mode filters only what it would translate.
  if (isFiltered(service, client, target) && (isServed || mode !== 'iptables')) return 'dropped'
  if (!isServed) return none(mode, client, target)
  const isLocalOnly = isInternal ? service.internalLocal : service.externalLocal
  const goesRound = !isInternal && client.kind !== 'outside'
  if (mode === 'ipvs') {
    // Without a local endpoint it uses all of them, if it knows them: it does not for Services that never use them otherwise.
    if (isLocalOnly && local.length === 0 && service.internalLocal && !service.isExternal) return 'rejected'
    const ends = isLocalOnly && local.length > 0 ? local : cluster
    return to(ends, ipvsMasquerades(service, client, target), client, true)
  }
  // From inside the cluster, external addresses are as if the traffic had been outside and come back.
  const ends = isLocalOnly && !goesRound ? local : cluster
  if (ends.length === 0) return 'dropped'
  const masquerades = isInternal ? !inCidr(client.address, POD_NETWORK) : service.externalLocal ? client.kind === 'node' : true
  return to(ends, masquerades, client, false)
}

/** A load balancer's source ranges hold for its addresses only. */
function isFiltered({ sourceRanges }: ModelService, client: ModelClient, target: Target): boolean {
  return target === 'loadBalancer' && sourceRanges.length > 0 && !sourceRanges.some((cidr) => inCidr(client.address, cidr))
}

/** Nobody serves. A node's own packets to addresses elsewhere are not looked at by iptables mode. */
function none(mode: ProxyMode, client: ModelClient, target: Target): Expectation {
  const isElsewhere = target === 'externalIP' || target === 'loadBalancer'
  return mode === 'iptables' && client.kind === 'node' && isElsewhere ? 'leaves' : 'rejected'
}

function ipvsMasquerades({ externalLocal }: ModelService, client: ModelClient, target: Target): boolean {
  return target === 'clusterIP' ? !inCidr(client.address, POD_NETWORK) : !externalLocal
}

/** A pod that reaches itself through a Service must see another address than its own. */
function to(ends: readonly ModelEndpoint[], masquerades: boolean, client: ModelClient, localOnly: boolean): Expectation {
  const isHairpin = (ip: string) => ip === client.address && (!localOnly || ends.some((end) => end.ip === ip && end.isLocal))
  return { ends: ends.map(({ ip }) => ip), masqueraded: (ip) => masquerades || isHairpin(ip) }
}

export { NODE_IP }
