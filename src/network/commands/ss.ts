/** ss and netstat: who listens. SIMPLIFIED: open connections are in `conntrack -L`, not here. */
import type { Listener } from '../link/netns.ts'
import type { NodeCommand } from './command.ts'
import { columns, ok } from './output.ts'

export const ss: NodeCommand = (netns, argv) => {
  const { listeners, withProcess } = chosen(netns.listeners(), argv)
  const head = [
    'Netid',
    'State',
    'Recv-Q',
    'Send-Q',
    'Local Address:Port',
    'Peer Address:Port',
    ...(withProcess ? ['Process'] : []),
  ]
  const rows = listeners.map(({ protocol, address, port, process, pid }) => [
    protocol,
    protocol === 'tcp' ? 'LISTEN' : 'UNCONN',
    '0',
    protocol === 'tcp' ? '4096' : '0',
    `${address}:${port}`,
    `${address === '*' ? '*' : '0.0.0.0'}:*`,
    ...(withProcess ? [`users:(("${process}",pid=${pid},fd=7))`] : []),
  ])
  return ok(columns([head, ...rows], 1))
}

export const netstat: NodeCommand = (netns, argv) => {
  const { listeners, withProcess } = chosen(netns.listeners(), argv)
  const lines = listeners.map(({ protocol, address, port, process, pid }) => {
    const local = address === '*' ? `:::${port}` : `${address}:${port}`
    const peer = address === '*' ? ':::*' : '0.0.0.0:*'
    const state = protocol === 'tcp' ? 'LISTEN' : ''
    const name = address === '*' ? `${protocol}6` : protocol
    return `${name.padEnd(5)} ${'0'.padStart(6)} ${'0'.padStart(6)} ${local.padEnd(23)} ${peer.padEnd(23)} ${state.padEnd(11)} ${withProcess ? `${pid}/${process}` : ''}`.trimEnd()
  })
  const head =
    `Proto Recv-Q Send-Q Local Address           Foreign Address         State       ${withProcess ? 'PID/Program name' : ''}`.trimEnd()
  return ok(['Active Internet connections (only servers)', head, ...lines].join('\n'))
}

function chosen(all: readonly Listener[], argv: readonly string[]): { listeners: readonly Listener[]; withProcess: boolean } {
  const flags = new Set(
    argv
      .slice(1)
      .filter((word) => word.startsWith('-'))
      .join('')
      .replaceAll('-', ''),
  )
  const [tcp, udp] = [flags.has('t'), flags.has('u')]
  return {
    listeners: all.filter(({ protocol }) => tcp === udp || (protocol === 'tcp' ? tcp : udp)),
    withProcess: flags.has('p'),
  }
}
