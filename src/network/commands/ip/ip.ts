/** `ip` of iproute2 6.x: what is shown, and what changes. Messages are the tool's and the kernel's own. */
import type { NodeCommand } from '../command.ts'
import { failed, ok } from '../output.ts'
import { addressCommand } from './address.ts'
import { linkCommand } from './link.ts'
import { neighCommand } from './neigh.ts'
import { IpError, type IpOptions } from './options.ts'
import { routeCommand } from './route.ts'

const OBJECTS: readonly { readonly name: string; readonly run: Subcommand }[] = [
  { name: 'address', run: addressCommand },
  { name: 'addr', run: addressCommand },
  { name: 'link', run: linkCommand },
  { name: 'route', run: routeCommand },
  { name: 'neighbour', run: neighCommand },
  { name: 'neighbor', run: neighCommand },
  { name: 'rule', run: (_netns, args) => ruleCommand(args) },
  { name: 'netns', run: () => '' },
]

type Subcommand = (netns: Parameters<NodeCommand>[0], args: readonly string[], options: IpOptions) => string

const USAGE = `Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }
where  OBJECT := { address | link | neighbour | netns | route | rule }
       OPTIONS := { -4 | -6 | -br[ief] | -d[etails] | -s[tatistics] | -o[neline] }`

/** ip [options] object command. */
export const ip: NodeCommand = (netns, argv) => {
  const { options, rest } = readOptions(argv.slice(1))
  if ('unknown' in options) return failed(`Option "${options.unknown}" is unknown, try "ip -help".`, 255)
  const [object, ...args] = rest
  if (object === undefined || object === 'help') return failed(USAGE, 255)
  const found = OBJECTS.find(({ name }) => name.startsWith(object))
  if (!found) return failed(`Object "${object}" is unknown, try "ip help".`, 1)
  try {
    return ok(found.run(netns, args, options))
  } catch (error) {
    if (error instanceof IpError) return failed(error.message, error.exitCode)
    throw error
  }
}

function readOptions(args: readonly string[]): { options: IpOptions | { unknown: string }; rest: readonly string[] } {
  const flags: Record<string, boolean> = {}
  let i = 0
  for (; i < args.length && args[i]?.startsWith('-'); i++) {
    const name = (args[i] ?? '').replace(/^--?/, '')
    const known = FLAGS.find(([short, long]) => name === short || (name.length > 1 && long.startsWith(name)))
    if (!known) return { options: { unknown: args[i] ?? '' }, rest: [] }
    flags[known[1]] = true
  }
  return {
    options: {
      family: flags['family4'] ? 4 : flags['family6'] ? 6 : undefined,
      isBrief: flags['brief'] === true,
      withDetails: flags['details'] === true,
      withStatistics: flags['statistics'] === true,
      isOneLine: flags['oneline'] === true,
    },
    rest: args.slice(i),
  }
}

const FLAGS: readonly (readonly [short: string, long: string])[] = [
  ['4', 'family4'],
  ['6', 'family6'],
  ['br', 'brief'],
  ['d', 'details'],
  ['s', 'statistics'],
  ['o', 'oneline'],
  ['c', 'color'],
  ['h', 'human'],
]

function ruleCommand(args: readonly string[]): string {
  const [command = 'show'] = args
  if (!['show', 'list', 'ls', 'lst'].includes(command))
    throw new IpError(`Command "${command}" is unknown, try "ip rule help".`, 255)
  return '0:\tfrom all lookup local\n32766:\tfrom all lookup main\n32767:\tfrom all lookup default'
}
