import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import type { ConfigMap, Secret } from '../../apimachinery/generated/types.ts'
import { detachedSignature, signed, signingToken } from './signer.ts'

const encode = (text: string) => Buffer.from(text).toString('base64')
const token = (extra: Record<string, string> = {}): Secret => ({
  type: 'bootstrap.kubernetes.io/token',
  metadata: { name: 'bootstrap-token-abcdef', namespace: 'kube-system' },
  data: Object.fromEntries(
    Object.entries({
      'token-id': 'abcdef',
      'token-secret': '0123456789abcdef',
      'usage-bootstrap-signing': 'true',
      ...extra,
    }).map(([key, text]) => [key, encode(text)]),
  ),
})

test('signatures are JSON web signatures without payload', () => {
  const [header = '', payload, mac] = detachedSignature('content\n', 'abcdef', '0123456789abcdef').split('.')
  expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({ alg: 'HS256', kid: 'abcdef' })
  expect(payload).toBe('')
  const body = `${header}.${Buffer.from('content\n').toString('base64url')}`
  expect(mac).toBe(createHmac('sha256', '0123456789abcdef').update(body).digest('base64url'))
})

test('a token signs while it is meant to and has not expired', () => {
  expect(signingToken(token(), 0)).toEqual({ id: 'abcdef', secret: '0123456789abcdef' })
  expect(signingToken(token({ 'usage-bootstrap-signing': 'false' }), 0)).toBeNull()
  expect(signingToken(token({ expiration: '1970-01-01T00:00:01Z' }), 2000)).toBeNull()
  expect(signingToken({ ...token(), type: 'Opaque' }, 0)).toBeNull()
})

test('signatures come and go with their tokens', () => {
  const map: ConfigMap = { metadata: { name: 'cluster-info' }, data: { kubeconfig: 'text' } }
  const one = signed(map, [{ id: 'abcdef', secret: 's' }])
  expect(Object.keys(one?.data ?? {})).toEqual(['kubeconfig', 'jws-kubeconfig-abcdef'])
  expect(signed(one ?? map, [{ id: 'abcdef', secret: 's' }])).toBeNull()
  expect(signed(one ?? map, [])?.data).toEqual({ kubeconfig: 'text' })
  expect(signed({ metadata: {} }, [])).toBeNull()
})
