import { canonicalAddress } from '../../address.ts'
import { printNeighbour } from '../../fabric/neighbours.ts'
import type { Netns } from '../../link/netns.ts'
import { isIPv6 } from '../../packet.ts'
import { IpError, needDevice, readPairs, rtnetlink, type IpOptions } from './options.ts'

/** ip neigh [show | add | replace | del | flush]. */
export function neighCommand(netns: Netns, args: readonly string[], options: IpOptions): string {
  const [command = 'show', ...rest] = args
  const { pairs, rest: words } = readPairs(rest, ['dev', 'lladdr', 'nud'])
  if (['show', 'list', 'ls', 'sh'].includes(command))
    return netns.neighbours
      .filter((entry) => pairs['dev'] === undefined || entry.device === pairs['dev'])
      .filter((entry) => words[0] === undefined || entry.address === words[0])
      .filter((entry) => options.family === undefined || isIPv6(entry.address) === (options.family === 6))
      .map((entry) => `${printNeighbour(entry)} `)
      .join('\n')
  if (command === 'flush') {
    const hasAll = words[0] === 'all'
    netns.neighbours = netns.neighbours.filter(
      (entry) => entry.state === 'PERMANENT' || !(hasAll || entry.device === pairs['dev'] || entry.address === words[0]),
    )
    return ''
  }
  const device = needDevice(netns, pairs['dev'])
  const address = canonicalAddress(words[0] ?? '')
  if (!address) throw new IpError(`Error: inet address is expected rather than "${words[0] ?? ''}".`)
  const others = netns.neighbours.filter((entry) => entry.address !== address || entry.device !== device.name)
  const isThere = others.length < netns.neighbours.length
  if ('delete'.startsWith(command)) {
    if (!isThere) throw rtnetlink('No such file or directory')
    netns.neighbours = others
    return ''
  }
  if (command !== 'add' && command !== 'replace' && command !== 'change')
    throw new IpError(`Command "${command}" is unknown, try "ip neighbour help".`, 255)
  if (command === 'add' && isThere) throw rtnetlink('File exists')
  netns.neighbours = [...others, { address, mac: pairs['lladdr'] ?? '', device: device.name, state: 'PERMANENT' }]
  return ''
}
