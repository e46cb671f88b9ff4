/** agnhost's commands that do something and end, or go on doing it. */
import { parseGoDuration } from '../../../apimachinery/duration.ts'
import { sleep, type Task } from '../../../sim/task.ts'
import { formatTime } from '../../../sim/time.ts'
import { print, type System } from '../../program.ts'
import { digestOf } from '../../registry.ts'
import { dialError, flag, get, log, positional } from './command.ts'

const words = (system: System, keyword: string): readonly string[] =>
  (system.files.read('/etc/resolv.conf') ?? '')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([first]) => first === keyword)
    .flatMap((line) => line.slice(1))

export function* dnsSuffix(system: System): Task<number> {
  print(system, words(system, 'search').join(','))
  return 0
}

export function* dnsServerList(system: System): Task<number> {
  print(system, words(system, 'nameserver').join(','))
  return 0
}

export function* etcHosts(system: System): Task<number> {
  system.write(system.files.read('/etc/hosts') ?? '')
  return 0
}

export function* entrypointTester(system: System): Task<number> {
  print(system, `[${system.argv.join(' ')}]`)
  return 0
}

/** Opens a connection; says by one word what went wrong. */
export function* connect(system: System): Task<number> {
  const [, host = '', port] = /^\[?(.*?)\]?:(\d+)$/.exec(positional(system).at(-1) ?? '') ?? []
  const fail = (text: string) => {
    system.writeError(`${text}\n`)
    return 1
  }
  if (port === undefined) return fail(`UNKNOWN: address ${positional(system).at(-1) ?? ''}: missing port in address`)
  const span = parseGoDuration(flag(system, 'timeout') ?? '0s')
  const timeout = span > 0 ? { timeoutMs: span } : {}
  const protocol = flag(system, 'protocol') ?? 'tcp'
  if (protocol !== 'tcp' && protocol !== 'udp')
    return fail(protocol === 'sctp' ? 'OTHER: protocol not supported' : 'Unsupported protocol')
  const found = yield* system.sockets.lookup(host)
  if ('failure' in found) return fail(`DNS: lookup ${host}: no such host`)
  const target = { address: found.addresses[0] ?? '', port: Number(port) }
  if (protocol === 'udp') {
    const answer = yield* system.sockets.datagram(target, `${flag(system, 'udp-data') ?? 'hostname'}\n`, span > 0 ? span : 60_000)
    if (typeof answer === 'string')
      return answer === ''
        ? fail('OTHER: No data received from the server. Cannot guarantee the server received the request.')
        : 0
    if (answer.failure === 'ETIMEDOUT') return fail(`TIMEOUT: read udp ${system.ip}->${host}:${port}: i/o timeout`)
    return fail(
      answer.failure === 'ECONNREFUSED'
        ? `REFUSED: read udp ${host}:${port}: read: connection refused`
        : `OTHER: ${dialError('udp', `${host}:${port}`, answer.failure)}`,
    )
  }
  const connection = yield* system.sockets.connect(target, timeout)
  if (!('failure' in connection)) {
    connection.close()
    return 0
  }
  if (connection.failure === 'ETIMEDOUT') return fail('TIMEOUT')
  return fail(
    connection.failure === 'ECONNREFUSED' ? 'REFUSED' : `OTHER: ${dialError('tcp', `${host}:${port}`, connection.failure)}`,
  )
}

/** Asks the API server with the pod's token, again and again. */
export function* inClusterClient(system: System): Task<number> {
  const pollMs = Number(flag(system, 'poll-interval') ?? 30) * 1000
  log(system, 'started')
  for (;;) {
    yield* sleep(pollMs)
    const token = system.files.read('/var/run/secrets/kubernetes.io/serviceaccount/token') ?? ''
    log(system, 'calling /healthz')
    const host = system.env['KUBERNETES_SERVICE_HOST'] ?? 'kubernetes.default'
    const port = Number(system.env['KUBERNETES_SERVICE_PORT'] ?? 443)
    const answer = yield* get(system, { secure: true, host, port, path: '/healthz' }, 10_000, {
      Authorization: `Bearer ${token}`,
    })
    log(system, `authz_header=${token === '' ? '' : digestOf(token).slice(7, 50)}`)
    if ('error' in answer) log(system, `failed to get /healthz: ${answer.error}`)
    else if (answer.body === 'ok') print(system, answer.body)
  }
}

const METHODS = ['GET', 'POST', 'PUT']
const TARGETS = ['kube-system', 'default', 'ns']

export function* logsGenerator(system: System): Task<number> {
  const total = Number(flag(system, 'log-lines-total') ?? 0)
  const durationMs = parseGoDuration(flag(system, 'run-duration') ?? '60s')
  const random = system.sim.random('agnhost/logs')
  for (let i = 0; i < total; i++) {
    const [method, place] = [random.pick(METHODS), random.pick(TARGETS)]
    const name = Array.from({ length: 3 + random.int(2) }, () => random.pick([...'bcdfghjklmnpqrstvwxz2456789'])).join('')
    const [date = '', clock = ''] = formatTime(system.sim.now).replace('Z', '').split('T')
    system.writeError(
      `I${date.slice(5).replace('-', '')} ${clock}.000000       1 logs_generator.go:76] ${i} ${method} /api/v1/namespaces/${place}/pods/${name} ${200 + random.int(300)}\n`,
    )
    yield* sleep(total > 0 ? durationMs / total : 0)
  }
  return 0
}
