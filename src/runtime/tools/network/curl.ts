import { sleep, type Task } from '../../../sim/task.ts'
import type { HttpResponse, System } from '../../program.ts'
import { httpDate } from './dates.ts'
import { errorText } from './errors.ts'
import {
  byteLength,
  headerOf,
  hostHeader,
  parseUrl,
  request,
  responseHeaders,
  statusText,
  type Exchange,
  type HttpOutcome,
  type Url,
} from './http-client.ts'
import { readOptions, type OptionNames, type Options } from './options.ts'

const VERSION = '8.14.1'
const MAX_REDIRECTS = 50
const NAMES: OptionNames = {
  values: 'oHXdmwAuebTxEKFcCrQYyztUPD',
  long: {
    ...Object.fromEntries(
      `silent:s show-error:S fail:f verbose:v head:I include:i insecure:k location:L get:G ipv4:4 ipv6:6 remote-name:O
       no-buffer:N globoff:g progress-bar:# help:h version:V`
        .split(/\s+/)
        .map((pair) => pair.split(':') as [string, string]),
    ),
    ...Object.fromEntries(
      `output:o header:H request:X data:d max-time:m write-out:w user-agent:A user:u referer:e cookie:b cookie-jar:c
       upload-file:T proxy:x cert:E form:F`
        .split(/\s+/)
        .map((pair) => pair.split(':') as [string, string])
        .map(([name, letter]) => [name, `${letter}=`]),
    ),
    'data-raw': 'd=',
    'data-binary': 'd=',
    'data-ascii': 'd=',
    'data-urlencode': 'data-urlencode=',
    json: 'json=',
    'connect-timeout': 'connect-timeout=',
    'max-redirs': 'max-redirs=',
    resolve: 'resolve=',
    'connect-to': 'connect-to=',
    retry: 'retry=',
    'retry-delay': 'retry-delay=',
    'retry-max-time': 'retry-max-time=',
    'retry-connrefused': 'retry-connrefused',
    'retry-all-errors': 'retry-all-errors',
    'fail-with-body': 'fail-with-body',
    url: 'url=',
    noproxy: 'noproxy=',
    cacert: 'cacert=',
    capath: 'capath=',
    key: 'key=',
    interface: 'interface=',
    'keepalive-time': 'keepalive-time=',
    'local-port': 'local-port=',
    'http1.1': 'ignored',
    'http1.0': 'ignored',
    http2: 'ignored',
    compressed: 'ignored',
    'no-keepalive': 'ignored',
    'no-progress-meter': 's',
    'path-as-is': 'ignored',
    'tcp-nodelay': 'ignored',
  },
}

class Failure {
  readonly code: number
  readonly text: string
  constructor(code: number, text: string) {
    this.code = code
    this.text = text
  }
}

interface Facts {
  url: Url
  outcome: HttpOutcome
  failure: Failure | undefined
  redirects: number
}

/** curl 8. SIMPLIFIED: no progress meter, no cookies kept, no proxies; certificates are accepted with -k only. */
export function* curl(system: System): Task<number> {
  const options = readOptions(system.argv.slice(1), NAMES)
  if (options.has('V')) {
    system.write(`curl ${VERSION} (x86_64-pc-linux-gnu) libcurl/${VERSION} OpenSSL/3.5.1\n`)
    return 0
  }
  if (options.has('h')) {
    system.write(
      'Usage: curl [options...] <url>\n -d, --data <data>           HTTP POST data\n -f, --fail                  Fail fast with no output on HTTP errors\n -i, --show-headers          Show response headers in output\n -o, --output <file>         Write to file instead of stdout\n -s, --silent                Silent mode\n -v, --verbose               Make the operation more talkative\n',
    )
    return 0
  }
  if (options.unknown !== undefined) {
    system.writeError(
      `curl: option ${options.unknown}: is unknown\ncurl: try 'curl --help' or 'curl --manual' for more information\n`,
    )
    return 2
  }
  const urls = [...options.values('url'), ...options.words]
  if (urls.length === 0) {
    system.writeError("curl: (2) no URL specified\ncurl: try 'curl --help' or 'curl --manual' for more information\n")
    return 2
  }
  let code = 0
  for (const [i, text] of urls.entries()) code = yield* fetchOne(system, options, text, i)
  return code
}

