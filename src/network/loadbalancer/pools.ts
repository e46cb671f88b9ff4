/** Address pools: what they hold, and which address a Service gets. Source: MetalLB 0.15. */
import type { Service } from '../../apimachinery/generated/types.ts'
import type { KubeObject, ResourceRef } from '../../apimachinery/resource.ts'
import { fromNumber, toNumber } from '../address.ts'

const GROUP = { group: 'metallb.io', version: 'v1beta1', namespaced: true }

export interface IPAddressPool extends KubeObject {
  readonly spec?: { readonly addresses?: readonly string[]; readonly autoAssign?: boolean }
}
export interface L2Advertisement extends KubeObject {
  readonly spec?: { readonly ipAddressPools?: readonly string[] }
}
export const ipaddresspools: ResourceRef<IPAddressPool> = { ...GROUP, resource: 'ipaddresspools', kind: 'IPAddressPool' }
export const l2advertisements: ResourceRef<L2Advertisement> = { ...GROUP, resource: 'l2advertisements', kind: 'L2Advertisement' }

export const POOL_ANNOTATION = 'metallb.io/ip-allocated-from-pool'
const WANTED_POOL = 'metallb.io/address-pool'
const WANTED_ADDRESSES = 'metallb.io/loadBalancerIPs'

interface Range {
  readonly first: number
  readonly last: number
}

/** '10.0.200.1-10.0.200.50' or '10.0.200.0/24'; undefined when it is neither. SIMPLIFIED: IPv4 only. */
export function parseRange(text: string): Range | undefined {
  const [from = '', to = ''] = text.split('-').map((part) => part.trim())
  const quad = /^\d{1,3}(\.\d{1,3}){3}$/
  if (quad.test(from) && quad.test(to)) return { first: toNumber(from), last: toNumber(to) }
  const [base = '', bits = ''] = text.split('/')
  if (!quad.test(base) || !/^\d{1,2}$/.test(bits) || Number(bits) > 32) return undefined
  const size = 2 ** (32 - Number(bits))
  const first = Math.floor(toNumber(base) / size) * size
  return { first, last: first + size - 1 }
}

/** The pool that an address is of. */
export function poolOf(pools: readonly IPAddressPool[], address: string): IPAddressPool | undefined {
  const value = toNumber(address)
  return pools.find((pool) => rangesOf(pool).some(({ first, last }) => value >= first && value <= last))
}

function rangesOf(pool: IPAddressPool): readonly Range[] {
  return (pool.spec?.addresses ?? []).flatMap((text) => parseRange(text) ?? [])
}

export type Allocation = { readonly address: string; readonly pool: string } | { readonly problem: string }

/** The address that a Service keeps or gets. `taken`: addresses of other Services. Pools in the order of their names. */
export function allocate(service: Service, pools: readonly IPAddressPool[], taken: ReadonlySet<string>): Allocation {
  const { annotations } = service.metadata
  const wantedPool = annotations?.[WANTED_POOL]
  const wanted = annotations?.[WANTED_ADDRESSES] ?? service.spec?.loadBalancerIP
  if (wanted) {
    const pool = poolOf(pools, wanted)
    if (!pool) return { problem: `["${wanted}"] is not allowed in config` }
    if (taken.has(wanted))
      return { problem: `can't change sharing key for "${keyOf(service)}", address also in use by other services` }
    return { address: wanted, pool: pool.metadata.name ?? '' }
  }
  const present = service.status?.loadBalancer?.ingress?.[0]?.ip
  const kept = present === undefined ? undefined : poolOf(pools, present)
  if (present !== undefined && kept && !taken.has(present) && (wantedPool ?? kept.metadata.name) === kept.metadata.name)
    return { address: present, pool: kept.metadata.name ?? '' }
  if (wantedPool !== undefined && !pools.some(({ metadata }) => metadata.name === wantedPool))
    return { problem: `unknown pool "${wantedPool}"` }
  return firstFree(
    pools.filter((pool) => (wantedPool === undefined ? pool.spec?.autoAssign !== false : pool.metadata.name === wantedPool)),
    taken,
    wantedPool,
  )
}

function firstFree(pools: readonly IPAddressPool[], taken: ReadonlySet<string>, wantedPool: string | undefined): Allocation {
  for (const pool of pools)
    for (const { first, last } of rangesOf(pool))
      for (let value = first; value <= last; value++) {
        const address = fromNumber(value)
        if (!taken.has(address)) return { address, pool: pool.metadata.name ?? '' }
      }
  return { problem: wantedPool === undefined ? 'no available IPs' : `no available IPs in pool "${wantedPool}"` }
}

const keyOf = ({ metadata }: Service): string => `${metadata.namespace ?? ''}/${metadata.name ?? ''}`
