/**
 * kube-proxy's modes with many Services, on one JSON line. Arguments: Services, nodes. What one packet costs (iptables with
 * every rule tried in turn, as the kernel does), and what a Service's changed endpoints cost a node.
 */
import { serviceAddress, syntheticService, syntheticSlice } from '../../src/network/modes/growth.ts'
import { MODES, PreparedMode, type ModeSettings } from '../../src/network/modes/prepared.ts'
import { Random } from '../../src/sim/random.ts'

const services = Number(process.argv[2] ?? 10_000)
const nodes = Number(process.argv[3] ?? 20)
const CHANGES = 20
/** Packets that a mean is taken over. */
const PACKETS = 2000

const result: Record<string, number> = { services, nodes }
const allServices = Array.from({ length: services }, (_, index) => syntheticService(index))
const allSlices = allServices.map((_, index) => syntheticSlice(index))

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

for (const mode of MODES) {
  const prepared = Array.from({ length: nodes }, (_, node) => new PreparedMode({ ...settingsOf(node), mode }))
  for (const each of prepared) each.take(allServices, allSlices)
  const [first] = prepared
  if (!first) continue
  result[`${mode}WalkMs`] = walk(first)
  if (mode === 'iptables') {
    first.setLinear(true)
    result['iptablesLinearWalkMs'] = walk(first)
  }
  // The first change finds code and memory cold.
  change(prepared, 0)
  const started = cpuMs()
  for (let round = 1; round <= CHANGES; round++) change(prepared, round)
  result[`${mode}ChangeMs`] = (cpuMs() - started) / CHANGES / nodes
  result[`${mode}HeapMB`] = process.memoryUsage().heapUsed / 1e6
}
console.log(JSON.stringify(result))

/** Mean of packets to Services spread over all. */
function walk(mode: PreparedMode): number {
  const send = (index: number) => mode.send('10.244.0.9', serviceAddress(index), 80, 'tcp', null)
  for (let i = 0; i < PACKETS; i++) send(i)
  const started = cpuMs()
  for (let i = 0; i < PACKETS; i++) send(Math.floor((i * services) / PACKETS))
  return (cpuMs() - started) / PACKETS
}

/** One Service gets other endpoints; every node takes that in. */
function change(prepared: readonly PreparedMode[], round: number): void {
  const slice = syntheticSlice((round * 397) % services, round + 1)
  for (const mode of prepared) mode.take([], [slice])
}

function settingsOf(node: number): Omit<ModeSettings, 'mode'> {
  const random = new Random(node + 1, 'bench')
  return {
    nodeName: `node-${node}`,
    nodeIP: `10.0.1.${node + 1}`,
    zone: '',
    clusterCIDR: '10.244.0.0/16',
    random: () => random.next(),
  }
}
