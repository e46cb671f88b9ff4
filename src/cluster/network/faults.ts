import type { Fabric } from '../../network/fabric/fabric.ts'
import type { LinkState } from '../../network/fabric/links.ts'
import { fillTable } from '../../network/conntrack/fill.ts'
import { macOf } from '../../network/link/mac.ts'
import { networkOf } from '../../network/link/machine.ts'
import type { Netns } from '../../network/link/netns.ts'
import { netfilterOf } from '../../network/netfilter/install.ts'
import type { CommandOutput } from '../../network/commands/command.ts'
import type { Cluster } from '../cluster.ts'

/** Connections that a flood holds. */
const FLOOD = 256

export interface FaultResult {
  readonly ok: boolean
  readonly message: string
}

/** What can go wrong in the network on purpose. Machines by name; 'outside' is the client machine and the router. */
export class NetworkFaults {
  private readonly cluster: Cluster
  private readonly fabric: Fabric
  private readonly mtus = new Map<string, number>()

  constructor(cluster: Cluster, fabric: Fabric) {
    this.cluster = cluster
    this.fabric = fabric
  }

  cutLink(a: string, b: string): FaultResult {
    return this.change(a, b, { cut: true }, `the link between ${a} and ${b} is cut`)
  }

  mendLink(a: string, b: string): FaultResult {
    return this.change(a, b, { cut: false, extraUs: 0, lossPercent: 0 }, `the link between ${a} and ${b} is mended`)
  }

  /** Adds milliseconds to one way. */
  slowLink(a: string, b: string, ms: number): FaultResult {
    if (!Number.isFinite(ms) || ms < 0 || ms > 60_000) return no('a delay is a number of milliseconds, 0 to 60,000')
    return this.change(a, b, { extraUs: ms * 1000 }, `${ms} ms more between ${a} and ${b}`)
  }

  loseOnLink(a: string, b: string, percent: number): FaultResult {
    if (!Number.isFinite(percent) || percent < 0 || percent > 100) return no('a loss is a percentage, 0 to 100')
    return this.change(a, b, { lossPercent: percent }, `${percent}% of packets between ${a} and ${b} are lost`)
  }

  /** Machines of different groups can't reach each other; those that are named in none form one more group. */
  partition(groups: readonly (readonly string[])[]): FaultResult {
    const wrong = groups.flat().find((name) => !this.isMachine(name))
    if (wrong !== undefined) return no(`there is no machine called ${wrong}`)
    this.fabric.links.partition(groups.map((group) => group.map(linkName)))
    return yes(`${groups.map((group) => group.join(', ')).join(' | ')}: apart`)
  }

  /** All links and MTUs as they were. */
  heal(): FaultResult {
    this.fabric.links.heal()
    for (const [key, mtu] of this.mtus) {
      const [node = '', name = ''] = key.split(' ')
      const device = this.cluster.network.netnsOfNode(node)?.devices.get(name)
      if (device) device.mtu = mtu
    }
    this.mtus.clear()
    return yes('the network is as it was')
  }

  setMtu(node: string, device: string, mtu: number): FaultResult {
    if (!Number.isInteger(mtu) || mtu < 68 || mtu > 65_536) return no('an MTU is a whole number of bytes, 68 to 65,536')
    return this.on(node, (netns) => {
      const found = netns.devices.get(device)
      if (!found) return no(`${node} has no interface called ${device}`)
      const key = `${node} ${device}`
      if (!this.mtus.has(key)) this.mtus.set(key, found.mtu)
      found.mtu = mtu
      return yes(`${device} of ${node} takes ${mtu} bytes`)
    })
  }

  /**
   * Another network card in front of the others, on a segment of its own: what a virtual machine's NAT card is. Programs
   * that take the first address they find take this one. The address has its length: '10.0.2.15/24'.
   */
  addCard(node: string, name: string, address: string): FaultResult {
    if (!/^\d+\.\d+\.\d+\.\d+\/\d+$/.test(address)) return no(`${address} is no address with its length`)
    return this.on(node, (netns) => {
      if (netns.devices.has(name)) return no(`${node} has an interface called ${name} already`)
      const [lo, ...others] = [...netns.devices.values()]
      if (!lo) return no(`${node} has no interfaces`)
      const mac = macOf(`${node}/${name}`)
      const card = { name, kind: 'physical', mac, mtu: 1500, up: true, addresses: [address], segment: `${name}/${node}` } as const
      for (const device of others) netns.devices.delete(device.name)
      netns.addDevice({ ...card, index: 2 })
      for (const device of others) netns.addDevice({ ...device, index: device.index + 1 })
      netns.nextIndex()
      const source = address.slice(0, address.indexOf('/'))
      netns.routes = [
        ...netns.routes,
        { destination: networkOf(address), device: name, protocol: 'kernel', scope: 'link', source },
      ]
      return yes(`${node} has ${name} with ${address}`)
    })
  }

  /** Deletes all rules of an iptables table ('nat', 'filter', 'mangle', 'raw'), as `iptables -t nat -F` does. */
  flushTable(node: string, table: string): FaultResult {
    return this.carryOut(node, `iptables -t ${table} -F`, `${table} of ${node} is empty`)
  }

  /** Leaves no room for new connections: a flood of clients holds them all. The limit is lowered so that few are enough. */
  fillConntrack(node: string): FaultResult {
    return this.on(node, (netns) => {
      const table = netfilterOf(netns)?.conntrack
      const address = this.cluster.machine(node)?.spec.address
      if (!table || address === undefined) return no(`${node} tracks no connections`)
      netns.sysctls.set('net.netfilter.nf_conntrack_max', String(table.size + FLOOD))
      fillTable(table, address)
      return yes(`${node} takes no new connections: nf_conntrack: table full, dropping packet`)
    })
  }

  /** Kills what runs in a container, as `crictl stop` does; the kubelet starts it anew. */
  stopContainer(podUid: string, container: string): FaultResult {
    const found = this.cluster.network
      .hostOf(podUid)
      ?.runtime?.pod(podUid)
      ?.containers.find(({ config, state }) => config.name === container && state === 'running')
    if (!found) return no(`no container called ${container} runs there`)
    found.stop(0)
    return yes(`${container} has been stopped`)
  }

  private carryOut(node: string, line: string, message: string): FaultResult {
    const output: CommandOutput = this.cluster.network.command(node, line)
    return output.exitCode === 0 ? yes(message) : no(output.stderr.trim())
  }

  private on(node: string, act: (netns: Netns) => FaultResult): FaultResult {
    const netns = this.cluster.network.netnsOfNode(node)
    return netns ? act(netns) : no(`there is no machine called ${node} that has power`)
  }

  private change(a: string, b: string, change: Partial<LinkState>, message: string): FaultResult {
    const wrong = [a, b].find((name) => !this.isMachine(name))
    if (wrong !== undefined) return no(`there is no machine called ${wrong}`)
    if (a === b) return no('a link joins two machines')
    this.fabric.links.set(linkName(a), linkName(b), change)
    return yes(message)
  }

  private isMachine(name: string): boolean {
    return name === 'outside' || this.cluster.machine(name) !== undefined
  }
}

/** The world outside has no name in packets' places. */
function linkName(name: string): string {
  return name === 'outside' ? '' : name
}

const yes = (message: string): FaultResult => ({ ok: true, message })
const no = (message: string): FaultResult => ({ ok: false, message })
