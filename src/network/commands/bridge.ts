/** `bridge` of iproute2: forwarding entries and ports. */
import type { NodeCommand } from './command.ts'
import { failed, ok } from './output.ts'
import { readPairs } from './ip/options.ts'
import type { Netns } from '../link/netns.ts'

export const bridge: NodeCommand = (netns, argv) => {
  const [object = '', ...rest] = argv.slice(1).filter((word) => !word.startsWith('-'))
  if (object === '') return failed('Usage: bridge [ OPTIONS ] OBJECT { COMMAND | help }\nwhere  OBJECT := { link | fdb }', 255)
  if ('link'.startsWith(object)) return ok(links(netns))
  if ('fdb'.startsWith(object)) return fdb(netns, rest)
  return failed(`Object "${object}" is unknown, try "bridge help".`, 255)
}

function links(netns: Netns): string {
  return [...netns.devices.values()]
    .filter((device) => device.master !== undefined)
    .map(
      (device) =>
        `${device.index}: ${device.name}@if${device.peer?.netns.devices.get(device.peer.device)?.index ?? 2}: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu ${device.mtu} master ${device.master} state forwarding priority 32 cost 2 `,
    )
    .join('\n')
}

function fdb(netns: Netns, args: readonly string[]): ReturnType<NodeCommand> {
  const [command = 'show', ...rest] = args
  const { pairs, rest: words } = readPairs(rest, ['dev', 'dst', 'br', 'brport'], ['self', 'permanent', 'master', 'static'])
  if (command === 'show' || command === 'list' || command === 'ls')
    return ok(entries(netns, pairs['dev'], pairs['br']).join('\n'))
  const [mac = ''] = words
  const device = netns.devices.get(pairs['dev'] ?? '')
  if (!device) return failed(`Cannot find device "${pairs['dev'] ?? ''}"`, 255)
  const others = netns.fdb.filter((entry) => entry.mac !== mac || entry.device !== device.name)
  const isThere = others.length < netns.fdb.length
  if (command === 'del' || command === 'delete') {
    if (!isThere) return failed('RTNETLINK answers: No such file or directory', 255)
    netns.fdb = others
    return ok()
  }
  if (command === 'add' && isThere) return failed('RTNETLINK answers: File exists', 255)
  const { dst } = pairs
  netns.fdb = [...others, { mac, device: device.name, ...(dst === undefined ? {} : { destination: dst }) }]
  return ok()
}

function entries(netns: Netns, dev: string | undefined, br: string | undefined): string[] {
  const learned = [...netns.devices.values()].flatMap((device) => {
    const far = device.peer?.netns.devices.get(device.peer.device)
    if (device.master === undefined || !far) return []
    return [
      { device: device.name, master: device.master, text: `${far.mac} dev ${device.name} master ${device.master} ` },
      { device: device.name, master: device.master, text: `${device.mac} dev ${device.name} master ${device.master} permanent` },
    ]
  })
  const tunnels = netns.fdb.map((entry) => ({
    device: entry.device,
    master: '',
    text: `${entry.mac} dev ${entry.device} ${entry.destination === undefined ? '' : `dst ${entry.destination} `}self permanent`,
  }))
  return [...tunnels, ...learned]
    .filter((entry) => dev === undefined || entry.device === dev)
    .filter((entry) => br === undefined || entry.master === br)
    .map((entry) => entry.text)
}
