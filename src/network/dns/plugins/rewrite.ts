import type { Task } from '../../../sim/task.ts'
import { fullName, type DnsRecord, type DnsReply, type DnsType } from '../message.ts'
import { argumentError, type Plugin, type Query, type Setup } from './plugin.ts'

/** Rewrites a question, and its answers back. Undefined: does not apply. */
type Rule = (query: Query) => { readonly query: Query; readonly back: (record: DnsRecord) => DnsRecord } | undefined

const KINDS = new Set(['exact', 'prefix', 'suffix', 'substring', 'regex'])
const escape = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
const same = (record: DnsRecord) => record

/** How a `name` rule changes a name. */
function renamer(kind: string, from: string, to: string, setup: Setup): (name: string) => string | undefined {
  if (kind === 'exact') return (name) => (name === fullName(from) ? fullName(to) : undefined)
  if (kind === 'prefix') return (name) => (name.startsWith(from) ? fullName(to + name.slice(from.length)) : undefined)
  if (kind === 'suffix') {
    const [tail, other] = [fullName(from), fullName(to)]
    return (name) => (name.endsWith(tail) ? name.slice(0, -tail.length) + other : undefined)
  }
  if (kind === 'substring') return (name) => (name.includes(from) ? name.replace(from, to) : undefined)
  const pattern = compile(from, setup)
  return (name) => {
    const match = pattern.exec(name)
    return match ? fullName(to.replace(/\{(\d)\}/g, (_, digit: string) => match[Number(digit)] ?? '')) : undefined
  }
}

function compile(text: string, setup: Setup): RegExp {
  try {
    return new RegExp(text)
  } catch {
    return setup.refuse(`invalid regex pattern in a name rule: ${text}`)
  }
}

function answerRules(words: readonly string[], setup: Setup): (name: string) => string {
  const rules: ((name: string) => string | undefined)[] = []
  for (let i = 0; i < words.length; i++)
    if (words[i] === 'answer' && words[i + 1] !== 'auto') {
      const [kind, from = '', to = ''] = words.slice(i + 1)
      if (kind === 'name' || kind === 'value') rules.push(renamer('regex', from, to, setup))
    }
  return (name) => rules.reduce((current, rule) => rule(current) ?? current, name)
}

function nameRule(args: readonly string[], more: readonly (readonly string[])[], setup: Setup): Rule {
  const kind = KINDS.has(args[0] ?? '') ? (args[0] ?? '') : 'exact'
  const [from, to, ...rest] = KINDS.has(args[0] ?? '') ? args.slice(1) : args
  if (from === undefined || to === undefined) setup.fail('few arguments: must be at least 2 for a name rule')
  const rename = renamer(kind, from, to, setup)
  const words = [rest, ...more].flat()
  const back = answerRules(words, setup)
  const isAuto = kind === 'exact' || words.includes('auto')
  return (query) => {
    const name = rename(query.name)
    if (name === undefined) return undefined
    const original = query.name
    const restore = (text: string) => {
      if (!isAuto) return back(text)
      if (text === name) return original
      return kind === 'suffix' ? text.replace(new RegExp(`${escape(fullName(to))}$`), fullName(from)) : text
    }
    return { query: { ...query, name }, back: (record) => ({ ...record, name: restore(record.name) }) }
  }
}

function ruleOf(words: readonly string[], more: readonly (readonly string[])[], setup: Setup): Rule {
  const [field = '', ...args] = words
  if (field === 'name') return nameRule(args, more, setup)
  if (field === 'type') {
    const [from, to = 'A'] = args
    return (query) => (query.type === from ? { query: { ...query, type: to as DnsType }, back: same } : undefined)
  }
  if (field === 'ttl') {
    const ttl = Number(args.at(-1))
    const matches = renamer(KINDS.has(args[0] ?? '') ? (args[0] ?? '') : 'exact', args.at(-2) ?? '', '', setup)
    return (query) => (matches(query.name) === undefined ? undefined : { query, back: (record) => ({ ...record, ttl }) })
  }
  if (field === 'class' || field === 'edns0' || field === 'rcode') return () => undefined
  return setup.refuse(`invalid rule type "${field}"`)
}

/** CoreDNS plugin/rewrite. SIMPLIFIED: rules about class, EDNS0 options and response codes are read and do nothing. */
export const rewrite: Plugin = (setup) => {
  const { args, body } = setup.directive
  const words = args.length > 0 ? args : (body[0]?.words ?? [])
  if (words.length < 2) setup.fail(argumentError(words[0] ?? 'rewrite'))
  const goesOn = words[0] === 'continue'
  const rule = ruleOf(
    goesOn || words[0] === 'stop' ? words.slice(1) : words,
    body.map((line) => line.words),
    setup,
  )
  return (next) =>
    function* (query): Task<DnsReply | null> {
      const changed = query.rewritten ? undefined : rule(query)
      if (!changed) return yield* next(query)
      const reply = yield* next({ ...changed.query, ...(goesOn ? {} : { rewritten: true }) })
      return reply && { ...reply, answers: reply.answers.map(changed.back) }
    }
}
