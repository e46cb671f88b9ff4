import { sleep, waitFor, type Task } from '../../../sim/task.ts'
import type { System } from '../../program.ts'
import { errorText } from './errors.ts'
import { readOptions, type Options } from './options.ts'

const SERVICES: { readonly [port: number]: string } = {
  22: 'ssh',
  53: 'domain',
  80: 'http',
  443: 'https',
  3306: 'mysql',
  5432: 'postgresql',
  6379: 'redis',
  8080: 'http-alt',
}

interface Flavour {
  readonly busybox: boolean
}

/** '80' or '20-25' */
function portsOf(text: string): readonly number[] {
  const [first = 0, last = first] = text.split('-').map(Number)
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i)
}

/** nc: BusyBox's, or OpenBSD's as Debian has it. */
export const nc = (flavour: Flavour) =>
  function* (system: System): Task<number> {
    const options = readOptions(system.argv.slice(1), { values: 'wpisqeGO', long: {} })
    if (options.has('l')) return yield* listen(system, options)
    const [host = '', ports = ''] = options.words
    if (host === '' || !/^\d+(-\d+)?$/.test(ports)) {
      system.writeError(
        flavour.busybox ? 'nc: bad port specification\n' : 'usage: nc [-46CDdFhklNnrStUuvZz] [destination] [port]\n',
      )
      return 1
    }
    const found = yield* system.sockets.lookup(host)
    if ('failure' in found) {
      const why = found.failure === 'EAI_AGAIN' ? 'Temporary failure in name resolution' : 'Name or service not known'
      system.writeError(
        flavour.busybox ? `nc: bad address '${host}'\n` : `nc: getaddrinfo for host "${host}" port ${ports}: ${why}\n`,
      )
      return 1
    }
    let code = 0
    for (const port of portsOf(ports))
      code = Math.max(code, yield* talkTo(system, options, flavour, host, { address: found.addresses[0] ?? '', port }))
    return code
  }

function* talkTo(
  system: System,
  options: Options,
  { busybox }: Flavour,
  host: string,
  target: { readonly address: string; readonly port: number },
): Task<number> {
  const { address, port } = target
  const isVerbose = options.has('v')
  const kind = options.has('u') ? 'udp' : 'tcp'
  const label = SERVICES[port] === undefined ? '*' : SERVICES[port]
  const shownHost = host === address ? host : `${host} (${address})`
  const opened = busybox
    ? `${host} (${address}:${port}) open\n`
    : `Connection to ${shownHost} ${port} port [${kind}/${label}] succeeded!\n`
  const timeoutMs = options.has('w') ? Number(options.value('w')) * 1000 : undefined
  if (kind === 'udp') {
    const answer = yield* system.sockets.datagram(target, options.has('z') ? 'X' : system.stdin, timeoutMs ?? 2000)
    if (typeof answer === 'string' && !options.has('z')) system.write(answer)
    const isOpen = typeof answer === 'string' || answer.failure === 'ETIMEDOUT'
    if (isVerbose && isOpen) system.writeError(opened)
    return isOpen ? 0 : 1
  }
  const connection = yield* system.sockets.connect(target, timeoutMs === undefined ? {} : { timeoutMs })
  if ('failure' in connection) {
    const { failure } = connection
    const why =
      failure === 'ETIMEDOUT' && options.has('w') ? 'timed out: Operation now in progress' : `failed: ${errorText(failure)}`
    if (busybox)
      system.writeError(
        failure === 'ETIMEDOUT' && options.has('w')
          ? 'nc: timed out\n'
          : `nc: ${host} (${address}:${port}): ${errorText(failure, system.image)}\n`,
      )
    else if (isVerbose) system.writeError(`nc: connect to ${shownHost} port ${port} (tcp) ${why}\n`)
    return 1
  }
  if (isVerbose) system.writeError(opened)
  if (!options.has('z') && system.stdin !== '') {
    const answer = yield* connection.talk(system.stdin, timeoutMs ?? 10_000)
    if (typeof answer === 'string') system.write(answer)
  }
  connection.close()
  return 0
}

/** nc -l: prints what comes in, answers with its standard input. */
function* listen(system: System, options: Options): Task<number> {
  const port = Number(options.value('p') ?? options.words.at(-1) ?? 0)
  const reply = system.stdin
  return yield* waitFor<number>((resume) => {
    const isOpen = system.listen(port, {
      protocol: options.has('u') ? 'udp' : 'tcp',
      talk: (text) => {
        system.write(text)
        if (!options.has('k')) system.sim.schedule(1, () => resume(0))
        return reply
      },
    })
    if (isOpen) return
    system.writeError('nc: bind: Address already in use\n')
    resume(1)
  })
}

/** telnet: connects and says so. */
export const telnet = ({ busybox }: Flavour) =>
  function* (system: System): Task<number> {
    const [host = '', port = '23'] = system.argv.slice(1).filter((word) => !word.startsWith('-'))
    const found = yield* system.sockets.lookup(host)
    if ('failure' in found) {
      system.writeError(
        busybox ? `telnet: bad address '${host}'\n` : `telnet: could not resolve ${host}/${port}: Name or service not known\n`,
      )
      return 1
    }
    const address = found.addresses[0] ?? ''
    if (!busybox) system.write(`Trying ${address}...\n`)
    const connection = yield* system.sockets.connect({ address, port: Number(port) })
    if ('failure' in connection) {
      const why = errorText(connection.failure, system.image)
      system.writeError(
        busybox
          ? `telnet: can't connect to remote host (${address}): ${why}\n`
          : `telnet: Unable to connect to remote host: ${why}\n`,
      )
      return 1
    }
    system.write(busybox ? `Connected to ${host}\n` : `Connected to ${host}.\nEscape character is '^]'.\n`)
    if (system.stdin !== '') {
      const answer = yield* connection.talk(system.stdin, 10_000)
      if (typeof answer === 'string') system.write(answer)
    }
    yield* sleep(10)
    connection.close()
    system.write('Connection closed by foreign host\n')
    return system.stdin === '' ? 1 : 0
  }
