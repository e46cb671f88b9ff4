import { describe, expect, it } from 'vitest'
import { nodeRef, podRef } from '../state/selection.ts'
import { kubectlCommand, kubectlGet } from './commands.ts'
import { cordonCall, deleteCall, evictCall, listPath, objectPath, refusal, restartCall, scaleCall } from './requests.ts'

const web = { group: 'apps', version: 'v1', resource: 'deployments', kind: 'Deployment', namespace: 'default', name: 'web' }

describe('requests', () => {
  it('knows the paths of core, grouped and cluster-scoped objects', () => {
    expect(objectPath(web, 'scale')).toBe('/apis/apps/v1/namespaces/default/deployments/web/scale')
    expect(objectPath(podRef('a', 'b'))).toBe('/api/v1/namespaces/a/pods/b')
    expect(objectPath(nodeRef('n1'))).toBe('/api/v1/nodes/n1')
    expect(listPath({ ...web, namespace: '' })).toBe('/apis/apps/v1/deployments')
  })

  it('scales through the scale subresource', () => {
    expect(scaleCall(web, 3)).toMatchObject({
      method: 'PATCH',
      path: '/apis/apps/v1/namespaces/default/deployments/web/scale',
      body: { spec: { replicas: 3 } },
    })
  })

  it("stamps a restart with the cluster's time, to the second", () => {
    const annotations = { 'kubectl.kubernetes.io/restartedAt': '2026-01-01T09:00:00Z' }
    expect(restartCall(web, Date.UTC(2026, 0, 1, 9, 0, 0, 750)).body).toEqual({
      spec: { template: { metadata: { annotations } } },
    })
  })

  it('cordons with true and uncordons by taking the field away', () => {
    expect(cordonCall(nodeRef('n1'), true).body).toEqual({ spec: { unschedulable: true } })
    expect(cordonCall(nodeRef('n1'), false).body).toEqual({ spec: { unschedulable: null } })
  })

  it('evicts by POST to the eviction subresource, deletes in the background', () => {
    expect(evictCall('default', 'p')).toMatchObject({
      method: 'POST',
      path: '/api/v1/namespaces/default/pods/p/eviction',
      body: { kind: 'Eviction' },
    })
    expect(deleteCall(web)).toMatchObject({ method: 'DELETE', body: { propagationPolicy: 'Background' } })
  })

  it('words refusals as kubectl does', () => {
    const body = { kind: 'Status', reason: 'NotFound', message: 'pods "p" not found' }
    expect(refusal({ code: 404, body, warnings: [] })).toBe('Error from server (NotFound): pods "p" not found')
    expect(refusal({ code: 500, body: {}, warnings: [] })).toBe('Error from server: the server answered 500')
    expect(refusal({ code: 201, body: {}, warnings: [] })).toBeNull()
  })
})

describe('kubectlCommand', () => {
  it.each([
    ['scale', web, { replicas: 5 }, 'kubectl scale deployment/web --replicas=5'],
    ['restart', { ...web, namespace: 'shop' }, {}, 'kubectl rollout restart deployment/web -n shop'],
    ['undo', web, {}, 'kubectl rollout undo deployment/web'],
    ['delete', podRef('kube-system', 'p'), {}, 'kubectl delete pod/p -n kube-system'],
    ['cordon', nodeRef('n1'), {}, 'kubectl cordon n1'],
    ['drain', nodeRef('n1'), { force: true }, 'kubectl drain n1 --ignore-daemonsets --force'],
    ['yaml', { ...web, group: 'example.com', kind: 'Widget' }, {}, 'kubectl get widget.example.com/web -o yaml'],
  ] as const)('%s', (action, ref, options, command) => {
    expect(kubectlCommand(action, ref, options)).toBe(command)
  })

  it('prints tables of one namespace or of all', () => {
    expect(kubectlGet({ ...web, namespace: '' }, true, true)).toBe('kubectl get deployments -A -o wide')
    expect(kubectlGet({ ...web, namespace: 'shop' }, true, false)).toBe('kubectl get deployments -n shop')
    expect(kubectlGet(web, true, false)).toBe('kubectl get deployments')
    expect(kubectlGet({ group: '', resource: 'nodes', namespace: 'shop' }, false, false)).toBe('kubectl get nodes')
  })
})
