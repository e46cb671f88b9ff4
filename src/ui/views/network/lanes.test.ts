import { expect, it } from 'vitest'
import type { PacketStep } from '../../../worker/network/protocol.ts'
import { stageOf } from './columns.ts'
import { lanesOf } from './lanes.ts'
import { ANSWERED, LOST } from './testdata/stories.ts'

const shape = (story: typeof ANSWERED, at: number) =>
  lanesOf(stageOf(story, story.steps[at] as PacketStep)).map(({ lanes }) =>
    lanes.map(({ up, stations }) => `${up ? 'up' : 'down'} ${stations.map(({ station }) => station.name).join(' ')}`),
  )

it('goes down in the source, up and down on machines, up in the target', () => {
  expect(shape(ANSWERED, 1)).toEqual([
    ['down curl connect default via 10.244.1.1 eth0'],
    ['up cni0 PREROUTING 10.244.2.0/24', 'down FORWARD POSTROUTING flannel.1 eth0'],
    ['up worker to worker2'],
    ['up eth0 flannel.1 PREROUTING 10.244.2.0/24', 'down FORWARD POSTROUTING cni0'],
    ['up eth0 nginx'],
  ])
})

it('shows a packet that was dropped where it fell', () => {
  expect(shape(LOST, 0)[1]).toEqual(['up PREROUTING default', 'down default'])
})

it('leaves no lane empty', () => {
  for (const lanes of shape(ANSWERED, 2)) expect(lanes).toHaveLength(1)
})
