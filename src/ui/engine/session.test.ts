import { describe, expect, it } from 'vitest'
import type { ClockState } from '../../worker/protocol.ts'
import { FakeEngine } from './fake.ts'
import { EngineGoneError, EngineSession, useConnection } from './session.ts'

const AT_ONCE = { frame: (callback: () => void) => callback(), calm: (callback: () => void) => callback() }

function setUp() {
  const engines: FakeEngine[] = []
  const session = new EngineSession(() => {
    const engine = new FakeEngine()
    engines.push(engine)
    return engine
  }, AT_ONCE)
  const engine = (at: number): FakeEngine => {
    const found = engines[at]
    if (found === undefined) throw new Error(`no engine ${at} was made`)
    return found
  }
  return { session, engine, made: () => engines.length }
}

describe('EngineSession', () => {
  it('is ready once the cluster is built, with the options that were asked for', async () => {
    const { session, engine } = setUp()
    const started = session.start({ seed: 7, workers: 3 })
    expect(useConnection.getState().status).toBe('starting')
    await started
    expect(useConnection.getState().status).toBe('ready')
    expect(engine(0).cluster.nodes).toHaveLength(4)
  })

  it('says so when the engine crashes, and hands over its log', async () => {
    const { session, engine } = setUp()
    await session.start({ seed: 7 })
    engine(0).crash('a pod was bound twice')
    const { status, message, log } = useConnection.getState()
    expect([status, message, log?.options.seed]).toEqual(['crashed', 'a pod was bound twice', 7])
    expect(engine(0).terminated).toBe(true)
  })

  it('fails calls that wait when the engine dies, and calls made after that', async () => {
    const { session, engine } = setUp()
    await session.start({})
    const never = engine(0).api
    Object.assign(never, { step: () => new Promise(() => undefined) })
    const waiting = session.api.step()
    engine(0).crash('boom')
    await expect(waiting).rejects.toBeInstanceOf(EngineGoneError)
    await expect(session.api.play()).rejects.toBeInstanceOf(EngineGoneError)
  })

  it('restores into a fresh engine and carries open feeds over', async () => {
    const { session, engine, made } = setUp()
    await session.start({})
    session.hub.watch({ feed: 'clock' }, () => undefined)
    engine(0).crash('boom')
    const { log } = useConnection.getState()
    if (log === null) throw new Error('a crash brings a log')
    await session.restore(log)
    expect(made()).toBe(2)
    expect(useConnection.getState().status).toBe('ready')
    engine(1).cluster.advance(5000)
    engine(1).tick(0)
    expect((session.hub.read({ feed: 'clock' }).data as ClockState).nowMs).toBe(engine(1).cluster.nowMs)
  })

  it('takes nothing from an engine that was replaced', async () => {
    const { session, engine } = setUp()
    await session.start({})
    await session.start({})
    engine(0).crash('late words')
    expect(useConnection.getState().status).toBe('ready')
  })

  it('fails when the cluster cannot be built', async () => {
    const session = new EngineSession(() => {
      const engine = new FakeEngine()
      Object.assign(engine.api, { start: () => Promise.reject(new Error('out of memory')) })
      return engine
    }, AT_ONCE)
    await session.start({})
    expect(useConnection.getState()).toMatchObject({ status: 'failed', message: 'out of memory' })
  })
})
