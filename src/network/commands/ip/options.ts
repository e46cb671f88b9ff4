import type { Device, Netns } from '../../link/netns.ts'

export interface IpOptions {
  readonly family: 4 | 6 | undefined
  readonly isBrief: boolean
  readonly withDetails: boolean
  readonly withStatistics: boolean
  readonly isOneLine: boolean
}

/** What `ip` says when it fails: 1 for its own complaints, 2 for the kernel's, 255 for usage. */
export class IpError extends Error {
  readonly exitCode: number
  constructor(message: string, exitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}

/** The kernel's refusal. */
export function rtnetlink(text: string): IpError {
  return new IpError(`RTNETLINK answers: ${text}`, 2)
}

/** Words after a keyword, and what is left: `via 10.0.0.1 dev eth0` -> {via: '10.0.0.1', dev: 'eth0'}. */
export function readPairs(
  args: readonly string[],
  keywords: readonly string[],
  flags: readonly string[] = [],
): { readonly pairs: { readonly [key: string]: string }; readonly rest: readonly string[] } {
  const pairs: Record<string, string> = {}
  const rest: string[] = []
  for (let i = 0; i < args.length; i++) {
    const word = args[i] ?? ''
    if (flags.includes(word)) pairs[word] = 'true'
    else if (keywords.includes(word)) {
      const value = args[++i]
      if (value === undefined) throw new IpError('Command line is not complete. Try option "help"', 255)
      pairs[word] = value
    } else rest.push(word)
  }
  return { pairs, rest }
}

export function needDevice(netns: Netns, name: string | undefined): Device {
  const device = netns.devices.get(name ?? '')
  if (!device) throw new IpError(`Cannot find device "${name ?? ''}"`)
  return device
}
