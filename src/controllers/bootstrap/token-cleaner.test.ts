import { expect, test } from 'vitest'
import { secrets } from '../../apimachinery/generated/resources.ts'
import { Harness } from '../testing/harness.ts'
import { tokenCleaner } from './token-cleaner.ts'

test('a bootstrap token goes when its time is over, and nothing runs until then', () => {
  const h = new Harness([tokenCleaner])
  h.create(secrets, {
    metadata: { name: 'bootstrap-token-abcdef', namespace: 'kube-system' },
    type: 'bootstrap.kubernetes.io/token',
    data: {
      'token-id': Buffer.from('abcdef').toString('base64'),
      'token-secret': Buffer.from('0123456789abcdef').toString('base64'),
      expiration: Buffer.from('2026-01-01T01:00:00Z').toString('base64'),
    },
  })
  h.sim.runFor(3_590_000)
  expect(h.list(secrets).length).toBe(1)
  h.sim.runFor(20_000)
  expect(h.list(secrets).length).toBe(0)
})
