/** Compares what an IPVS proxier has kept up to date in the kernel with a plan made anew. */
import { Random } from '../../../sim/random.ts'
import { Ipvs } from '../../ipvs/ipvs.ts'
import { Netns } from '../../link/netns.ts'
import { parseRule } from '../../netfilter/parse.ts'
import { IptablesTables } from '../../netfilter/tables.ts'
import { IpvsProxier } from '../ipvs/proxier.ts'
import { ipvsPlan } from '../ipvs/plan.ts'
import { ChangeSource, takeChange, TEST_ZONES } from './changes.ts'
import { freshState, ruleText, TEST_PLACE, TEST_SETTINGS } from './iptables-fuzz.ts'
import { MemorySets } from './memory-sets.ts'

const NODE_IP = TEST_SETTINGS.nodeIP

interface Kernel {
  readonly netns: Netns
  readonly tables: IptablesTables
  readonly ipvs: Ipvs
  readonly sets: MemorySets
}

function makeKernel(now: () => number): Kernel {
  const netns = new Netns('node-1')
  netns.addDevice({ name: 'eth0', kind: 'physical', mac: '', mtu: 1500, up: true, addresses: [`${NODE_IP}/24`] })
  return { netns, tables: new IptablesTables(4), ipvs: new Ipvs(now), sets: new MemorySets() }
}

const sorted = (lines: Iterable<string>): readonly string[] => [...lines].toSorted()

/** Everything in the kernel, as text. */
function kernelText({ netns, tables, ipvs, sets }: Kernel): readonly string[] {
  const servers = [...ipvs.servers.values()].flatMap((server) => [
    `${server.key} ${server.scheduler} ${server.persistentSeconds}`,
    ...server.reals.map((real) => `${server.key} -> ${real.text} ${real.weight}`),
  ])
  const members = [...sets.sets].flatMap(([name, entries]) => [...entries].map((entry) => `${name} ${entry}`))
  const addresses = netns.devices.get('kube-ipvs0')?.addresses ?? []
  const rules = (['nat', 'filter'] as const).flatMap((table) =>
    [...tables.table(table).values()]
      .filter(({ policy }) => policy === undefined)
      .flatMap((chain) => chain.rules.map((rule) => `${table} ${chain.name}${ruleText(rule)}`)),
  )
  return [...sorted(servers), ...sorted(members), ...sorted(addresses), ...sorted(rules)]
}

/** What it should be, made anew. */
function planText(source: ChangeSource, place: typeof TEST_PLACE): readonly string[] {
  const context = { place, nodeIP: NODE_IP, nodePortIPs: [NODE_IP], nodeAddresses: new Set([NODE_IP]) }
  const plan = ipvsPlan(freshState(source), context, TEST_SETTINGS)
  const servers = plan.servers.flatMap((server) => {
    const key = `${server.protocol} ${server.address}:${server.port}`
    return [`${key} rr ${server.persistentSeconds}`, ...server.endpoints.map(({ text }) => `${key} -> ${text} 1`)]
  })
  const members = [...plan.sets].flatMap(([name, entries]) => [...entries].map((entry) => `${name} ${entry}`))
  const addresses = [...plan.addresses].map((address) => `${address}/32`)
  const rules = plan.chains.flatMap(({ table, chain, lines }) =>
    lines.map((line) => `${table} ${chain}${ruleText(parseRule(line))}`),
  )
  return [...sorted(servers), ...sorted(members), ...sorted(addresses), ...sorted(rules)]
}

/** Runs that many random changes, with syncs in between; compares after each. Throws at the first difference. */
export function fuzzIpvs(seed: number, changes: number): { readonly compared: number } {
  const source = new ChangeSource(seed)
  const random = new Random(seed, 'syncs')
  const kernel = makeKernel(() => 0)
  let place = TEST_PLACE
  const proxier = new IpvsProxier({
    ...kernel,
    settings: TEST_SETTINGS,
    place,
    nodeIP: NODE_IP,
    scheduler: 'rr',
    excludeCIDRs: [],
    syncPeriodMs: 30_000,
    nodePortCIDRs: null,
  })
  let compared = 0
  for (let i = 0; i < changes; i++) {
    takeChange(proxier.state, source.next())
    if (random.int(3) > 0 && i < changes - 1) continue
    if (random.int(50) === 0) {
      place = { ...place, zone: random.pick(TEST_ZONES) }
      proxier.setPlace(place)
    }
    if (random.int(20) === 0) disturb(kernel, random)
    proxier.sync()
    compared++
    const wanted = planText(source, place)
    const kept = kernelText(kernel)
    for (let line = 0; line < Math.max(wanted.length, kept.length); line++)
      if (wanted[line] !== kept[line])
        throw new Error(`seed ${seed}, change ${i}: kept ${kept[line] ?? 'nothing'}, anew ${wanted[line] ?? 'nothing'}`)
  }
  return { compared }
}

/** Somebody's hand in the kernel: the next sync mends it. */
function disturb({ ipvs, netns, sets, tables }: Kernel, random: Random): void {
  const what = random.int(4)
  if (what === 0) {
    ipvs.flush()
    ipvs.foreignChanges++
  } else if (what === 1) {
    const device = netns.devices.get('kube-ipvs0')
    if (device) device.addresses = device.addresses.slice(1)
  } else if (what === 2) {
    const [member] = sets.members('KUBE-CLUSTER-IP') ?? []
    if (member !== undefined) sets.delete('KUBE-CLUSTER-IP', member)
  } else tables.replaceChains('nat', [['KUBE-SERVICES', []]])
}
