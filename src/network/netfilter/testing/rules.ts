/** Rules and packets as fast-check makes them up. */
import fc from 'fast-check'
import { fromNumber } from '../../address.ts'
import type { Packet } from '../../packet.ts'
import type { CtState, Match, PortRange, Rule, Target } from '../rule.ts'

/** Few addresses and ports, so that rules and packets meet. */
const lastByte = fc.integer({ min: 0, max: 15 })
const anyAddress = fc
  .tuple(fc.constantFrom(0, 96, 244), lastByte)
  .map(([net, host]) => fromNumber(10 * 2 ** 24 + net * 2 ** 16 + host))
const anyPort = fc.integer({ min: 79, max: 90 })

const cidr = fc.tuple(anyAddress, fc.constantFrom(32, 32, 32, 24, 16, 8)).map(([address, bits]) => {
  const size = 2 ** (32 - bits)
  const value = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  return `${fromNumber(Math.floor(value / size) * size)}/${bits}`
})
const cidrMatch = fc.record({ cidr, inverted: fc.boolean() })
const nameMatch = (...names: readonly string[]) => fc.record({ name: fc.constantFrom(...names), inverted: fc.boolean() })
const ports: fc.Arbitrary<PortRange> = fc
  .record({ from: anyPort, more: fc.integer({ min: 0, max: 3 }), inverted: fc.boolean() })
  .map(({ from, more, inverted }) => ({ from, to: from + more, inverted }))
const mask = fc.constantFrom(0xffffffff, 0x4000, 0x30000, 0xff)
const states = fc.subarray<CtState>(['INVALID', 'NEW', 'RELATED', 'ESTABLISHED', 'UNTRACKED'], { minLength: 1 })
const word = fc
  .string({ minLength: 1, maxLength: 12, unit: fc.constantFrom('a', 'B', '7', ' ', '"', "'", '\\', '/', '-', '>') })
  .filter((text) => text.trim() === text)

const transport = (kind: 'tcp' | 'udp'): fc.Arbitrary<Match> =>
  fc.record({ kind: fc.constant(kind), sourcePorts: ports, destinationPorts: ports }, { requiredKeys: ['kind'] })
const flags: fc.Arbitrary<Match> = fc.boolean().map((inverted) => ({
  kind: 'tcp',
  flags: { mask: ['FIN', 'SYN', 'RST', 'ACK'], set: ['SYN'], inverted },
}))
const pure: fc.Arbitrary<Match> = fc.oneof(
  word.map((text): Match => ({ kind: 'comment', text })),
  fc.record({ kind: fc.constant('mark' as const), value: fc.constantFrom(0, 0x4000, 1), mask, inverted: fc.boolean() }),
  fc.record({ kind: fc.constant('conntrack' as const), states, inverted: fc.boolean() }),
  fc.record({ kind: fc.constant('state' as const), states, inverted: fc.boolean() }),
  fc.record({ kind: fc.constant('addrtype' as const), destination: nameMatch('LOCAL', 'UNICAST', 'UNICAST,LOCAL') }),
  fc.record({
    kind: fc.constant('length' as const),
    from: fc.constantFrom(0, 60),
    to: fc.constantFrom(60, 1500),
    inverted: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('ttl' as const),
    test: fc.constant('eq' as const),
    value: fc.constantFrom(63, 64),
    inverted: fc.boolean(),
  }),
)
const remembering: fc.Arbitrary<Match> = fc.oneof(
  fc
    .integer({ min: 0, max: 2 ** 31 })
    .chain((value) =>
      fc.boolean().map((inverted): Match => ({ kind: 'statistic', mode: 'random', probability: value / 2 ** 31, inverted })),
    ),
  fc.record({
    kind: fc.constant('recent' as const),
    action: fc.constantFrom('rcheck' as const, 'update' as const),
    inverted: fc.boolean(),
    name: fc.constantFrom('KUBE-SEP-A', 'DEFAULT'),
    seconds: fc.constantFrom(60, 10_800),
    mask: fc.constant('255.255.255.255'),
    side: fc.constantFrom('rsource' as const, 'rdest' as const),
  }),
  fc.record({
    kind: fc.constant('recent' as const),
    action: fc.constant('set' as const),
    inverted: fc.constant(false),
    name: fc.constantFrom('KUBE-SEP-A', 'DEFAULT'),
    mask: fc.constant('255.255.255.255'),
    side: fc.constant('rsource' as const),
  }),
)

/** Targets of the filter and mangle tables, and jumps to the given chains. */
function anyTarget(chains: readonly string[]): fc.Arbitrary<Target> {
  const jumps: fc.Arbitrary<Target>[] =
    chains.length === 0
      ? []
      : [
          fc.constantFrom(...chains).map((chain): Target => ({ kind: 'jump', chain })),
          fc.constantFrom(...chains).map((chain): Target => ({ kind: 'goto', chain })),
        ]
  return fc.oneof(
    fc.constant<Target>({ kind: 'none' }),
    fc.constantFrom<Target>(
      { kind: 'ACCEPT' },
      { kind: 'DROP' },
      { kind: 'RETURN' },
      { kind: 'REJECT', rejectWith: 'icmp-port-unreachable' },
    ),
    fc.record({ kind: fc.constant('MARK' as const), value: fc.constantFrom(0, 0x4000, 3), mask }),
    fc.record({ kind: fc.constant('LOG' as const), prefix: word, level: fc.integer({ min: 0, max: 7 }) }),
    ...jumps,
    ...jumps,
  )
}

/** A rule in canonical form. */
export function anyRule(chains: readonly string[] = []): fc.Arbitrary<Rule> {
  const head = fc.record(
    {
      source: cidrMatch,
      destination: cidrMatch,
      inInterface: nameMatch('eth0', 'cni0', 'cali+'),
      outInterface: nameMatch('eth0', 'flannel.1'),
    },
    { requiredKeys: [] },
  )
  const body = fc.oneof(
    fc.record({ matches: fc.array(fc.oneof(pure, remembering), { maxLength: 2 }) }),
    ...(['tcp', 'udp'] as const).map((name) =>
      fc
        .tuple(
          fc.array(fc.oneof(pure, remembering), { maxLength: 1 }),
          name === 'tcp' ? fc.oneof(transport(name), flags) : transport(name),
          fc.array(pure, { maxLength: 1 }),
        )
        .map(([before, own, after]) => ({ protocol: { name, inverted: false }, matches: [...before, own, ...after] })),
    ),
  )
  return fc.tuple(head, body, anyTarget(chains)).map(([front, rest, target]) => ({ ...front, ...rest, target }))
}

export const anyPacket: fc.Arbitrary<Packet> = fc.record({
  source: anyAddress,
  destination: anyAddress,
  protocol: fc.constantFrom('tcp' as const, 'udp' as const),
  sourcePort: anyPort,
  destinationPort: anyPort,
  flags: fc.constantFrom('S' as const, '.' as const, 'R' as const),
  ttl: fc.constantFrom(63, 64),
  length: fc.constantFrom(60, 1500),
  mark: fc.constantFrom(0, 0x4000),
})
