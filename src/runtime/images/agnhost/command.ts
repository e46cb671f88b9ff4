/** What agnhost's subcommands share. */
import { sleep, waitFor, type Task } from '../../../sim/task.ts'
import { utcParts } from '../../../sim/time.ts'
import { type HttpResponse, type PortService, type System } from '../../program.ts'
import type { SocketErrorCode } from '../../sockets.ts'
import { request, type HttpOutcome, type Url } from '../../tools/network/http-client.ts'
import { MiB } from '../server.ts'

/** The value of `--name=value` or `--name value`. */
export function flag(system: System, name: string): string | undefined {
  for (const [i, word] of system.argv.entries()) {
    if (word.startsWith(`--${name}=`)) return word.slice(name.length + 3)
    if (word === `--${name}`) {
      const next = system.argv[i + 1]
      return next === undefined || next.startsWith('--') ? 'true' : next
    }
  }
  return undefined
}

export const isSet = (system: System, name: string): boolean => (flag(system, name) ?? 'false') !== 'false'

/** Arguments that are no flags. */
export const positional = (system: System): readonly string[] =>
  system.argv.slice(2).filter((word, i, words) => !word.startsWith('-') && !/^--?[^=]+$/.test(words[i - 1] ?? ''))

const two = (n: number) => String(n).padStart(2, '0')

/** Go's log.Printf. */
export function log(system: System, text: string): void {
  const t = utcParts(system.sim.now)
  system.writeError(`${t.year}/${two(t.month)}/${two(t.day)} ${two(t.hour)}:${two(t.minute)}:${two(t.second)} ${text}\n`)
}

export interface Port {
  readonly port: number
  readonly service: PortService
}

/** A server that runs until it is told to end, by signal or by `exit`. */
export function* serveUntilEnd(
  system: System,
  ports: (exit: (code: number) => void) => readonly Port[],
  options: { readonly startMs?: number; readonly exitMs?: number; readonly memoryBytes?: number } = {},
): Task<number> {
  let leave: (code: number) => void = () => undefined
  const ended = waitFor<number>((resume) => {
    leave = resume
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const)
      system.onSignal(signal, () => resume(options.exitMs === undefined ? 2 : 0))
  })
  system.setMemory(options.memoryBytes ?? 8 * MiB)
  system.setCpu(1)
  yield* sleep(options.startMs ?? 30)
  for (const { port, service } of ports((code) => leave(code)))
    if (!system.listen(port, service)) {
      log(system, `listen tcp :${port}: bind: address already in use`)
      return 1
    }
  const code = yield* ended
  if (code === 0 && options.exitMs !== undefined) yield* sleep(options.exitMs)
  return code
}

export const text = (body: string, status = 200): HttpResponse => ({ status, body })
export const json = (value: unknown): HttpResponse => ({ status: 200, body: JSON.stringify(value) })

export const pathOf = (path: string): string => path.split('?')[0] ?? '/'
/** The query and, of a form, the body. */
export function valuesOf(path: string, body = ''): (name: string) => string {
  const pairs = [...(path.split('?')[1] ?? '').split('&'), ...body.split('&')].map((pair) => pair.split('='))
  return (name) => {
    const found = pairs.find(([key]) => key === name)
    return found ? decode(found.slice(1).join('=')) : ''
  }
}

function decode(value: string): string {
  const spaced = value.replaceAll('+', ' ')
  return /%(?![0-9a-f]{2})/i.test(spaced) ? spaced : decodeURIComponent(spaced)
}

const DIAL: { readonly [code in SocketErrorCode]?: string } = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'i/o timeout',
}

/** Why a request of Go's http.Client failed, in its words. */
export function goError(url: string, outcome: Exclude<HttpOutcome, { kind: 'response' }>): string {
  const server = outcome.kind === 'lookup' ? '' : outcome.kind === 'connect' ? outcome.target : outcome.connection.remote
  const place = server === '' ? '' : `${server.address}:${server.port}`
  if (outcome.kind === 'lookup') {
    const host = /\/\/([^/:]+)/.exec(url)?.[1] ?? ''
    return `Get "${url}": dial tcp: lookup ${host} on 10.96.0.10:53: ${outcome.failure === 'EAI_NONAME' ? 'no such host' : 'i/o timeout'}`
  }
  const { failure } = outcome.failure
  if (failure === 'ETIMEDOUT')
    return `Get "${url}": ${outcome.kind === 'connect' ? `dial tcp ${place}: i/o timeout (Client.Timeout exceeded while awaiting headers)` : 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'}`
  if (outcome.kind === 'connect') return `Get "${url}": dial tcp ${place}: ${DIAL[failure] ?? failure}`
  if (failure === 'EPROTO') return `Get "${url}": http: server gave HTTP response to HTTPS client`
  return `Get "${url}": read tcp ${place}: read: connection reset by peer`
}

export const dialError = (protocol: string, place: string, failure: SocketErrorCode): string =>
  `dial ${protocol} ${place}: ${DIAL[failure] ?? failure}`

/** GET with Go's http.Client; the body, or why there is none. */
export function* get(
  system: System,
  url: Url,
  timeoutMs = 5000,
  headers: { readonly [name: string]: string } = {},
): Task<{ readonly status: number; readonly body: string } | { readonly error: string }> {
  const agent = { 'User-Agent': 'Go-http-client/1.1', ...headers }
  const outcome = yield* request(system, url, { method: 'GET', headers: agent, body: '', timeoutMs })
  const host = url.host.includes(':') ? `[${url.host}]` : url.host
  if (outcome.kind !== 'response')
    return { error: goError(`http${url.secure ? 's' : ''}://${host}:${url.port}${url.path}`, outcome) }
  outcome.connection.close()
  return { status: outcome.response.status, body: outcome.response.body }
}
