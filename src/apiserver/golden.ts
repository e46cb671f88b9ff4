/**
 * Runs API cases recorded from Kubernetes 1.36.2 against a server of ours and tells what differs.
 * Placeholders of the recording (<rv>, <uid-1>, <time>, ...) match any value of their kind.
 */
import type { JsonObject } from '../apimachinery/resource.ts'
import type { Simulation } from '../sim/simulation.ts'
import type { UserInfo } from './api.ts'
import { handleHttp } from './http.ts'
import type { HttpAnswer, HttpRequest } from './http/types.ts'
import type { ApiServer } from './server.ts'

interface CaseRequest {
  readonly method: string
  readonly path: string
  readonly query?: { readonly [name: string]: unknown }
  readonly headers?: { readonly [name: string]: string | readonly string[] | null }
  readonly body?: unknown
  readonly rawBody?: unknown
}

interface Expectation {
  readonly code: number
  readonly contentType?: string
  readonly headers?: { readonly [name: string]: readonly string[] }
  readonly body: unknown
}

interface Step extends Partial<CaseRequest> {
  readonly expectCode?: number
  readonly until?: { readonly code: number; readonly path?: string; readonly value?: unknown }
  readonly save?: { readonly [variable: string]: string }
  readonly waitSeconds?: number
}

/** One recorded case, as its file has it. */
export interface ApiCase {
  readonly name: string
  readonly feature: string
  readonly setup?: readonly Step[]
  readonly request: CaseRequest
  readonly during?: readonly CaseRequest[]
  readonly reduce?: 'keys' | 'keys3' | 'version' | 'schemas'
  readonly expect: Expectation
  readonly then?: readonly (CaseRequest & { readonly expect: Expectation })[]
}

/** A fresh server with the controllers that ran when the cases were recorded, and GOLDEN_TOKENS. */
export type MakeServer = () => { readonly api: ApiServer; readonly sim: Simulation }

export interface CaseResult {
  readonly ok: boolean
  readonly differences: readonly string[]
}

/** The caller of all requests that name no other. */
const ADMIN: UserInfo = { name: 'admin', uid: 'admin', groups: ['system:masters'] }
/** The bearer tokens that the cases use. */
export const GOLDEN_TOKENS: ReadonlyMap<string, UserInfo> = new Map([
  ['alicetoken', { name: 'alice', uid: 'alice', groups: ['devs'] }],
])
const SETTLE_MS = 25
const PATIENCE_MS = 20_000

/** Carries out a case: setup, request (with what happens during a watch), follow-ups. */
export function runApiCase(apiCase: ApiCase, makeServer: MakeServer): CaseResult {
  const run = new CaseRun(makeServer())
  for (const step of apiCase.setup ?? []) run.step(step)
  if (run.differences.length === 0) {
    run.expect('request', run.send(apiCase.request, apiCase.during), apiCase.expect, apiCase.reduce)
    for (const [i, { expect, ...request }] of (apiCase.then ?? []).entries()) run.expect(`then[${i}]`, run.send(request), expect)
  }
  return { ok: run.differences.length === 0, differences: run.differences }
}

interface Reply {
  readonly code: number
  readonly headers: { readonly [name: string]: string | readonly string[] }
  readonly body: unknown
}

class CaseRun {
  readonly differences: string[] = []
  private readonly api: ApiServer
  private readonly sim: Simulation
  private readonly variables = new Map<string, string>()
  private readonly matcher = new Matcher()

  constructor({ api, sim }: ReturnType<MakeServer>) {
    this.api = api
    this.sim = sim
    sim.runFor(1000)
  }

  step(step: Step): void {
    if (step.waitSeconds) this.sim.runFor(step.waitSeconds * 1000)
    if (step.path === undefined || step.method === undefined) return
    const request = step as CaseRequest
    let reply = this.send(request)
    const began = this.sim.now
    while (step.until && !reached(step.until, reply) && this.sim.now - began < PATIENCE_MS) {
      this.sim.runFor(100)
      reply = this.send(request)
    }
    if (step.expectCode !== undefined && reply.code !== step.expectCode)
      this.differences.push(
        `setup ${step.method} ${step.path}: ${step.expectCode} expected, got ${reply.code} ${messageOf(reply.body)}`,
      )
    for (const [variable, path] of Object.entries(step.save ?? {}))
      this.variables.set(variable, String(valueAt(reply.body, path)))
  }

