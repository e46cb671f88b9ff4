import { describe, expect, it } from 'vitest'
import type { ApiCall, ApiReply } from '../../../worker/protocol.ts'
import type { SchedulingChange, SchedulingView, WorkloadRef } from '../../../worker/scheduling/protocol.ts'
import { planOf } from './plan.ts'

const owner: WorkloadRef = {
  group: 'apps',
  version: 'v1',
  resource: 'deployments',
  kind: 'Deployment',
  namespace: 'shop',
  name: 'web',
  replicas: 2,
}
const view = (of: WorkloadRef | null): SchedulingView => ({
  namespace: 'shop',
  name: 'web-1',
  uid: 'u',
  schedulerName: 'default-scheduler',
  priority: 0,
  node: '',
  nominatedNode: '',
  facts: { containers: [], nodeSelector: {}, tolerations: [{ key: 'old', operator: 'Exists' }], owner: of },
  queue: { place: 'none', position: 0, length: 0, sinceMs: 0, nextMs: 0, attempts: 0, rejectedBy: [], gatedBy: '' },
  attempts: [],
  missing: '',
  profiles: [],
  weighing: null,
})
const commands = (changes: readonly SchedulingChange[], of: WorkloadRef | null = owner) =>
  planOf(view(of), changes, '').map(({ command }) => command)

/** Runs the plan against a server that has these objects, and gives the requests that change something. */
async function requests(
  changes: readonly SchedulingChange[],
  of: WorkloadRef | null,
  stored: object,
): Promise<readonly ApiCall[]> {
  const made: ApiCall[] = []
  const call = async (request: ApiCall): Promise<ApiReply> => {
    if (request.method !== 'GET') made.push(request)
    return { code: 200, body: stored as ApiReply['body'], warnings: [] }
  }
  const api = { call, command: async () => ({ ok: true, message: '' }) }
  for (const step of planOf(view(of), changes, '')) expect(await step.run(api)).toBeNull()
  return made
}

describe('commands', () => {
  it.each<[string, SchedulingChange]>([
    ['kubectl label node n1 disk=ssd --overwrite', { type: 'label', node: 'n1', key: 'disk', value: 'ssd' }],
    ['kubectl label node n1 disk-', { type: 'label', node: 'n1', key: 'disk', value: null }],
    [
      'kubectl taint node n1 a=b:NoSchedule --overwrite',
      { type: 'taint', node: 'n1', key: 'a', value: 'b', effect: 'NoSchedule', remove: false },
    ],
    [
      'kubectl taint node n1 a:NoSchedule-',
      { type: 'taint', node: 'n1', key: 'a', value: '', effect: 'NoSchedule', remove: true },
    ],
    ['kubectl cordon n1', { type: 'cordon', node: 'n1', unschedulable: true }],
    ['kubectl scale deployment/web --replicas=5 -n shop', { type: 'replicas', workload: owner, replicas: 5 }],
  ])('%s', (command, change) => {
    expect(commands([change])).toEqual([command])
  })

  it('changes of the pod become one patch of its workload', () => {
    const changes: SchedulingChange[] = [
      { type: 'request', container: 'c', resource: 'cpu', quantity: '1' },
      { type: 'request', container: 'c', resource: 'memory', quantity: '' },
      { type: 'selector', key: 'disk', value: null },
    ]
    expect(commands(changes)).toEqual([
      `kubectl patch deployment/web -n shop -p '{"spec":{"template":{"spec":{"containers":[{"name":"c","resources":{"requests":{"cpu":"1","memory":null}}}],"nodeSelector":{"disk":null}}}}}'`,
    ])
  })
  it('a bare pod is replaced', () => {
    expect(commands([{ type: 'selector', key: 'disk', value: 'ssd' }], null)).toEqual([
      'kubectl replace --force --grace-period=0 -n shop -f web-1.yaml',
    ])
  })
})

describe('requests', () => {
  it('other taints of the node stay', async () => {
    const change: SchedulingChange = { type: 'taint', node: 'n1', key: 'a', value: 'b', effect: 'NoSchedule', remove: false }
    const [patch] = await requests([change], owner, { spec: { taints: [{ key: 'x', effect: 'NoExecute' }] } })
    expect(patch?.body).toEqual({
      spec: {
        taints: [
          { key: 'x', effect: 'NoExecute' },
          { key: 'a', effect: 'NoSchedule', value: 'b' },
        ],
      },
    })
  })
  it('a further toleration is added to those that are there', async () => {
    const [patch] = await requests([{ type: 'tolerate', key: 'a', value: '', effect: '' }], owner, {})
    expect(patch?.body).toEqual({
      spec: {
        template: {
          spec: {
            tolerations: [
              { key: 'old', operator: 'Exists' },
              { key: 'a', operator: 'Exists' },
            ],
          },
        },
      },
    })
  })
  it('a bare pod is deleted and made again without its node', async () => {
    const stored = {
      metadata: { name: 'web-1', namespace: 'shop', uid: 'u' },
      spec: { nodeName: 'n1', containers: [{ name: 'c' }] },
    }
    const made = await requests([{ type: 'selector', key: 'disk', value: 'ssd' }], null, stored)
    expect(made.map(({ method }) => method)).toEqual(['DELETE', 'POST'])
    expect(made[1]).toMatchObject({
      path: '/api/v1/namespaces/shop/pods',
      body: {
        metadata: { name: 'web-1', namespace: 'shop' },
        spec: { nodeSelector: { disk: 'ssd' }, containers: [{ name: 'c' }] },
      },
    })
  })
})
