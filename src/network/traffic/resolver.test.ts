import { expect, test } from 'vitest'
import { parseHosts, parseResolvConf } from '../dns/resolv-conf.ts'
import { candidates } from './resolver.ts'

const POD = parseResolvConf(
  'search shop.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n',
)
const TWO = parseResolvConf('search a.b\nnameserver 1.1.1.1\noptions ndots:2 timeout:1 attempts:3 rotate\n')

test.each([
  ['web', POD, 'glibc', ['web.shop.svc.cluster.local.', 'web.svc.cluster.local.', 'web.cluster.local.', 'web.']],
  [
    'example.com',
    POD,
    'glibc',
    ['example.com.shop.svc.cluster.local.', 'example.com.svc.cluster.local.', 'example.com.cluster.local.', 'example.com.'],
  ],
  ['example.com.', POD, 'glibc', ['example.com.']],
  ['x.y.z', TWO, 'glibc', ['x.y.z.', 'x.y.z.a.b.']],
  ['x.y.z', TWO, 'musl', ['x.y.z.']],
  ['x.y', TWO, 'musl', ['x.y.a.b.', 'x.y.']],
] as const)('%s is tried as %j by %s', (name, conf, libc, expected) => {
  expect(candidates(name, conf, libc)).toEqual(expected)
})

test('options of resolv.conf, and at most three servers', () => {
  expect(TWO).toMatchObject({ ndots: 2, timeoutMs: 1000, attempts: 3, rotate: true })
  expect(parseResolvConf('nameserver 1.1.1.1\nnameserver 2.2.2.2 # two\nnameserver 3.3.3.3\nnameserver 4.4.4.4\n')).toMatchObject(
    {
      nameservers: ['1.1.1.1', '2.2.2.2', '3.3.3.3'],
      ndots: 1,
      attempts: 2,
    },
  )
})

test('lines of hosts', () => {
  expect(parseHosts('# none\n127.0.0.1 localhost\nnonsense x\nfe00:0::1\ta b # c\n')).toEqual([
    { address: '127.0.0.1', names: ['localhost'] },
    { address: 'fe00::1', names: ['a', 'b'] },
  ])
})
