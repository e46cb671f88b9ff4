import { describe, expect, it } from 'vitest'
import { parseTarget, type Target } from './target.ts'
import type { PacketQuestion } from './protocol.ts'

const ask = (target: string, more: Partial<PacketQuestion> = {}): Target | string =>
  parseTarget({ source: { kind: 'outside' }, target, protocol: 'http', port: 0, method: 'GET', path: '/', ...more })

describe('a target', () => {
  it.each([
    ['http://web/', { protocol: 'http', host: 'web', port: 80, path: '/' }],
    ['https://web.shop.svc:8443/a?b=c', { protocol: 'https', host: 'web.shop.svc', port: 8443, path: '/a?b=c' }],
    ['http://web?x=1', { protocol: 'http', host: 'web', port: 80, path: '/?x=1' }],
    ['http://[fd00::7]:81/x', { protocol: 'http', host: 'fd00::7', port: 81, path: '/x' }],
    ['10.96.0.1:443', { protocol: 'http', host: '10.96.0.1', port: 443, path: '/' }],
    ['web/healthz', { protocol: 'http', host: 'web', port: 80, path: '/healthz' }],
    ['example.com.', { protocol: 'http', host: 'example.com.', port: 80, path: '/' }],
  ])('%s', (text, expected) => {
    expect(ask(text)).toEqual(expected)
  })
  it('takes what the other fields say unless it is a URL', () => {
    expect(ask('web', { protocol: 'tcp', port: 5432 })).toMatchObject({ protocol: 'tcp', port: 5432 })
    expect(ask('http://web/', { protocol: 'tcp', port: 5432, path: '/x' })).toMatchObject({
      protocol: 'http',
      port: 80,
      path: '/',
    })
    expect(ask('web', { protocol: 'dns' })).toMatchObject({ port: 53 })
  })
  it.each(['', 'a b', '10.0.0.999', 'http://', '-web-', 'web:99999', 'ftp://web/'])('refuses %j', (text) => {
    expect(ask(text)).toEqual(expect.stringMatching(/^curl: /))
  })
})
