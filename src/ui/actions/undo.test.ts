import { describe, expect, it } from 'vitest'
import type { ControllerRevision, Deployment, ReplicaSet } from '../../apimachinery/generated/types.ts'
import { planDeploymentUndo, planRevisionUndo, planUndo } from './undo.ts'

const web = { group: 'apps', version: 'v1', resource: 'deployments', kind: 'Deployment', namespace: 'default', name: 'web' }
const template = (image: string, hash?: string) => ({
  metadata: { labels: { app: 'web', ...(hash === undefined ? {} : { 'pod-template-hash': hash }) } },
  spec: { containers: [{ name: 'web', image }] },
})
const selector = { matchLabels: { app: 'web' } }
const deployment = (image: string, paused = false): Deployment => ({
  metadata: {
    name: 'web',
    uid: 'd1',
    annotations: { 'deployment.kubernetes.io/revision': '3', 'kubernetes.io/change-cause': 'third' },
  },
  spec: { replicas: 2, selector, template: template(image), ...(paused ? { paused } : {}) },
})
const replicaSet = (revision: number, image: string, uid = 'd1'): ReplicaSet => ({
  metadata: {
    name: `web-${revision}`,
    annotations: { 'deployment.kubernetes.io/revision': String(revision), 'kubernetes.io/change-cause': `cause ${revision}` },
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid, controller: true }],
  },
  spec: { selector, template: template(image, `hash${revision}`) },
})

describe('undo of a Deployment', () => {
  it("puts the previous revision's template and annotations in place", () => {
    const plan = planDeploymentUndo(web, deployment('nginx:3'), [
      replicaSet(1, 'nginx:1'),
      replicaSet(3, 'nginx:3'),
      replicaSet(2, 'nginx:2'),
    ])
    expect(plan).toEqual({
      call: {
        method: 'PATCH',
        path: '/apis/apps/v1/namespaces/default/deployments/web',
        contentType: 'application/json-patch+json',
        body: [
          { op: 'replace', path: '/spec/template', value: template('nginx:2') },
          {
            op: 'replace',
            path: '/metadata/annotations',
            value: { 'deployment.kubernetes.io/revision': '3', 'kubernetes.io/change-cause': 'cause 2' },
          },
        ],
      },
    })
  })
  it.each([
    ['there is one revision only', deployment('nginx:3'), [replicaSet(3, 'nginx:3')], 'no rollout history found'],
    [
      "the others are another Deployment's",
      deployment('nginx:3'),
      [replicaSet(3, 'nginx:3'), replicaSet(2, 'nginx:2', 'd0')],
      'no rollout history found',
    ],
    [
      'it is paused',
      deployment('nginx:3', true),
      [replicaSet(3, 'nginx:3'), replicaSet(2, 'nginx:2')],
      'cannot rollback a paused deployment',
    ],
    ['the template is the same', deployment('nginx:2'), [replicaSet(3, 'nginx:2'), replicaSet(2, 'nginx:2')], 'skipped rollback'],
  ])('is refused when %s', (_case, object, sets, text) => {
    expect(planDeploymentUndo(web, object, sets)).toMatchObject({ refused: expect.stringContaining(text) })
  })
  it('says what the server says when it cannot be read', async () => {
    const status = { kind: 'Status', reason: 'NotFound', message: 'deployments.apps "web" not found' }
    const plan = await planUndo({ call: async () => ({ code: 404, body: status, warnings: [] }) }, web)
    expect(plan).toEqual({ refused: 'Error from server (NotFound): deployments.apps "web" not found' })
  })
})

describe('undo of a DaemonSet or StatefulSet', () => {
  it('sends the stored revision as the patch', () => {
    const set = { metadata: { name: 'agent', uid: 'u' } }
    const revision = (number: number): ControllerRevision => ({
      metadata: { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'agent', uid: 'u', controller: true }] },
      revision: number,
      data: { spec: { template: { $patch: 'replace', n: number } } },
    })
    const ref = { ...web, resource: 'daemonsets', kind: 'DaemonSet', name: 'agent' }
    const plan = planRevisionUndo(ref, set, [revision(2), revision(1)])
    expect(plan).toMatchObject({
      call: { contentType: 'application/strategic-merge-patch+json', body: { spec: { template: { n: 1 } } } },
    })
    expect(planRevisionUndo(ref, set, [revision(1)])).toEqual({ refused: 'error: no last revision to roll back to' })
  })
})
