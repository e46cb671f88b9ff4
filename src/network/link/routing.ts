/** Route selection as the kernel does it: the local table first, then the longest prefix, then the lowest metric. */
import ipaddr from 'ipaddr.js'
import { inCidr, toNumber } from '../address.ts'
import { isIPv6 } from '../packet.ts'
import { withoutLength } from './local-addresses.ts'
import type { Device, Netns, Route } from './netns.ts'

/** What a lookup gives. */
export type RouteChoice =
  | { readonly kind: 'local'; readonly device: Device; readonly destination: string }
  | { readonly kind: 'unicast'; readonly route: Route; readonly device: Device }
  | { readonly kind: 'blackhole' | 'unreachable' | 'prohibit'; readonly route: Route }

/** Finds the route to an address; undefined: "Network is unreachable". */
export function chooseRoute(netns: Netns, destination: string): RouteChoice | undefined {
  const own = netns.deviceWith(destination)
  if (own) return { kind: 'local', device: own, destination }
  return indexOf(netns.routes).find<RouteChoice>(destination, (route) => {
    const { kind } = route
    if (kind === 'blackhole' || kind === 'unreachable' || kind === 'prohibit') return { kind, route }
    const device = netns.devices.get(route.device)
    return device?.up ? { kind: 'unicast', route, device } : undefined
  })
}

/** What decided, as `ip route` prints it. */
export function printChoice(choice: RouteChoice): string {
  return choice.kind === 'local' ? `local ${choice.destination} dev ${choice.device.name} table local` : printRoute(choice.route)
}

/** The source address that the kernel gives to packets sent to an address by a route: `src`, else of the outgoing interface. */
export function sourceAddress(netns: Netns, destination: string): string | undefined {
  const choice = chooseRoute(netns, destination)
  if (choice?.kind === 'local') return destination
  if (choice?.kind !== 'unicast') return undefined
  return choice.route.source ?? addressOn(netns, choice.device, choice.route.via ?? destination)
}

/** An interface's address towards a neighbour: in the same subnet when there is one, else the first, else any of the namespace. */
export function addressOn(netns: Netns, device: Device, towards: string): string | undefined {
  const six = isIPv6(towards)
  const fits = (cidr: string) => isIPv6(cidr) === six && !cidr.startsWith('fe80')
  const own = device.addresses.filter(fits)
  const chosen = own.find((cidr) => inCidr(towards, cidr)) ?? own[0]
  if (chosen !== undefined) return withoutLength(chosen)
  for (const other of netns.devices.values()) {
    if (other.kind === 'loopback') continue
    const found = other.addresses.find(fits)
    if (found !== undefined) return withoutLength(found)
  }
  return undefined
}

/** A route as `ip route` prints it. */
export function printRoute(route: Route): string {
  const { kind = 'unicast', destination, via, device, protocol, scope, source, metric, onlink } = route
  const isUnicast = kind === 'unicast'
  return [
    isUnicast ? '' : `${kind} `,
    destination,
    via === undefined ? '' : ` via ${via}`,
    device === '' || !isUnicast ? '' : ` dev ${device}`,
    protocol === undefined || protocol === 'boot' ? '' : ` proto ${protocol}`,
    scope === undefined || scope === 'global' ? '' : ` scope ${scope}`,
    source === undefined ? '' : ` src ${source}`,
    metric === undefined ? '' : ` metric ${metric}`,
    onlink ? ' onlink' : '',
    ' ',
  ]
    .join('')
    .trimEnd()
}

/** Routes of one table by prefix length. Built once per list of routes. */
class RouteIndex {
  private readonly four: Tier<number>[] = []
  private readonly six: Tier<bigint>[] = []

  constructor(routes: readonly Route[]) {
    const four = new Map<number, Map<number, Route[]>>()
    const six = new Map<number, Map<bigint, Route[]>>()
    for (const route of routes) {
      const { address, bits, isSix } = prefixOf(route)
      if (isSix) put(six, bits, bits === 0 ? 0n : bigOf(address) >> BigInt(128 - bits), route)
      else put(four, bits, Math.floor(toNumber(address) / 2 ** (32 - bits)), route)
    }
    this.four = tiers(four)
    this.six = tiers(six)
  }

  /** Asks `take` about each route that fits, best first, until it takes one. */
  find<T>(destination: string, take: (route: Route) => T | undefined): T | undefined {
    if (isIPv6(destination)) {
      const value = bigOf(destination)
      for (const { bits, byPrefix } of this.six) {
        const taken = firstOf(byPrefix.get(bits === 0 ? 0n : value >> BigInt(128 - bits)), take)
        if (taken !== undefined) return taken
      }
      return undefined
    }
    const value = toNumber(destination)
    for (const { bits, byPrefix } of this.four) {
      const taken = firstOf(byPrefix.get(Math.floor(value / 2 ** (32 - bits))), take)
      if (taken !== undefined) return taken
    }
    return undefined
  }
}

function firstOf<T>(routes: readonly Route[] | undefined, take: (route: Route) => T | undefined): T | undefined {
  for (const route of routes ?? []) {
    const taken = take(route)
    if (taken !== undefined) return taken
  }
  return undefined
}

interface Tier<K> {
  readonly bits: number
  readonly byPrefix: ReadonlyMap<K, readonly Route[]>
}

const indexes = new WeakMap<readonly Route[], RouteIndex>()

function indexOf(routes: readonly Route[]): RouteIndex {
  let index = indexes.get(routes)
  if (!index) indexes.set(routes, (index = new RouteIndex(routes)))
  return index
}

function prefixOf(route: Route): { address: string; bits: number; isSix: boolean } {
  if (route.destination === 'default') {
    const isSix = isIPv6(route.via ?? '')
    return { address: isSix ? '::' : '0.0.0.0', bits: 0, isSix }
  }
  const isSix = isIPv6(route.destination)
  const slash = route.destination.indexOf('/')
  if (slash === -1) return { address: route.destination, bits: isSix ? 128 : 32, isSix }
  return { address: route.destination.slice(0, slash), bits: Number(route.destination.slice(slash + 1)), isSix }
}

function put<K>(tiersByBits: Map<number, Map<K, Route[]>>, bits: number, key: K, route: Route): void {
  let tier = tiersByBits.get(bits)
  if (!tier) tiersByBits.set(bits, (tier = new Map()))
  const list = tier.get(key) ?? []
  tier.set(
    key,
    [...list, route].toSorted((a, b) => (a.metric ?? 0) - (b.metric ?? 0)),
  )
}

function tiers<K>(byBits: Map<number, Map<K, Route[]>>): Tier<K>[] {
  return [...byBits].map(([bits, byPrefix]) => ({ bits, byPrefix })).toSorted((a, b) => b.bits - a.bits)
}

function bigOf(address: string): bigint {
  return ipaddr.IPv6.parse(address)
    .toByteArray()
    .reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
}
