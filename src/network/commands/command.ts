/** A network command of a node: a function from argument list to output, so that a shell can call it as well as the page. */
import type { Netns } from '../link/netns.ts'

export interface CommandOutput {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

/** argv[0] is the command's name. The text of standard input is '' when nothing is piped in. Real effect on the namespace. */
export type NodeCommand = (netns: Netns, argv: readonly string[], stdin: string) => CommandOutput

export type CommandTable = { readonly [name: string]: NodeCommand }
