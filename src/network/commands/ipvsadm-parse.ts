import type { Forwarding, IpvsProtocol } from '../ipvs/server.ts'

/** What it prints before it exits. */
export class IpvsadmError extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode = 255) {
    super(message)
    this.exitCode = exitCode
  }
}

export type IpvsadmCommand =
  | 'list'
  | 'save'
  | 'restore'
  | 'clear'
  | 'zero'
  | 'add-service'
  | 'edit-service'
  | 'delete-service'
  | 'add-server'
  | 'edit-server'
  | 'delete-server'

export interface IpvsadmRequest {
  command: IpvsadmCommand
  service?: { readonly protocol: IpvsProtocol; readonly text: string }
  server?: string
  scheduler?: string
  persistentSeconds?: number
  netmask?: string
  weight?: number
  forwarding?: Forwarding
  upperThreshold?: number
  lowerThreshold?: number
  numeric: boolean
  exact: boolean
  sort: boolean
  format: 'plain' | 'stats' | 'rate' | 'thresholds' | 'persistent' | 'connections' | 'timeout' | 'daemon' | 'rule'
}

const COMMANDS: { readonly [option: string]: IpvsadmCommand } = {
  '-A': 'add-service',
  '--add-service': 'add-service',
  '-E': 'edit-service',
  '--edit-service': 'edit-service',
  '-D': 'delete-service',
  '--delete-service': 'delete-service',
  '-C': 'clear',
  '--clear': 'clear',
  '-R': 'restore',
  '--restore': 'restore',
  '-S': 'save',
  '--save': 'save',
  '-a': 'add-server',
  '--add-server': 'add-server',
  '-e': 'edit-server',
  '--edit-server': 'edit-server',
  '-d': 'delete-server',
  '--delete-server': 'delete-server',
  '-L': 'list',
  '-l': 'list',
  '--list': 'list',
  '-Z': 'zero',
  '--zero': 'zero',
}

const PROTOCOLS: { readonly [option: string]: IpvsProtocol } = {
  '-t': 'TCP',
  '--tcp-service': 'TCP',
  '-u': 'UDP',
  '--udp-service': 'UDP',
  '--sctp-service': 'SCTP',
}

const FORMATS: { readonly [option: string]: IpvsadmRequest['format'] } = {
  '-c': 'connections',
  '--connection': 'connections',
  '--stats': 'stats',
  '--rate': 'rate',
  '--thresholds': 'thresholds',
  '--persistent-conn': 'persistent',
  '--timeout': 'timeout',
  '--daemon': 'daemon',
}

const FORWARDING: { readonly [option: string]: Forwarding } = {
  '-g': 'Route',
  '--gatewaying': 'Route',
  '-i': 'Tunnel',
  '--ipip': 'Tunnel',
  '-m': 'Masq',
  '--masquerading': 'Masq',
}

/** How long a client stays with its server when -p names no time. Seconds. */
const DEFAULT_PERSISTENCE = 360

/** Letters written together ('-Ln') come apart; what follows an option stays its value. */
function separate(args: readonly string[]): string[] {
  return args.flatMap((arg) => (/^-[A-Za-z]{2,}$/.test(arg) ? [...arg.slice(1)].map((letter) => `-${letter}`) : [arg]))
}

/** Reads the arguments after the command's name. */
export function parseIpvsadm(args: readonly string[]): IpvsadmRequest {
  const request: IpvsadmRequest = { command: 'list', numeric: false, exact: false, sort: true, format: 'plain' }
  const words = separate(args)
  let commands = 0
  while (words.length > 0) {
    const option = words.shift() as string
    const command = COMMANDS[option]
    if (command !== undefined) {
      if (++commands > 1 && !(command === 'zero' && request.command === 'list'))
        throw new IpvsadmError('multiple commands specified', 2)
      request.command = command
    } else takeOption(request, option, words)
  }
  check(request)
  return request
}

function takeOption(request: IpvsadmRequest, option: string, words: string[]): void {
  const value = (): string => {
    const next = words.shift()
    if (next === undefined) throw new IpvsadmError(`ipvsadm: option requires an argument -- '${option.replace(/^-+/, '')}'`, 2)
    return next
  }
  const protocol = PROTOCOLS[option]
  const format = FORMATS[option]
  const forwarding = FORWARDING[option]
  if (protocol) request.service = { protocol, text: value() }
  else if (format) request.format = format
  else if (forwarding) request.forwarding = forwarding
  else takeValue(request, option, words, value)
}

function takeValue(request: IpvsadmRequest, option: string, words: string[], value: () => string): void {
  const number = (what: string): number => {
    const text = value()
    if (!/^\d+$/.test(text)) throw new IpvsadmError(`illegal ${what} specified`, 2)
    return Number(text)
  }
  if (option === '-r' || option === '--real-server') request.server = value()
  else if (option === '-s' || option === '--scheduler') request.scheduler = value()
  else if (option === '-w' || option === '--weight') request.weight = number('weight')
  else if (option === '-x' || option === '--u-threshold') request.upperThreshold = number('u_threshold')
  else if (option === '-y' || option === '--l-threshold') request.lowerThreshold = number('l_threshold')
  else if (option === '-M' || option === '--netmask') request.netmask = value()
  else if (option === '-p' || option === '--persistent')
    request.persistentSeconds = /^\d+$/.test(words[0] ?? '') ? Number(words.shift()) : DEFAULT_PERSISTENCE
  else if (option === '-n' || option === '--numeric') request.numeric = true
  else if (option === '--exact') request.exact = true
  else if (option === '--nosort') request.sort = false
  else if (option !== '--sort')
    throw new IpvsadmError(
      option.startsWith('--')
        ? `ipvsadm: unrecognized option '${option}'`
        : `ipvsadm: invalid option -- '${option.replace(/^-/, '')}'`,
      2,
    )
}

function check({ command, service, server, scheduler }: IpvsadmRequest): void {
  const isServer = command.endsWith('-server')
  if ((command.endsWith('-service') || isServer) && !service)
    throw new IpvsadmError(`You need to supply the 'service' option for the '${command}' command`, 2)
  if (isServer && server === undefined)
    throw new IpvsadmError(`You need to supply the 'real-server' option for the '${command}' command`, 2)
  if (scheduler !== undefined && isServer) throw new IpvsadmError(`Illegal 'scheduler' option with the '${command}' command`, 2)
}
