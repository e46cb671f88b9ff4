/**
 * IPVS schedulers: which real server gets a new connection. Linux: net/netfilter/ipvs/ip_vs_{rr,wrr,lc,wlc,sh,dh,sed,nq}.c.
 * SIMPLIFIED: lblc, lblcr, mh, fo, ovf and twos are not there, as if their modules were not.
 */
import { toNumber } from '../address.ts'
import { isIPv6 } from '../packet.ts'
import type { RealServer, VirtualServer } from './server.ts'

/** Who asks. */
export interface Request {
  readonly source: string
  readonly destination: string
}

/** undefined: no real server can take it. */
export type Scheduler = (server: VirtualServer, request: Request) => RealServer | undefined

const isUsable = (real: RealServer) => real.weight > 0 && !real.overloaded

/** One after the other. */
function roundRobin(server: VirtualServer): RealServer | undefined {
  const { reals } = server
  for (let step = 1; step <= reals.length; step++) {
    const at = (Math.max(server.position, -1) + step) % reals.length
    const real = reals[at] as RealServer
    if (!isUsable(real)) continue
    server.position = at
    return real
  }
  return undefined
}

function greatestDivisor(weights: readonly number[]): number {
  return weights.reduce((a, b) => {
    while (b !== 0) [a, b] = [b, a % b]
    return a
  }, 0)
}

/** In each round a server of weight n comes n times: those of the highest weight first, then the bar is lowered. */
function weightedRoundRobin(server: VirtualServer): RealServer | undefined {
  const { reals } = server
  const weights = reals.map(({ weight }) => weight).filter((weight) => weight > 0)
  if (weights.length === 0) return undefined
  const step = greatestDivisor(weights)
  const most = Math.max(...weights)
  for (let tries = 0; tries <= reals.length * (most / step + 1); tries++) {
    server.position = (server.position + 1) % reals.length
    if (server.position === 0) {
      server.currentWeight -= step
      if (server.currentWeight <= 0) server.currentWeight = most
    }
    const real = reals[server.position] as RealServer
    if (real.weight >= server.currentWeight && isUsable(real)) return real
  }
  return undefined
}

/** The usable server of least cost; of equal ones, the first. */
function least(server: VirtualServer, cost: (real: RealServer) => number): RealServer | undefined {
  let best: RealServer | undefined
  for (const real of server.reals) if (isUsable(real) && (!best || cost(real) < cost(best))) best = real
  return best
}

/** An active connection counts as much as 256 inactive ones. */
const overhead = ({ active, inactive }: RealServer) => active * 256 + inactive

const leastConnections: Scheduler = (server) => least(server, overhead)
const weightedLeastConnections: Scheduler = (server) => least(server, (real) => overhead(real) / real.weight)
const shortestExpectedDelay: Scheduler = (server) => least(server, (real) => (real.active + 1) / real.weight)

/** An idle server if there is one, else as sed. */
const neverQueue: Scheduler = (server, request) =>
  server.reals.find((real) => isUsable(real) && real.active === 0) ?? shortestExpectedDelay(server, request)

const TABLE_SIZE = 256

/** An address as 32 bits. SIMPLIFIED: IPv6 addresses are hashed in another way than the kernel's. */
function folded(address: string): number {
  if (!isIPv6(address)) return toNumber(address)
  let hash = 0
  for (const char of address) hash = (Math.imul(hash, 31) + char.charCodeAt(0)) | 0
  return hash >>> 0
}

/** Buckets filled with servers, each as often in a row as `times` says. */
function fromTable(server: VirtualServer, bucket: number, times: (real: RealServer) => number): RealServer | undefined {
  const { reals } = server
  const round = reals.reduce((sum, real) => sum + Math.max(1, times(real)), 0)
  let at = round === 0 ? -1 : bucket % round
  for (const real of reals) {
    at -= Math.max(1, times(real))
    if (at < 0) return isUsable(real) ? real : undefined
  }
  return undefined
}

/** The same client, the same server. Weight is the share of buckets. A server of weight 0 refuses its clients. */
const sourceHash: Scheduler = (server, { source }) =>
  fromTable(server, Math.imul(folded(source), 0x61c88647) >>> 24, (real) => real.weight)

/** The same destination, the same server. */
const destinationHash: Scheduler = (server, { destination }) =>
  fromTable(server, (Math.imul(folded(destination), 2_654_435_761) >>> 0) % TABLE_SIZE, () => 1)

export const SCHEDULERS: { readonly [name: string]: Scheduler } = {
  rr: roundRobin,
  wrr: weightedRoundRobin,
  lc: leastConnections,
  wlc: weightedLeastConnections,
  sh: sourceHash,
  dh: destinationHash,
  sed: shortestExpectedDelay,
  nq: neverQueue,
}
