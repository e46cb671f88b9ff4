import { all, sleep, type Task } from '../../../sim/task.ts'
import type { HttpRequest, System } from '../../program.ts'
import type { Endpoint, TcpConnection } from '../../sockets.ts'
import { byteLength, hostHeader, parseUrl, type Url } from './http-client.ts'
import { readOptions } from './options.ts'

interface Job {
  readonly url: Url
  readonly target: Endpoint
  readonly clients: number
  readonly requests: number
  readonly endMs: number
  /** Requests a second of each client; 0: as fast as it goes. */
  readonly rate: number
  readonly keepAlive: boolean
  readonly request: HttpRequest
}

interface Tally {
  readonly times: number[]
  readonly codes: Map<number, number>
  readonly errors: Map<string, number>
  started: number
  bytes: number
}

const count = <K>(map: Map<K, number>, key: K) => map.set(key, (map.get(key) ?? 0) + 1)

function* client(system: System, job: Job, tally: Tally): Task {
  let connection: TcpConnection | null = null
  while (tally.started < job.requests && system.sim.now < job.endMs) {
    tally.started++
    const startMs = system.sim.now
    if (!connection?.isOpen) {
      const made = yield* system.sockets.connect(job.target, { timeoutMs: 20_000 })
      if ('failure' in made) {
        count(tally.errors, made.failure)
        yield* sleep(Math.max(1, job.rate > 0 ? startMs + 1000 / job.rate - system.sim.now : 1))
        continue
      }
      connection = made
    }
    const answer = yield* connection.http(job.request, { ...(job.url.secure ? { tls: job.url.host } : {}), timeoutMs: 20_000 })
    if ('failure' in answer) {
      count(tally.errors, answer.failure)
      connection = null
    } else {
      count(tally.codes, answer.status)
      tally.times.push(system.sim.now - startMs)
      tally.bytes += byteLength(answer.body)
      if (!job.keepAlive) {
        connection.close()
        connection = null
      }
    }
    if (job.rate > 0) yield* sleep(Math.max(0, startMs + 1000 / job.rate - system.sim.now))
  }
  connection?.close()
}

function* run(system: System, job: Job): Task<{ readonly tally: Tally; readonly tookMs: number }> {
  const tally: Tally = { times: [], codes: new Map(), errors: new Map(), started: 0, bytes: 0 }
  const startMs = system.sim.now
  yield* all(Array.from({ length: job.clients }, () => client(system, job, tally)))
  tally.times.sort((a, b) => a - b)
  return { tally, tookMs: Math.max(1, system.sim.now - startMs) }
}

function* target(system: System, url: Url, program: string): Task<Endpoint | undefined> {
  const found = yield* system.sockets.lookup(url.host)
  if (!('failure' in found)) return { address: found.addresses[0] ?? '', port: url.port }
  system.writeError(program === 'ab' ? `ab: Could not resolve: ${url.host}\n` : `dial tcp: lookup ${url.host}: no such host\n`)
  return undefined
}

const requestFor = (url: Url, agent: string, headers: readonly string[], method = 'GET', body = ''): HttpRequest => ({
  method,
  path: url.path,
  headers: {
    Host: hostHeader(url),
    'User-Agent': agent,
    ...Object.fromEntries(headers.map((line) => [line.split(':')[0] ?? '', line.slice(line.indexOf(':') + 1).trim()])),
  },
  body,
})

