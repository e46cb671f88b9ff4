import { expect, it } from 'vitest'
import type { ApiCall } from '../../../../worker/protocol.ts'
import { clusterAct, switchMode, withMode } from './cluster-acts.ts'

it('changes the mode and nothing else', () => {
  expect(withMode('kind: X\nmode: ""\nnodePortAddresses: null\n', 'ipvs')).toBe(
    'kind: X\nmode: "ipvs"\nnodePortAddresses: null\n',
  )
  expect(withMode('kind: X\n', 'nftables')).toBe('kind: X\nmode: "nftables"\n')
})

it('edits the ConfigMap, then restarts', async () => {
  const calls: ApiCall[] = []
  const call = async (request: ApiCall) => {
    calls.push(request)
    return { code: 200, body: { data: { 'config.conf': 'mode: ""\n', 'kubeconfig.conf': 'k' } }, warnings: [] }
  }
  expect(await switchMode({ call }, 'ipvs', 0)).toBe('')
  expect(calls.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'GET /api/v1/namespaces/kube-system/configmaps/kube-proxy',
    'PUT /api/v1/namespaces/kube-system/configmaps/kube-proxy',
    'PATCH /apis/apps/v1/namespaces/kube-system/daemonsets/kube-proxy',
  ])
  expect(calls[1]?.body).toEqual({ data: { 'config.conf': 'mode: "ipvs"\n', 'kubeconfig.conf': 'k' } })
})

it("gives the server's refusal", async () => {
  const call = async () => ({
    code: 404,
    body: { kind: 'Status', message: 'deployments.apps "coredns" not found', reason: 'NotFound' },
    warnings: [],
  })
  expect(await clusterAct({ call }, 'stopDns')).toContain('coredns')
})
