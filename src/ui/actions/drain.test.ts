import { describe, expect, it } from 'vitest'
import type { Pod } from '../../apimachinery/generated/types.ts'
import type { ApiCall, ApiReply } from '../../worker/protocol.ts'
import { nodeRef } from '../state/selection.ts'
import { drainNode, podsToEvict } from './drain.ts'
import type { DrainProgress } from './drain.ts'

const SAFE = { force: false, deleteEmptyDirData: false }

function makePod(name: string, change: { owner?: string; phase?: string; emptyDir?: boolean; mirror?: boolean } = {}): Pod {
  const { owner = 'ReplicaSet', phase = 'Running', emptyDir = false, mirror = false } = change
  const ownerReferences = owner === '' ? [] : [{ apiVersion: 'apps/v1', kind: owner, name: 'o', uid: 'o', controller: true }]
  return {
    metadata: {
      name,
      namespace: 'default',
      uid: `uid-${name}`,
      ownerReferences,
      annotations: mirror ? { 'kubernetes.io/config.mirror': 'x' } : {},
    },
    spec: { containers: [], volumes: emptyDir ? [{ name: 'tmp', emptyDir: {} }] : [] },
    status: { phase },
  }
}

/** An API server with pods that are gone a second after their eviction, and budgets that refuse at first. */
function makeServer(pods: readonly Pod[], refusals: { [name: string]: number } = {}) {
  const calls: string[] = []
  const gone = new Set<string>()
  const reply = (code: number, body: ApiReply['body'] = {}): ApiReply => ({ code, body, warnings: [] })
  const call = async ({ method, path }: ApiCall): Promise<ApiReply> => {
    calls.push(`${method} ${path}`)
    const name = /\/pods\/([^/]+)/.exec(path)?.[1]
    if (name === undefined) return reply(200, path.startsWith('/api/v1/pods') ? { items: pods } : {})
    if (method === 'GET') {
      const pod = pods.find((candidate) => candidate.metadata?.name === name)
      return gone.has(name) || pod === undefined ? reply(404, { reason: 'NotFound' }) : reply(200, { metadata: pod.metadata })
    }
    if ((refusals[name] ?? 0) > 0) {
      refusals[name] = (refusals[name] ?? 0) - 1
      return reply(429, {
        reason: 'TooManyRequests',
        message: "Cannot evict pod as it would violate the pod's disruption budget.",
      })
    }
    evicted.push(name)
    return reply(201)
  }
  const evicted: string[] = []
  const waits: number[] = []
  const wait = async (delayMs: number, signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted()
    waits.push(delayMs)
    for (const name of evicted) gone.add(name)
  }
  return { api: { call }, calls, waits, wait, evicted }
}

describe('podsToEvict', () => {
  it('leaves out DaemonSet and mirror pods', () => {
    const pods = [makePod('web'), makePod('agent', { owner: 'DaemonSet' }), makePod('static', { owner: '', mirror: true })]
    expect(podsToEvict(pods, SAFE)).toMatchObject({ evict: [{ metadata: { name: 'web' } }], refused: null })
  })
  it('refuses bare pods and local data, in the words of kubectl, unless told otherwise', () => {
    const pods = [makePod('bare', { owner: '' }), makePod('cache', { emptyDir: true })]
    expect(podsToEvict(pods, SAFE).refused).toBe(
      'cannot delete Pods that declare no controller (use --force to override): default/bare\n' +
        'cannot delete Pods with local storage (use --delete-emptydir-data to override): default/cache',
    )
    expect(podsToEvict(pods, { force: true, deleteEmptyDirData: true }).evict).toHaveLength(2)
  })
  it('takes finished pods in any case', () => {
    expect(podsToEvict([makePod('done', { owner: '', phase: 'Succeeded', emptyDir: true })], SAFE).evict).toHaveLength(1)
  })
})

describe('drainNode', () => {
  it('cordons, evicts each pod and waits until it is gone', async () => {
    const server = makeServer([makePod('a'), makePod('b'), makePod('agent', { owner: 'DaemonSet' })])
    const seen: DrainProgress[] = []
    const outcome = await drainNode(server.api, nodeRef('n1'), SAFE, server.wait, new AbortController().signal, (progress) =>
      seen.push(progress),
    )
    expect(outcome).toEqual({ outcome: 'done', evicted: 2 })
    expect(server.calls[0]).toBe('PATCH /api/v1/nodes/n1')
    expect(server.calls[1]).toBe('GET /api/v1/pods?fieldSelector=spec.nodeName%3Dn1')
    expect(server.evicted).toEqual(['a', 'b'])
    expect(seen.at(-1)).toEqual({ done: 2, total: 2, waiting: '' })
  })

  it('tries again after five seconds while a budget refuses', async () => {
    const server = makeServer([makePod('a')], { a: 2 })
    const seen: DrainProgress[] = []
    const outcome = await drainNode(server.api, nodeRef('n1'), SAFE, server.wait, new AbortController().signal, (progress) =>
      seen.push(progress),
    )
    expect(outcome).toEqual({ outcome: 'done', evicted: 1 })
    expect(server.waits).toEqual([5000, 5000, 1000])
    expect(seen.some((progress) => progress.waiting.includes('disruption budget'))).toBe(true)
  })

  it('stops when it is cancelled', async () => {
    const controller = new AbortController()
    const server = makeServer([makePod('a')], { a: 1000 })
    const outcome = await drainNode(server.api, nodeRef('n1'), SAFE, server.wait, controller.signal, (progress) => {
      if (progress.waiting !== '') controller.abort()
    })
    expect(outcome).toEqual({ outcome: 'cancelled' })
    expect(server.evicted).toEqual([])
  })

  it('evicts nothing when one pod forbids it, though the node stays cordoned', async () => {
    const server = makeServer([makePod('a'), makePod('bare', { owner: '' })])
    const outcome = await drainNode(server.api, nodeRef('n1'), SAFE, server.wait, new AbortController().signal, () => undefined)
    expect(outcome).toMatchObject({ outcome: 'refused' })
    expect(server.evicted).toEqual([])
    expect(server.calls).toHaveLength(2)
  })
})
