import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { Netns } from '../link/netns.ts'
import { installNetfilter } from '../netfilter/install.ts'
import type { CommandTable } from './command.ts'
import { ipset } from './ipset.ts'
import { ip6tables, iptables } from './iptables.ts'
import { ip6tablesRestore, iptablesRestore } from './iptables-restore.ts'
import { ip6tablesSave, iptablesSave } from './iptables-save.ts'

const COMMANDS: CommandTable = {
  iptables,
  ip6tables,
  ipset,
  'iptables-save': iptablesSave,
  'ip6tables-save': ip6tablesSave,
  'iptables-restore': iptablesRestore,
  'ip6tables-restore': ip6tablesRestore,
}
const folder = new URL('testdata/netfilter/', import.meta.url)

interface Step {
  readonly command: string
  readonly stdin: string
  readonly expected: string
}

/**
 * A session's commands with what the real tools (iptables 1.8.9 on nf_tables, ipset 7.17) printed, and their exit codes.
 * Input stands between '<<EOF' and 'EOF'.
 */
function steps(text: string): Step[] {
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const [, command = '', , stdin = '', rest = ''] = /^(.*?)( <<EOF\n([^]*?)EOF)?\n([^]*)$/.exec(part) ?? []
      return { command, stdin, expected: comparable(rest) }
    })
}

/** Members of hashed sets come in any order; seeds and sizes are the kernel's own. */
function comparable(text: string): string {
  return text
    .replaceAll(/initval 0x\w+/g, 'initval 0x0')
    .replaceAll(/Size in memory: \d+/g, 'Size in memory: 0')
    .replaceAll(/(?<=Members:\n)(?:[^=\n].*\n)*/g, (members) =>
      members
        .split(/(?<=\n)/)
        .toSorted()
        .join(''),
    )
}

/** The words of a command line, without a shell's expansions. */
function shellWords(line: string): string[] {
  const found = line.match(/(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s"'])+/g) ?? []
  return found.map((word) =>
    word.replaceAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'/g, (_, double?: string, single?: string) => double ?? single ?? ''),
  )
}

function run(netns: Netns, line: string, stdin: string): string {
  const argv = shellWords(line)
  const { stdout, stderr, exitCode } = COMMANDS[argv[0] ?? '']?.(netns, argv, stdin) ?? {
    stdout: '',
    stderr: 'not found',
    exitCode: 127,
  }
  const shown = stdout.replaceAll(/^#.*\n/gm, '')
  return comparable(`${stderr}${shown}= ${exitCode}\n`)
}

function machine(): Netns {
  const netns = new Netns('n1')
  installNetfilter(netns, { now: () => 0 })
  return netns
}

describe.each(readdirSync(folder).filter((name) => name.endsWith('.txt')))('recorded session %s', (name) => {
  const session = steps(readFileSync(new URL(name, folder), 'utf8'))
  test('prints what the real tools print', () => {
    const netns = machine()
    const actual = session.map(({ command, stdin }) => `$ ${command}\n${run(netns, command, stdin)}`)
    expect(actual).toEqual(session.map(({ command, expected }) => `$ ${command}\n${expected}`))
  })
})
