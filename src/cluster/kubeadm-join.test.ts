import { beforeAll, expect, test } from 'vitest'
import type { CertificateSigningRequest, ConfigMap, Node } from '../apimachinery/generated/types.ts'
import { BOOTSTRAP_TOKEN, tokenSecret } from './addons/bootstrap-tokens.ts'
import { Cluster } from './cluster.ts'
import { ADMIN } from './identities.ts'
import { kubeadmJoin, type JoinRequest } from './kubeadm-join.ts'

let cluster: Cluster
beforeAll(() => {
  cluster = new Cluster({ workers: 0 })
  cluster.boot()
})

function join(request: JoinRequest): { ok: boolean; message: string } {
  let outcome: { ok: boolean; message: string } | undefined
  cluster.sim.spawn(kubeadmJoin(cluster, request), (result) => (outcome = result))
  cluster.sim.runUntilTrue(() => outcome !== undefined, 20 * 60_000)
  return outcome ?? { ok: false, message: 'it did not end' }
}

test('cluster-info carries a signature for the token', () => {
  const info = cluster.etcd.get('configmaps', 'kube-public/cluster-info')?.value as ConfigMap | undefined
  expect(Object.keys(info?.data ?? {})).toEqual(['kubeconfig', 'jws-kubeconfig-abcdef'])
})

test('a machine with the token joins: its certificate is approved and signed', () => {
  expect(join({ name: 'fresh', token: BOOTSTRAP_TOKEN }).ok).toBe(true)
  const [csr] = cluster.etcd
    .range('certificatesigningrequests.certificates.k8s.io')
    .map(({ value }) => value as CertificateSigningRequest)
  expect(csr?.spec.username).toBe('system:bootstrap:abcdef')
  expect(csr?.spec.groups).toContain('system:bootstrappers:kubeadm:default-node-token')
  expect(csr?.status?.conditions?.[0]).toMatchObject({
    reason: 'AutoApproved',
    message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
  })
  expect(csr?.status?.certificate).toBeTruthy()
  const isReady = () =>
    (cluster.etcd.get('nodes', 'fresh')?.value as Node | undefined)?.status?.conditions?.some(
      ({ type, status }) => type === 'Ready' && status === 'True',
    ) === true
  expect(cluster.sim.runUntilTrue(isReady, 300_000)).toBe(true)
})

test('a token that nobody knows, or that has expired, does not', () => {
  expect(join({ name: 'stranger', token: 'aaaaaa.bbbbbbbbbbbbbbbb' }).message).toContain(
    'could not find a JWS signature in the cluster-info ConfigMap for token ID "aaaaaa"',
  )
  expect(join({ name: 'stranger', token: 'short' }).message).toContain('was not of the form')
  const body = tokenSecret('cccccc.dddddddddddddddd', cluster.sim.now + 60_000, 'short')
  cluster.call({ method: 'POST', path: '/api/v1/namespaces/kube-system/secrets', body }, ADMIN)
  cluster.sim.runFor(120_000)
  expect(cluster.etcd.get('secrets', 'kube-system/bootstrap-token-cccccc')).toBeUndefined()
  expect(join({ name: 'late', token: 'cccccc.dddddddddddddddd' }).ok).toBe(false)
})