  send(request: CaseRequest, during: readonly CaseRequest[] = []): Reply {
    const answer = handleHttp(this.api, this.httpRequest(request))
    if (answer.kind === 'stream') return this.collect(answer, during)
    for (const one of during) this.send(one)
    this.sim.runFor(SETTLE_MS)
    if (answer.kind === 'response')
      return { code: answer.code, headers: answer.headers, body: parsed(answer.body, answer.headers) }
    return { code: 0, headers: {}, body: `an answer of kind ${answer.kind}` }
  }

  expect(what: string, reply: Reply, expected: Expectation, reduce?: ApiCase['reduce']): void {
    const report = (text: string) => this.differences.push(`${what}: ${text}`)
    if (reply.code !== expected.code) report(`code ${expected.code} expected, got ${reply.code} ${messageOf(reply.body)}`)
    const type = expected.contentType
    if (type !== undefined && reply.headers['content-type'] !== type)
      report(`content type ${type} expected, got ${String(reply.headers['content-type'])}`)
    for (const name of ['Warning', 'Location', 'Allow', 'Retry-After', 'Accept-Patch']) {
      const got = reply.headers[name.toLowerCase()]
      const list = got === undefined ? undefined : typeof got === 'string' ? [got] : got
      if (expected.headers?.[name] || list) this.matcher.compare(expected.headers?.[name], list, `header ${name}`, report)
    }
    this.matcher.compare(expected.body, reduced(reply.body, reduce), 'body', report)
  }

  private collect(stream: Extract<HttpAnswer, { kind: 'stream' }>, during: readonly CaseRequest[]): Reply {
    let text = ''
    let ended = false
    stream.open({ write: (chunk) => (text += chunk), end: () => (ended = true) })
    this.sim.runFor(SETTLE_MS)
    for (const one of during) this.send(one)
    this.sim.runUntilTrue(() => ended, PATIENCE_MS)
    const events = text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as JsonObject)
    const isRepeat = (event: JsonObject, i: number) =>
      event.type === 'BOOKMARK' && i > 0 && JSON.stringify(event) === JSON.stringify(events[i - 1])
    return { code: stream.code, headers: stream.headers, body: events.filter((event, i) => !isRepeat(event, i)) }
  }

  private httpRequest(request: CaseRequest): HttpRequest {
    const { method, path, query = {}, headers = {}, body, rawBody } = this.substituted(expanded(request)) as CaseRequest
    const text = rawBody !== undefined ? String(rawBody) : body === undefined ? '' : JSON.stringify(body)
    const all: Record<string, string | readonly string[]> = { 'user-agent': 'golden', accept: 'application/json' }
    if (text !== '' || rawBody !== undefined || body !== undefined) all['content-type'] = 'application/json'
    for (const [name, value] of Object.entries(headers)) {
      if (value === null) delete all[name.toLowerCase()]
      else all[name.toLowerCase()] = value
    }
    const pairs = Object.entries(query).flatMap(([name, value]) =>
      (Array.isArray(value) ? value : [value]).map((v) => `${encodeURIComponent(name)}=${encodeURIComponent(String(v))}`),
    )
    const [plain = '', inPath = ''] = path.split('?')
    return {
      method,
      path: plain,
      query: [inPath, ...pairs].filter(Boolean).join('&'),
      headers: all,
      body: text,
      ...(all['authorization'] ? {} : { user: ADMIN }),
    }
  }

  private substituted(value: unknown): unknown {
    if (typeof value === 'string') return value.replace(/\{\{(\w+)\}\}/g, (_, name: string) => this.variables.get(name) ?? '')
    if (Array.isArray(value)) return value.map((item) => this.substituted(item))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.substituted(item)]))
  }
}

/** {"$repeat": ["x", n]} stands for n times x. */
function expanded(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(expanded)
  if (typeof value !== 'object' || value === null) return value
  const { $repeat } = value as { $repeat?: readonly [string, number] }
  if ($repeat) return $repeat[0].repeat($repeat[1])
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, expanded(item)]))
}

