/** -m statistic, limit, recent, set, nfacct, connlimit: matches that throw dice, count, or ask a list. */
import { canonicalAddress } from '../../address.ts'
import { UsageError } from '../options.ts'
import type { Match, MatchOf } from '../rule.ts'
import type { Walk } from '../walk.ts'
import { bang, type MatchExtension } from './extension.ts'

/** Probabilities are kept as 31-bit fractions: 0.3333333333 is printed as 0.33333333349. */
const PROBABILITY_UNIT = 2 ** 31

export const statistic: MatchExtension<'statistic'> = {
  options: { mode: {}, probability: { invertible: true }, every: { invertible: true }, packet: {} },
  build(given) {
    const mode = given.text('mode') ?? 'random'
    if (mode === 'nth') {
      const every = given.integer('every', 1)
      if (every === undefined) throw new UsageError('--every must be specified when using nth mode')
      const packet = given.integer('packet')
      if (packet === undefined) throw new UsageError('statistic: option "--every" also requires "--packet".\n')
      if (packet >= every) throw new UsageError('the --packet p must be 0 <= p <= n-1')
      return { kind: 'statistic', mode, every, packet, inverted: given.inverted('every') }
    }
    if (mode !== 'random') throw new UsageError(`Bad mode "${mode}"`)
    const text = given.text('probability')
    if (text === undefined) throw new UsageError('--probability must be specified when using random mode')
    const asked = /^[\d.]+(e-?\d+)?$/i.test(text) ? Number(text) : NaN
    if (!(asked >= 0 && asked <= 1)) {
      throw new UsageError('statistic: bad value for option "--probability", or out of range (0-1).\n')
    }
    const probability = Math.round(asked * PROBABILITY_UNIT) / PROBABILITY_UNIT
    return { kind: 'statistic', mode, probability, inverted: given.inverted('probability') }
  },
  save: (match) =>
    match.mode === 'random'
      ? ` --mode random${bang(match.inverted)} --probability ${match.probability.toFixed(11)}`
      : ` --mode nth${bang(match.inverted)} --every ${match.every} --packet ${match.packet}`,
  list: (match) =>
    match.mode === 'random'
      ? `statistic mode random${bang(match.inverted)} probability ${match.probability.toFixed(11)}`
      : `statistic mode nth${bang(match.inverted)} every ${match.every}${match.packet === 0 ? '' : ` packet ${match.packet}`}`,
  compile(match) {
    if (match.mode === 'random') {
      const { probability, inverted } = match
      return (walk) => {
        walk.drawn = walk.environment.random()
        return walk.drawn < probability !== inverted
      }
    }
    return (walk) => {
      const bucket = bucketOf(walk, match, match.every - 1 - match.packet)
      bucket.tokens = bucket.tokens === match.every - 1 ? 0 : bucket.tokens + 1
      return (bucket.tokens === 0) !== match.inverted
    }
  },
}

function bucketOf(walk: Walk, match: Match, tokens: number): { tokens: number; atMs: number } {
  const known = walk.memory.buckets.get(match)
  if (known) return known
  const fresh = { tokens, atMs: walk.environment.now() }
  walk.memory.buckets.set(match, fresh)
  return fresh
}

const UNITS: readonly (readonly [name: string, seconds: number])[] = [
  ['second', 1],
  ['minute', 60],
  ['hour', 3600],
  ['day', 86_400],
]

/** '5/min', '10/s', '3' (a second); the text is the one that is printed. */
function parseRate(text: string): { readonly perSecond: number; readonly text: string } {
  const [, count = '', unitText = 's'] = /^(\d+)(?:\/([a-z]+))?$/i.exec(text) ?? []
  const unit = UNITS.find(([name]) => name.startsWith(unitText.toLowerCase()))
  if (!unit || Number(count) === 0) throw new UsageError(`bad rate "${text}"'`)
  const perSecond = Number(count) / unit[1]
  if (perSecond > 10_000) throw new UsageError(`Rate too fast "${text}"`)
  return { perSecond, text: `${Number(count)}/${{ second: 'sec', minute: 'min' }[unit[0]] ?? unit[0]}` }
}

export const limit: MatchExtension<'limit'> = {
  options: { limit: {}, 'limit-burst': {} },
  build: (given) => ({
    kind: 'limit',
    ...parseRate(given.text('limit') ?? '3/hour'),
    burst: given.integer('limit-burst', 0, 10_000) ?? 5,
  }),
  save: ({ text, burst }) => ` --limit ${text}${burst === 5 ? '' : ` --limit-burst ${burst}`}`,
  list: ({ text, burst }) => `limit: avg ${text} burst ${burst}`,
  compile(match) {
    return (walk) => {
      const now = walk.environment.now()
      const bucket = bucketOf(walk, match, match.burst)
      bucket.tokens = Math.min(match.burst, bucket.tokens + ((now - bucket.atMs) / 1000) * match.perSecond)
      bucket.atMs = now
      if (bucket.tokens < 1) return false
      bucket.tokens--
      return true
    }
  },
}

const ACTIONS = ['set', 'rcheck', 'update', 'remove'] as const

