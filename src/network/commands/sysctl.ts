/** sysctl of procps: kernel settings of the namespace. */
import type { NodeCommand } from './command.ts'
import { failed, ok } from './output.ts'
import type { Netns } from '../link/netns.ts'
import { netfilterOf } from '../netfilter/install.ts'

/** What the kernel counts itself. */
function counted(netns: Netns, name: string): string | undefined {
  return name === 'net.netfilter.nf_conntrack_count' ? String(netfilterOf(netns)?.conntrack.size ?? 0) : undefined
}

export const sysctl: NodeCommand = (netns, argv) => {
  const words = argv.slice(1)
  const isBare = words.some((word) => word === '-n' || word === '--values')
  const names = words.filter((word) => !word.startsWith('-'))
  if (words.includes('-a') || words.includes('-A'))
    return ok(
      [...netns.sysctls]
        .toSorted()
        .map(([name, value]) => `${name} = ${value}`)
        .join('\n'),
    )
  if (words.includes('-p') || words.includes('--system')) return ok()
  const lines: string[] = []
  const errors: string[] = []
  for (const word of names) {
    const [key = '', value] = word.split('=', 2)
    const name = key.trim().replaceAll('/', '.')
    const known = counted(netns, name) ?? netns.sysctls.get(name)
    if (known === undefined && !name.startsWith('net.ipv4.conf.'))
      errors.push(`sysctl: cannot stat /proc/sys/${name.replaceAll('.', '/')}: No such file or directory`)
    else {
      if (value !== undefined) netns.sysctls.set(name, value.trim())
      const now = counted(netns, name) ?? netns.sysctls.get(name) ?? '0'
      lines.push(isBare ? now : `${name} = ${now}`)
    }
  }
  if (names.length === 0) return failed("sysctl: no variables specified\nTry `sysctl --help' for more information.")
  return {
    stdout: ok(lines.join('\n')).stdout,
    stderr: errors.length > 0 ? `${errors.join('\n')}\n` : '',
    exitCode: errors.length > 0 ? 255 : 0,
  }
}
