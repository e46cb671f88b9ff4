import { describe, expect, it } from 'vitest'
import type { ApiCall, ApiReply, SimCommand } from '../../worker/protocol.ts'
import { nodeRef, podRef } from '../state/selection.ts'
import { actionsFor } from './available.ts'
import { runAction } from './run.ts'

const web = { group: 'apps', version: 'v1', resource: 'deployments', kind: 'Deployment', namespace: 'default', name: 'web' }
const INPUT = { replicas: 3, drain: { force: false, deleteEmptyDirData: false }, nowMs: 0 }

function setUp(reply: Partial<ApiReply> = {}, commandOk = true) {
  const sent: string[] = []
  const api = {
    call: async ({ method, path }: ApiCall): Promise<ApiReply> => {
      sent.push(`${method} ${path}`)
      return { code: 200, body: {}, warnings: [], ...reply }
    },
    command: async (command: SimCommand) => {
      sent.push(command.type)
      return { ok: commandOk, message: commandOk ? '' : 'no such machine' }
    },
  }
  return {
    sent,
    context: { api, wait: async () => undefined, signal: new AbortController().signal, onProgress: () => undefined },
  }
}

describe('actionsFor', () => {
  it.each([
    [web, ['scale', 'restart', 'undo', 'delete']],
    [{ ...web, kind: 'DaemonSet' }, ['restart', 'undo', 'delete']],
    [podRef('default', 'p'), ['delete']],
    [nodeRef('n1'), ['cordon', 'drain', 'powerOff', 'removeNode', 'delete']],
    [{ ...web, group: 'example.com' }, ['delete']],
  ])('fit the kind', (ref, actions) => {
    expect(actionsFor(ref, false, true)).toEqual(actions)
  })
  it('turn round what was done', () => {
    expect(actionsFor(nodeRef('n1'), true, false)).toEqual(['uncordon', 'drain', 'powerOn', 'removeNode', 'delete'])
  })
})

describe('runAction', () => {
  it('hands on the warnings of the server', async () => {
    const { context } = setUp({ warnings: ['spec.x is deprecated'] })
    expect(await runAction('scale', web, INPUT, context)).toEqual({
      outcome: 'done',
      message: '',
      warnings: ['spec.x is deprecated'],
    })
  })
  it('words a refusal as the server does', async () => {
    const { context } = setUp({ code: 403, body: { reason: 'Forbidden', message: 'exceeded quota' } })
    expect(await runAction('scale', web, INPUT, context)).toEqual({
      outcome: 'refused',
      message: 'Error from server (Forbidden): exceeded quota',
    })
  })
  it('cuts the power without touching the API', async () => {
    const { context, sent } = setUp()
    await runAction('powerOff', nodeRef('n1'), INPUT, context)
    expect(sent).toEqual(['power-off'])
  })
  it('removes the machine, then its Node object', async () => {
    const { context, sent } = setUp()
    await runAction('removeNode', nodeRef('n1'), INPUT, context)
    expect(sent).toEqual(['remove-node', 'DELETE /api/v1/nodes/n1'])
  })
  it('keeps the Node object when the machine could not be removed', async () => {
    const { context, sent } = setUp({}, false)
    expect(await runAction('removeNode', nodeRef('n1'), INPUT, context)).toEqual({
      outcome: 'refused',
      message: 'no such machine',
    })
    expect(sent).toEqual(['remove-node'])
  })
})
