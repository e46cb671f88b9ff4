import { sleep, type Task } from '../../../sim/task.ts'
import type { System } from '../../program.ts'
import { plainDate } from './dates.ts'
import { errorText } from './errors.ts'
import {
  byteLength,
  headerOf,
  hostHeader,
  parseUrl,
  request,
  responseHeaders,
  statusText,
  type HttpOutcome,
  type Url,
} from './http-client.ts'
import { readOptions, type OptionNames, type Options } from './options.ts'

const NAMES: OptionNames = {
  values: 'OTtUPwYoeaQ',
  long: {
    quiet: 'q',
    spider: 'spider',
    'output-document': 'O=',
    timeout: 'T=',
    'connect-timeout': 'T=',
    'read-timeout': 'T=',
    tries: 't=',
    header: 'header=',
    'post-data': 'post-data=',
    'user-agent': 'U=',
    'server-response': 'S',
    'no-check-certificate': 'insecure',
    'no-verbose': 'nv',
    'directory-prefix': 'P=',
    continue: 'c',
    'no-proxy': 'ignored',
    'inet4-only': '4',
    'inet6-only': '6',
    'content-on-error': 'content-on-error',
    'max-redirect': 'max-redirect=',
    'retry-connrefused': 'retry-connrefused',
    waitretry: 'waitretry=',
  },
}
const BUSYBOX_TIMEOUT_MS = 900_000
const GNU_TRIES = 20

function headersOf(options: Options, agent: string) {
  const given = options.values('header').map((line): [string, string] => {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).trim()
    return [name.toLowerCase() === 'host' ? 'Host' : name, line.slice(colon + 1).trim()]
  })
  return { 'User-Agent': options.value('U') ?? agent, ...Object.fromEntries(given) }
}

/** With redirections. */
function* fetch(
  system: System,
  options: Options,
  first: Url,
  agent: string,
  timeoutMs: number,
): Task<HttpOutcome & { readonly url: Url }> {
  let url = first
  for (let hops = 0; ; hops++) {
    const body = options.value('post-data') ?? ''
    const outcome = yield* request(system, url, {
      method: options.has('spider') && agent.startsWith('Wget/') ? 'HEAD' : options.has('post-data') ? 'POST' : 'GET',
      headers: headersOf(options, agent),
      body,
      timeoutMs,
      family: options.has('4') ? 4 : options.has('6') ? 6 : undefined,
    })
    const location =
      outcome.kind === 'response' && outcome.response.status >= 300 && outcome.response.status < 400
        ? headerOf(outcome.response, 'location')
        : undefined
    if (outcome.kind === 'response') outcome.connection.close()
    const next =
      location === undefined
        ? undefined
        : parseUrl(location.startsWith('/') ? `http${url.secure ? 's' : ''}://${hostHeader(url)}${location}` : location)
    if (!next || hops >= 20) return { ...outcome, url }
    url = next
  }
}

const fileOf = (options: Options, url: Url) => {
  const named = options.value('O')
  if (named !== undefined) return named
  const base = url.path.split('?')[0]?.split('/').at(-1)
  return `${options.has('P') ? `${options.value('P')}/` : ''}${base === '' || base === undefined ? 'index.html' : base}`
}

function save(system: System, file: string, body: string): string | undefined {
  if (file === '-') system.write(body)
  else if (file !== '/dev/null')
    return system.files.write(file.startsWith('/') ? file : `${system.cwd.replace(/\/$/, '')}/${file}`, body)
  return undefined
}

/** BusyBox's. */
export function* busyboxWget(system: System): Task<number> {
  const options = readOptions(system.argv.slice(1), NAMES)
  const die = (text: string) => {
    system.writeError(`wget: ${text}\n`)
    return 1
  }
  const [text] = options.words
  if (text === undefined || options.unknown !== undefined) {
    system.writeError(
      'BusyBox v1.37.0 multi-call binary.\n\nUsage: wget [-cqS] [--spider] [-O FILE] [-o LOGFILE] [--header STR]\n\t[--post-data STR | --post-file FILE] [-Y on/off]\n\t[--no-check-certificate] [-P DIR] [-U AGENT] [-T SEC] URL...\n',
    )
    return 1
  }
  const url = parseUrl(text)
  if (!url) return die(`not an http or ftp url: ${text}`)
  const isQuiet = options.has('q')
  const timeoutMs = options.has('T') ? Number(options.value('T')) * 1000 : BUSYBOX_TIMEOUT_MS
  const outcome = yield* fetch(system, options, url, 'Wget', timeoutMs)
  if (outcome.kind === 'lookup')
    return die(outcome.failure === 'ETIMEDOUT' ? 'download timed out' : `bad address '${outcome.url.host}'`)
  const remote = outcome.kind === 'connect' ? outcome.target : outcome.connection.remote
  if (!isQuiet) system.writeError(`Connecting to ${hostHeader(outcome.url)} (${remote.address}:${remote.port})\n`)
  if (outcome.kind === 'connect') {
    const { failure } = outcome.failure
    if (failure === 'ETIMEDOUT' && options.has('T')) return die('download timed out')
    return die(`can't connect to remote host (${remote.address}): ${errorText(failure, system.image)}`)
  }
  if (outcome.kind === 'exchange') {
    const { failure } = outcome.failure
    return die(failure === 'ETIMEDOUT' ? 'download timed out' : `error getting response: ${errorText(failure, system.image)}`)
  }
  const { response } = outcome
  if (options.has('S')) {
    system.writeError(`  HTTP/1.1 ${statusText(response.status)}\n`)
    for (const [name, value] of responseHeaders(response, '')) if (name !== 'Date') system.writeError(`  ${name}: ${value}\n`)
  }
  if (response.status >= 400 || response.status === 0)
    return die(`server returned error: HTTP/1.1 ${statusText(response.status)}`)
  if (options.has('spider')) {
    if (!isQuiet) system.writeError('remote file exists\n')
    return 0
  }
  const file = fileOf(options, outcome.url)
  if (!isQuiet) system.writeError(file === '-' ? 'writing to stdout\n' : `saving to '${file}'\n`)
  const problem = save(system, file, response.body)
  if (problem !== undefined) return die(`can't open '${file}': ${problem}`)
  if (!isQuiet) {
    const size = byteLength(response.body)
    system.writeError(
      `${file.padEnd(20)} 100% |${'*'.repeat(32)}| ${String(size).padStart(5)}  0:00:00 ETA\n${file === '-' ? 'written to stdout' : `'${file}' saved`}\n`,
    )
  }
  return 0
}