function* fetchOne(system: System, options: Options, text: string, number: number): Task<number> {
  const url = parseUrl(text)
  const tries = Number(options.value('retry') ?? 0)
  let failure: Failure | undefined
  if (!url)
    failure = new Failure(
      text.includes('://') ? 1 : 3,
      text.includes('://') ? `Protocol "${text.split(':')[0]}" not supported` : 'URL rejected: Malformed input to a URL function',
    )
  for (let attempt = 0; url; attempt++) {
    const facts = yield* transfer(system, options, url)
    failure = facts.failure
    if (failure && attempt < tries && isTransient(failure, facts, options)) {
      const waitMs = options.has('retry-delay')
        ? Number(options.value('retry-delay')) * 1000
        : Math.min(1000 * 2 ** attempt, 600_000)
      if (!options.has('s'))
        system.writeError(
          `curl: (${failure.code}) ${failure.text}\nWarning: Problem: ${problemOf(failure)}. Will retry in ${Math.ceil(waitMs / 1000)} seconds. ${tries - attempt} ${tries - attempt === 1 ? 'retry' : 'retries'} left.\n`,
        )
      yield* sleep(waitMs)
      continue
    }
    output(system, options, facts, number)
    break
  }
  if (failure && (!options.has('s') || options.has('S'))) system.writeError(`curl: (${failure.code}) ${failure.text}\n`)
  return failure?.code ?? 0
}

const problemOf = ({ code }: Failure) =>
  code === 28 ? 'timeout' : code === 7 ? 'connection refused' : code === 6 ? 'DNS lookup failure' : 'HTTP error'

function isTransient({ code }: Failure, { outcome }: Facts, options: Options): boolean {
  if (options.has('retry-all-errors') || code === 28 || code === 6) return true
  if (code === 7) return options.has('retry-connrefused')
  return outcome.kind === 'response' && [408, 429, 500, 502, 503, 504].includes(outcome.response.status)
}

/** One URL with its redirections. */
function* transfer(system: System, options: Options, first: Url): Task<Facts> {
  const facts: Facts = { url: first, outcome: yield* ask(system, options, first), failure: undefined, redirects: 0 }
  const most = Number(options.value('max-redirs') ?? MAX_REDIRECTS)
  for (;;) {
    const { outcome } = facts
    facts.failure = failureOf(system, options, facts.url, outcome)
    if (outcome.kind !== 'response') return facts
    const location = headerOf(outcome.response, 'location')
    const isMoved = outcome.response.status >= 300 && outcome.response.status < 400 && location !== undefined
    if (!isMoved || !options.has('L')) break
    if (facts.redirects >= most) {
      facts.failure = new Failure(47, `Maximum (${most}) redirects followed`)
      break
    }
    const next = parseUrl(
      location.startsWith('/') ? `http${facts.url.secure ? 's' : ''}://${hostHeader(facts.url)}${location}` : location,
    )
    if (!next) break
    outcome.connection.close()
    facts.redirects++
    facts.url = next
    facts.outcome = yield* ask(system, options, next)
  }
  if (facts.outcome.kind === 'response') facts.outcome.connection.close()
  return facts
}

function headersOf(options: Options, body: string): { readonly [name: string]: string } {
  const headers: Record<string, string> = { 'User-Agent': options.value('A') ?? `curl/${VERSION}`, Accept: '*/*' }
  const user = options.value('u')
  if (user !== undefined) headers['Authorization'] = `Basic ${base64(user)}`
  const cookie = options.value('b')
  if (cookie !== undefined) headers['Cookie'] = cookie
  const referer = options.value('e')
  if (referer !== undefined) headers['Referer'] = referer
  if (body !== '') {
    headers['Content-Length'] = String(byteLength(body))
    headers['Content-Type'] = options.has('json') ? 'application/json' : 'application/x-www-form-urlencoded'
  }
  for (const line of options.values('H')) {
    const colon = line.indexOf(':')
    if (colon === -1) continue
    const name = line.slice(0, colon)
    const same = Object.keys(headers).find((one) => one.toLowerCase() === name.toLowerCase())
    if (same !== undefined) delete headers[same]
    const value = line.slice(colon + 1).trim()
    if (value !== '') headers[name.toLowerCase() === 'host' ? 'Host' : name] = value
  }
  return headers
}

