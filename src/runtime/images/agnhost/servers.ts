/** agnhost's smaller servers. */
import { sleep, type Task } from '../../../sim/task.ts'
import { print, type HttpResponse, type PortService, type System } from '../../program.ts'
import type { Endpoint } from '../../sockets.ts'
import { flag, get, isSet, json, log, pathOf, serveUntilEnd, text, valuesOf, type Port } from './command.ts'

export function* serveHostname(system: System): Task<number> {
  const port = Number(flag(system, 'port') ?? 9376)
  const udp = isSet(system, 'udp')
  const tcp = isSet(system, 'tcp')
  const http = flag(system, 'http') !== 'false'
  return yield* serveUntilEnd(
    system,
    () => {
      const ports: Port[] = []
      const answer = () => system.hostname
      if (udp) ports.push({ port, service: { protocol: 'udp', talk: answer } })
      if (tcp) ports.push({ port, service: { protocol: 'tcp', talk: answer } })
      else if (http)
        ports.push({
          port,
          service: {
            protocol: 'http',
            http: (_, peer) => {
              log(system, `HTTP request from ${peer.address}:${peer.port}`)
              return text(system.hostname)
            },
          },
        })
      log(system, `Serving on port ${port}.`)
      return ports
    },
    { exitMs: 0 },
  )
}

/** Serves what variables SERVE_PORT_80 and the like say. */
export function* porter(system: System): Task<number> {
  const asJson = isSet(system, 'json-response')
  return yield* serveUntilEnd(system, () =>
    Object.entries(system.env).flatMap(([name, value]): Port[] => {
      const [, kind, port] = /^SERVE_(?:(TCP|UDP|TLS)_)?PORT_(\d+)$/.exec(name) ?? []
      if (port === undefined) return []
      if (kind === 'UDP') return [{ port: Number(port), service: { protocol: 'udp', talk: () => value } }]
      const answer = (method: string): HttpResponse =>
        asJson ? { ...json({ Method: method, Body: value }), headers: { 'Content-Type': 'application/json' } } : text(value)
      return [
        { port: Number(port), service: { protocol: kind === 'TLS' ? 'https' : 'http', http: ({ method }) => answer(method) } },
      ]
    }),
  )
}

/** Serves files. */
export function* testWebserver(system: System): Task<number> {
  const port = Number(flag(system, 'port') ?? 80)
  return yield* serveUntilEnd(system, () => [
    {
      port,
      service: {
        protocol: 'http',
        http: ({ path }) => {
          const name = pathOf(path)
          const found = system.files.read(name)
          if (found !== undefined) return text(found)
          if (!system.files.isFolder(name)) return text('404 page not found\n', 404)
          const lines = system.files.list(name).map((file) => `<a href="${file}">${file}</a>\n`)
          return text(`<pre>\n${lines.join('')}</pre>\n`)
        },
      },
    },
  ])
}

/** Answers 200 for ten seconds, then 500. */
export function* liveness(system: System): Task<number> {
  const startMs = system.sim.now
  system.sim.schedule(10_000, () => system.changed())
  const answer: PortService['http'] = ({ path }) => {
    if (pathOf(path) === '/redirect') return { status: 302, body: '', headers: { Location: valuesOf(path)('loc') } }
    const seconds = (system.sim.now - startMs) / 1000
    if (pathOf(path) === '/healthz') return seconds < 10 ? text('ok') : text(`error: ${seconds}`, 500)
    return pathOf(path) === '/started' ? text(`${seconds}s`) : text('404 page not found\n', 404)
  }
  return yield* serveUntilEnd(system, () => [{ port: 8080, service: { protocol: 'http', http: answer } }])
}

