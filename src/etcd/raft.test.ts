import { describe, expect, it } from 'vitest'
import { Simulation } from '../sim/simulation.ts'
import { RaftGroup } from './raft.ts'

function setup(size: number) {
  const sim = new Simulation({ seed: 7, startTimeMs: 0 })
  const log = { index: 100 }
  const raft = new RaftGroup(sim, () => log.index, size)
  const roles = () => raft.members().map(({ role }) => role)
  return { sim, raft, log, roles }
}

describe('raft', () => {
  it('costs nothing while all is well', () => {
    const { sim, raft, roles } = setup(3)
    expect(roles()).toEqual(['leader', 'follower', 'follower'])
    expect([sim.pending, raft.quorum, raft.available]).toEqual([0, 2, true])
  })

  it('elects another leader within two election timeouts, in a new term', () => {
    const { sim, raft, roles } = setup(3)
    expect(raft.stop('etcd-1')).toBe(true)
    expect(raft.available).toBe(false)
    sim.runFor(999)
    expect(raft.leader).toBeUndefined()
    sim.runFor(1100)
    expect(roles().toSorted()).toEqual(['follower', 'leader', 'stopped'])
    expect(raft.leader?.term).toBe(3)
    expect(raft.available).toBe(true)
    expect(raft.stop('etcd-1')).toBe(false)
  })

  it('loses its leader with its quorum, and finds one when a member is back', () => {
    const { sim, raft, log } = setup(3)
    raft.stop('etcd-2')
    expect(raft.available).toBe(true)
    log.index = 150
    raft.stop('etcd-3')
    expect(raft.available).toBe(false)
    sim.runFor(60_000)
    expect(raft.leader).toBeUndefined()
    expect(Math.max(...raft.members().map(({ term }) => term))).toBe(2)
    raft.start('etcd-2')
    sim.runFor(5000)
    // The one with the shorter log could not win.
    expect(raft.leader?.name).toBe('etcd-1')
    expect(raft.members().map(({ index }) => index)).toEqual([null, null, 150])
  })

  it('five members bear two failures, one bears none', () => {
    const five = setup(5)
    five.raft.stop('etcd-1')
    five.raft.stop('etcd-2')
    five.sim.runFor(3000)
    expect(five.raft.available).toBe(true)
    const one = setup(1)
    one.raft.stop('etcd-1')
    one.sim.runFor(3000)
    expect(one.raft.available).toBe(false)
    one.raft.start('etcd-1')
    one.sim.runFor(3000)
    expect(one.raft.available).toBe(true)
  })

  it('changes its size only with a quorum', () => {
    const { raft, sim } = setup(1)
    expect(raft.resize(3)).toBe(true)
    expect(raft.members().map(({ name }) => name)).toEqual(['etcd-1', 'etcd-2', 'etcd-3'])
    raft.stop('etcd-1')
    expect(raft.resize(5)).toBe(false)
    sim.runFor(3000)
    expect(raft.resize(1)).toBe(true)
    expect(raft.members().map(({ role }) => role)).toEqual(['leader'])
  })
})
