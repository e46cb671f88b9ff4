/** iptables-restore and ip6tables-restore. */
import { EditError } from '../netfilter/edit.ts'
import { installed } from '../netfilter/install.ts'
import { UsageError } from '../netfilter/options.ts'
import { restore, RestoreError, type RestoreOptions } from '../netfilter/restore.ts'
import type { CommandOutput, NodeCommand } from './command.ts'
import { tablesOf, VERSION } from './iptables.ts'
import { failed, ok } from './output.ts'

function refusal(name: string, { reason, line, message }: RestoreError): CommandOutput {
  if (!reason) return failed(`${name}: ${message}`)
  if (reason instanceof EditError && reason.exitCode === 1) return failed(`${name}: line ${line} failed: ${message}`)
  if (reason instanceof EditError && reason.exitCode === 4) return failed(`${name} ${VERSION}: \nline ${line}: ${message}`, 4)
  const start = reason instanceof UsageError && reason.bare ? '' : `${name} ${VERSION}: `
  const help = `Try \`${name} -h' or '${name} --help' for more information.`
  return failed(`${start}${message}\nError occurred at line: ${line}\n${help}`, reason.exitCode)
}

/** undefined: an option that there is not, given by `word`. */
function readOptions(words: readonly string[]): RestoreOptions | { readonly word: string } {
  let options: RestoreOptions = {}
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? ''
    if (word === '-n' || word === '--noflush') options = { ...options, noflush: true }
    else if (word === '-c' || word === '--counters') options = { ...options, counters: true }
    else if (word === '-t' || word === '--test') options = { ...options, test: true }
    else if (word === '-T' || word === '--table') options = { ...options, table: words[++i] ?? '' }
    else if (/^(-w|-W|--wait|--wait-interval)(=|$)/.test(word)) i += /^\d+$/.test(words[i + 1] ?? '') ? 1 : 0
    else if (!/^(-v|--verbose|-[46]|-w\d+|-W\d+)$/.test(word)) return { word }
  }
  return options
}

function command(family: 4 | 6): NodeCommand {
  const name = family === 4 ? 'iptables-restore' : 'ip6tables-restore'
  return (netns, argv, stdin) => {
    const words = argv.slice(1)
    if (words[0] === '-V' || words[0] === '--version') return ok(`${name} ${VERSION}`)
    const options = readOptions(words)
    if ('word' in options) {
      const { word } = options
      if (!word.startsWith('-')) return failed(`Can't open ${word}: No such file or directory`)
      return failed(
        `${name}: ${word.startsWith('--') ? `unrecognized option '${word}'` : `invalid option -- '${word.slice(1, 2)}'`}\nTry \`${name} -h' for more information.`,
      )
    }
    try {
      restore(tablesOf(installed(netns), family), stdin, options)
      return ok()
    } catch (error) {
      if (error instanceof RestoreError) return refusal(name, error)
      throw error
    }
  }
}

export const iptablesRestore = command(4)
export const ip6tablesRestore = command(6)