function parsed(text: string, headers: Reply['headers']): unknown {
  const type = String(headers['content-type'] ?? '')
  const json = type.startsWith('application/json') || /^\s*\{/.test(text)
  return json && text !== '' && !type.includes('yaml') ? JSON.parse(text) : text
}

function reached(until: NonNullable<Step['until']>, { code, body }: Reply): boolean {
  return (
    code === until.code && (until.path === undefined || JSON.stringify(valueAt(body, until.path)) === JSON.stringify(until.value))
  )
}

function valueAt(body: unknown, path: string): unknown {
  let value = body
  for (const key of path.split('.')) value = (value as { [key: string]: unknown } | undefined)?.[key]
  return value
}

function messageOf(body: unknown): string {
  const { message } = (body ?? {}) as { message?: unknown }
  return typeof message === 'string' ? message : ''
}

/** Long answers were cut down before they were recorded. */
function reduced(body: unknown, reduce: ApiCase['reduce']): unknown {
  if (reduce === undefined || typeof body !== 'object' || body === null) return body
  const object = body as { readonly [key: string]: unknown }
  const names = (value: unknown) => Object.keys(value as object).sort()
  if (reduce === 'version') return { major: object['major'], minor: object['minor'] }
  if (reduce === 'schemas') {
    const { schemas = {} } = (object['components'] ?? {}) as { schemas?: object }
    const custom = Object.entries(schemas).filter(([name]) => !name.startsWith('io.k8s.'))
    return { paths: names(object['paths'] ?? {}), 'components.schemas': Object.fromEntries(custom) }
  }
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => [
      key,
      typeof value === 'object' && value !== null && !Array.isArray(value) ? names(value) : value,
    ]),
  )
}

const TIME = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`
const PATTERNS: { readonly [name: string]: string } = {
  rv: String.raw`\d+`,
  time: TIME,
  microtime: String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z`,
  age: String.raw`[^<]\S*.*`,
  suffix: '[a-z0-9]+',
  clusterIP: String.raw`\d+\.\d+\.\d+\.\d+`,
  nodePort: String.raw`\d+`,
  hunk: '.*',
  diff: String.raw`[\s\S]*`,
  continue: '.+',
  token: '.+',
  pem: String.raw`[\s\S]+`,
  base64: '.+',
  hash: '.+',
  server: '.+',
}
const PLACEHOLDER = new RegExp(`<(uid-\\d+|${Object.keys(PATTERNS).join('|')}|\\d+ times [^>]+)>`, 'g')
const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'

/** Compares with placeholders; equal ones for uids stand for equal values. */
class Matcher {
  private readonly uids = new Map<string, string>()

  compare(expected: unknown, got: unknown, path: string, report: (text: string) => void): void {
    if (typeof expected === 'string' && typeof got !== 'object' && got !== undefined) {
      if (!this.text(expected, String(got))) report(`${path}: ${JSON.stringify(expected)} expected, got ${JSON.stringify(got)}`)
    } else if (Array.isArray(expected) && Array.isArray(got)) {
      if (expected.length !== got.length)
        report(`${path}: ${expected.length} items expected, got ${got.length}: ${short(got)} for ${short(expected)}`)
      else for (const [i, item] of expected.entries()) this.compare(item, got[i], `${path}[${i}]`, report)
    } else if (isObject(expected) && isObject(got)) {
      for (const key of new Set([...Object.keys(expected), ...Object.keys(got)]))
        this.compare(expected[key], got[key], /^[\w-]+$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`, report)
    } else if (expected !== got) report(`${path}: ${short(expected)} expected, got ${short(got)}`)
  }

  private text(expected: string, got: string): boolean {
    if (expected === got) return true
    const names: string[] = []
    let source = ''
    let at = 0
    // In YAML text the recording kept the resource version.
    const template = expected.replace(/resourceVersion: "\d+"/g, 'resourceVersion: "<rv>"')
    for (const match of template.matchAll(PLACEHOLDER)) {
      source += escape(template.slice(at, match.index))
      source += this.pattern(match[1] ?? '', names)
      at = match.index + match[0].length
    }
    if (at === 0) return false
    const result = new RegExp(`^${source}${escape(template.slice(at))}$`).exec(got)
    if (!result) return false
    for (const [i, name] of names.entries()) {
      const value = result[i + 1] ?? ''
      if ((this.uids.get(name) ?? value) !== value) return false
      this.uids.set(name, value)
    }
    return true
  }

  private pattern(name: string, names: string[]): string {
    if (name.startsWith('uid-')) {
      names.push(name)
      return `(${UUID})`
    }
    const run = /^(\d+) times (.+)$/s.exec(name)
    return run ? `(?:${escape(run[2] ?? '')}){${run[1] ?? ''}}` : `(?:${PATTERNS[name] ?? ''})`
  }
}

const escape = (text: string) => text.replace(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`)
const isObject = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 300 ? `${text.slice(0, 300)}...` : text
}
