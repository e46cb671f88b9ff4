/** URLs. Source: k8s 1.36 cel/library/urls.go, Go's url.ParseRequestURI. */
import type { Environment } from '@marcbachmann/cel-js'
import { define, failure } from './define.ts'

class UrlValue {
  readonly scheme: string
  /** With the port. */
  readonly host: string
  readonly path: string
  readonly query: string
  constructor(scheme: string, host: string, path: string, query: string) {
    this.scheme = scheme
    this.host = host
    this.path = path
    this.query = query
  }
}

/** The URL, or why the text is none. */
function readUrl(text: string): UrlValue | string {
  const why = (reason: string) => `URL parse error during conversion from string: parse ${JSON.stringify(text)}: ${reason}`
  if (text === '') return why('empty url')
  if ([...text].some((char) => char < ' ' || char === '\u007f')) return why('net/url: invalid control character in URL')
  const [, scheme = '', rest = ''] = /^([a-zA-Z][a-zA-Z0-9+.-]*):(.*)$/.exec(text) ?? ['', '', text]
  if (/%(?![0-9a-fA-F]{2})/.test(rest)) return why(`invalid URL escape ${JSON.stringify(/%.{0,2}/.exec(rest)?.[0] ?? '%')}`)
  if (!rest.startsWith('/'))
    return scheme === '' ? why('invalid URI for request') : new UrlValue(scheme.toLowerCase(), '', '', '')
  const [beforeQuery = '', ...query] = rest.split('?')
  const [, host = '', path = ''] = /^\/\/([^/]*)(.*)$/.exec(beforeQuery) ?? ['', '', beforeQuery]
  if (scheme === '' && beforeQuery.startsWith('//')) return new UrlValue('', '', beforeQuery, query.join('?'))
  const bare = host.slice(host.lastIndexOf('@') + 1)
  if (bare.includes(' ')) return why('invalid character " " in host name')
  if (!/^(\[[^\]]*\]|[^:]*)(:\d*)?$/.test(bare))
    return why(`invalid port ${JSON.stringify(bare.slice(bare.indexOf(':')))} after host`)
  return new UrlValue(scheme.toLowerCase(), bare, path, query.join('?'))
}

const parts = ({ host }: UrlValue) => /^(?:\[([^\]]*)\]|([^:]*))(?::(\d*))?$/.exec(host) ?? []

function unescape(text: string): string {
  try {
    return decodeURIComponent(text.replace(/\+/g, ' '))
  } catch (error) {
    if (error instanceof URIError) return text
    throw error
  }
}

function queryOf({ query }: UrlValue): { [key: string]: string[] } {
  const values: { [key: string]: string[] } = {}
  for (const pair of query.split('&')) {
    if (pair === '') continue
    const [key = '', ...value] = pair.split('=')
    ;(values[unescape(key)] ??= []).push(unescape(value.join('=')))
  }
  return values
}

export function urlLibrary(env: Environment): void {
  const T = 'kubernetes.URL'
  env.registerType(T, UrlValue)
  define(env, {
    [`url(string): ${T}`]: (text: string) => {
      const url = readUrl(text)
      if (typeof url === 'string') throw failure(url)
      return url
    },
    'isURL(string): bool': (text: string) => typeof readUrl(text) !== 'string',
    [`${T}.getScheme(): string`]: ({ scheme }: UrlValue) => scheme,
    [`${T}.getHost(): string`]: ({ host }: UrlValue) => host,
    [`${T}.getHostname(): string`]: (url: UrlValue) => parts(url)[1] ?? parts(url)[2] ?? '',
    [`${T}.getPort(): string`]: (url: UrlValue) => parts(url)[3] ?? '',
    [`${T}.getEscapedPath(): string`]: ({ path }: UrlValue) => path.replaceAll(' ', '%20'),
    [`${T}.getQuery(): map<string, list<string>>`]: queryOf,
  })
}
