/** What kube-proxy knows of the endpoints behind a port of a Service. */
import type { Endpoint, EndpointSlice } from '../../../apimachinery/generated/types.ts'
import { canonicalAddress } from '../../address.ts'
import { joinHostPort } from './addresses.ts'
import { portKey } from './service-port.ts'

/** One address and port. The same object on every node; whether it is local is asked with isLocal. */
export interface EndpointInfo {
  readonly ip: string
  readonly port: number
  /** 'ip:port', IPv6 in brackets. */
  readonly text: string
  /** '' when it is not known. */
  readonly nodeName: string
  /** Not terminating as well, unless the Service publishes unready addresses. */
  readonly ready: boolean
  readonly serving: boolean
  readonly terminating: boolean
  /** Hints: zones and nodes that should use it. */
  readonly zones: readonly string[]
  readonly nodes: readonly string[]
}

/** Endpoints by portKey, each list sorted by its text. */
export type EndpointsByPort = ReadonlyMap<string, readonly EndpointInfo[]>

export const NO_ENDPOINTS: readonly EndpointInfo[] = []
const NONE: EndpointsByPort = new Map()

export function isLocal(endpoint: EndpointInfo, nodeName: string): boolean {
  return nodeName !== '' && endpoint.nodeName === nodeName
}

/** A Service's slices of one family, and the endpoints that they come to. The same object for all nodes that know the same. */
export interface KnownSlices {
  readonly slices: readonly EndpointSlice[]
  readonly byPort: EndpointsByPort
}

export const NO_SLICES: KnownSlices = { slices: [], byPort: NONE }
const known = new WeakMap<EndpointSlice, KnownSlices>()

/**
 * Endpoints of a Service from all its slices of one family. An address that is in two slices counts once; of two pods with
 * one address the one that is not terminating counts. k8s 1.36: EndpointSliceCache endpointInfoByServicePort.
 */
export function endpointsOf(service: string, slices: readonly EndpointSlice[]): KnownSlices {
  const [first] = slices
  if (!first) return NO_SLICES
  const memo = known.get(first)
  if (memo && memo.slices.length === slices.length && memo.slices.every((slice, i) => slice === slices[i])) return memo
  const made = { slices, byPort: makeEndpoints(service, slices) }
  known.set(first, made)
  return made
}

function makeEndpoints(service: string, slices: readonly EndpointSlice[]): EndpointsByPort {
  const found = new Map<string, Map<string, EndpointInfo>>()
  for (const slice of slices)
    for (const { name = '', port, protocol = 'TCP' } of slice.ports ?? []) {
      if (!port) continue
      const key = portKey(service, name, protocol)
      let byText = found.get(key)
      if (!byText) found.set(key, (byText = new Map()))
      for (const endpoint of slice.endpoints ?? []) {
        const info = endpointInfo(endpoint, port)
        if (info && (!byText.has(info.text) || !info.terminating)) byText.set(info.text, info)
      }
    }
  const sorted = new Map<string, readonly EndpointInfo[]>()
  for (const [key, byText] of found)
    if (byText.size > 0)
      sorted.set(
        key,
        [...byText.values()].toSorted((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0)),
      )
  return sorted
}

function endpointInfo({ addresses, conditions = {}, hints, nodeName = '' }: Endpoint, port: number): EndpointInfo | undefined {
  const ip = canonicalAddress(addresses[0] ?? '')
  if (ip === undefined) return undefined
  return {
    ip,
    port,
    text: joinHostPort(ip, port),
    nodeName,
    ready: conditions.ready !== false,
    serving: conditions.serving !== false,
    terminating: conditions.terminating === true,
    zones: (hints?.forZones ?? []).map(({ name }) => name),
    nodes: (hints?.forNodes ?? []).map(({ name }) => name),
  }
}
