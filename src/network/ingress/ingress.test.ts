import { describe, expect, it } from 'vitest'
import type { EndpointSlice, Ingress, IngressSpec, Secret, Service } from '../../apimachinery/generated/types.ts'
import { printConf, testConf } from './conf.ts'
import { buildModel, type IngressWorld } from './model.ts'
import { route, type IncomingRequest } from './route.ts'

const services: readonly Service[] = ['web', 'api', 'next'].map((name) => ({
  metadata: { name, namespace: 'shop' },
  spec: { ports: [{ name: 'http', port: 80 }], clusterIP: '10.96.0.9' },
}))
const secret: Secret = { metadata: { name: 'cert', namespace: 'shop' }, data: { 'tls.crt': 'x', 'tls.key': 'y' } }
const world: IngressWorld = {
  service: (_, name) => services.find(({ metadata }) => metadata.name === name),
  slices: (_, service): EndpointSlice[] => [
    {
      metadata: { name: service },
      addressType: 'IPv4',
      endpoints: [
        { addresses: ['10.244.1.5'], conditions: { ready: true } },
        { addresses: ['10.244.1.6'], conditions: { ready: false } },
      ],
      ports: [{ name: 'http', port: 8080 }],
    },
  ],
  secret: (_, name) => (name === 'cert' ? secret : undefined),
}
const backend = (name: string) => ({ service: { name, port: { number: 80 } } })
const path = (text: string, name: string, pathType = 'Prefix') => ({ path: text, pathType, backend: backend(name) })
function ingress(
  name: string,
  paths: readonly ReturnType<typeof path>[],
  annotations: Record<string, string> = {},
  more: Partial<IngressSpec> = {},
): Ingress {
  const prefixed = Object.fromEntries(
    Object.entries(annotations).map(([key, value]) => [`nginx.ingress.kubernetes.io/${key}`, value]),
  )
  return {
    metadata: { name, namespace: 'shop', annotations: prefixed, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { rules: [{ host: 'shop.example', http: { paths } }], ...more },
  }
}
const request = (text: string, more: Partial<IncomingRequest> = {}): IncomingRequest => ({
  scheme: 'http',
  host: 'shop.example',
  method: 'GET',
  path: text,
  headers: {},
  bodyBytes: 0,
  clientAddress: '10.0.255.10',
  ...more,
})
function ask(list: readonly Ingress[], asked: IncomingRequest, dice = 0.5): string {
  const decision = route(buildModel(list, world), asked, () => dice)
  if (decision.kind === 'proxy') return `${decision.upstream} ${decision.path}`
  return `${decision.status}${decision.location === undefined ? '' : ` ${decision.location}`}`
}

describe('what nginx does with a request', () => {
  const plain = ingress('a', [path('/', 'web'), path('/api', 'api'), path('/api/v2', 'next'), path('/exact', 'next', 'Exact')])
  it.each<[string, IncomingRequest, string]>([
    ['the longest prefix', request('/api/v2/x'), 'shop-next-80 /api/v2/x'],
    ['a prefix ends at a slash', request('/apis'), 'shop-web-80 /apis'],
    ['the prefix itself', request('/api'), 'shop-api-80 /api'],
    ['exact', request('/exact'), 'shop-next-80 /exact'],
    ['not below exact', request('/exact/more'), 'shop-web-80 /exact/more'],
    ['the query stays', request('/api?x=1'), 'shop-api-80 /api?x=1'],
    ['the port in Host does not matter', request('/', { host: 'shop.example:8000' }), 'shop-web-80 /'],
    ['another host', request('/', { host: 'other.example' }), 'upstream-default-backend /'],
  ])('%s', (_, asked, expected) => {
    expect(ask([plain], asked)).toBe(expected)
  })

  it('wildcard hosts are one level deep', () => {
    const wild = { ...plain, spec: { rules: [{ host: '*.example', http: { paths: [path('/', 'web')] } }] } }
    expect(ask([wild], request('/', { host: 'a.example' }))).toBe('shop-web-80 /')
    expect(ask([wild], request('/', { host: 'a.b.example' }))).toBe('upstream-default-backend /')
  })

  it('rewrite-target makes regular expressions of all paths of the host', () => {
    const api = ingress('api', [path('/apis/(.*)', 'api')], { 'rewrite-target': '/$1' })
    const web = ingress('web', [path('/', 'web')])
    expect(ask([web, api], request('/apis/auth/code?q'))).toBe('shop-api-80 /auth/code?q')
    expect(ask([web, api], request('/other'))).toBe('shop-web-80 /other')
  })

  it('redirects to https where there is TLS, and where it is told to', () => {
    const tls = { tls: [{ hosts: ['shop.example'], secretName: 'cert' }] }
    expect(ask([ingress('a', [path('/', 'web')], {}, tls)], request('/x?y'))).toBe('308 https://shop.example/x?y')
    expect(ask([ingress('a', [path('/', 'web')], {}, tls)], request('/x', { scheme: 'https' }))).toBe('shop-web-80 /x')
    expect(ask([ingress('a', [path('/', 'web')], { 'ssl-redirect': 'false' }, tls)], request('/x'))).toBe('shop-web-80 /x')
    expect(ask([ingress('a', [path('/', 'web')], { 'force-ssl-redirect': 'true' })], request('/x'))).toBe(
      '308 https://shop.example/x',
    )
  })

  it('refuses what is too large or from elsewhere', () => {
    const small = ingress('a', [path('/', 'web')], { 'proxy-body-size': '1k', 'whitelist-source-range': '10.0.0.0/8' })
    expect(ask([small], request('/', { bodyBytes: 1025 }))).toBe('413')
    expect(ask([small], request('/', { bodyBytes: 1024 }))).toBe('shop-web-80 /')
    expect(ask([small], request('/', { clientAddress: '192.0.2.1' }))).toBe('403')
    expect(ask([ingress('a', [path('/', 'web')])], request('/', { bodyBytes: 2 ** 20 + 1 }))).toBe('413')
    expect(ask([ingress('a', [path('/', 'web')], { 'proxy-body-size': '0' })], request('/', { bodyBytes: 1e9 }))).toBe(
      'shop-web-80 /',
    )
  })

  it('canaries take their part: by header, cookie, then weight', () => {
    const main = ingress('main', [path('/', 'web')])
    const canary = ingress('canary', [path('/', 'next')], {
      canary: 'true',
      'canary-weight': '30',
      'canary-by-header': 'X-Canary',
      'canary-by-cookie': 'pick',
    })
    expect([0.29, 0.31].map((dice) => ask([main, canary], request('/'), dice))).toEqual(['shop-next-80 /', 'shop-web-80 /'])
    expect(ask([main, canary], request('/', { headers: { 'x-canary': 'always' } }), 0.9)).toBe('shop-next-80 /')
    expect(ask([main, canary], request('/', { headers: { 'x-canary': 'never' } }), 0.1)).toBe('shop-web-80 /')
    expect(ask([main, canary], request('/', { headers: { cookie: 'a=b; pick=always' } }), 0.9)).toBe('shop-next-80 /')
  })
})

describe('the configuration', () => {
  it('has ready endpoints only, by the number of the target', () => {
    const { upstreams } = buildModel([ingress('a', [path('/', 'web')])], world)
    expect(upstreams.get('shop-web-80')?.endpoints).toEqual([{ address: '10.244.1.5', port: 8080 }])
  })

  it('names what is missing and serves on', () => {
    const broken = ingress('a', [path('/', 'nowhere')], {}, { tls: [{ hosts: ['shop.example'], secretName: 'gone' }] })
    const { warnings, servers } = buildModel([broken], world)
    expect(warnings).toEqual([
      'Error obtaining Endpoints for Service "shop/nowhere": no object matching key "shop/nowhere" in local store',
      'Error getting SSL certificate "shop/gone": local SSL certificate shop/gone was not found. Using default certificate',
    ])
    expect(servers.find(({ host }) => host === 'shop.example')?.tls).toBe(true)
  })

  it('is text that names server, location and upstream', () => {
    const conf = printConf(
      buildModel([ingress('a', [path('/api', 'api')])], world, [{ protocol: 'tcp', entries: { 8000: 'shop/api:80' } }]),
    )
    expect(conf).toContain('## start server shop.example')
    expect(conf).toContain('set $proxy_upstream_name "shop-api-80";')
    expect(conf).toContain('location = /api {')
    expect(conf).toMatch(/listen +8000;/)
  })

  it('is tested before it is taken', () => {
    const bad = ingress('a', [path('/x(', 'web')], { 'use-regex': 'true' })
    expect(testConf(buildModel([bad], world))).toContain(
      'nginx: [emerg] pcre2_compile() failed: missing closing parenthesis in "^/x("',
    )
    expect(testConf(buildModel([ingress('a', [path('/x', 'web')])], world))).toBeUndefined()
  })
})
