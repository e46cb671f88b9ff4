import { describe, expect, it } from 'vitest'
import type { PacketStep } from '../../../worker/network/protocol.ts'
import { exchangesOf, stageOf, stretchesOf } from './columns.ts'
import { ANSWERED, LOST } from './testdata/stories.ts'

const step = (at: number, story = ANSWERED) => story.steps[at] as PacketStep

describe('the stage', () => {
  it('has a column for each place, in the order of the way there', () => {
    const { columns } = stageOf(ANSWERED, step(1))
    expect(columns.map(({ id }) => id)).toEqual([
      'pod:default/client',
      'node:worker',
      'wire:worker|worker2',
      'node:worker2',
      'pod:default/web-7d4b9c6f5-x2x8p',
    ])
  })
  it('keeps the columns in their places on the way back', () => {
    expect(stageOf(ANSWERED, step(2)).columns).toEqual(stageOf(ANSWERED, step(1)).columns)
  })
  it('shows only the conversation of the packet', () => {
    expect(stageOf(ANSWERED, step(0)).columns.map(({ id }) => id)).toEqual([
      'pod:default/client',
      'node:worker',
      'pod:kube-system/coredns-76f75df574-4k2jm',
    ])
  })
  it('puts a place that only the way back has beside where it leads to', () => {
    const onlyBack = { ...step(2), exchange: 7 }
    const there = { ...step(1), exchange: 7, journey: { ...step(1).journey, stations: step(1).journey.stations.slice(0, 3) } }
    const story = { ...ANSWERED, steps: [there, onlyBack] }
    expect(stageOf(story, onlyBack).columns.map(({ id }) => id)).toEqual([
      'pod:default/client',
      'node:worker',
      'wire:worker|worker2',
      'node:worker2',
      'pod:default/web-7d4b9c6f5-x2x8p',
    ])
  })
})

describe('stretches', () => {
  it('follow the packet through its places', () => {
    const stretches = stretchesOf(step(1))
    expect(stretches.map(({ column, from, stations }) => [column, from, stations.length])).toEqual([
      ['pod:default/client', 0, 4],
      ['node:worker', 4, 7],
      ['wire:worker|worker2', 11, 1],
      ['node:worker2', 12, 7],
      ['pod:default/web-7d4b9c6f5-x2x8p', 19, 2],
    ])
  })
  it('end where the packet was dropped', () => {
    const last = stretchesOf(step(0, LOST)).at(-1)
    expect(last?.column).toBe('node:worker')
    expect(last?.stations.at(-1)?.kind).toBe('dropped')
  })
})

it('tells conversations apart', () => {
  expect(exchangesOf(ANSWERED).map(({ steps }) => steps.length)).toEqual([1, 2])
})