function bodyOf(system: System, options: Options): string {
  const parts = options.values('d').map((part) => {
    if (!part.startsWith('@')) return part
    return part === '@-' ? system.stdin : (system.files.read(part.slice(1)) ?? '')
  })
  const encoded = options.values('data-urlencode').map((part) => {
    const equals = part.indexOf('=')
    return equals === -1 ? encodeURIComponent(part) : part.slice(0, equals + 1) + encodeURIComponent(part.slice(equals + 1))
  })
  return options.value('json') ?? [...parts, ...encoded].join('&')
}

function* ask(system: System, options: Options, asked: Url): Task<HttpOutcome> {
  const data = bodyOf(system, options)
  const inQuery = options.has('G') && data !== ''
  const url = inQuery ? { ...asked, path: `${asked.path}${asked.path.includes('?') ? '&' : '?'}${data}` } : asked
  const body = inQuery ? '' : data
  const method = options.value('X') ?? (options.has('I') ? 'HEAD' : body === '' ? 'GET' : 'POST')
  const headers = headersOf(options, body)
  const seconds = (name: string) => (options.has(name) ? Number(options.value(name)) * 1000 : undefined)
  const pinned = options
    .values('resolve')
    .find((entry) => entry.startsWith(`${url.host}:${url.port}:`) || entry.startsWith(`*:${url.port}:`))
  const note = options.has('v') ? (line: string) => system.writeError(`${line}\n`) : () => undefined
  const exchange: Exchange = {
    method,
    headers,
    body,
    timeoutMs: seconds('m'),
    connectTimeoutMs: seconds('connect-timeout'),
    family: options.has('4') ? 4 : options.has('6') ? 6 : undefined,
    address: pinned
      ?.split(':')
      .slice(2)
      .join(':')
      .replace(/^\[|\]$/g, ''),
    onLookup: (found) => {
      if (found[0] !== url.host)
        note(
          `* Host ${url.host}:${url.port} was resolved.\n* IPv6: ${found.filter((a) => a.includes(':')).join(', ') || '(none)'}\n* IPv4: ${found.filter((a) => !a.includes(':')).join(', ') || '(none)'}`,
        )
    },
    onTrying: ({ address, port }) => note(`*   Trying ${address}:${port}...`),
    onConnected: ({ remote }) => {
      note(`* Connected to ${url.host} (${remote.address}) port ${remote.port}`)
      note(url.secure ? '* SSL connection using TLSv1.3 / TLS_AES_256_GCM_SHA384\n* using HTTP/1.x' : '* using HTTP/1.x')
      note(`> ${method} ${url.path} HTTP/1.1`)
      for (const [name, value] of Object.entries({ Host: hostHeader(url), ...headers })) note(`> ${name}: ${value}`)
      note('> \n* Request completely sent off')
    },
  }
  const outcome = yield* request(system, url, exchange)
  if (outcome.kind === 'connect') {
    const { target, failure } = outcome
    note(`* connect to ${target.address} port ${target.port} failed: ${errorText(failure.failure)}`)
    note('* closing connection #0')
  } else if (outcome.kind === 'response') {
    note(`< HTTP/1.1 ${statusText(outcome.response.status)}`)
    for (const [name, value] of responseHeaders(outcome.response, httpDate(system.sim.now))) note(`< ${name}: ${value}`)
    note(`< \n* Connection #0 to host ${url.host} left intact`)
  }
  return outcome
}

function failureOf(system: System, options: Options, url: Url, outcome: HttpOutcome): Failure | undefined {
  const { totalMs } = outcome.timings
  if (outcome.kind === 'lookup')
    return outcome.failure === 'ETIMEDOUT'
      ? new Failure(28, `Resolving timed out after ${totalMs} milliseconds`)
      : new Failure(6, `Could not resolve host: ${url.host}`)
  if (outcome.kind === 'connect') {
    const where = `Failed to connect to ${url.host} port ${url.port} after ${outcome.timings.totalMs} ms`
    if (outcome.failure.failure === 'ETIMEDOUT') return new Failure(28, `${where}: Timeout was reached`)
    return new Failure(7, `${where}: Could not connect to server`)
  }
  if (outcome.kind === 'exchange') {
    const { failure } = outcome.failure
    if (failure === 'ETIMEDOUT') return new Failure(28, `Operation timed out after ${totalMs} milliseconds with 0 bytes received`)
    if (failure === 'EPROTO') return new Failure(35, 'TLS connect error: error:0A00010B:SSL routines::wrong version number')
    return new Failure(56, `Recv failure: ${errorText(failure)}`)
  }
  if (url.secure && !options.has('k') && !options.has('cacert') && !isPublic(outcome.connection.remote.address))
    return new Failure(
      60,
      'SSL certificate problem: unable to get local issuer certificate\nMore details here: https://curl.se/docs/sslcerts.html\n\ncurl failed to verify the legitimacy of the server and therefore could not\nestablish a secure connection to it. To learn more about this situation and\nhow to fix it, please visit the webpage mentioned above.',
    )
  if (outcome.response.status === 0) return new Failure(1, 'Received HTTP/0.9 when not allowed')
  if ((options.has('f') || options.has('fail-with-body')) && outcome.response.status >= 400)
    return new Failure(22, `The requested URL returned error: ${outcome.response.status}`)
  return undefined
}

