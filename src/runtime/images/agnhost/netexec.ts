/** agnhost netexec: HTTP and UDP servers by which tests look at the network from inside a pod. */
import { parseGoDuration } from '../../../apimachinery/duration.ts'
import { sleep, type Task } from '../../../sim/task.ts'
import { runProgram, type HttpRequest, type HttpResponse, type PortService, type System } from '../../program.ts'
import type { Endpoint } from '../../sockets.ts'
import { flag, get, json, log, pathOf, serveUntilEnd, text, valuesOf, type Port } from './command.ts'

const UDP_TIMEOUT_MS = 5000

export function* netexec(system: System): Task<number> {
  const httpPort = Number(flag(system, 'http-port') ?? 8080)
  const udpPort = Number(flag(system, 'udp-port') ?? 8081)
  const override = flag(system, 'http-override')
  const delayMs = Number(flag(system, 'delay-shutdown') ?? 0) * 1000
  const isSecure = (flag(system, 'tls-cert-file') ?? '') !== ''
  return yield* serveUntilEnd(
    system,
    (exit) => {
      const answer = (request: HttpRequest, peer: Endpoint) =>
        serve(system, override === undefined ? request : { ...request, method: 'GET', path: override, body: '' }, peer, exit)
      const ports: Port[] = [{ port: httpPort, service: served(isSecure ? 'https' : 'http', answer) }]
      if (udpPort !== -1) {
        ports.push({ port: udpPort, service: { protocol: 'udp', talk: (payload, peer) => udpAnswer(system, payload, peer) } })
        log(system, `Started UDP server on port  ${udpPort}`)
      }
      log(system, `Started HTTP server on port ${httpPort}`)
      return ports
    },
    delayMs > 0 ? { exitMs: delayMs } : {},
  )
}

/** Paths that take time or ask others are served as tasks, all others at once: probes get along with these only. */
const SLOW = new Set(['/dial', '/shell', '/exit'])

function served(
  protocol: 'http' | 'https',
  answer: (request: HttpRequest, peer: Endpoint) => Task<HttpResponse> | HttpResponse,
): PortService {
  return {
    protocol,
    http: (request, peer) => {
      const found = answer(request, peer)
      return 'status' in found ? found : { status: 200, body: '' }
    },
    *serve(request, peer) {
      if (!SLOW.has(pathOf(request.path))) yield* sleep(1)
      const found = answer(request, peer)
      return 'status' in found ? found : yield* found
    },
  }
}

function serve(
  system: System,
  { path, body, method }: HttpRequest,
  peer: Endpoint,
  exit: (code: number) => void,
): Task<HttpResponse> | HttpResponse {
  const value = valuesOf(path, body)
  const name = pathOf(path)
  switch (name) {
    case '/clientip':
      log(system, 'GET /clientip')
      return text(`${peer.address.includes(':') ? `[${peer.address}]` : peer.address}:${peer.port}`)
    case '/echo':
      return echo(system, value)
    case '/healthz':
    case '/readyz':
      log(system, `GET ${name}`)
      return text('')
    case '/hostname':
    case '/hostName':
      log(system, `GET ${name}`)
      return text(system.hostname)
    case '/header':
      return text('')
    case '/redirect':
      return redirect(system, value)
    case '/shutdown':
      log(system, 'GET /shutdown')
      system.sim.schedule(0, () => exit(0))
      return text('')
    case '/upload':
      log(system, 'GET /upload')
      return method === 'POST' ? json({ output: '/uploads/upload1' }) : json({ error: 'Unable to upload file.' })
    case '/exit':
      return leave(system, value, exit)
    case '/shell':
      return shell(system, value)
    case '/dial':
      return dial(system, value)
    default:
      log(system, 'GET /')
      return { ...text(`NOW: ${goTime(system)}`), steady: false }
  }
}

function goTime(system: System): string {
  return `${system.sim.now} +0000 UTC`
}

function echo(system: System, value: (name: string) => string): HttpResponse {
  const [message, code] = [value('msg'), value('code')]
  log(system, `GET /echo?msg=${message}&code=${code}`)
  if (code === '') return text(message)
  return /^-?\d+$/.test(code) ? text(message, Number(code)) : text(`argument 'code' must be an integer or empty, got "${code}"\n`)
}

