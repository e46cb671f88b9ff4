import { expect, test } from 'vitest'
import {
  certificatesigningrequests,
  ipaddresses,
  persistentvolumeclaims,
  secrets,
  serviceaccounts,
  servicecidrs,
  volumeattributesclasses,
} from '../apimachinery/generated/resources.ts'
import type { Secret, ServiceAccount } from '../apimachinery/generated/types.ts'
import { kubeletNameOf } from './certificates/approver.ts'
import { planLegacyToken } from './serviceaccount/legacy-token-cleaner.ts'
import { planTokenSecret, serviceAccountTokenController } from './serviceaccount/token-secrets.ts'
import { isInRange, serviceCidrController } from './servicecidrs/controller.ts'
import { Harness } from './testing/harness.ts'
import { attributesClassProtection } from './volume/vacprotection/controller.ts'

const encode = (text: string) => Buffer.from(text).toString('base64')

test('requests of kubelets are told from others', () => {
  const pem = encode(
    `-----BEGIN CERTIFICATE REQUEST-----\n${encode('x system:nodes y system:node:n1 z')}\n-----END CERTIFICATE REQUEST-----\n`,
  )
  const spec = { request: pem, signerName: 'kubernetes.io/kube-apiserver-client-kubelet', usages: ['client auth'] }
  expect(kubeletNameOf({ metadata: {}, spec })).toBe('system:node:n1')
  expect(kubeletNameOf({ metadata: {}, spec: { ...spec, usages: ['server auth'] } })).toBe('')
  expect(kubeletNameOf({ metadata: {}, spec: { ...spec, signerName: 'example.com/other' } })).toBe('')
  expect(certificatesigningrequests.kind).toBe('CertificateSigningRequest')
})

test('an attributes class stays while a claim asks for it', () => {
  const h = new Harness([attributesClassProtection])
  h.create(volumeattributesclasses, { metadata: { name: 'fast' }, driverName: 'disk.example', parameters: { iops: '1' } })
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, volumeAttributesClassName: 'fast' }
  h.create(persistentvolumeclaims, { metadata: { name: 'data', namespace: 'default' }, spec })
  h.sim.runFor(1000)
  expect(h.list(volumeattributesclasses)[0]?.metadata.finalizers).toEqual(['kubernetes.io/vac-protection'])
  h.run(h.client.delete(volumeattributesclasses, '', 'fast'))
  h.sim.runFor(1000)
  expect(h.list(volumeattributesclasses)).toHaveLength(1)
  h.run(h.client.delete(persistentvolumeclaims, 'default', 'data'))
  h.sim.runFor(1000)
  expect(h.list(volumeattributesclasses)).toHaveLength(0)
})

test('a Secret for a token is filled, and goes with its account', () => {
  const h = new Harness([serviceAccountTokenController])
  const account = h.create(serviceaccounts, { metadata: { name: 'robot', namespace: 'default' } })
  const metadata = { name: 'robot-token', namespace: 'default', annotations: { 'kubernetes.io/service-account.name': 'robot' } }
  h.create(secrets, { metadata, type: 'kubernetes.io/service-account-token' })
  h.sim.runFor(1000)
  const secret = h.get(secrets, 'default/robot-token')
  expect(secret?.metadata.annotations?.['kubernetes.io/service-account.uid']).toBe(account.metadata.uid)
  expect(h.api.authenticator.token(Buffer.from(secret?.data?.['token'] ?? '', 'base64').toString())?.user.name).toBe(
    'system:serviceaccount:default:robot',
  )
  h.run(h.client.delete(serviceaccounts, 'default', 'robot'))
  h.sim.runFor(1000)
  expect(h.get(secrets, 'default/robot-token')).toBeUndefined()
  expect(planTokenSecret(secret ?? { metadata: {} }, { metadata: { uid: 'other' } })).toBe('delete')
})

test('tokens that nobody used for a year are invalidated, then deleted', () => {
  const now = Date.UTC(2030, 0, 1)
  const account: ServiceAccount = { metadata: { name: 'a' }, secrets: [{ name: 't' }] }
  const secret = (labels: Record<string, string>, creationTimestamp = '2026-01-01T00:00:00Z'): Secret => ({
    type: 'kubernetes.io/service-account-token',
    metadata: { name: 't', creationTimestamp, labels },
  })
  const rows: [Secret, boolean, string][] = [
    [secret({}), false, 'mark'],
    [secret({}), true, 'keep'],
    [secret({}, '2029-12-01T00:00:00Z'), false, 'keep'],
    [secret({ 'kubernetes.io/legacy-token-last-used': '2029-12-01' }), false, 'keep'],
    [secret({ 'kubernetes.io/legacy-token-invalid-since': '2029-06-01' }), false, 'keep'],
    [secret({ 'kubernetes.io/legacy-token-invalid-since': '2028-06-01' }), false, 'delete'],
  ]
  for (const [given, mounted, plan] of rows) expect(planLegacyToken(given, account, mounted, now)).toBe(plan)
  expect(planLegacyToken(secret({}), { metadata: {} }, false, now)).toBe('keep')
})

test('a range of addresses stays while one of them is taken', () => {
  expect(isInRange('10.96.3.4', '10.96.0.0/12')).toBe(true)
  expect(isInRange('10.112.0.1', '10.96.0.0/12')).toBe(false)
  const h = new Harness([serviceCidrController])
  h.create(servicecidrs, { metadata: { name: 'more' }, spec: { cidrs: ['192.168.0.0/24'] } })
  const spec = { parentRef: { group: '', resource: 'services', namespace: 'default', name: 's' } }
  h.create(ipaddresses, {
    metadata: { name: '192.168.0.9', labels: { 'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io' } },
    spec,
  })
  h.sim.runFor(1000)
  const range = () => h.get(servicecidrs, 'more')
  expect(range()?.status?.conditions?.[0]).toMatchObject({ type: 'Ready', status: 'True' })
  h.run(h.client.delete(servicecidrs, '', 'more'))
  h.sim.runFor(20_000)
  expect(range()?.status?.conditions?.[0]).toMatchObject({ status: 'False', reason: 'Terminating' })
  h.run(h.client.delete(ipaddresses, '', '192.168.0.9'))
  h.sim.runFor(20_000)
  expect(range()).toBeUndefined()
})