/** GNU's. */
export function* gnuWget(system: System): Task<number> {
  const options = readOptions(system.argv.slice(1), NAMES)
  const [text] = options.words
  if (text === undefined) {
    system.writeError("wget: missing URL\nUsage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.\n")
    return 1
  }
  const url = parseUrl(text)
  if (!url) {
    system.writeError(`${text}: Unsupported scheme.\n`)
    return 1
  }
  const tries = Number(options.value('t') ?? GNU_TRIES) || Infinity
  const timeoutMs = options.has('T') ? Number(options.value('T')) * 1000 : BUSYBOX_TIMEOUT_MS
  for (let attempt = 1; ; attempt++) {
    const note = options.has('q') || options.has('nv') ? () => undefined : (line: string) => system.writeError(line)
    note(
      `${attempt > 1 ? `--${plainDate(system.sim.now)}--  (try:${String(attempt).padStart(2)})  ` : `--${plainDate(system.sim.now)}--  `}http${url.secure ? 's' : ''}://${hostHeader(url)}${url.path}\n`,
    )
    const outcome = yield* fetch(system, options, url, 'Wget/1.25.0', timeoutMs)
    const result = reportGnu(system, options, outcome, note)
    if (result !== 'again' || attempt >= tries) return result === 'again' ? 4 : result
    note('Retrying.\n\n')
    yield* sleep(Math.min(attempt, 10) * 1000)
  }
}

function reportGnu(
  system: System,
  options: Options,
  outcome: HttpOutcome & { readonly url: Url },
  note: (text: string) => void,
): number | 'again' {
  const { url } = outcome
  if (outcome.kind === 'lookup') {
    note(
      `Resolving ${url.host} (${url.host})... failed: ${outcome.failure === 'EAI_AGAIN' ? 'Temporary failure in name resolution' : 'Name or service not known'}.\n`,
    )
    system.writeError(`wget: unable to resolve host address '${url.host}'\n`)
    return 4
  }
  const remote = outcome.kind === 'connect' ? outcome.target : outcome.connection.remote
  const isName = url.host !== remote.address
  if (isName) note(`Resolving ${url.host} (${url.host})... ${remote.address}\n`)
  note(`Connecting to ${isName ? `${url.host} (${url.host})|${remote.address}|` : remote.address}:${remote.port}... `)
  if (outcome.kind === 'connect') {
    note(`failed: ${errorText(outcome.failure.failure)}.\n`)
    return outcome.failure.failure === 'ETIMEDOUT' ? 'again' : 4
  }
  note('connected.\nHTTP request sent, awaiting response... ')
  if (outcome.kind === 'exchange') {
    note(
      outcome.failure.failure === 'ETIMEDOUT'
        ? 'Read error (Connection timed out) in headers.\n'
        : `Read error (${errorText(outcome.failure.failure)}) in headers.\n`,
    )
    return 'again'
  }
  const { response } = outcome
  note(`${statusText(response.status)}\n`)
  if (response.status >= 400) {
    system.writeError(`${plainDate(system.sim.now)} ERROR ${statusText(response.status).replace(' ', ': ')}.\n`)
    return 8
  }
  const size = byteLength(response.body)
  if (options.has('spider')) {
    note(`Length: ${size}\nRemote file exists.\n\n`)
    return 0
  }
  const file = fileOf(options, url)
  note(`Length: ${size}\nSaving to: '${file === '-' ? 'STDOUT' : file}'\n\n`)
  save(system, file, response.body)
  note(`\n${plainDate(system.sim.now)} - ${file === '-' ? 'written to stdout' : `'${file}' saved`} [${size}/${size}]\n\n`)
  return 0
}
