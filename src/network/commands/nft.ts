/** The nft command, version 1.0.6 (Debian 12). */
import type { ChangeCommand, Command } from '../nft/command.ts'
import { describeError, NftError } from '../nft/errors.ts'
import { Execution } from '../nft/execute.ts'
import { listText, type ListOptions } from '../nft/list.ts'
import { nftablesOf, type Nftables } from '../nft/nftables.ts'
import { parseCommands } from '../nft/parse-command.ts'
import type { CommandOutput, NodeCommand } from './command.ts'

const VERSION = 'nftables v1.0.6 (Lester Gooch #5)\n'

interface Options extends ListOptions {
  readonly file: string | undefined
  readonly check: boolean
  readonly words: readonly string[]
}

/**
 * SIMPLIFIED: -f reads standard input only (a node has no files here). Not there are -j, -i, monitor, variables, flowtables,
 * named counters, quotas and meters, and what a simulated packet has not (dscp, TCP sequence numbers…).
 * SIMPLIFIED: the tables of iptables are listed by iptables-save only, though this iptables keeps them in nf_tables.
 */
export const nft: NodeCommand = (netns, argv, stdin) => {
  if (argv.includes('-v') || argv.includes('--version')) return { stdout: VERSION, stderr: '', exitCode: 0 }
  if (argv.includes('-h') || argv.includes('--help')) return { stdout: HELP, stderr: '', exitCode: 0 }
  const options = readOptions(argv.slice(1))
  if (typeof options === 'string') return { stdout: '', stderr: options, exitCode: 1 }
  const { file, words } = options
  if (file !== undefined && file !== '-' && file !== '/dev/stdin')
    return {
      stdout: '',
      stderr: `internal:0:0-0: Error: Could not open file "${file}": No such file or directory\n`,
      exitCode: 1,
    }
  const input = file === undefined ? words.join(' ') : stdin
  if (file === undefined && input === '') return { stdout: '', stderr: `nft: no command specified\n`, exitCode: 1 }
  return runNft(nftablesOf(netns), input, options)
}

function runNft(nftables: Nftables, input: string, options: Options): CommandOutput {
  try {
    const commands = parseCommands(input)
    return { stdout: execute(nftables, commands, options), stderr: '', exitCode: 0 }
  } catch (error) {
    if (!(error instanceof NftError)) throw error
    return { stdout: '', stderr: describeError(error, input, options.file === undefined ? undefined : '/dev/stdin'), exitCode: 1 }
  }
}

/** All changes are one transaction; what is listed is how things stand after it. */
function execute(nftables: Nftables, commands: readonly Command[], options: Options): string {
  const changes = commands.filter((command): command is ChangeCommand => command.verb !== 'list' && command.verb !== 'get')
  if (changes.length > 0) {
    let execution: Execution | undefined
    const before = nftables.tables
    nftables.change((draft) => {
      execution = new Execution(nftables, draft)
      for (const change of changes) execution.run(change)
    })
    if (options.check) nftables.restore(before)
    else execution?.finish()
  }
  let text = ''
  for (const command of commands)
    if (command.verb === 'list' || command.verb === 'get') text += listText(nftables, command, options)
  return text
}

const LONG: Readonly<Record<string, string>> = {
  '--handle': 'a',
  '--stateless': 's',
  '--terse': 't',
  '--check': 'c',
  '--numeric': 'n',
  '--echo': 'e',
  '--numeric-priority': 'y',
  '--file': 'f',
}

/** Options in any place, as getopt takes them; a text is the error. */
function readOptions(args: readonly string[]): Options | string {
  const flags = new Set<string>()
  const words: string[] = []
  let file: string | undefined
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? ''
    // '-110' is a priority.
    if (!arg.startsWith('-') || arg === '-' || /^-\d/.test(arg)) {
      words.push(arg)
      continue
    }
    const letters = arg.startsWith('--') ? LONG[arg] : arg.slice(1)
    if (letters === undefined) return `nft: unrecognized option '${arg}'\n`
    for (const letter of letters) {
      if (letter === 'f') {
        file = args[++i]
        if (file === undefined) return `nft: option requires an argument -- 'f'\n`
      } else if (!'asctneypNuS'.includes(letter)) return `nft: invalid option -- '${letter}'\n`
      flags.add(letter)
    }
  }
  return { handles: flags.has('a'), stateless: flags.has('s'), terse: flags.has('t'), check: flags.has('c'), file, words }
}

const HELP = `Usage: nft [ options ] [ cmds... ]

Options (general):
  -h, --help                      Show this help
  -v, --version                   Show version information

Options (ruleset input handling):
  -f, --file <filename>           Read input from <filename>
  -c, --check                     Check commands validity without actually applying the changes.

Options (ruleset list formatting):
  -a, --handle                    Output rule handle.
  -s, --stateless                 Omit stateful information of ruleset.
  -t, --terse                     Omit contents of sets.

`
