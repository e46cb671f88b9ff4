/** ping and traceroute, in one simulated instant. Source: iputils 20240905, traceroute 2.1. */
import { canonicalAddress } from '../address.ts'
import { sourceAddress } from '../link/routing.ts'
import type { Netns } from '../link/netns.ts'
import { DEFAULT_TTL, isIPv6, type Packet } from '../packet.ts'
import type { Journey } from '../trace.ts'
import type { CommandOutput, NodeCommand } from './command.ts'
import { failed, ok } from './output.ts'

/** IP and ICMP headers. */
const HEADERS = 28

export interface Echo {
  /** Milliseconds there and back. */
  readonly timeMs: number
  readonly ttl: number
}

export type EchoResult =
  | { readonly kind: 'reply'; readonly echo: Echo }
  | { readonly kind: 'error'; readonly from: string; readonly text: string; readonly timeMs: number }
  | { readonly kind: 'silence'; readonly why: string }
  | { readonly kind: 'unsendable'; readonly text: string }

interface EchoOptions {
  readonly ttl?: number
  readonly bytes?: number
  readonly dontFragment?: boolean
  readonly id?: number
}

/** One echo request and whatever comes back. */
export function echo(
  netns: Netns,
  destination: string,
  { ttl = DEFAULT_TTL, bytes = 56, dontFragment = false, id = 1 }: EchoOptions = {},
): EchoResult {
  const source = sourceAddress(netns, destination)
  const { carrier } = netns
  if (source === undefined || !carrier) return { kind: 'unsendable', text: 'Network is unreachable' }
  const there = carrier.walk(netns, request(source, destination, ttl, bytes, dontFragment, id))
  const { outcome } = there
  if (outcome.kind === 'dropped') return { kind: 'silence', why: outcome.why }
  if (outcome.kind === 'rejected') return errorOf(netns, outcome.answer, there.tookUs / 1000)
  const answering = there.arrived
  const answerer = there.destination
  if (!answerer) return { kind: 'silence', why: 'nobody answers' }
  const back = carrier.walk(answerer, {
    ...request(answering.destination, answering.source, DEFAULT_TTL, bytes, false, id),
    icmp: { type: 'echo-reply', id },
    carries: 'echo reply',
  })
  if (back.outcome.kind !== 'delivered' || back.destination !== netns) return { kind: 'silence', why: whyLost(back) }
  return { kind: 'reply', echo: { timeMs: (there.tookUs + back.tookUs) / 1000, ttl: back.arrived.ttl } }
}

function whyLost(journey: Journey): string {
  return journey.outcome.kind === 'delivered' ? 'the reply went to another machine' : journey.outcome.why
}

function request(source: string, destination: string, ttl: number, bytes: number, dontFragment: boolean, id: number): Packet {
  return {
    source,
    destination,
    protocol: isIPv6(destination) ? 'icmpv6' : 'icmp',
    sourcePort: 0,
    destinationPort: 0,
    icmp: { type: 'echo-request', id },
    ttl,
    length: bytes + HEADERS,
    mark: 0,
    dontFragment,
    carries: 'echo request',
  }
}

function errorOf(netns: Netns, answer: Packet, timeMs: number): EchoResult {
  const code = answer.icmp?.code
  const isOwn = netns.isLocal(answer.source)
  if (code === 'fragmentation-needed' && isOwn)
    return { kind: 'unsendable', text: `local error: message too long, mtu=${answer.icmp?.mtu ?? 0}` }
  if (code === 'net' && isOwn) return { kind: 'unsendable', text: 'Network is unreachable' }
  return { kind: 'error', from: answer.source, text: answer.carries ?? 'Destination Host Unreachable', timeMs }
}

export const ping: NodeCommand = (netns, argv) => {
  const options = { count: 4, bytes: 56, ttl: DEFAULT_TTL, dontFragment: false, quiet: false }
  let target = ''
  for (let i = 1; i < argv.length; i++) {
    const word = argv[i] ?? ''
    const value = word.length > 2 && word.startsWith('-') ? word.slice(2) : undefined
    const take = () => value ?? argv[++i] ?? ''
    if (word.startsWith('-c')) options.count = Number(take())
    else if (word.startsWith('-s')) options.bytes = Number(take())
    else if (word.startsWith('-t')) options.ttl = Number(take())
    else if (word.startsWith('-M')) options.dontFragment = take() === 'do'
    else if (/^-[WwIi]/.test(word)) take()
    else if (word === '-q') options.quiet = true
    else if (word.startsWith('-')) continue
    else target = word
  }
  if (target === '') return failed('ping: usage error: Destination address required', 1)
  const address = target === 'localhost' ? '127.0.0.1' : canonicalAddress(target)
  if (!address) return failed(`ping: ${target}: Name or service not known`, 2)
  if (!Number.isInteger(options.count) || options.count < 1)
    return failed(`ping: invalid argument: '${options.count}': out of range: 1 <= value <= 9223372036854775807`, 1)
  return pingTimes(netns, target, address, { ...options, count: Math.min(options.count, 20) })
}

