import { expect, test } from 'vitest'
import { nodes, pods } from '../apimachinery/generated/resources.ts'
import type { Pod } from '../apimachinery/generated/types.ts'
import { rankForMemory } from './eviction.ts'
import { makePod, oneNode } from './testdata/harness.ts'

const GiB = 1024 ** 3
const stress = (amount: string, name: string): Pod =>
  makePod({ image: 'polinux/stress', command: ['stress', '--vm', '1', '--vm-bytes', amount] }, {}, name)

test('a node short of memory ends the pod that took most', () => {
  const node = oneNode({
    machine: { cpuMilli: 4000, memoryBytes: 4 * GiB, ephemeralStorageBytes: 100 * GiB, address: '10.0.0.1' },
  })
  node.kubelet.start()
  node.create(pods, stress('1G', 'small'))
  node.create(pods, stress('3G', 'big'))
  node.run(30)
  expect(node.pod('big')?.status).toMatchObject({ phase: 'Failed', reason: 'Evicted' })
  expect(node.pod('big')?.status?.message).toMatch(
    /^The node was low on resource: memory\. Threshold quantity: 100Mi, available: -.*Container c was using 3Gi, request is 0, has larger consumption of memory\. $/,
  )
  expect(node.condition('DisruptionTarget', 'big')).toBe('True')
  expect(node.pod('small')?.status?.phase).toBe('Running')
  const pressure = () =>
    node.client.listNow(nodes, '', {}).items[0]?.status?.conditions?.find((c) => c.type === 'MemoryPressure')?.status
  expect(pressure()).toBe('True')
  node.create(pods, makePod({}, {}, 'late'))
  node.run(5)
  expect(node.pod('late')?.status).toMatchObject({ phase: 'Failed', reason: 'Evicted' })
  node.run(300)
  expect(pressure()).toBe('False')
})

test('who goes first', () => {
  const usage = (name: string, memoryBytes: number, request: string, priority = 0) => ({
    pod: makePod({ resources: { requests: { memory: request } } }, { priority }, name),
    memoryBytes,
    containers: [],
  })
  const order = rankForMemory([
    usage('within', 10, '100'),
    usage('important', 500, '100', 10),
    usage('little', 150, '100'),
    usage('much', 300, '100'),
  ])
  expect(order.map(({ pod }) => pod.metadata.name)).toEqual(['much', 'little', 'important', 'within'])
})

test('a node that is shut down ends its pods first and takes no more', () => {
  const node = oneNode()
  node.kubelet.start()
  node.create(pods, makePod({}))
  node.run(10)
  node.kubelet.shutdown(10)
  node.run(5)
  expect(node.pod()?.status).toMatchObject({
    phase: 'Failed',
    reason: 'Terminated',
    message: 'Pod was terminated in response to imminent node shutdown.',
  })
  node.create(pods, makePod({}, {}, 'late'))
  node.run(5)
  expect(node.pod('late')?.status?.reason).toBe('NodeShutdown')
})