/** Tells who asks, and whether pods elsewhere see this pod's own address. */
export function* noSnatTest(system: System): Task<number> {
  const port = Number(flag(system, 'port') ?? 8080)
  const own = system.env['POD_IP'] ?? system.ip
  const answer = function* (path: string, peer: Endpoint): Task<HttpResponse> {
    yield* sleep(1)
    if (pathOf(path) === '/whoami') return text(`${peer.address}:${peer.port}`)
    if (pathOf(path) !== '/checknosnat') return text('404 page not found\n', 404)
    const failures: string[] = []
    for (const place of valuesOf(path)('ips').split(',')) {
      const [host = '', at = String(port)] = place.split(':')
      const seen = yield* get(system, { secure: false, host, port: Number(at), path: '/whoami' })
      if ('error' in seen) failures.push(`error curling ${host}: ${seen.error}`)
      else if (seen.body.split(':')[0] !== own) failures.push(`Client is not seen as its Pod IP ${own}: ${seen.body}`)
    }
    return failures.length > 0 ? text(failures.join(','), 500) : text('')
  }
  return yield* serveUntilEnd(system, () => [
    { port, service: { protocol: 'http', serve: ({ path }, peer) => answer(path, peer) } },
  ])
}

/** Resets each connection. SIMPLIFIED: it closes it without an answer. */
export function* tcpReset(system: System): Task<number> {
  const port = Number(flag(system, 'port') ?? 8080)
  return yield* serveUntilEnd(system, () => [{ port, service: { protocol: 'tcp', talk: () => '' } }])
}

/** A store with replicas that a web page reads and writes. */
export function* guestbook(system: System): Task<number> {
  const backendPort = Number(flag(system, 'backend-port') ?? 6379)
  const primary = flag(system, 'replicaof') ?? ''
  const store: Record<string, string> = {}
  const replicas: string[] = []
  const ask = (host: string, path: string) => get(system, { secure: false, host, port: backendPort, path })
  const registering = primary === '' ? null : system.sim.spawn(register(system, primary, ask, store))
  const answer = function* (path: string): Task<HttpResponse> {
    yield* sleep(1)
    const value = valuesOf(path)
    const [key, cmd] = [value('key'), value('cmd').toLowerCase()]
    if (pathOf(path) === '/register') {
      replicas.push(value('host'))
      log(system, `Node '${value('host')}' registered.`)
      return json({ data: store })
    }
    if (pathOf(path) === '/get') return json({ data: key === '' ? store : (store[key] ?? '') })
    if (pathOf(path) === '/set') {
      if (key === '') return text('cannot set with empty key.\n', 400)
      store[key] = value('value')
      for (const replica of replicas) {
        const done = yield* ask(replica, `/set?key=${encodeURIComponent(key)}&value=${encodeURIComponent(value('value'))}`)
        if ('error' in done) return text(`encountered error while propagating to replica '${replica}': ${done.error}\n`, 417)
      }
      return json({ message: 'Updated' })
    }
    if (pathOf(path) !== '/guestbook') return text('404 page not found\n', 404)
    if (cmd !== 'get' && cmd !== 'set') return text(`unsupported cmd: '${cmd}'\n`, 400)
    if (cmd === 'set' && key === '') return text('cannot set with empty key.\n', 400)
    const query = `key=${encodeURIComponent(key)}&value=${encodeURIComponent(value('value'))}`
    const done = yield* ask(cmd === 'get' ? 'agnhost-replica' : 'agnhost-primary', `/${cmd}?${query}`)
    return 'error' in done ? text(`encountered error: ${done.error}\n`, 417) : text(done.body)
  }
  try {
    return yield* serveUntilEnd(system, () => [
      { port: Number(flag(system, 'http-port') ?? 80), service: { protocol: 'http', serve: ({ path }) => answer(path) } },
    ])
  } finally {
    registering?.cancel()
  }
}

/** A replica tells the primary of itself and gets its store. */
function* register(
  system: System,
  primary: string,
  ask: (host: string, path: string) => ReturnType<typeof get>,
  store: Record<string, string>,
): Task {
  for (let i = 0; i < 15; i++) {
    const done = yield* ask(primary, `/register?host=${system.ip}`)
    if (!('error' in done)) {
      const { data } = JSON.parse(done.body) as { readonly data: { readonly [key: string]: string } }
      Object.assign(store, data)
      log(system, `Registered to node: ${primary}`)
      return
    }
    log(system, `encountered error while registering to primary: ${done.error}. Retrying in 1s.`)
    yield* sleep(1000)
  }
  print(system, 'Timed out while registering to primary.')
}
