import { describe, expect, it } from 'vitest'
import { narrate } from './narrate.ts'
import { makeNode, makePod } from './synthetic.ts'

describe('narration', () => {
  const nodes = [makeNode({ slot: 0, name: 'worker-1' })]
  const moved = { kind: 'move', pod: makePod({ slot: 0, name: 'a', node: 0 }), fromRoom: -1, fromCell: 0 } as const
  const broken = { kind: 'state', pod: makePod({ slot: 1, name: 'b', node: 0, state: 4 }), fromRoom: 0, fromCell: 0 } as const

  it('says which pod went where', () => {
    expect(narrate([moved], nodes)).toEqual({
      key: 'scheduled',
      values: { pod: 'a', count: 1, status: 'Running', node: 'worker-1' },
    })
  })

  it('puts what broke first and counts many of one sort', () => {
    expect(narrate([moved, broken], nodes)?.key).toBe('state')
    expect(narrate([moved, { ...moved }], nodes)).toMatchObject({ key: 'scheduledMany', values: { count: 2 } })
    expect(narrate([], nodes)).toBeUndefined()
  })
})
