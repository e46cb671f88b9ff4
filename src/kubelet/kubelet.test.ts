import { describe, expect, test } from 'vitest'
import { pods } from '../apimachinery/generated/resources.ts'
import { makePod, oneNode } from './testdata/harness.ts'

describe('a plain pod', () => {
  test('is pulled, created, started, made ready, and stopped', () => {
    const node = oneNode()
    node.kubelet.start()
    node.create(pods, makePod({}))
    node.run(10)
    node.sim.spawn(node.client.delete(pods, 'default', 'p'))
    node.run(40)
    expect(node.sim.pending).toBe(0)
  })
})