export const recent: MatchExtension<'recent'> = {
  options: {
    set: { values: 0, invertible: true },
    rcheck: { values: 0, invertible: true },
    update: { values: 0, invertible: true },
    remove: { values: 0, invertible: true },
    seconds: {},
    reap: { values: 0 },
    hitcount: {},
    rttl: { values: 0 },
    name: {},
    mask: {},
    rsource: { values: 0 },
    rdest: { values: 0 },
  },
  build(given) {
    given.oneOf(...ACTIONS)
    const action = ACTIONS.find((option) => given.has(option))
    if (!action) throw new UsageError("recent: you must specify one of `--set', `--rcheck' `--update' or `--remove'")
    const seconds = given.integer('seconds', 1)
    const hitCount = given.integer('hitcount')
    if (given.has('reap') && seconds === undefined) throw new UsageError('recent: option "--reap" also requires "--seconds".\n')
    const mask = given.text('mask') ?? (given.family === 4 ? '255.255.255.255' : 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff')
    return {
      kind: 'recent',
      action,
      inverted: given.inverted(action),
      name: given.text('name') ?? 'DEFAULT',
      ...(seconds !== undefined && { seconds }),
      ...(given.has('reap') && { reap: true }),
      ...(hitCount !== undefined && { hitCount }),
      ...(given.has('rttl') && { ttl: true }),
      mask: canonicalAddress(mask) ?? mask,
      side: given.has('rdest') ? 'rdest' : 'rsource',
    }
  },
  save: (match) =>
    `${bang(match.inverted)} --${match.action}` +
    (match.seconds === undefined ? '' : ` --seconds ${match.seconds}`) +
    (match.reap ? ' --reap' : '') +
    (match.hitCount === undefined ? '' : ` --hitcount ${match.hitCount}`) +
    (match.ttl ? ' --rttl' : '') +
    ` --name ${match.name} --mask ${match.mask} --${match.side}`,
  list: (match) =>
    `${match.inverted ? '! ' : ''}recent: ${{ set: 'SET', rcheck: 'CHECK', update: 'UPDATE', remove: 'REMOVE' }[match.action]}` +
    (match.seconds === undefined ? '' : ` seconds: ${match.seconds}`) +
    (match.reap ? ' reap' : '') +
    (match.hitCount === undefined ? '' : ` hit_count: ${match.hitCount}`) +
    (match.ttl ? ' TTL-Match' : '') +
    ` name: ${match.name} side: ${match.side === 'rsource' ? 'source' : 'dest'} mask: ${match.mask}`,
  compile: (match) => (walk) => walk.memory.recent.test(match, walk.flight.packet, walk.environment.now()),
}

export const set: MatchExtension<'set'> = {
  options: { 'match-set': { values: 2, invertible: true } },
  build(given) {
    const name = given.text('match-set')
    if (name === undefined) throw new UsageError("You must specify `--match-set' with proper arguments")
    const directions = given.second('match-set').split(',')
    const known = directions.flatMap((each): ('src' | 'dst')[] => (each === 'src' || each === 'dst' ? [each] : []))
    if (known.length < directions.length) throw new UsageError("You must spefify (the comma separated list of) `src' or `dst'")
    return { kind: 'set', set: name, directions: known, inverted: given.inverted('match-set') }
  },
  save: (match) => `${bang(match.inverted)} --match-set ${match.set} ${match.directions.join(',')}`,
  list: (match) => `${match.inverted ? '! ' : ''}match-set ${match.set} ${match.directions.join(',')}`,
  compile: (match) => (walk) =>
    walk.memory.sets.matches(match.set, match.directions, walk.flight.packet, walk.flight.inInterface) !== match.inverted,
}

export const nfacct: MatchExtension<'nfacct'> = {
  options: { 'nfacct-name': {} },
  build: (given) => ({ kind: 'nfacct', name: given.required('nfacct-name') }),
  save: (match) => ` --nfacct-name  ${match.name}`,
  list: (match) => `nfacct-name  ${match.name}`,
  compile: (match) => (walk) => {
    const account = walk.memory.accounts.get(match.name)
    if (account) {
      account.packets++
      account.bytes += walk.flight.packet.length
    } else {
      walk.memory.accounts.set(match.name, { packets: 1, bytes: walk.flight.packet.length })
    }
    return true
  },
}

export const connlimit: MatchExtension<'connlimit'> = {
  options: {
    'connlimit-above': { invertible: true },
    'connlimit-upto': { invertible: true },
    'connlimit-mask': {},
    'connlimit-saddr': { values: 0 },
    'connlimit-daddr': { values: 0 },
  },
  build(given): MatchOf<'connlimit'> {
    const option = given.oneOf('connlimit-above', 'connlimit-upto')
    if (option === undefined) throw new UsageError('You must specify "--connlimit-above" or "--connlimit-upto".')
    const bits = given.family === 4 ? 32 : 128
    return {
      kind: 'connlimit',
      count: given.integer(option) ?? 0,
      above: (option === 'connlimit-above') !== given.inverted(option),
      prefix: given.integer('connlimit-mask', 0, bits) ?? bits,
      side: given.has('connlimit-daddr') ? 'daddr' : 'saddr',
    }
  },
  save: (match) =>
    ` --connlimit-${match.above ? 'above' : 'upto'} ${match.count} --connlimit-mask ${match.prefix} --connlimit-${match.side}`,
  list: (match) => `#conn ${match.side === 'saddr' ? 'src' : 'dst'}/${match.prefix} ${match.above ? '>' : '<='} ${match.count}`,
  compile: (match) => (walk) => {
    const { packet } = walk.flight
    const address = match.side === 'saddr' ? packet.source : packet.destination
    return walk.memory.connections(address, match.prefix, match.side) > match.count === match.above
  },
}