const isPublic = (address: string) => !/^(10\.|127\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|f[cd]|::1$)/.test(address)

function output(system: System, options: Options, facts: Facts, number: number): void {
  const { outcome, failure } = facts
  if (outcome.kind === 'response' && failure?.code !== 60 && !(failure?.code === 22 && !options.has('fail-with-body'))) {
    const text = textOf(system, options, outcome.response)
    const target =
      options.values('o')[number] ??
      (options.has('O') ? (facts.url.path.split(/[/?]/).findLast((part) => part !== '') ?? 'index.html') : '-')
    if (target === '-') system.write(text)
    else if (target !== '/dev/null')
      system.files.write(target.startsWith('/') ? target : `${system.cwd.replace(/\/$/, '')}/${target}`, text)
  }
  const format = options.value('w')
  if (format !== undefined) system.write(written(format, facts))
}

function textOf(system: System, options: Options, response: HttpResponse): string {
  const isHead = options.has('I')
  if (!isHead && !options.has('i')) return response.body
  const head = responseHeaders(response, httpDate(system.sim.now)).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${statusText(response.status)}\r\n${head.join('')}\r\n${isHead ? '' : response.body}`
}

/** --write-out */
function written(format: string, { outcome, failure, url, redirects }: Facts): string {
  const response = outcome.kind === 'response' ? outcome.response : undefined
  const ends = 'connection' in outcome ? outcome.connection : undefined
  const seconds = (ms: number) => (ms / 1000).toFixed(6)
  const { lookupMs, connectMs, totalMs } = outcome.timings
  const code = String(response?.status ?? 0).padStart(3, '0')
  const fields: { readonly [name: string]: string } = {
    http_code: code,
    response_code: code,
    time_total: seconds(totalMs),
    time_connect: seconds(connectMs),
    time_namelookup: seconds(lookupMs),
    time_pretransfer: seconds(connectMs),
    time_appconnect: seconds(url.secure ? connectMs : 0),
    time_starttransfer: seconds(response ? totalMs : 0),
    time_redirect: seconds(0),
    remote_ip: ends?.remote.address ?? '',
    remote_port: String(ends?.remote.port ?? 0),
    local_ip: ends?.local.address ?? '',
    local_port: String(ends?.local.port ?? 0),
    size_download: String(response ? byteLength(response.body) : 0),
    content_type: response
      ? (responseHeaders(response, '').find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '')
      : '',
    url_effective: `http${url.secure ? 's' : ''}://${hostHeader(url)}${url.path}`,
    redirect_url: response ? (headerOf(response, 'location') ?? '') : '',
    num_connects: ends ? '1' : '0',
    num_redirects: String(redirects),
    http_version: response ? '1.1' : '0',
    exitcode: String(failure?.code ?? 0),
    errormsg: failure?.text ?? '',
    scheme: url.secure ? 'https' : 'http',
    speed_download: '0',
  }
  return format
    .replace(/%\{(\w+)\}/g, (whole, name: string) => fields[name] ?? whole)
    .replaceAll('\\n', '\n')
    .replaceAll('\\t', '\t')
    .replaceAll('\\r', '\r')
    .replaceAll('%%', '%')
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

export function base64(text: string): string {
  let out = ''
  for (let i = 0; i < text.length; i += 3) {
    const [a = 0, b, c] = [...text.slice(i, i + 3)].map((char) => char.charCodeAt(0) & 255)
    const bits = (a << 16) | ((b ?? 0) << 8) | (c ?? 0)
    out += [18, 12, 6, 0]
      .map((shift, n) => ((n === 2 && b === undefined) || (n === 3 && c === undefined) ? '=' : ALPHABET[(bits >> shift) & 63]))
      .join('')
  }
  return out
}
