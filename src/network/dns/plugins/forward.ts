import type { Task } from '../../../sim/task.ts'
import { canonicalAddress } from '../../address.ts'
import { fullName, isIn, type DnsPeer, type DnsReply } from '../message.ts'
import { parseResolvConf } from '../resolv-conf.ts'
import { argumentError, nothing, type Plugin, type Setup } from './plugin.ts'

const POLICIES = new Set(['random', 'round_robin', 'sequential'])
const PROPERTIES = new Set([
  'except',
  'force_tcp',
  'prefer_udp',
  'expire',
  'max_fails',
  'max_connect_attempts',
  'max_idle_conns',
  'max_age',
  'tls',
  'tls_servername',
  'policy',
  'health_check',
  'max_concurrent',
  'next',
  'failfast_all_unhealthy_upstreams',
  'failover',
])

/** 'dns://8.8.8.8:53', '8.8.8.8' or a file like /etc/resolv.conf. */
function upstreams(setup: Setup, word: string): readonly DnsPeer[] {
  const [, address = '', port] = /^(?:(?:dns|tls):\/\/)?\[?(.*?)\]?(?::(\d+))?$/.exec(word) ?? []
  const whole = canonicalAddress(word)
  if (whole !== undefined) return [{ address: whole, port: 53 }]
  const found = canonicalAddress(address)
  if (found !== undefined) return [{ address: found, port: Number(port ?? 53) }]
  const text = word.startsWith('/') ? setup.world.readFile(word) : undefined
  if (text === undefined) setup.refuse(`not an IP address or file: "${word}"`)
  const servers = parseResolvConf(text).nameservers.map((one) => ({ address: one, port: 53 }))
  if (servers.length === 0) setup.refuse('no nameservers found')
  return servers
}

/** CoreDNS plugin/forward: asks others, each in turn until one answers. */
export const forward: Plugin = (setup) => {
  const { directive, fail, world } = setup
  const [from, ...to] = directive.args
  if (from === undefined || to.length === 0) return fail(argumentError(directive.args.at(-1) ?? 'forward'))
  const zone = fullName(from)
  let except: readonly string[] = []
  let policy = 'random'
  for (const { words, line } of directive.body) {
    const [property = '', ...args] = words
    if (!PROPERTIES.has(property)) fail(`unknown property '${property}'`, line)
    if (property === 'except') except = args.map(fullName)
    if (property === 'policy') policy = args[0] ?? ''
    if (!POLICIES.has(policy)) fail(`unknown policy '${policy}'`, line)
  }
  const servers = to.flatMap((word) => upstreams(setup, word))
  let turn = 0
  return (next) =>
    function* (query): Task<DnsReply | null> {
      if (!isIn(query.name, zone) || except.some((one) => isIn(query.name, one))) return yield* next(query)
      const first = policy === 'sequential' ? 0 : policy === 'random' ? Math.floor(world.random() * servers.length) : turn++
      for (let i = 0; i < servers.length; i++) {
        const server = servers[(first + i) % servers.length] as DnsPeer
        const answer = yield* world.ask(server, query)
        if (answer && !('failure' in answer)) return { ...answer, authoritative: false }
        const why = answer?.failure === 'ECONNREFUSED' ? 'read: connection refused' : 'i/o timeout'
        const way = `${world.address}:${32768 + Math.floor(world.random() * 28_000)}->${server.address}:${server.port}`
        world.log(`[ERROR] plugin/errors: 2 ${query.name} ${query.type}: read udp ${way}: ${why}`)
      }
      return nothing('SERVFAIL')
    }
}