function redirect(system: System, value: (name: string) => string): HttpResponse {
  const [location, code] = [value('location'), value('code')]
  log(system, `GET /redirect?location=${location}&code=${code}`)
  return { status: code === '' ? 302 : Number(code), body: '', headers: { Location: location } }
}

function* leave(system: System, value: (name: string) => string, exit: (code: number) => void): Task<HttpResponse> {
  const spans = { wait: value('wait'), timeout: value('timeout') }
  const code = value('code')
  log(system, `GET /exit?code=${code}&timeout=${spans.timeout}&wait=${spans.wait}`)
  for (const [name, span] of Object.entries(spans))
    if (span !== '' && Number.isNaN(parseGoDuration(span)))
      return text(`argument '${name}' must be a valid golang duration or empty, got "${span}"\n`)
  if (spans.wait !== '') yield* sleep(parseGoDuration(spans.wait))
  exit(Number(code))
  return text('')
}

function* shell(system: System, value: (name: string) => string): Task<HttpResponse> {
  const command = value('shellCommand') || value('cmd')
  log(system, `GET /shell?cmd=${command}`)
  let output = ''
  const write = (part: string) => (output += part)
  const program = system.find('sh')
  const code = program ? yield* runProgram(system.child(['sh', '-c', command], { write, writeError: write }), program) : 127
  const error = code === 0 ? {} : { error: `exit status ${code}` }
  return json({ ...error, ...(output === '' ? {} : { output }) })
}

function* dial(system: System, value: (name: string) => string): Task<HttpResponse> {
  const [host, port, request, protocol, tries] = ['host', 'port', 'request', 'protocol', 'tries'].map(value) as [
    string,
    string,
    string,
    string,
    string,
  ]
  log(system, `GET /dial?host=${host}&protocol=${protocol}&port=${port}&request=${request}&tries=${tries}`)
  if (tries !== '' && !/^\d+$/.test(tries))
    return text(`tries parameter is invalid. strconv.Atoi: parsing "${tries}": invalid syntax\n`, 400)
  if (request === '') return text('request parameter not specified. <nil>\n', 400)
  const kind = protocol.toLowerCase() || 'http'
  if (kind !== 'http' && kind !== 'udp' && kind !== 'sctp') return text(`unsupported protocol. ${protocol}\n`, 400)
  const found = yield* system.sockets.lookup(host)
  if ('failure' in found) return text(`host and/or port param are invalid. lookup ${host}: no such host\n`, 400)
  const target = { address: found.addresses[0] ?? '', port: Number(port) }
  const responses: string[] = []
  const errors: string[] = []
  let last = ''
  for (let i = 0; i < Number(tries || 1); i++) {
    const result = kind === 'http' ? yield* dialHttp(system, target, request) : yield* dialUdp(system, target, request)
    last = 'body' in result ? result.body : ''
    if ('body' in result) responses.push(result.body)
    else errors.push(result.error)
  }
  return json({ ...(errors.length > 0 ? { errors } : {}), ...(last === '' ? {} : { responses }) })
}

const dialHttp = (system: System, { address, port }: Endpoint, path: string) =>
  get(system, { secure: false, host: address, port, path: `/${path}` })

function* dialUdp(
  system: System,
  target: Endpoint,
  payload: string,
): Task<{ readonly body: string } | { readonly error: string }> {
  const answer = yield* system.sockets.datagram(target, payload, UDP_TIMEOUT_MS)
  if (typeof answer === 'string') return { body: answer }
  const place = `${target.address}:${target.port}`
  const why = answer.failure === 'ETIMEDOUT' ? 'i/o timeout' : 'read: connection refused'
  return { error: `reading from udp connection failed. err:'read udp ${system.ip}:40000->${place}: ${why}'` }
}

function udpAnswer(system: System, payload: string, peer: Endpoint): string | undefined {
  const received = payload.trim().toLowerCase()
  const from = `${peer.address}:${peer.port}`
  if (received === 'hostname') {
    log(system, `Sending udp hostName response to ${from}`)
    return system.hostname
  }
  if (received.startsWith('echo ')) {
    const answer = received.slice(5)
    log(system, `Echoing ${answer} to UDP client ${from}`)
    return answer
  }
  if (received === 'clientip') {
    log(system, `Sending back clientip to ${from}`)
    return from
  }
  if (received !== '') log(system, `unknown udp command received from ${from}: ${received}`)
  return undefined
}