function pingTimes(
  netns: Netns,
  target: string,
  address: string,
  {
    count,
    bytes,
    ttl,
    dontFragment,
    quiet,
  }: { count: number; bytes: number; ttl: number; dontFragment: boolean; quiet: boolean },
): CommandOutput {
  const lines = [`PING ${target} (${address}) ${bytes}(${bytes + HEADERS}) bytes of data.`]
  const times: number[] = []
  let errors = 0
  for (let sequence = 1; sequence <= count; sequence++) {
    const result = echo(netns, address, { ttl, bytes, dontFragment, id: 1000 + ((netns.carrier?.now() ?? 0) % 30_000) })
    if (result.kind === 'unsendable' && !result.text.startsWith('local')) return failed(`ping: connect: ${result.text}`, 2)
    if (result.kind === 'unsendable') lines.push(`ping: ${result.text}`)
    if (result.kind === 'error') lines.push(`From ${result.from} icmp_seq=${sequence} ${result.text}`)
    if (result.kind === 'error' || result.kind === 'unsendable') errors++
    if (result.kind !== 'reply') continue
    times.push(result.echo.timeMs)
    if (!quiet)
      lines.push(
        `${bytes + 8} bytes from ${address}: icmp_seq=${sequence} ttl=${result.echo.ttl} time=${result.echo.timeMs.toFixed(3)} ms`,
      )
  }
  const lost = Math.round(((count - times.length) / count) * 100)
  const errorText = errors > 0 ? `, +${errors} errors` : ''
  lines.push('', `--- ${target} ping statistics ---`)
  lines.push(
    `${count} packets transmitted, ${times.length} received${errorText}, ${lost}% packet loss, time ${(count - 1) * 1000}ms`,
  )
  if (times.length > 0) {
    const average = times.reduce((sum, time) => sum + time, 0) / times.length
    lines.push(
      `rtt min/avg/max/mdev = ${[Math.min(...times), average, Math.max(...times), 0].map((time) => time.toFixed(3)).join('/')} ms`,
    )
  }
  return { ...ok(lines.join('\n')), exitCode: times.length > 0 ? 0 : 1 }
}

const MAX_HOPS = 30

export const traceroute: NodeCommand = (netns, argv) => {
  const target = argv.slice(1).find((word) => !word.startsWith('-'))
  if (target === undefined) return failed('Usage:\n  traceroute [ -46dFITnreAUDV ] host [ packetlen ]', 2)
  const address = canonicalAddress(target)
  if (!address)
    return failed(`${target}: Name or service not known\nCannot handle "host" cmdline arg \`${target}' on position 1 (argc 1)`, 2)
  const lines = [`traceroute to ${target} (${address}), 30 hops max, 60 byte packets`]
  for (let ttl = 1; ttl <= MAX_HOPS; ttl++) {
    const result = echo(netns, address, { ttl, bytes: 32 })
    const number = String(ttl).padStart(2)
    if (result.kind === 'unsendable') return failed(`connect: ${result.text}`, 1)
    if (result.kind === 'silence') lines.push(`${number}  * * *`)
    else if (result.kind === 'reply') {
      const time = `${result.echo.timeMs.toFixed(3)} ms`
      lines.push(`${number}  ${address}  ${time}  ${time}  ${time}`)
      break
    } else {
      const isHop = result.text === 'Time to live exceeded'
      const time = `${result.timeMs.toFixed(3)} ms`
      lines.push(`${number}  ${result.from}  ${isHop ? `${time}  ${time}  ${time}` : `${time} !H  ${time} !H  ${time} !H`}`)
      if (!isHop) break
    }
    // A packet that vanishes at the first hop vanishes at all: the tail is cut.
    if (result.kind === 'silence' && ttl >= 5) break
  }
  return ok(lines.join('\n'))
}