const sum = (map: ReadonlyMap<unknown, number>) => [...map.values()].reduce((total, each) => total + each, 0)
const part = (times: readonly number[], share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0

/** ApacheBench. */
export function* ab(system: System): Task<number> {
  const options = readOptions(system.argv.slice(1), { values: 'nctsHmTpuAPXx', long: {} })
  const text = options.words[0] ?? ''
  const url = parseUrl(text)
  if (!url || !/\/\/[^/]+\//.test(text)) {
    system.writeError(`ab: invalid URL\nUsage: ab [options] [http[s]://]hostname[:port]/path\n`)
    return 1
  }
  const timeLimitMs = options.has('t') ? Number(options.value('t')) * 1000 : Infinity
  const requests = Number(options.value('n') ?? (options.has('t') ? 50_000 : 1))
  const clients = Number(options.value('c') ?? 1)
  if (clients > requests) {
    system.writeError('ab: Cannot use concurrency level greater than total number of requests\n')
    return 22
  }
  const where = yield* target(system, url, 'ab')
  if (!where) return 1
  system.write(`This is ApacheBench, Version 2.3 <$Revision: 1923142 $>\n\nBenchmarking ${url.host} (be patient).....`)
  const request = requestFor(url, 'ApacheBench/2.3', options.values('H'), options.value('m'))
  const { tally, tookMs } = yield* run(system, {
    url,
    target: where,
    clients,
    requests,
    endMs: system.sim.now + timeLimitMs,
    rate: 0,
    keepAlive: options.has('k'),
    request,
  })
  const done = tally.times.length
  const failed = sum(tally.errors)
  if (done === 0) {
    const [first = 'ECONNREFUSED'] = tally.errors.keys()
    system.writeError(
      first === 'ETIMEDOUT'
        ? '\napr_pollset_poll: The timeout specified has expired (70007)\n'
        : first === 'ECONNREFUSED'
          ? '\napr_socket_recv: Connection refused (111)\n'
          : '\napr_socket_recv: Connection reset by peer (104)\n',
    )
    return 1
  }
  const other = [...tally.codes].filter(([code]) => code < 200 || code > 299).reduce((total, [, n]) => total + n, 0)
  const mean = tally.times.reduce((total, each) => total + each, 0) / done
  system.write(
    [
      'done\n\n',
      `Server Hostname:        ${url.host}`,
      `Server Port:            ${url.port}\n`,
      `Document Path:          ${url.path}`,
      `Document Length:        ${Math.round(tally.bytes / done)} bytes\n`,
      `Concurrency Level:      ${clients}`,
      `Time taken for tests:   ${(tookMs / 1000).toFixed(3)} seconds`,
      `Complete requests:      ${done}`,
      `Failed requests:        ${failed}`,
      ...(other > 0 ? [`Non-2xx responses:      ${other}`] : []),
      ...(options.has('k') ? [`Keep-Alive requests:    ${done}`] : []),
      `Total transferred:      ${tally.bytes + done * 230} bytes`,
      `HTML transferred:       ${tally.bytes} bytes`,
      `Requests per second:    ${((done * 1000) / tookMs).toFixed(2)} [#/sec] (mean)`,
      `Time per request:       ${mean.toFixed(3)} [ms] (mean)`,
      `Time per request:       ${(tookMs / done).toFixed(3)} [ms] (mean, across all concurrent requests)\n`,
      'Percentage of the requests served within a certain time (ms)',
      ...[50, 66, 75, 80, 90, 95, 98, 99].map(
        (share) => `${String(share).padStart(5)}%  ${String(part(tally.times, share / 100)).padStart(5)}`,
      ),
      ` 100%  ${String(tally.times.at(-1) ?? 0).padStart(5)} (longest request)\n`,
    ].join('\n'),
  )
  return 0
}

/** hey. */
export function* hey(system: System): Task<number> {
  const options = readOptions(system.argv.slice(1), { values: 'ncqzmHdTtDAaxUh', long: {}, single: false })
  const url = parseUrl(options.words[0] ?? '')
  if (!url) {
    system.writeError('Usage: hey [options...] <url>\n')
    return 1
  }
  const where = yield* target(system, url, 'hey')
  if (!where) return 1
  const span = options.value('z')
  const unit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[/[a-z]+$/.exec(span ?? '')?.[0] ?? 's'] ?? 1000
  const endMs = span === undefined ? Infinity : system.sim.now + Number.parseFloat(span) * unit
  const request = requestFor(url, 'hey/0.0.1', options.values('H'), options.value('m'), options.value('d'))
  const { tally, tookMs } = yield* run(system, {
    url,
    target: where,
    clients: Number(options.value('c') ?? 50),
    requests: span === undefined ? Number(options.value('n') ?? 200) : Infinity,
    endMs,
    rate: Number(options.value('q') ?? 0),
    keepAlive: !system.argv.includes('-disable-keepalive'),
    request,
  })
  const { times } = tally
  const seconds = (ms: number) => (ms / 1000).toFixed(4)
  const mean = times.reduce((total, each) => total + each, 0) / Math.max(1, times.length)
  system.write(
    `\nSummary:\n  Total:\t${seconds(tookMs)} secs\n  Slowest:\t${seconds(times.at(-1) ?? 0)} secs\n  Fastest:\t${seconds(times[0] ?? 0)} secs\n  Average:\t${seconds(mean)} secs\n  Requests/sec:\t${((times.length * 1000) / tookMs).toFixed(4)}\n\nLatency distribution:\n${[10, 25, 50, 75, 90, 95, 99].map((share) => `  ${share}% in ${seconds(part(times, share / 100))} secs\n`).join('')}\nStatus code distribution:\n${[...tally.codes].map(([code, n]) => `  [${code}]\t${n} responses\n`).join('')}`,
  )
  if (tally.errors.size > 0)
    system.write(
      `\nError distribution:\n${[...tally.errors].map(([code, n]) => `  [${n}]\tGet "${options.words[0]}": dial tcp ${where.address}:${where.port}: ${errorWord(code)}\n`).join('')}`,
    )
  return 0
}

const ERROR_WORDS: { readonly [code: string]: string } = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'i/o timeout',
  ECONNRESET: 'read: connection reset by peer',
}
const errorWord = (code: string) => ERROR_WORDS[code] ?? code
